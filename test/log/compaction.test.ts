import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus } from '../../src/index.js'
import { compact } from '../../src/log/compaction.js'
import { EventLog } from '../../src/log/event-log.js'
import { count, IMPORTED, records } from '../../src/log/reading.js'
import { freshName, loggedBus } from './helpers.js'
import { accepted, plant, plantAll, rowsOf, said } from './raw.js'
import { all, discard, metaOf, planted } from './reading.js'

const seqs = async (name: string, store = 'wal') => (await rowsOf(name, store)).map(([seq]) => seq)

/** An event with its end, in one segment. */
function finished(more: Parameters<typeof accepted>[1] = {}): string[] {
  const { id, line } = accepted('A', more)
  return [line, said('C', id, { at: [0, 0] })]
}

/** A bus of that name has no history to keep. */
const bus = 'EventBus_12345678'

/** So many finished events, a segment each. */
const filled = (n: number, retain: object, more: object = { bus }) =>
  planted(
    (name) =>
      plantAll(
        name,
        Array.from({ length: n }, () => finished()),
        more,
      ),
    { retain },
  )

describe('compaction', () => {
  it('keeps the newest events, and tells the log where it begins', async () => {
    const { name, log } = await filled(10, { events: 4 })
    expect(await compact(log)).to.equal(7)
    expect(await seqs(name)).to.eql([7, 8, 9, 10])
    expect(await seqs(name, 'summaries')).to.eql([7, 8, 9, 10])
    expect(await seqs(name, 'ends')).to.eql([7, 8, 9, 10])
    expect(await metaOf(name)).to.include({ low: 7, settled: 10 })
    expect(await compact(log)).to.equal(7)
    await log.close()
    const lost: Event[] = []
    const again = new EventLog(name)
    again.addEventListener('dataloss', (event) => lost.push(event))
    await again.db()
    expect(lost).to.eql([])
    expect(await count(again)).to.equal(4)
    await discard({ name, log: again })
  })

  it('keeps what somebody reads by another EventLog, until it is read', async () => {
    const { name, log } = await filled(40, { events: 1 })
    const other = new EventLog(name)
    const reading = records(other)
    await reading.next()
    expect(await compact(log)).to.equal(1)
    expect(await all(reading)).to.have.length(39)
    expect(await compact(log)).to.equal(40)
    await other.close()
    await discard({ name, log })
  })

  it('keeps 10 000 events where nothing is said, and everything for null', async () => {
    for (const retain of [{}, { events: null }, { bytes: null, events: 0 }, { ageMs: null }]) {
      const { name, log } = await filled(3, retain)
      expect(await compact(log)).to.equal(1)
      await discard({ name, log })
    }
  })

  it('keeps what any rule wants', async () => {
    const old = new Date(Date.now() - 3_600_000).toISOString()
    for (const [retain, first] of [
      [{ events: 2 }, 5],
      [{ events: 2, ageMs: 60_000 }, 4],
      [{ events: 5, ageMs: 60_000 }, 2],
      [{ bytes: 1 }, 6],
      [{ bytes: 1, events: 3 }, 4],
      [{ ageMs: 7_200_000 }, 1],
      [{ events: 0 }, 6],
    ] as const) {
      const { name, log } = await planted(
        async (name) => {
          for (let i = 0; i < 6; i++)
            await plant(name, finished(i < 3 ? { event_created_at: old } : {}), { wseq: i, bus })
        },
        { retain },
      )
      expect(await compact(log), JSON.stringify(retain)).to.equal(first)
      await discard({ name, log })
    }
  })

  it('does not take an event from the future for the age of the others', async () => {
    const { name, log } = await planted(
      async (name) => {
        for (let i = 0; i < 4; i++) await plant(name, finished(), { wseq: i, bus })
        await plant(name, finished({ event_created_at: '2099-01-01T00:00:00.000Z' }), { wseq: 4, bus })
        await plant(name, finished(), { wseq: 5, bus })
      },
      { retain: { ageMs: 60_000 } },
    )
    expect(await compact(log)).to.equal(1)
    await discard({ name, log })
  })

  it('never goes beyond an unfinished event', async () => {
    const open = accepted('Open')
    const { name, log } = await planted(
      async (name) => {
        await plant(name, finished(), { bus })
        await plant(name, [open.line], { bus, wseq: 1 })
        for (let i = 2; i < 6; i++) await plant(name, finished(), { wseq: i, bus })
      },
      { retain: { events: 0 } },
    )
    expect(await compact(log)).to.equal(2)
    await plant(name, [said('C', open.id, { at: [2, 0] })], { bus, wseq: 6 })
    expect(await compact(log)).to.equal(7)
    expect(await seqs(name)).to.eql([7])
    await discard({ name, log })
  })

  it('never goes beyond what it does not know', async () => {
    const { name, log } = await planted(
      async (name) => {
        await plant(name, finished(), { bus })
        await plant(name, [...finished(), said('Q', accepted('A').id)], { bus, wseq: 1 })
        await plant(name, finished(), { bus, wseq: 2 })
        await plant(name, finished(), { bus, wseq: 3 })
      },
      { retain: { events: 0 } },
    )
    expect(await compact(log)).to.equal(2)
    await discard({ name, log })
  })

  it('does not stop at what was sent to other tabs', async () => {
    const { name, log } = await planted(
      async (name) => {
        const { id, line } = accepted('A')
        const sent = said('B', id, { at: [0, 0], channel: 'shop', bridge: id })
        await plant(name, [line, sent, said('C', id, { at: [0, 0] })], { bus })
        await plant(name, finished(), { bus, wseq: 1 })
      },
      { retain: { events: 0 } },
    )
    expect(await compact(log)).to.equal(2)
    await discard({ name, log })
  })

  it('never goes beyond a place that somebody reads from', async () => {
    const { name, log } = await filled(6, { events: 0 })
    const reading = records(log)
    for (let i = 0; i < 3; i++) await reading.next()
    expect(await compact(log)).to.equal(3)
    expect((await all(reading)).length).to.equal(3)
    expect(await compact(log)).to.equal(6)
    await discard({ name, log })
  })

  it('leaves the last 1000 finished events of every bus, for its history', async () => {
    const { bus, log, name } = loggedBus({
      retain: { events: 0 },
      bus: { maxPending: null, maxHistorySize: 1 },
    })
    const other = new EventBus({ name: `x${name}`, log })
    bus.on('*', () => {})
    for (let i = 0; i < 3; i++) await other.dispatch(new BaseEvent('First', { i }))
    for (let n = 0; n < 4; n++) {
      const events = Array.from({ length: 300 }, (_, i) =>
        bus.dispatch(new BaseEvent('Tick', { i: n * 300 + i })),
      )
      await events.at(-1)
    }
    await other.stop({ clear: true })
    expect(await compact(log)).to.equal(1)
    await bus.stop({ clear: true })
    await log.close()

    const log2 = new EventLog(name, { retain: { events: 0 } })
    const [bus2, other2] = [name, `x${name}`].map(
      (it) => new EventBus({ name: it, log: log2, maxHistorySize: 5000 }),
    )
    await Promise.all([bus2.ready, other2.ready])
    expect([...other2.eventHistory.values()].map((event) => event.eventPayload.i)).to.eql([0, 1, 2])
    expect(bus2.eventHistory.size).to.equal(1000)
    expect([...bus2.eventHistory.values()].at(-1)?.eventPayload.i).to.equal(1199)
    await discard({ name, log: log2 })
  })

  it('does not keep everything since the last event of a bus that is seldom used; imports do not count', async () => {
    const thousand = () =>
      Array.from({ length: 1000 }, (_, i) => {
        const { id, line } = accepted('A')
        return [line, said('C', id, { at: [0, 2 * i] })]
      }).flat()
    for (const [filler, left] of [
      [bus, 12],
      [IMPORTED, 1],
    ] as const) {
      const { name, log } = await planted(
        async (name) => {
          await plant(name, finished(), { bus: 'Seldom' })
          await plantAll(name, Array.from({ length: 11 }, thousand), { bus: filler })
        },
        { retain: { events: 0 } },
      )
      expect(await compact(log)).to.equal(left)
      await discard({ name, log })
    }
  })

  it('removes what no history needs', async () => {
    const { name, log } = await filled(1010, { events: 0 }, { bus: 'Shop' })
    expect(await compact(log)).to.equal(11)
    const shop = new EventBus({ name: 'Shop', log, maxHistorySize: 2000 })
    await shop.ready
    expect(shop.eventHistory.size).to.equal(1000)
    await shop.stop({ clear: true })
    await discard({ name, log })
  })

  it('keeps the beginning of an event for as long as its end is in a history', async () => {
    const late = accepted('Late')
    const { name, log } = await planted(
      async (name) => {
        await plant(name, finished(), { bus })
        await plant(name, [late.line], { bus: 'Shop' })
        for (let i = 0; i < 4; i++) await plant(name, finished(), { wseq: i + 1, bus })
        await plant(name, [said('C', late.id, { at: [2, 0] })], { bus: 'Shop', wseq: 1 })
      },
      { retain: { events: 0 } },
    )
    expect(await compact(log)).to.equal(2)
    await discard({ name, log })
  })

  it('decides nothing when somebody else has decided meanwhile, or is at it', async () => {
    const { name, log } = await filled(6, { events: 0 })
    const db = await log.db()
    // As if the last decision had come after it was asked for.
    const { stored } = db
    const before = async () => {
      const meta = await stored.call(db)
      return meta && { ...meta, turn: meta.turn - 1 }
    }
    Object.assign(db, { stored: before })
    expect(await compact(log)).to.equal(1)
    Object.assign(db, { stored })
    await navigator.locks.request(`bubus:compact:${name}`, async () => {
      expect(await compact(log)).to.equal(1)
    })
    expect(await compact(log)).to.equal(6)
    await discard({ name, log })
  })

  it('is not what `clear` is: that removes everything, once and quietly', async () => {
    const { name, log } = await filled(6, { events: 0 })
    await log.clear()
    expect(await seqs(name)).to.eql([])
    expect(await all(records(log))).to.eql([])
    await plant(name, finished(), { writer: 'new' })
    expect(await seqs(name)).to.eql([7])
    await log.close()
    const lost: Event[] = []
    const again = new EventLog(name)
    again.addEventListener('dataloss', (event) => lost.push(event))
    expect((await all(records(again))).length).to.equal(1)
    expect(lost).to.eql([])
    await discard({ name, log: again })
    await EventLog.destroy(freshName())
  })
})
