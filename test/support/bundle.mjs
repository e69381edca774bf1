// How the library is bundled: one place for what is published and for what is weighed.

import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { target } from './esbuild-plugin.mjs'

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

/** One self-contained file. Without an `outfile` it is only built, to be looked at; `external` is then left out. */
export function buildMinified(entryPoint, outfile, external = []) {
  return build({
    ...common,
    entryPoints: [entryPoint],
    minify: true,
    legalComments: 'none',
    external,
    metafile: true,
    // superstruct's own map names files that it does not publish: none is better than one that leads nowhere.
    sourcemap: false,
    ...(outfile ? { outfile } : { write: false, outfile: 'bundle.js' }),
  })
}

const common = /** @type {const} */ ({
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target,
  charset: 'utf8',
  // The sources are inside the maps: they resolve wherever the files are put.
  sourcemap: 'linked',
  logLevel: 'warning',
})
