import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { build, transform } from 'esbuild'
import { minify } from 'vite'

const css = {
  name: 'css',
  setup(b) {
    b.onLoad({ filter: /src\/inspector\/.*styles\.ts$/ }, async ({ path }) => {
      const s = readFileSync(path, 'utf8')
      const m = /css`([\s\S]*?)`/.exec(s)
      const { code } = await transform(m[1], { loader: 'css', minify: true, target: 'chrome125' })
      return {
        contents: s.replace(m[0], () => 'css`' + code.trim().replace(/\\/g, '\\\\') + '`'),
        loader: 'ts',
      }
    })
  },
}
const { outputFiles, metafile } = await build({
  entryPoints: ['src/inspector/define.ts'],
  bundle: true,
  format: 'esm',
  minify: true,
  write: false,
  metafile: true,
  target: 'es2022',
  plugins: [css],
  legalComments: 'none',
  outfile: 'x.js',
})
const { code } = await minify('x.js', outputFiles[0].text, {
  module: true,
  compress: { target: 'es2022' },
  mangle: { toplevel: true },
})
const g = (c) => gzipSync(c, { level: 9 }).length
console.log('css', code.length, g(code))
const c2 = code.replace(/\n\s+/g, ' ')
console.log('ws', c2.length, g(c2))
const { inputs } = Object.values(metafile.outputs)[0]
const total = 0
// marginal gz by removing each module text is hard; print raw
console.log(
  Object.entries(inputs)
    .sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)
    .slice(0, 12)
    .map(([m, { bytesInOutput }]) => `${bytesInOutput} ${m}`)
    .join('\n'),
)
