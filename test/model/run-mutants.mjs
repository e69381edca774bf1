// `npm run test:mutants [-- name …]`: the model test in Chromium, once as it is and once with each deliberate bug in the
// library. Each must make it fail. Every run is a process of its own, since the test server reads `BUBUS_MUTANT` when it starts.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { mutants } from './mutants.mjs'

const script = fileURLToPath(new URL('run-model.mjs', import.meta.url))
const args = ['--programs', '1000', '--seed', '20250708', '--first-failure']

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !Object.hasOwn(mutants, name))
if (unknown.length > 0) throw new RangeError(`Expected of ${Object.keys(mutants).join(', ')}; got ${unknown}`)

const rows = []
for (const name of ['', ...(wanted.length > 0 ? wanted : Object.keys(mutants))]) {
  const { code, output } = await run(name)
  const why = /Mismatch: (.*)/.exec(output)?.[1] ?? ''
  // A test run that breaks for another reason has caught nothing.
  const isCaught = code !== 0 && why !== ''
  const ok = name ? isCaught : code === 0
  rows.push({
    name: name || '(none)',
    ok,
    verdict: name ? (isCaught ? 'caught' : 'NOT CAUGHT') : ok ? 'passes' : 'FAILS',
    why,
  })
  console.log(`${ok ? '✓' : '𐄂'} ${name || '(none)'}: ${rows.at(-1)?.verdict}${why && `: ${why}`}`)
  if (!ok) console.log(output.slice(-4000))
}
console.table(rows.map(({ name, verdict }) => ({ 'deliberate bug': name, verdict })))
process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1

/** @returns {Promise<{ code: number | null, output: string }>} */
function run(name) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, BUBUS_MUTANT: name }
    const child = spawn(process.execPath, [script, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        output += data
      })
    }
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}
