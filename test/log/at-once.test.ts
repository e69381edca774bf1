// What reads or decides while others write, compact, clear or delete: nothing is left out, and nothing comes twice.
import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'
import { forever } from '../same-page/helpers.js'
import { freshName } from './helpers.js'
import { left } from './pages.js'
import { accepted, plant, plantAll, rowsOf, said } from './raw.js'
import { discard, metaOf, planted } from './reading.js'
import { eventually, loseLocks, openBus } from './tabs.js'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const finished = (count: number) =>
  Array.from({ length: count }, () => accepted('F')).flatMap(({ id, line }, i) => [
    line,
    said('C', id, { at: [0, 2 * i] }),
  ])

describe('an export', () => {
  it('of entries reads small segments some at once, big ones one by one', async () => {
    for (const [length, least, most] of [
      [1, 1, 12],
      [60_000, 40, 41],
    ]) {
      const segments = Array.from({ length: 40 }, () => [
        accepted('A', { payload: { text: 'x'.repeat(length) } }).line,
      ])
      const { name, log } = await planted((name) => plantAll(name, segments))
      await log.index.catchUp()
      const db = await log.db()
      const { read } = db
      let reads = 0
      Object.assign(db, { read: (...args: Parameters<typeof read>) => ++reads && read.apply(db, args) })
      expect(await new Response(log.exportJSONL({ entries: true })).text()).to.equal(segments.join(''))
      expect(reads).to.be.within(least, most)
      await discard({ name, log })
    }
  })

  it('has an event that gets its end while it begins', async () => {
    const { bus, log, name } = openBus(freshName())
    let release = () => {}
    bus.on('A', () => new Promise<void>((resolve) => (release = resolve)))
    const event = bus.dispatch(new BaseEvent('A'))
    await event.eventPersisted
    await eventually('it runs', () => bus.eventsStarted.length)
    const catchUp = log.index.catchUp.bind(log.index)
    log.index.catchUp = async () => {
      release()
      await event
      await log.flush()
      await catchUp()
    }
    const text = await new Response(log.exportJSONL()).text()
    await log.close()
    await EventLog.destroy(name)
    expect(text.trim().split('\n')).to.have.length(1)
    expect(text).to.include(event.eventId)
  })

  it('beside much that goes on has every event that was accepted before', async () => {
    const { bus, log, name } = openBus(freshName(), {
      bus: { maxPending: null, eventConcurrency: 'parallel' },
    })
    bus.on('A', () => pause(Math.random() * 60))
    let going = true
    const accepted: string[] = []
    const load = (async () => {
      while (going) {
        const event = bus.dispatch(new BaseEvent('A'))
        await event.eventPersisted
        accepted.push(event.eventId)
        await pause(15)
      }
    })()
    let missing = 0
    for (let i = 0; i < 12; i++) {
      await pause(60)
      const before = [...accepted]
      const text = await new Response(log.exportJSONL()).text()
      missing += before.filter((id) => !text.includes(`"event_id":"${id}"`)).length
    }
    going = false
    await load
    await bus.waitUntilIdle()
    await log.close()
    await EventLog.destroy(name)
    expect(missing).to.equal(0)
  })
})

describe('a recovery', () => {
  for (const how of ['compact', 'clear'] as const) {
    it(`does not run what is finished, though another tab does \`${how}()\` while it reads`, async () => {
      const { id, line } = accepted('A')
      const { name, log } = await planted(
        async (name) => {
          await plant(name, [line])
          for (let i = 1; i < 6; i++) await plant(name, finished(1), { wseq: i })
        },
        { retain: { events: 1 } },
      )
      const page = openBus(name)
      let runs = 0
      page.bus.on('A', () => void runs++)
      await page.bus.ready
      await eventually('it is indexed', async () => (await metaOf(name)).indexed === 6)
      // What the history has read is kept for some seconds: they are over.
      page.log.read.clear()
      if (how === 'compact')
        await plant(name, [said('C', id, { at: [1, 0], event_outcomes: [] })], { wseq: 6 })
      await plant(name, finished(1001), { wseq: 7 })
      await plant(name, finished(1), { wseq: 8 })
      const db = await page.log.db()
      const read = db.read.bind(db) as (...all: unknown[]) => Promise<unknown[]>
      let done = false
      db.read = (async (...all: unknown[]) => {
        const found = await read(...all)
        if (all[0] === 'wal' && found.length && !done) {
          done = true
          await log[how]()
        }
        return found
      }) as never
      await page.bus.recover()
      await page.bus.waitUntilIdle()
      const { low } = await metaOf(name)
      await page.log.close()
      await discard({ name, log })
      expect(low).to.be.above(1)
      expect(runs).to.equal(0)
    })
  }

  it('spares a handler that has settled, though the database has vanished before that', async () => {
    const name = freshName()
    await left(name, new BaseEvent('A'))
    const second = openBus(name)
    let settle = (_?: unknown) => {}
    second.bus.on('A', () => new Promise((resolve) => (settle = resolve)), { name: 'one' })
    second.bus.on('A', forever, { name: 'two' })
    await second.bus.recover()
    await eventually('it runs', () => second.bus.eventsStarted.length)
    await second.log.flush()
    await new Promise((resolve) => {
      indexedDB.deleteDatabase(`bubus:${name}`).onsuccess = resolve
    })
    settle()
    await eventually('it is written again', async () => {
      await second.log.flush()
      return (await rowsOf(name)).length
    })
    await loseLocks(second)
    const third = openBus(name)
    let runs = 0
    third.bus.on('A', () => void runs++, { name: 'one' })
    third.bus.on('A', () => {}, { name: 'two' })
    const [again] = await third.bus.recover()
    await again
    await second.log.close()
    await third.log.close()
    await EventLog.destroy(name)
    expect(runs).to.equal(0)
  })
})
