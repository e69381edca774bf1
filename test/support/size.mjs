// `npm run size [-- --modules]`: what `bubus` adds to an application, everything reachable from it, compressed.

import { gzipSync } from 'node:zlib'
import { buildMinified } from './bundle.mjs'

/** What it is to weigh, and what it may weigh today. The ceiling only goes down: lower it with the code. */
const target = 14_000
const ceiling = 18_250

// The log is loaded on demand, and weighed by itself.
const { code, metafile } = await buildMinified('src/index.ts', undefined, ['../log/event-log.js'])
const size = gzipSync(code, { level: 9 }).length
const ok = size <= ceiling

console.log(
  `bubus: ${size} bytes minified + gzipped (${Buffer.byteLength(code)} minified), ${ok ? 'within' : 'OVER'} the ceiling of ${ceiling}; ` +
    (size > target ? `${size - target} over the target of ${target}` : 'the target is met'),
)
if (process.argv.includes('--modules') || !ok) {
  const { inputs } = Object.values(metafile.outputs)[0]
  const rows = Object.entries(inputs).sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)
  console.table(
    rows.map(([module, { bytesInOutput }]) => ({
      module,
      'bytes, minified': bytesInOutput,
    })),
  )
}
process.exitCode = ok ? 0 : 1
