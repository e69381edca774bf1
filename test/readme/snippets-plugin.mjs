// Serves each snippet of README.md as a module, so that a browser runs what a reader would copy.

import { readFileSync } from 'node:fs'
import { fencesOf, instrumented } from './fences.mjs'

const folder = '/test/readme/snippets/'
const readme = new URL('../../README.md', import.meta.url)

/** `snippets/<n>.ts` is the nth fence, `snippets/<file>` the one that is called so; `bubus` is the source. */
export function readmeSnippets() {
  return {
    name: 'readme-snippets',

    serve({ path }) {
      if (!path.startsWith(folder)) return undefined
      const name = path.slice(folder.length)
      const fences = fencesOf(readFileSync(readme, 'utf8'))
      const fence = fences.find(({ file }, i) => name === file || name === `${i}.ts`)
      return fence && { body: instrumented(fence), type: 'js' }
    },

    resolveImport({ source, context }) {
      if (!context.path.startsWith(folder)) return undefined
      if (source === 'bubus') return '/src/index.ts'
      if (source === 'bubus/log') return '/src/log/event-log.ts'
      if (source === 'bubus/tabs') return '/src/bridges/tab-bridge.ts'
      if (source === 'bubus/inspector/define') return '/src/inspector/define.ts'
      if (source === 'bubus/worker') return '/src/bridges/worker-bridge.ts'
      return /^\.\/.*\.js$/.test(source) ? source.replace(/\.js$/, '.ts') : undefined
    },
  }
}
