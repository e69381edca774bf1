// Random programs of tabs that stop, rest, die and lose their connections, judged as in test/crash: by what handlers and promises have
// said, and by what is on the disk, read strictly.
import { expect } from '@esm-bundle/chai'
import * as code from '../../src/log/segment.js'
import { Ledger } from '../crash/ledger.mjs'
import { itWithTime } from '../support/long-tests.js'
import { FaultProgram } from './fault-programs.js'
import { rowsOf } from './raw.js'
import { closeTabs } from './tabs.js'

const PROGRAMS = 12
const LENGTH = 14

/** What is wrong; a segment that went out beside the one with its events says that they are its own. */
async function judge({ names, acks, runs, losses, oops }: FaultProgram): Promise<string[]> {
  const wrong = [...oops, ...losses]
  const ledgers = await Promise.all(
    names.map(async (name) =>
      new Ledger(name, code).read((await rowsOf(name)).map(([seq, value]) => ({ seq, value }))),
    ),
  )
  for (const { problems } of ledgers)
    for (const { kind, what } of problems) if (!what.includes(' says 0,')) wrong.push(`${kind}: ${what}`)
  const fates = ledgers.flatMap((ledger) => ledger.fates)
  const on = (id: string, bus: string) => fates.filter((fate) => fate.id === id && fate.bus === bus)
  for (const [id, bus] of acks) if (!on(id, bus).length) wrong.push(`lost: ${id} on ${bus}`)
  for (const { id, type, bus, end } of fates) if (!end) wrong.push(`unfinished: ${type} ${id} on ${bus}`)
  for (const { id, bus, handler, attempt } of runs)
    if (!on(id, bus).some(({ started }) => started >= attempt - 1))
      wrong.push(`ahead: ${handler} ran for ${id} on ${bus} in attempt ${attempt}`)
  return wrong
}

describe('random faults', () => {
  afterEach(closeTabs)

  itWithTime('nothing is lost, nobody says what is not his, and all that was promised comes', async () => {
    const base = Math.floor(Math.random() * 1e6)
    const wrong: string[] = []
    let next = base
    const lane = async () => {
      while (next < base + PROGRAMS) {
        const seed = next++
        const program = new FaultProgram(seed)
        await program.run(LENGTH)
        for (const what of await judge(program)) wrong.push(`seed ${seed}: ${what}`)
      }
    }
    await Promise.all([lane(), lane(), lane(), lane()])
    expect(wrong).to.deep.equal([])
  })
})
