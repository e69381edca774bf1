import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../../..', import.meta.url))

const shared = {
  bundle: true,
  format: 'esm',
  platform: 'browser',
  // Lowers standard decorators and `using`, which not every engine has.
  target: 'es2023',
  define: { 'process.env.NODE_ENV': '"production"' },
  absWorkingDir: root,
  write: false,
  logLevel: 'error',
}

/** The bench page's script: minified as in production, or readable for a profile. */
export async function buildPage({ minify }) {
  const { outputFiles } = await build({ ...shared, minify, entryPoints: ['test/bench/page.ts'] })
  return outputFiles[0].text
}

/** Bytes, minified and gzipped, of what a page loads for `code`; what is imported dynamically is not counted. */
async function sizeOf(code) {
  const { outputFiles, metafile } = await build({
    ...shared,
    stdin: { contents: code, resolveDir: root, sourcefile: 'entry.js' },
    minify: true,
    splitting: true,
    metafile: true,
    legalComments: 'none',
    outdir: 'out',
  })
  const texts = staticOutputs(metafile).map(
    (name) => outputFiles.find((file) => file.path.endsWith(name)).contents,
  )
  const whole = Buffer.concat(texts)
  return { minified: whole.length, gzipped: gzipSync(whole, { level: 9 }).length }
}

function staticOutputs({ outputs }) {
  // What is imported dynamically is an entry point too.
  const entry = Object.keys(outputs).find((name) => outputs[name].entryPoint === 'entry.js')
  const reached = new Set([entry])
  for (const name of reached) {
    for (const { path, kind } of outputs[name].imports) if (kind === 'import-statement') reached.add(path)
  }
  return [...reached]
}

/** Of bubus all there is, of abxbus the least that its README needs. */
export async function sizes() {
  const [bubus, abxbus, emittery, mitt] = await Promise.all([
    sizeOf(`export * from './src/index.ts'`),
    sizeOf(`export { BaseEvent, EventBus } from 'abxbus'`),
    sizeOf(`export { default } from 'emittery'`),
    sizeOf(`export { default } from 'mitt'`),
  ])
  return { bubus, abxbus, emittery, mitt }
}
