import { defineConfig } from 'vite'
import { target, typescriptForVite } from './test/support/esbuild-plugin.mjs'

/** The demo. The library itself is built by `npm run build`. */
export default defineConfig({
  plugins: [typescriptForVite()],
  oxc: false,
  server: { port: 5173, strictPort: false },
  // Not dist/, which is the package.
  build: { target, outDir: 'demo/dist', rolldownOptions: { input: ['index.html', 'demo/inspector.html'] } },
})
