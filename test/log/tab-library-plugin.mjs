// Serves the library as one module to the frames that tests of logs open: its hundred modules took half of these tests' time in Firefox.

import { buildMinified } from '../support/bundle.mjs'

const files = ['index.ts', 'log/event-log.ts', 'bridges/tab-bridge.ts']
const entry = files.map((file) => `export * from './src/${file}'`).join('\n')

export function tabLibrary() {
  /** @type {Promise<{ code: string }> | undefined} */
  let built
  return {
    name: 'tab-library',

    async serve({ path }) {
      if (path !== '/test/log/tab-library.js') return undefined
      built ??= buildMinified(entry)
      return { body: (await built).code, type: 'js' }
    },
  }
}
