// `npm run test:crash`: kills browsers under load, and judges what their log says afterwards.

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { installedEngines } from '../support/engines.mjs'
import { campaign } from './campaign.mjs'
import { mutants } from './mutants.mjs'
import { asTable, firstProblems } from './table.mjs'

const help = `npm run test:crash                          200 kills in each engine that is there
  --kills=50                                so many
  --engine=chromium,firefox                 only these
  --seed=7                                  the same kinds and pauses again; the timing is the machine's
  --runs=3                                  so many runs each, with seeds that count on
  --save=FILE                               what the pages said, and the logs, for a look
  --json                                    the counts as JSON
  --mutant=NAME                             breaks the library first: ${Object.keys(mutants).join(', ')}`

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    engine: { type: 'string', default: installedEngines().join() },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    runs: { type: 'string', default: '1' },
    mutant: { type: 'string' },
    save: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

// Browsers end with this process, but only by its `exit`.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

if (values.help) console.log(help)
else process.exitCode = await main()

async function main() {
  if (values.mutant && !mutants[values.mutant]) throw new Error(`Expected one of ${Object.keys(mutants)}`)
  const results = []
  for (const engine of values.engine.split(',')) {
    for (let run = 0; run < Number(values.runs); run++)
      results.push(await once(engine, Number(values.seed) + run))
  }
  console.log(values.json ? JSON.stringify(results, null, 2) : asTable(results))
  return results.some(({ problems }) => problems.length) ? 1 : 0
}

async function once(engine, seed) {
  console.error(`▸ ${engine}, seed ${seed}`)
  const result = await campaign({
    engine,
    seed,
    kills: Number(values.kills),
    mutations: values.mutant ? mutants[values.mutant] : [],
    tell: (text) => process.stderr.isTTY && process.stderr.write(`\r  ${text.padEnd(30)}`),
  })
  if (values.save) writeFileSync(values.save, asJSON(result.history))
  result.history = undefined
  if (result.problems.length) console.error(firstProblems(result.problems))
  return result
}

function asJSON(history) {
  return JSON.stringify(history, (_key, value) =>
    value instanceof Map || value instanceof Set ? [...value] : value,
  )
}
