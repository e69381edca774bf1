// Random programs on real buses against the reference model. How many: `npm run test:model -- --programs 100000`.

import * as fc from 'fast-check'
import { hasTime } from '../support/long-tests.js'
import { run } from './interpreter.js'
import { check } from './model.js'
import { type Program, programs, type Theme } from './program.js'
import { format } from './trace.js'

interface Settings {
  programs?: number
  seed?: number
  /** Without looking for the smallest failing program, and not beyond the first theme that fails. */
  firstFailure?: boolean
}

const settings = (globalThis as { modelTest?: Settings }).modelTest ?? {}
const share = hasTime ? 1 : 0.1
const total = settings.programs ?? 1200 * share
const seed = settings.seed ?? (Date.now() ^ (Math.random() * 0x1_0000_0000)) | 0

const allModes: Theme['modes'] = ['bus', 'bus', 'global', 'parallel']

/** Each with its share of the programs; those with real time-outs cost milliseconds each. */
const themes: [string, number, Theme][] = [
  ['one bus: children, awaiting, throwing, returning', 0.2, {}],
  ['one bus: gates and parallel handlers', 0.15, { gates: true, parallelHandlers: true }],
  ['several buses: awaiting across them', 0.2, { buses: 4, gates: true }],
  ['several buses: forwarding', 0.15, { buses: 4, gates: true, forwards: true, modes: allModes }],
  ['slow handlers', 0.02, { buses: 3, forwards: true, spins: true, modes: allModes }],
  ['stop and restart', 0.1, { buses: 3, gates: true, forwards: true, stops: true }],
  ['expect', 0.05, { buses: 2, gates: true, expects: true }],
  ['time-outs', 0.04, { buses: 2, gates: true, timeouts: true }],
  [
    'everything',
    0.09,
    {
      buses: 4,
      modes: allModes,
      parallelHandlers: true,
      forwards: true,
      gates: true,
      expects: true,
      timeouts: true,
      stops: true,
    },
  ],
]

describe(`random programs against the reference model, seed ${seed}`, () => {
  // Programs throw on purpose, and leave errors unread: what the bus says about it would bury the report.
  const { error, warn } = console
  before(() => {
    console.error = console.warn = () => {}
  })
  after(() => {
    Object.assign(console, { error, warn })
  })

  let hasFailed = false
  for (const [title, part, theme] of themes) {
    const count = Math.ceil(total * part)
    it(`${title} (${count})`, async function () {
      this.timeout(0)
      const property = fc.asyncProperty(programs(theme), agrees)
      const endOnFailure = settings.firstFailure === true
      if (endOnFailure && hasFailed) return
      const report = await fc.check(property, { seed, numRuns: count, endOnFailure })
      hasFailed ||= report.failed
      // Without a stack, which would repeat it all.
      if (report.failed) throw Object.assign(new Error(await explain(report)), { stack: '' })
    })
  }
})

async function agrees(program: Program): Promise<void> {
  check(program, await run(program))
}

async function explain({
  seed,
  counterexamplePath,
  counterexample,
  errorInstance,
  numRuns,
  numShrinks,
}: any): Promise<string> {
  const [program] = counterexample as [Program]
  const trace = await run(program)
  let again = 'it does not fail when run again'
  try {
    check(program, trace)
  } catch (error) {
    again = String(error)
  }
  return [
    `seed ${seed}, path ${counterexamplePath}, after ${numRuns} programs and ${numShrinks} shrinks`,
    String(errorInstance),
    `again: ${again}`,
    JSON.stringify(program),
    format(trace.entries),
  ].join('\n')
}
