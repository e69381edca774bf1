// Promise 8 where the whole database vanishes under pages that have it open: what they know of the old one is not said of the new one.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus } from '../../src/index.js'
import type { DataLossEvent } from '../../src/log/event-log.js'
import { META, stores } from '../../src/log/log-db.js'
import { consoleDuring, deferred, foreign, forever } from '../same-page/helpers.js'
import { freshName, lines } from './helpers.js'
import { holdStore, inStore, rawOpen, rowsOf } from './raw.js'
import { closeTabs, eventually, heldLocks, openBus, openTab, tell } from './tabs.js'

const vanish = (name: string) =>
  new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(`bubus:${name}`)
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error)
  })

const x = (n: unknown) => new BaseEvent('X', { n })
const accepted = async (name: string) =>
  lines((await rowsOf(name)).map(([, row]) => row))
    .filter(({ event_entry }) => event_entry === 'E')
    .map(({ n }) => n)

/** Where the last entry of an event is. */
const placeOf = async (name: string, n: unknown) =>
  (await rowsOf(name))
    .flatMap(([seq, row]) => lines([row]).map((line, index) => [seq, index, line.n] as const))
    .filter(([, , it]) => it === n)
    .map(([seq, index]) => [seq, index])
    .at(-1)

describe('promise 8: the database vanishes', () => {
  afterEach(closeTabs)

  it('under two logs: both tell it, and both write again what is not finished', async () => {
    const name = freshName()
    const both = [openBus(name), openBus(name)] as const
    const told = new Set<number>()
    for (const [i, { bus, log }] of both.entries()) {
      log.addEventListener('dataloss', () => told.add(i))
      bus.on('X', forever)
      await bus.ready
      await bus.dispatch(x(`${i} before`)).eventPersisted
    }
    await vanish(name)
    for (const [i, { bus, log }] of both.entries()) {
      await bus.dispatch(x(`${i} after`)).eventPersisted
      await log.flush()
      // What a page has seen is noted beside the database, for the others.
      log.witness.write()
    }
    expect([...told]).to.deep.equal([0, 1])
    expect(await accepted(name)).to.have.members(['0 before', '0 after', '1 before', '1 after'])
  })

  it('before the index of it was written: it is not written into the new one', async () => {
    const name = freshName()
    const { bus, log } = openBus(name)
    const ran: unknown[] = []
    bus.on('X', ({ eventPayload: { n } }) => void ran.push(n))
    await bus.ready
    for (let n = 0; n < 5; n++) await bus.dispatch(x(n))
    await log.flush()
    await vanish(name)
    await log.index.flush()
    expect((await rowsOf(name, 'summaries')).length).to.equal(0)
    const tab = await openTab()
    const other = tab.open(name)
    other.bus.on('X', forever)
    await other.bus.ready
    for (let n = 5; n < 10; n++) await other.bus.dispatch(new tab.bubus.BaseEvent('X', { n })).eventPersisted
    await tab.die()
    await log.index.catchUp()
    ran.length = 0
    await Promise.all(await bus.recover())
    expect(ran).to.deep.equal([5, 6, 7, 8, 9])
  })

  it('while the first segment of all is on its way: it is missed, and what is not finished is written again', async () => {
    const name = freshName()
    const { bus, log } = openBus(name)
    const told: string[] = []
    log.addEventListener('dataloss', ({ reason }) => told.push(reason))
    bus.on('X', ({ eventPayload: { n } }) => (n === 'open' ? forever() : undefined))
    await bus.ready
    // Has no ear for who wants to delete: until it is closed, the page only knows that somebody does.
    const release = await holdStore(name)
    const { transaction } = IDBDatabase.prototype
    const sent = new Promise<void>((resolve) => {
      IDBDatabase.prototype.transaction = function (...args) {
        if (args[1] === 'readwrite') resolve()
        return transaction.apply(this, args)
      }
    })
    const open = bus.dispatch(x('open'))
    await sent
    IDBDatabase.prototype.transaction = transaction
    const gone = vanish(name)
    await eventually('the page has let go of the database', () => !log.open)
    await release()
    await Promise.all([gone, open.eventPersisted])
    const other = openBus(freshName(), { logName: name })
    await other.bus.dispatch(x('other')).eventPersisted
    await bus.dispatch(x('late')).eventPersisted
    await log.flush()
    expect(told).to.deep.equal(['the database has vanished'])
    expect(await accepted(name)).to.have.members(['open', 'other', 'late'])
  })

  it('while an event runs: its end is not taken for that of another at its place', async () => {
    const name = freshName()
    const { bus, log } = openBus(name)
    const ran: unknown[] = []
    let done = () => {}
    bus.on('X', ({ eventPayload: { n } }) => {
      ran.push(n)
      return n === 'ours' ? new Promise<void>((resolve) => (done = resolve)) : undefined
    })
    await bus.ready
    const event = bus.dispatch(x('ours'))
    await event.eventPersisted
    await log.flush()
    await log.index.flush()
    await vanish(name)
    const tab = await openTab()
    const other = tab.open(name)
    other.bus.on('X', forever)
    await other.bus.ready
    await other.bus.dispatch(new tab.bubus.BaseEvent('X', { n: 'theirs' })).eventPersisted
    await other.log.index.flush()
    done()
    await event
    await log.flush()
    await log.index.flush()
    await tab.die()
    await log.index.catchUp()
    await Promise.all(await bus.recover())
    expect(ran).to.deep.equal(['ours', 'theirs'])
  })

  it('with a payload that a handler has changed to what JSON has no word for: the other events are written again', async () => {
    const name = freshName()
    const { bus, log } = openBus(name, { bus: { eventConcurrency: 'parallel' } })
    const started: unknown[] = []
    const release = deferred()
    bus.on('X', ({ eventPayload }) => {
      started.push(eventPayload.n)
      if (eventPayload.n === 1) (eventPayload.list as unknown[]).push(() => {})
      return eventPayload.n === 1 ? release.promise : forever()
    })
    await bus.ready
    const events = [0, 1, 2].map((n) => bus.dispatch(new BaseEvent('X', { n, list: [] })))
    await eventually('they run', () => started.length === 3)
    await vanish(name)
    const warnings = await consoleDuring('warn', async () => {
      await bus.dispatch(x(3)).eventPersisted
      release.resolve()
      await events[1]
      await log.flush()
    })
    expect(await accepted(name)).to.deep.equal([0, 2, 3])
    expect(warnings.join()).to.include('X#')
    expect(log.state).to.equal('ok')
    expect(bus.stats.unpersisted).to.equal(0)
  })

  it('under an event that came by two ways: the end of what vanished is not taken for that of another', async () => {
    const [name, other] = [freshName(), freshName()]
    const dead = await openTab()
    const theirs = dead.open(name)
    const also = new dead.bubus.EventBus({ name: other, log: theirs.log })
    theirs.bus.on('X', also.dispatch)
    also.on('X', forever)
    await Promise.all([theirs.bus.ready, also.ready])
    await theirs.bus.dispatch(new dead.bubus.BaseEvent('X', { n: 'ours' })).eventPersisted
    await eventually('it is on both', async () => (await accepted(name)).length === 2)
    await theirs.log.flush()
    const place = await placeOf(name, 'ours')
    await dead.die()
    const { bus, log } = openBus(name)
    const second = new EventBus({ name: other, log })
    let done = () => {}
    bus.on('X', second.dispatch)
    second.on('X', () => new Promise<void>((resolve) => (done = resolve)))
    const [event] = await bus.recover()
    await eventually('it is there by a forward', () => second.stats.inFlight)
    await second.recover()
    await log.flush()
    await log.index.flush()
    await vanish(name)
    const tab = await openTab()
    const late = tab.open(name, { mode: 'behind' })
    late.bus.on('Y', ({ eventPayload: { n } }) => (n === 0 ? undefined : forever()))
    await late.bus.ready
    for (let n = 0; n < 2; n++) await late.bus.dispatch(new tab.bubus.BaseEvent('Y', { n })).eventPersisted
    // At the place of what is here by two ways.
    expect(await placeOf(name, 1)).to.deep.equal(place)
    await late.log.index.flush()
    await bus.dispatch(new BaseEvent('Z')).eventPersisted
    done()
    await event
    await log.flush()
    await log.index.flush()
    await tab.die()
    await log.index.catchUp()
    const ran: unknown[] = []
    bus.on('Y', ({ eventPayload: { n } }) => void ran.push(n))
    await Promise.all(await bus.recover())
    expect(ran).to.deep.equal([1])
  })

  it('of which only the newest segments have vanished: what was in them and is not finished is written again', async () => {
    const name = freshName()
    const { bus, log } = openBus(name, { bus: { eventConcurrency: 'parallel' } })
    const told: unknown[] = []
    log.addEventListener('dataloss', (event) => {
      const { from, to } = event as DataLossEvent
      told.push([from, to])
    })
    const ends: (() => void)[] = []
    bus.on('X', () => new Promise<void>((resolve) => ends.push(resolve)))
    await bus.ready
    const events: BaseEvent[] = []
    for (let n = 0; n < 5; n++) {
      events.push(bus.dispatch(x(n)))
      await events[n].eventPersisted
    }
    await log.flush()
    await log.index.flush()
    const [rows, [[, meta]]] = [await rowsOf(name), await rowsOf(name, 'meta')]
    await vanish(name)
    const db = await rawOpen(name, 1, (db) => {
      for (const store of stores) db.createObjectStore(store, { autoIncrement: store === 'wal' })
    })
    db.close()
    for (const [seq, row] of rows.slice(0, 2)) await inStore(name, 'wal', (it) => it.put(row, seq))
    await inStore(name, 'meta', (it) => it.put(meta, META))
    const tab = await openTab()
    const other = tab.open(name)
    other.bus.on('X', forever)
    await other.bus.ready
    await consoleDuring('warn', async () => {
      await bus.dispatch(x(5)).eventPersisted
    })
    expect(told).to.deep.equal([[3, 5]])
    expect(await accepted(name)).to.deep.equal([0, 1, 2, 3, 4, 5])
    await other.bus.dispatch(new tab.bubus.BaseEvent('X', { n: 'theirs' })).eventPersisted
    for (const end of ends) end()
    for (const event of events) await event
    await log.flush()
    await log.index.flush()
    await tab.die()
    await log.index.catchUp()
    const [event, ...more] = await bus.recover()
    expect(event.eventPayload.n).to.equal('theirs')
    expect(more).to.have.length(0)
  })

  it('while a page rests: nobody has taken over what it goes on with', async () => {
    const name = freshName()
    const tab = await openTab()
    const { bus, log } = tab.open(name)
    let signal: AbortSignal | undefined
    let done = () => {}
    bus.on('X', (_, context) => {
      signal = context.signal
      return new Promise<void>((resolve) => (done = resolve))
    })
    await bus.ready
    const event = bus.dispatch(new tab.bubus.BaseEvent('X', { n: 1 }))
    await event.eventPersisted
    tell(tab, 'pagehide')
    await vanish(name)
    tell(tab, 'pageshow')
    await eventually('another database is there', () => log.open && !log.open.gone)
    await eventually('it is written again', async () => (await accepted(name)).length === 1)
    await eventually('it is its own again', async () => !signal?.aborted && event.eventStatus === 'started')
    done()
    await event
    await eventually('its end is written', async () =>
      lines((await rowsOf(name)).map(([, row]) => row)).some(({ event_entry }) => event_entry === 'C'),
    )
    expect(signal?.aborted).to.equal(false)
  })

  it('when a page goes to rest with something on its way: nothing is written under no id', async () => {
    const name = freshName()
    const tab = await openTab()
    const { bus, log } = tab.open(name)
    bus.on('X', forever)
    await bus.ready
    await bus.dispatch(new tab.bubus.BaseEvent('X', { n: 1 })).eventPersisted
    await log.flush()
    await vanish(name)
    const event = bus.dispatch(new tab.bubus.BaseEvent('X', { n: 2 }))
    await foreign()
    tell(tab, 'pagehide')
    tell(tab, 'pageshow')
    await event.eventPersisted
    await log.flush()
    expect((await accepted(name)).sort()).to.deep.equal([1, 2])
    const writers = (await rowsOf(name)).map(([, { writer }]) => writer)
    expect(writers).not.to.include('')
    const held = await heldLocks()
    for (const writer of writers) expect(held).to.include(`bubus:w:${writer}`)
  })
})
