// The faults of ../../../shared/reference/faults.md that can be provoked inside a page: see README.md for the rows. Those that need a
// driver (crashes, quota, bfcache, damaged files) are in test/crash.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus, LogError } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'
import { foreign, forever, only, rejectionOf } from '../same-page/helpers.js'
import { freshName, lines } from './helpers.js'
import { accepted, holdStore, inStore, plant, rawOpen, rowsOf } from './raw.js'
import { runSandboxed } from './sandbox.js'
import {
  closeTabs,
  eventually,
  heldLocks,
  impatient,
  loseLocks,
  openBus,
  openTab,
  writerIds,
} from './tabs.js'

const make = (type: string, payload = {}) => new BaseEvent(type, payload)
const entries = async (name: string) => lines((await rowsOf(name)).map(([, row]) => row))
const acceptedIds = async (name: string) =>
  (await entries(name)).filter(({ event_entry }) => event_entry === 'E').map(({ event_id }) => event_id)

describe('faults', () => {
  const { now } = Date
  afterEach(() => {
    Date.now = now
    closeTabs()
  })

  it('row 3: no timer: the first event of an idle bus is asked to be written in the same checkpoint', async () => {
    const tab = await openTab()
    const { prototype } = tab.window.IDBObjectStore
    const { add } = prototype
    let added = 0
    prototype.add = function (...args) {
      added++
      return add.apply(this, args)
    }
    const { bus, log } = tab.open(freshName())
    await bus.dispatch(new tab.bubus.BaseEvent('X')).eventPersisted
    await log.flush()
    added = 0
    bus.dispatch(new tab.bubus.BaseEvent('X'))
    for (let hops = 0; hops < 20; hops++) await null
    expect(added).to.equal(1)
  })

  it('row 4: nothing is removed and nothing closed before a handler has settled', async () => {
    const name = freshName()
    const { log } = openBus(name)
    await log.db()
    const { line, id } = accepted('X')
    await plant(name, [line])
    const { bus, log: later } = openBus(name)
    const states: unknown[] = []
    bus.on('X', async () => {
      await later.flush()
      states.push((await entries(name)).map(({ event_entry }) => event_entry).join(''))
    })
    const event = only(await bus.recover())
    await event
    expect(event.eventId).to.equal(id)
    expect(states).to.deep.equal(['EAS'])
    await later.flush()
    expect((await entries(name)).map(({ event_entry }) => event_entry).join('')).to.equal('EASC')
  })

  it('row 5 and 6: the database is deleted while it is open: told, opened anew, the unfinished accepted again', async () => {
    const name = freshName()
    const { bus, log } = openBus(name)
    const losses: [number, number][] = []
    log.addEventListener('dataloss', (event) => {
      const { from, to } = event as Event & { from: number; to: number }
      losses.push([from, to])
    })
    bus.on('Open', forever)
    await bus.dispatch(make('Done'))
    const open = bus.dispatch(make('Open', { n: 1 }))
    await open.eventPersisted
    await log.flush()
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(`bubus:${name}`)
      request.onsuccess = resolve
      request.onerror = reject
    })
    await log.db()
    await log.flush()
    const next = bus.dispatch(make('Open', { n: 2 }))
    await next.eventPersisted
    expect(log.state).to.equal('ok')
    expect(losses).to.have.length(1)
    expect(losses[0][0]).to.equal(1)
    expect(losses[0][1]).to.be.at.least(2)
    await log.flush()
    expect(await acceptedIds(name)).to.deep.equal([open.eventId, next.eventId])
    // What was known of the old segments is not believed of the new ones, which have the same numbers.
    await log.index.flush()
    await loseLocks({ log })
    const later = openBus(name)
    const seen: unknown[] = []
    later.bus.on('Open', ({ eventPayload }) => void seen.push(eventPayload.n))
    for (const event of await later.bus.recover()) await event
    expect(seen).to.deep.equal([1, 2])
  })

  it('row 6: it is deleted while nobody looks: the next page misses it, with the range', async () => {
    const name = freshName()
    const { bus, log } = openBus(name)
    for (let n = 0; n < 4; n++) await bus.dispatch(make('X', { n })).eventPersisted
    await log.close()
    const head = (await rowsOf(name)).length
    await new Promise((resolve) => {
      indexedDB.deleteDatabase(`bubus:${name}`).onsuccess = resolve
    })
    const later = new EventLog(name)
    const told = new Promise<Event & { from?: number; to?: number }>((resolve) =>
      later.addEventListener('dataloss', resolve),
    )
    const { warn } = console
    console.warn = () => {}
    await later.db()
    const { from, to } = await told
    console.warn = warn
    expect([from, to]).to.deep.equal([1, head])
    await later.close()
  })

  it('row 10: an upgrade of a newer page is not blocked, and blocks nobody: the log goes on with it', async () => {
    const name = freshName()
    const { bus, log } = openBus(name)
    await bus.dispatch(make('X', { n: 1 })).eventPersisted
    const upgraded = await rawOpen(name, 5, (db) => db.createObjectStore('novelty'))
    expect([...upgraded.objectStoreNames]).to.include('novelty')
    const second = bus.dispatch(make('X', { n: 2 }))
    await second.eventPersisted
    expect(log.state).to.equal('ok')
    upgraded.close()
    expect(await acceptedIds(name)).to.have.length(2)
  })

  it('row 10: a connection that has to make way while it is being opened is opened anew, and nobody notices', async () => {
    const name = freshName()
    const { bus, log } = openBus(name)
    const upgraded = await rawOpen(name, 5, (db) => db.createObjectStore('novelty'))
    upgraded.close()
    await bus.dispatch(make('X')).eventPersisted
    expect(log.state).to.equal('ok')
  })

  it('row 10: while an upgrade is blocked by a third page, events run, and are written when it is over', async () => {
    const name = freshName()
    const { bus, log } = await impatient(openBus(name))
    await bus.dispatch(make('X', { n: 1 })).eventPersisted
    const blocker = await rawOpen(name)
    const upgrading = rawOpen(name, 9, (db) => db.createObjectStore('novelty'))
    await eventually('our connection has made way', () => !log.open)
    const event = bus.dispatch(make('X', { n: 2 }))
    expect(await rejectionOf(event.eventPersisted)).to.be.instanceOf(LogError)
    await event
    expect(log.state).to.equal('degraded')
    blocker.close()
    ;(await upgrading).close()
    await eventually('the state is ok', () => log.state === 'ok')
    await log.flush()
    expect(await acceptedIds(name)).to.have.length(2)
  })

  it('row 11: two builds: a newer one`s segments, entries and stores are neither read nor touched', async () => {
    const name = freshName()
    const { bus, log } = openBus(name)
    bus.on('X', () => {})
    await log.db()
    const newer = await rawOpen(name, 3, (db) => {
      if (!db.objectStoreNames.contains('novelty')) db.createObjectStore('novelty', { autoIncrement: true })
    }).catch(() => null)
    await inStore(name, 'novelty', (store) => store.add({ of: 'a newer page' }))
    newer?.close()
    await bus.dispatch(make('X')).eventPersisted
    const { line, id } = accepted('X')
    await inStore(name, 'wal', (store) => store.add({ v: 2, body: 5, anything: ['of', 'a newer page'] }))
    await plant(name, [
      line,
      `${JSON.stringify({ event_entry: 'Z', event_id: id, news: true })}\n`,
      '{"strange":1}\n',
    ])
    const before = await rowsOf(name)
    const later = openBus(name)
    later.bus.on('X', () => {})
    const event = only(await later.bus.recover())
    expect(event.eventId).to.equal(id)
    await event
    await later.bus.ready
    await Promise.all([log.flush(), later.log.flush()])
    expect(later.log.state).to.equal('ok')
    const kept = await rowsOf(name)
    expect(kept.slice(0, before.length)).to.deep.equal(before)
    expect(await rowsOf(name, 'novelty')).to.deep.equal([[1, { of: 'a newer page' }]])
    expect(await rowsOf(name, 'quarantine')).to.deep.equal([])
  })

  it('row 14: `__proto__`, `constructor` and `prototype` are data, through log, history, recovery and results', async () => {
    const name = freshName()
    const payload = JSON.parse(
      '{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}},"prototype":1,"n":{"__proto__":{"x":2}}}',
    )
    const first = openBus(name)
    first.bus.on('Done', () => payload, { name: 'gives' })
    first.bus.on('Open', forever)
    await first.bus.dispatch(make('Done', payload))
    await first.bus.dispatch(make('Open', payload)).eventPersisted
    await first.log.flush()
    await loseLocks(first)
    const { bus } = openBus(name)
    bus.on('Open', () => payload)
    await bus.ready
    const done = only([...bus.eventHistory.values()])
    const open = only(await bus.recover())
    for (const event of [done, open]) {
      expect(JSON.stringify(event.eventPayload)).to.equal(JSON.stringify(payload))
      expect(Object.hasOwn(event.eventPayload, '__proto__')).to.equal(true)
      expect(JSON.stringify(await event.eventResult())).to.equal(JSON.stringify(payload))
      expect((await event.eventResultsFlatDict()).x).to.equal(undefined)
    }
    expect(({} as { x?: number }).x).to.equal(undefined)
  })

  it('row 17 and 22: a transaction`s requests are made in one stretch, and it is committed; no user code runs inside', async () => {
    const tab = await openTab()
    const { IDBTransaction, IDBObjectStore, IDBDatabase } = tab.window
    const steps: string[] = []
    const { transaction } = IDBDatabase.prototype
    IDBDatabase.prototype.transaction = function (...args) {
      if (args[0] === 'wal' && args[1] === 'readwrite') steps.push('begin')
      return transaction.apply(this, args)
    }
    const { add } = IDBObjectStore.prototype
    IDBObjectStore.prototype.add = function (...args) {
      if (this.name === 'wal') steps.push('add')
      return add.apply(this, args)
    }
    const { commit } = IDBTransaction.prototype
    IDBTransaction.prototype.commit = function () {
      if ([...this.objectStoreNames].join() === 'wal') steps.push('commit')
      return commit.call(this)
    }
    const { bus, log } = tab.open(freshName())
    await bus.dispatch(new tab.bubus.BaseEvent('X')).eventPersisted
    await log.flush()
    bus.on('X', () => void steps.push('handler'))
    const payload = { toString: () => 'x', n: 1 }
    steps.length = 0
    expect(() => bus.dispatch(new tab.bubus.BaseEvent('X', payload))).to.throw('payload.toString')
    bus.dispatch(new tab.bubus.BaseEvent('X', { n: 1 }))
    await bus.waitUntilIdle()
    expect(steps.slice(0, 4)).to.deep.equal(['begin', 'add', 'commit', 'handler'])
  })

  it('row 20: a sandboxed frame: `memory`, one warning each, `eventPersisted` rejects, nothing is recovered, the bus works', async () => {
    const { answer, said } = await runSandboxed(`
      const log = new EventLog('sandboxed')
      const states = []
      log.addEventListener('statechange', () => states.push(log.state))
      const bus = new EventBus({ name: 'sandboxed', log })
      bus.on('X', async (event, { bus }) => {
        if (!event.eventParentId) await bus.dispatch(new BaseEvent('X'))
        return 'ran'
      })
      const how = (event) => event.eventPersisted.then(() => 'resolved', (error) => error.name)
      const event = bus.dispatch(new BaseEvent('X'))
      const first = await how(event)
      const result = await event.eventResult()
      const second = await how(bus.dispatch(new BaseEvent('X')))
      const recovered = [await bus.recover(), await bus.recover()].flat().length
      await bus.ready
      await log.flush()
      const state = log.state
      await bus.stop()
      await log.close()
      return { first, second, result, recovered, state, states }`)
    expect(answer, String(answer)).to.deep.equal({
      first: 'LogError',
      second: 'LogError',
      result: 'ran',
      recovered: 0,
      state: 'memory',
      states: ['memory', 'closed'],
    })
    expect(said.filter((text) => /memory only/.test(text))).to.have.length(1)
    expect(said.length, said.join('\n')).to.be.at.most(2)
  })

  it('row 21: a request that never settles is given up with its connection, and written by another', async () => {
    const name = freshName()
    const { bus, log } = await impatient(openBus(name))
    const given = log.open
    const release = await holdStore(name)
    const event = bus.dispatch(make('X'))
    expect(await rejectionOf(event.eventPersisted)).to.be.instanceOf(LogError)
    await eventually('it is given up', () => log.open !== given)
    await release()
    await eventually('the state is ok', () => log.state === 'ok')
    await log.flush()
    expect(await acceptedIds(name)).to.deep.equal([event.eventId])
  })

  it('row 21: what is asked of a database that never answers is rejected, `ready` resolves; later it is answered', async () => {
    const name = freshName()
    const { bus, log } = openBus(name, { deadline: 500 })
    await bus.dispatch(make('X')).eventPersisted
    await log.flush()
    const release = await holdStore(name)
    const late = new EventBus({ log })
    const asked = {
      count: log.count(),
      records: log.records().next(),
      recover: bus.recover(),
      clear: log.clear(),
      export: log.exportJSONL().getReader().read(),
      replay: log.replay(late),
    }
    const errors = await Promise.all(Object.values(asked).map(rejectionOf))
    for (const [index, what] of Object.keys(asked).entries()) {
      const error = errors[index]
      expect(error, what).to.be.instanceOf(LogError)
      expect(String(error), what).to.match(/database did not answer within 2500 ms/)
    }
    await late.ready
    await release()
    expect(await log.count()).to.equal(1)
    expect((await log.records().next()).value?.event_type).to.equal('X')
    await late.stop({ clear: true })
  })

  it('row 27: retention and history do not look at clocks: a page a year behind finds its own events', async () => {
    const name = freshName()
    Date.now = () => now() - 365 * 86_400_000
    const first = openBus(name, { retain: { ageMs: 1000 } })
    for (let n = 0; n < 3; n++) await first.bus.dispatch(make('X', { n }))
    await first.bus.stop({ clear: true })
    await first.log.close()
    Date.now = now
    const { bus } = openBus(name)
    await bus.ready
    expect(bus.eventHistory.size).to.equal(3)
  })

  it('row 30: five survivors of one dead tab: every event is run by one of them, once', async () => {
    const name = freshName()
    const tab = await openTab()
    const dead = tab.open(name)
    dead.bus.on('X', forever)
    for (let n = 0; n < 30; n++) dead.bus.dispatch(new tab.bubus.BaseEvent('X', { n }))
    await dead.log.flush()
    const survivors = Array.from({ length: 3 }, () => openBus(name))
    const others = await Promise.all([openTab(), openTab()])
    survivors.push(...others.map((other) => other.open(name)))
    const runs = new Map<unknown, number>()
    for (const { bus } of survivors) {
      bus.on('X', ({ eventPayload: { n } }) => void runs.set(n, (runs.get(n) ?? 0) + 1))
    }
    await tab.die()
    const all = await Promise.all(survivors.map(({ bus }) => bus.recover()))
    for (const event of all.flat()) await event
    expect([...runs.entries()].sort(([a], [b]) => Number(a) - Number(b))).to.deep.equal(
      Array.from({ length: 30 }, (_, n) => [n, 1]),
    )
    for (const { log } of survivors) await log.flush()
    expect(await survivors[0].bus.recover()).to.deep.equal([])
  })

  it('row 8, in one page: `pagehide` gives every lock back, with what waits on its way', async () => {
    const name = freshName()
    const tab = await openTab()
    const { bus, log } = tab.open(name)
    bus.on('X', forever)
    await bus.dispatch(new tab.bubus.BaseEvent('X')).eventPersisted
    const [id] = writerIds({ log })
    const last = bus.dispatch(new tab.bubus.BaseEvent('X', { last: true }))
    // The frame's own first listener keeps it from the library when it dies: here the library's are called.
    const event = new tab.window.Event('pagehide')
    event.stopImmediatePropagation = () => {}
    tab.window.dispatchEvent(event)
    await eventually('the lock is free', async () => !(await heldLocks()).includes(`bubus:w:${id}`))
    await eventually('the last one is written', async () => (await acceptedIds(name)).includes(last.eventId))
    for (let n = 0; n < 5; n++) await foreign()
    expect((await heldLocks()).filter((lock) => writerIds({ log }).includes(lock.slice(8)))).to.deep.equal([])
  })
})
