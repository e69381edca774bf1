import { defineConfig } from 'vite'
import { target, typescriptForVite } from './test/support/esbuild-plugin.mjs'

/** The demo. The library itself is built by `npm run build`. */
export default defineConfig({
  plugins: [typescriptForVite()],
  oxc: false,
  server: { port: 5173, strictPort: false },
  build: {
    target,
    // Those that know `light-dark()`, as the inspector asks for: what is written in its place does not follow the theme switch.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Not dist/, which is the package.
    outDir: 'demo/dist',
    rolldownOptions: { input: ['index.html', 'demo/inspector.html'] },
  },
})
