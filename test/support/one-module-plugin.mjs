// Serves as one module what frames and workers of tests start with: the library's hundred modules took half of their time in Firefox.
// RxJS has two hundred.

import { existsSync } from 'node:fs'
import { buildReadable, root } from './bundle.mjs'

const tabLibrary = ['index.ts', 'log/event-log.ts', 'bridges/tab-bridge.ts']
  .map((file) => `export * from './src/${file}'`)
  .join('\n')

/** What a path stands for: the entry point, or the module that is written for it. */
function entryOf(path) {
  if (path === '/test/log/tab-library.js') return tabLibrary
  if (path === '/node_modules/rxjs/dist/esm5/index.js') return path.slice(1)
  const [, script] = /^\/(test\/worker\/fixtures\/[\w-]+)\.js$/.exec(path) ?? []
  return script && existsSync(`${root}${script}.ts`) ? `${script}.ts` : undefined
}

export function oneModule() {
  /** @type {Map<string, Promise<string>>} */
  const built = new Map()
  return {
    name: 'one-module',

    async serve({ path }) {
      const entry = entryOf(path)
      if (!entry) return undefined
      if (!built.has(path)) built.set(path, buildReadable(entry))
      return { body: (await built.get(path)) ?? '', type: 'js' }
    },
  }
}
