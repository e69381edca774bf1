// TypeScript made runnable for the crash tests: the pages, and the library's own reading of segments for Node.

import { readFile } from 'node:fs/promises'
import { build } from 'esbuild'
import { root } from '../support/bundle.mjs'
import { target } from '../support/esbuild-plugin.mjs'

/** @typedef {{ file: string, find: string, replace: string }} Mutation */

/**
 * A script for a page. With mutations, the library in it is broken on purpose: to see whether anybody notices.
 * @param {string} entry
 * @param {Mutation[]} [mutations]
 */
export const bundlePage = (entry, mutations = []) =>
  bundle(`test/crash/page/${entry}.ts`, 'browser', mutations)

/**
 * `fault` and `linesOf` as the library has them.
 * @returns {Promise<typeof import('../../src/log/segment.ts')>}
 */
export async function segmentCode() {
  const code = await bundle('src/log/segment.ts', 'neutral')
  return import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)
}

/**
 * @param {string} entryPoint
 * @param {'browser' | 'neutral'} platform
 * @param {Mutation[]} [mutations]
 */
export async function bundle(entryPoint, platform, mutations = []) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entryPoint],
    bundle: true,
    write: false,
    format: 'esm',
    target,
    platform,
    mainFields: ['module', 'main'],
    charset: 'utf8',
    sourcemap: 'inline',
    logLevel: 'warning',
    plugins: mutations.length ? [mutating(mutations)] : [],
  })
  return outputFiles[0].text
}

/** @param {Mutation[]} mutations */
const mutating = (mutations) => ({
  name: 'mutations',
  setup(/** @type {import('esbuild').PluginBuild} */ { onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      let contents = await readFile(path, 'utf8')
      for (const { file, find, replace } of mutations) {
        if (path !== root + file) continue
        if (contents.split(find).length !== 2)
          throw new Error(`Expected ${JSON.stringify(find)} once in ${file}`)
        contents = contents.replace(find, () => replace)
      }
      return { contents, loader: 'ts' }
    })
  },
})
