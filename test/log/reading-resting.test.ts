// What reads a log when its page goes to rest in the back/forward cache goes on when it is back, where it was. The events of the platform
// are dispatched by hand here, in a frame: with the real cache it is in test/two-tabs.
import { expect } from '@esm-bundle/chai'
import { EventLog, type LogRecord } from '../../src/log/event-log.js'
import { foreign, rejectionOf } from '../same-page/helpers.js'
import { emptyLog } from './pages.js'
import { rowsOf } from './raw.js'
import { all } from './reading.js'
import { ended, filled, isOpen, numbers, reads, restOf, textOf, told } from './resting-reads.js'
import { closeTabs, openTab, tell } from './tabs.js'

const COUNT = 30
const kinds = Object.keys(reads)

const turns = async (count: number) => {
  for (let n = 0; n < count; n++) await foreign()
}

describe('reading over a rest', () => {
  afterEach(closeTabs)

  async function reading(fill?: Parameters<typeof filled>[1]) {
    const [tab, name] = [await openTab(), await filled(COUNT, fill)]
    return { tab, name, log: new tab.EventLog(name) }
  }

  for (const kind of kinds) {
    it(`waits until the page is back, where it is begun while it rests: ${kind}`, async () => {
      const { tab, name, log } = await reading()
      tell(tab, 'pagehide')
      let over = false
      const read = reads[kind].read(log, tab.bubus.EventBus).finally(() => {
        over = true
      })
      await turns(10)
      expect(over).to.equal(false)
      expect(log.open, 'no connection').to.equal(null)
      tell(tab, 'pageshow')
      expect(await read).to.deep.equal(reads[kind].gives(COUNT))
      expect((await rowsOf(name)).length).to.equal(COUNT + 1)
    })

    it(`is ended with the log that is closed meanwhile: ${kind}`, async () => {
      const { tab, log } = await reading()
      tell(tab, 'pagehide')
      const error = rejectionOf(reads[kind].read(log, tab.bubus.EventBus))
      await turns(10)
      await log.close()
      expect(String(await error)).to.match(/^LogError: The log \w+ is closed/)
    })
  }

  it('goes on where it was, again and again', async () => {
    const { tab, log } = await reading()
    const records = log.records()
    const seen: string[] = []
    for (const _ of numbers(COUNT)) {
      const next = records.next()
      tell(tab, 'pagehide')
      await turns(2)
      tell(tab, 'pageshow')
      const { value } = await next
      seen.push(told(value as LogRecord))
    }
    expect((await records.next()).done).to.equal(true)
    expect(seen).to.deep.equal(numbers(COUNT).map(ended))
    expect(log.readers.size).to.equal(0)
  })

  it('restores what a bus has had when its page rests meanwhile', async () => {
    const name = await filled(COUNT)
    const tab = await openTab()
    const log = new tab.EventLog(name)
    await log.db()
    const bus = new tab.bubus.EventBus({ name, log })
    tell(tab, 'pagehide')
    await turns(2)
    tell(tab, 'pageshow')
    await bus.ready
    expect([...bus.eventHistory.values()].map(({ eventPayload: { n } }) => n)).to.deep.equal(
      numbers(COUNT).filter((n) => !isOpen(n)),
    )
  })

  it('imports each event once', async () => {
    const { tab, log } = await reading()
    const file = await textOf(log.exportJSONL())
    const copy = new tab.EventLog(await emptyLog())
    const importing = copy.importJSONL(file)
    let over = false
    importing.finally(() => {
      over = true
    })
    for (let rest = 0; !over; rest++) {
      await turns(rest % 4)
      tell(tab, 'pagehide')
      await turns(2)
      tell(tab, 'pageshow')
      await turns(rest)
    }
    expect(await importing).to.deep.equal({ done: COUNT, failed: [] })
    expect(await copy.count()).to.equal(COUNT)
  })

  it('says so if another tab has removed meanwhile what was to be read', async () => {
    // A bus of that name has no history to keep.
    const { tab, name, log } = await reading({ open: () => false, bus: 'EventBus_12345678' })
    const records = log.records()
    for (let n = 0; n < 3; n++) await records.next()
    const file = log.exportJSONL({ entries: true }).getReader()
    await file.read()
    tell(tab, 'pagehide')
    const other = new EventLog(name, { retain: { events: 10 } })
    await other.compact()
    expect((await rowsOf(name))[0][0], 'removed').to.be.above(5)
    tell(tab, 'pageshow')
    for (const error of [rejectionOf(all(records)), rejectionOf(restOf(file))])
      expect(String(await error)).to.match(/^LogError: The log \w+ was compacted/)
  })

  it('is ended by a signal', async () => {
    const { tab, log } = await reading()
    const abort = new tab.window.AbortController()
    tell(tab, 'pagehide')
    const error = rejectionOf(log.replay(new tab.bubus.EventBus(), { signal: abort.signal }))
    await turns(10)
    abort.abort(new RangeError('enough'))
    expect(String(await error)).to.equal('RangeError: enough')
  })

  it('holds nobody up who is to have the database for himself, where its frame is removed', async () => {
    for (const kind of ['count', 'entries', 'compact'])
      for (let n = 0; n < 4; n++) {
        const { tab, name, log } = await reading()
        await log.db()
        const work = kind in reads ? reads[kind].read(log, tab.bubus.EventBus) : log.compact()
        work.catch(() => {})
        await turns(6 * n)
        // Removed it hears that; one whose engine ends it does not.
        if (n % 2) tell(tab, 'pagehide')
        await tab.die()
        await EventLog.destroy(name)
      }
  })

  it('reads nothing more of what another tab has cleared meanwhile', async () => {
    const { tab, name, log } = await reading()
    const records = log.records()
    const seen: unknown[] = []
    for (let n = 0; n < 3; n++) seen.push(((await records.next()).value as LogRecord).n)
    tell(tab, 'pagehide')
    await new EventLog(name).clear()
    tell(tab, 'pageshow')
    // What it had read already still comes.
    seen.push(...(await all(records)).map(({ n }) => n))
    expect(seen.length).to.be.below(COUNT)
    expect(seen).to.deep.equal(numbers(seen.length))
    expect(log.readers.size).to.equal(0)
  })
})
