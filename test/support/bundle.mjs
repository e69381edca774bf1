// How the library is bundled: one place for what is published and for what is weighed.

import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transform } from 'esbuild'
import { minify } from 'vite'
import { target } from './esbuild-plugin.mjs'
import { shortNames } from './internal-names.mjs'

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** ES modules for bundlers and import maps: one a public entry point, what they share in chunks, packages left as imports. */
export function buildModules(entryPoints) {
  return build({
    ...common,
    entryPoints,
    splitting: true,
    packages: 'external',
    chunkNames: 'chunks/[name]-[hash]',
    outdir: 'dist',
  })
}

/**
 * One self-contained file, and what each module takes in it: esbuild's, which Oxc's minifier makes smaller by another 2 %. Without
 * an `outfile` it is only built, to be looked at; `external` is then left out.
 */
export async function buildMinified(entryPoint, outfile, external = []) {
  const { outputFiles, metafile } = await build({
    ...common,
    ...entryOf(entryPoint),
    minify: true,
    plugins: [smallStyles],
    legalComments: 'none',
    external,
    metafile: true,
    // superstruct's own map names files that it does not publish: none is better than one that leads nowhere.
    sourcemap: false,
    write: false,
    outfile: 'bundle.js',
  })
  const { code, errors } = await minify('bundle.js', outputFiles[0].text, {
    module: true,
    compress: { target },
    mangle: { toplevel: true },
  })
  if (errors.length) throw new Error(errors.map(({ message }) => message).join('\n'))
  // Lines that begin with blanks are left in templates of HTML only, where any blank will do.
  const small = code.replace(/\n\s+/g, ' ').replace(/> </g, '><')
  if (outfile) writeFileSync(resolve(root, outfile), small)
  return { code: small, metafile }
}

/** The same as it is written, for scripts of tests. */
export async function buildReadable(entryPoint) {
  const { outputFiles } = await build({
    ...common,
    ...entryOf(entryPoint),
    sourcemap: 'inline',
    write: false,
    outfile: 'bundle.js',
  })
  return outputFiles[0].text
}

/** A file, or a module that is written for the occasion: that lies beside package.json. */
const entryOf = (entryPoint) =>
  entryPoint.startsWith('export ')
    ? { stdin: { contents: entryPoint, resolveDir: root, loader: /** @type {const} */ ('ts') } }
    : { entryPoints: [entryPoint] }

/** Style sheets in templates, which no minifier looks into. */
const smallStyles = {
  name: 'small-styles',
  setup({ onLoad }) {
    onLoad({ filter: /src\/inspector\/[\w-]+-styles\.ts$/ }, async ({ path }) => {
      const source = readFileSync(path, 'utf8')
      const [literal, css] = /css`([^`]*)`/.exec(source) ?? []
      if (!literal || !css) throw new Error(`${path}: expected a css literal`)
      const { code } = await transform(css, { loader: 'css', minify: true, target: 'chrome125' })
      return {
        contents: source.replace(literal, () => `css\`${code.trim().replaceAll('\\', '\\\\')}\``),
        loader: 'ts',
      }
    })
  },
}

const common = /** @type {const} */ ({
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target,
  ...shortNames,
  charset: 'utf8',
  // The sources are inside the maps: they resolve wherever the files are put.
  sourcemap: 'linked',
  logLevel: 'warning',
})
