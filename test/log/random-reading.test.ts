// Random programs that read a log in all ways at once while its page goes to rest and comes back at any moment, and is written by it.
import { expect } from '@esm-bundle/chai'
import { Random } from '../crash/page/random.js'
import { foreign } from '../same-page/helpers.js'
import { hasTime } from '../support/long-tests.js'
import { emptyLog } from './pages.js'
import { filled, reads, textOf } from './resting-reads.js'
import { closeTabs, openTab, type Tab, tell } from './tabs.js'

const PROGRAMS = hasTime ? 4 : 1

/** What is wrong. */
async function run(seed: number, tab: Tab): Promise<string[]> {
  const random = new Random(seed)
  const wrong: string[] = []
  const count = 1 + random.below(random.next() < 0.3 ? 401 : 41)
  const name = await filled(count, { per: 1 + random.below(4) })
  const log = new tab.EventLog(name)
  const copy = new tab.EventLog(await emptyLog())
  log.addEventListener('dataloss', () => wrong.push('dataloss'))
  const under = new Set<unknown>()
  const begin = (what: string, read: Promise<unknown>, expected: unknown) => {
    under.add(read)
    read
      .then(
        (given) => {
          const [is, should] = [given, expected].map((it) => JSON.stringify(it))
          if (is !== should) wrong.push(`${what} gives ${is} instead of ${should}`)
        },
        (error) => wrong.push(`${what}: ${error}`),
      )
      .finally(() => under.delete(read))
  }
  const later = async () => {
    const kind = random.below(4)
    if (kind) for (let n = random.below(61); n; n--) await null
    if (kind === 2) await foreign()
    if (kind === 3) await new Promise((resolve) => setTimeout(resolve, random.below(16)))
  }
  const kinds = Object.keys(reads)
  let left = 12
  while (left || under.size) {
    if (left && random.next() < 0.5) {
      left--
      const kind = random.pick(kinds)
      begin(kind, reads[kind].read(log, tab.bubus.EventBus), reads[kind].gives(count))
    }
    if (left === 6) {
      left--
      const file = textOf(log.exportJSONL())
      begin(
        'import',
        file.then((text) => copy.importJSONL(text)),
        { done: count, failed: [] },
      )
    }
    await later()
    tell(tab, 'pagehide')
    await later()
    if (random.next() < 0.1) tell(tab, 'pagehide')
    tell(tab, 'pageshow')
    await later()
    if (random.next() < 0.3) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  if ((await copy.count()) !== count) wrong.push(`the copy has ${await copy.count()}`)
  if (log.readers.size) wrong.push('a reader is left')
  if (log.state !== 'ok') wrong.push(`the log is ${log.state}`)
  await log.close()
  await copy.close()
  return wrong.map((what) => `seed ${seed}: ${what.slice(0, 300)}`)
}

describe('random reading', () => {
  afterEach(closeTabs)

  it('goes on where it was over all rests: each event once, in order', async () => {
    const base = Math.floor(Math.random() * 1e6)
    const wrong: string[] = []
    for (let seed = base; seed < base + PROGRAMS; seed++) wrong.push(...(await run(seed, await openTab())))
    expect(wrong).to.deep.equal([])
  })
})
