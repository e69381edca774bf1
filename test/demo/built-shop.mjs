// The demo as it is built, for tests, which have its buses as a module of their own name. `npm test` builds it once, before them.

import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

export const root = fileURLToPath(new URL('../../', import.meta.url))
export const common = {
  root,
  configFile: `${root}vite.config.ts`,
  logLevel: /** @type {const} */ ('error'),
}
export const buses = 'demo/buses.js'

export async function buildShop(/** @type {string} */ outDir) {
  await rm(outDir, { recursive: true, force: true })
  const rolldownOptions = {
    // Beside the pages of vite.config.ts.
    input: ['demo/buses.ts'],
    preserveEntrySignatures: /** @type {const} */ ('strict'),
    output: { entryFileNames: ({ name }) => (name === 'buses' ? buses : 'assets/[name]-[hash].js') },
  }
  await build({ ...common, build: { outDir, emptyOutDir: true, rolldownOptions } })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildShop(process.argv[2])
