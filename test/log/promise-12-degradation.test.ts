// Promise 12, "Degradation": the states of a log, what they fire, and that the bus goes on in all of them.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus, LogError } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'
import { consoleDuring, deferred, foreign, rejectionOf, thrownBy } from '../same-page/helpers.js'
import { freshName, lines, loggedBus } from './helpers.js'
import { holdStore, rawOpen, rowsOf } from './raw.js'
import { closeTabs, eventually, heldLocks, impatient, openBus, openTab } from './tabs.js'

const make = (type: string, payload = {}) => new BaseEvent(type, payload)
const accepted = async (name: string) =>
  lines((await rowsOf(name)).map(([, row]) => row))
    .filter(({ event_entry }) => event_entry === 'E')
    .map(({ n }) => n)

/** The states that a log enters from now on. */
function statesOf(log: EventLog): string[] {
  const states: string[] = []
  log.addEventListener('statechange', () => void states.push(log.state))
  return states
}

describe('promise 12: degradation', () => {
  afterEach(closeTabs)

  it('an EventLog is an EventTarget, and `ok` to begin with; wrong arguments are refused', async () => {
    const log = new EventLog(freshName())
    expect(log).to.be.instanceOf(EventTarget)
    expect(log.state).to.equal('ok')
    await log.close()
    expect(thrownBy(() => new EventLog('no identifier'))).to.be.instanceOf(TypeError)
    expect(thrownBy(() => new EventLog('a', { mode: 'before' as never }))).to.be.instanceOf(Error)
    expect(thrownBy(() => new EventLog('a', { deadline: 0 }))).to.be.instanceOf(RangeError)
    expect(thrownBy(() => new EventBus({ log: 5 as never }))).to.be.instanceOf(TypeError)
    expect(
      (await rejectionOf(Promise.resolve().then(() => EventLog.destroy('no identifier')))).name,
    ).to.equal('TypeError')
  })

  it('late writes: `degraded`, then `ok`, each told once', async () => {
    const { bus, log, name } = await impatient(loggedBus())
    const states = statesOf(log)
    const release = await holdStore(name)
    for (let n = 0; n < 3; n++) await bus.dispatch(make('X', { n }))
    await release()
    await eventually('the state is ok', () => log.state === 'ok')
    await log.flush()
    expect(states).to.deep.equal(['degraded', 'ok'])
    expect(await accepted(name)).to.deep.equal([0, 1, 2])
  })

  it('a log of its own that is late is closed with its bus: nothing is tried any more', async () => {
    const name = freshName()
    const before = await heldLocks()
    const bus = new EventBus({ name, log: { deadline: 50 } })
    await bus.ready
    await bus.dispatch(make('X')).eventPersisted
    const release = await holdStore(name)
    await consoleDuring('warn', async () => {
      for (let n = 0; n < 3; n++) await bus.dispatch(make('X', { n }))
      expect(bus.stats.logLagMs).to.be.above(0)
      await bus.stop({ clear: true })
    })
    expect(bus.stats.logLagMs, 'something waits to be written').to.equal(0)
    await release()
    await eventually('its lock is free', async () => (await heldLocks()).length <= before.length)
  })

  it('what was released while degraded is written in order, before what comes later', async () => {
    const { bus, log, name } = await impatient(loggedBus())
    const release = await holdStore(name)
    let n = 0
    while (n < 5) await bus.dispatch(make('X', { n: n++ }))
    await release()
    while (log.state !== 'ok') await bus.dispatch(make('X', { n: n++ }))
    // The last one may take its time.
    Object.assign(log, { deadline: 20_000 })
    await bus.dispatch(make('X', { n: n++ })).eventPersisted
    expect(await accepted(name)).to.deep.equal(Array.from({ length: n }, (_, i) => i))
  })

  it('a recovered event is not held back by a log that is degraded', async () => {
    const name = freshName()
    const first = loggedBus({ name })
    first.bus.on('X', () => new Promise(() => {}))
    for (let n = 0; n < 2; n++) first.bus.dispatch(make('X', { n }))
    await first.log.flush()
    await first.bus.stop()
    first.bus.off('X')
    const { bus, log } = await impatient(openBus(name))
    const go = deferred()
    const ran: unknown[] = []
    bus.on('X', ({ eventPayload: { n } }) => {
      ran.push(n)
      return n === 0 ? go.promise : undefined
    })
    const events = await bus.recover()
    await eventually('the first runs', () => ran.length)
    const release = await holdStore(name)
    void bus.dispatch(make('Other'))
    await eventually('degraded', () => log.state === 'degraded')
    go.resolve()
    await events[1]
    expect(log.state).to.equal('degraded')
    expect(ran).to.deep.equal([0, 1])
    await release()
  })

  it('over quota, again and again: nothing waits for a compaction that waits for it; when there is room, it writes on', async () => {
    const { bus, log, name } = await impatient(loggedBus())
    await bus.dispatch(make('X', { n: 0 }))
    await log.flush()
    const { prototype } = IDBObjectStore
    const { add } = prototype
    let refused = 0
    prototype.add = () => {
      refused++
      throw new DOMException('full', 'QuotaExceededError')
    }
    try {
      await bus.dispatch(make('X', { n: 1 }))
      await eventually('it was refused often', () => refused > 3)
    } finally {
      prototype.add = add
    }
    await eventually('the state is ok', () => log.state === 'ok')
    await log.flush()
    await log.compact()
    await bus.stop()
    expect(await accepted(name)).to.deep.equal([0, 1])
    await eventually(
      'no compaction is left',
      async () => !(await heldLocks()).includes(`bubus:compact:${name}`),
    )
  })

  it('a read that never answers while the log is opened: it is opened again', async () => {
    const { prototype } = IDBObjectStore
    const { openKeyCursor } = prototype
    let asked = 0
    prototype.openKeyCursor = function (...args) {
      const request = openKeyCursor.apply(this, args)
      if (!asked++) request.addEventListener = () => {}
      return request
    }
    try {
      const { bus, log, name } = loggedBus({ deadline: 400 })
      const event = bus.dispatch(make('X', { n: 1 }))
      await event
      await bus.ready
      await log.flush()
      await bus.stop()
      expect(asked).to.be.above(1)
      expect(log.state).to.equal('ok')
      expect(await accepted(name)).to.deep.equal([1])
    } finally {
      prototype.openKeyCursor = openKeyCursor
    }
  })

  it('`close`: `closed`, once; the bus goes on, `eventPersisted` rejects, `recover` gives nothing, `flush` and `stop` end', async () => {
    const { bus, log, name } = loggedBus()
    const states = statesOf(log)
    bus.on('X', () => 'ran')
    const before = bus.dispatch(make('X', { n: 1 }))
    await log.close()
    await log.close()
    await before.eventPersisted
    expect(states).to.deep.equal(['closed'])
    const event = bus.dispatch(make('X', { n: 2 }))
    expect(await rejectionOf(event.eventPersisted)).to.be.instanceOf(LogError)
    expect(await event.eventResult()).to.equal('ran')
    expect(bus.stats.unpersisted).to.equal(1)
    expect(await bus.recover()).to.deep.equal([])
    await log.flush()
    await bus.stop()
    expect(await accepted(name)).to.deep.equal([1])
    const late = new EventBus({ name: freshName(), log })
    late.on('X', () => 'ran')
    await late.ready
    expect(await late.dispatch(make('X')).eventResult()).to.equal('ran')
  })

  it('`close` writes what waits', async () => {
    const { bus, log, name } = loggedBus({ bus: { maxHistorySize: null } })
    const events = Array.from({ length: 1200 }, (_, n) => bus.dispatch(make('X', { n })))
    await log.close()
    expect(await accepted(name)).to.have.length(1200)
    for (const event of events) await event.eventPersisted
    await bus.waitUntilIdle()
  })

  it('a database that a newer format has made: `memory`, one warning, nothing is written or changed', async () => {
    const name = freshName()
    const newer = await rawOpen(name, 7, (db) => {
      for (const store of ['wal', 'summaries', 'ends', 'quarantine', 'meta', 'novelty'])
        db.createObjectStore(store, { autoIncrement: store === 'wal' })
    })
    const tx = newer.transaction(['meta', 'wal'], 'readwrite')
    tx.objectStore('meta').put({ epoch: 'e', turn: 0, low: 1, indexed: 0, settled: 0, format: 2 }, 'log')
    tx.objectStore('wal').put({ v: 2, secret: 'of a newer page' })
    await new Promise((resolve) => {
      tx.oncomplete = resolve
    })
    newer.close()
    let logged!: ReturnType<typeof openBus>
    const warnings = await consoleDuring('warn', async () => {
      logged = openBus(name)
      logged.bus.on('X', () => 'ran')
      const event = logged.bus.dispatch(make('X'))
      expect(await rejectionOf(event.eventPersisted)).to.be.instanceOf(Error)
      expect(await event.eventResult()).to.equal('ran')
      expect(await logged.bus.recover()).to.deep.equal([])
    })
    expect(logged.log.state).to.equal('memory')
    expect(warnings).to.have.length(1)
    expect(warnings[0]).to.match(/newer/)
    expect(await rowsOf(name)).to.deep.equal([[1, { v: 2, secret: 'of a newer page' }]])
  })

  it('where opening hangs behind a blocked deletion, the bus goes on, and the log is there once it may open', async () => {
    const name = freshName()
    const blocker = await rawOpen(name, 1)
    const gone = indexedDB.deleteDatabase(`bubus:${name}`)
    await new Promise((resolve) => {
      gone.onblocked = resolve
    })
    const { bus, log } = openBus(name, { deadline: 400 })
    bus.on('X', () => 'ran')
    const event = bus.dispatch(make('X', { n: 1 }))
    expect(await rejectionOf(event.eventPersisted)).to.be.instanceOf(Error)
    expect(await event.eventResult()).to.equal('ran')
    expect(log.state).to.equal('degraded')
    blocker.close()
    await eventually('the state is ok', () => log.state === 'ok')
    await log.flush()
    expect(await accepted(name)).to.deep.equal([1])
  })

  it('where it never may, it is `memory` after some tries, and says so once', async () => {
    const name = freshName()
    const blocker = await rawOpen(name, 1)
    indexedDB.deleteDatabase(`bubus:${name}`)
    const warnings = await consoleDuring('warn', async () => {
      const { bus, log } = openBus(name, { deadline: 30 })
      bus.on('X', () => 'ran')
      const event = bus.dispatch(make('X'))
      await eventually('memory', () => log.state === 'memory')
      expect(await rejectionOf(event.eventPersisted)).to.be.instanceOf(Error)
      expect(await event.eventResult()).to.equal('ran')
      expect(await rejectionOf(bus.dispatch(make('X')).eventPersisted)).to.be.instanceOf(LogError)
      expect(await bus.recover()).to.deep.equal([])
      await bus.stop()
    })
    expect(warnings).to.have.length(1)
    blocker.close()
    await foreign()
  })

  it('a name instead of a log: loaded on demand, named so, and closed with its bus', async () => {
    const name = freshName()
    const bus = new EventBus({ name: freshName(), log: name })
    bus.on('X', () => 'ran')
    const event = bus.dispatch(make('X', { n: 1 }))
    expect(bus.stats.unpersisted).to.equal(1)
    expect(await event.eventResult()).to.equal('ran')
    await event.eventPersisted
    await bus.stop({ clear: true })
    expect(await accepted(name)).to.deep.equal([1])
    await EventLog.destroy(name)
    const options = new EventBus({ name, log: { mode: 'behind' } })
    await options.dispatch(make('X', { n: 2 })).eventPersisted
    await options.stop({ clear: true })
    expect(await accepted(name)).to.deep.equal([2])
  })

  it('a tab that is closed by its page leaves no state to others: they stay `ok`', async () => {
    const name = freshName()
    const tab = await openTab()
    const there = tab.open(name)
    const here = openBus(name)
    await there.bus.dispatch(new tab.bubus.BaseEvent('X')).eventPersisted
    await here.bus.dispatch(make('X')).eventPersisted
    await there.log.close()
    await tab.die()
    await here.bus.dispatch(make('X')).eventPersisted
    expect(here.log.state).to.equal('ok')
  })
})
