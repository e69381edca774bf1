// Promise 9, "A page back from bfcache is a new writer". The events of the platform are dispatched by hand here, in a frame: with
// the real cache it is in test/crash.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventCancelledError } from '../../src/index.js'
import { deferred, foreign, forever, only } from '../same-page/helpers.js'
import { entries, ownersIn, said } from './entries.js'
import { freshName } from './helpers.js'
import { holdStore, rowsOf } from './raw.js'
import { closeTabs, eventually, heldLocks, loseLocks, openBus, openTab, tell, writerIds } from './tabs.js'

describe('promise 9: a page that rests', () => {
  afterEach(closeTabs)

  async function resting(name: string) {
    const tab = await openTab()
    const logged = tab.open(name)
    const started: unknown[] = []
    const release = deferred<string>()
    const signals: AbortSignal[] = []
    logged.bus.on('X', ({ eventPayload: { n } }, { signal }) => {
      started.push(n)
      signals.push(signal)
      return release.promise
    })
    const events = [1, 2].map((n) => logged.bus.dispatch(new tab.bubus.BaseEvent('X', { n })))
    await events[1].eventPersisted
    await eventually('the first has started', () => started.length)
    const [id] = writerIds(logged)
    tell(tab, 'pagehide')
    await eventually('its lock is free', async () => !(await heldLocks()).includes(`bubus:w:${id}`))
    return { ...logged, tab, events, started, signals, release, id }
  }

  /** One event is done, the next is on its way until `release`. */
  async function onItsWay() {
    const name = freshName()
    const tab = await openTab()
    const { bus, log } = tab.open(name)
    bus.on('X', () => 'done')
    await bus.dispatch(new tab.bubus.BaseEvent('X'))
    await log.flush()
    const release = await holdStore(name)
    const events = [bus.dispatch(new tab.bubus.BaseEvent('X'))]
    await foreign()
    return { name, tab, bus, log, events, release }
  }

  for (const when of ['before', 'while'])
    it(`goes on with what was on its way ${when} the log was cleared`, async () => {
      const name = freshName()
      const tab = await openTab()
      const { bus, log } = tab.open(name)
      const release = deferred<string>()
      const signals: AbortSignal[] = []
      bus.on('X', (_, { signal }) => {
        signals.push(signal)
        return release.promise
      })
      const event = bus.dispatch(new tab.bubus.BaseEvent('X'))
      await event.eventPersisted
      await eventually('it has started', () => signals.length)
      if (when === 'before') await log.clear()
      tell(tab, 'pagehide')
      if (when === 'while') await openBus(name).log.clear()
      tell(tab, 'pageshow')
      await eventually('it is back', () => [...log.writers].every(({ held, rest }) => held && !rest.now))
      expect(signals.map(({ reason }) => String(reason))).to.deep.equal(['undefined'])
      release.resolve('done')
      expect(await event.eventResult()).to.equal('done')
      expect(await log.count()).to.equal(0)
    })

  it('comes back as another writer, which adopts what nobody has taken, and goes on', async () => {
    const name = freshName()
    const { tab, bus, log, events, started, release, id } = await resting(name)
    tell(tab, 'pageshow')
    await eventually('it has adopted both', async () => (await said(name, 'A')).length === 2)
    const [now] = writerIds({ log })
    expect(now).not.to.equal(id)
    expect(await heldLocks()).to.include(`bubus:w:${now}`)
    release.resolve('done')
    for (const event of events) expect(await event.eventResult()).to.equal('done')
    await log.flush()
    expect(started).to.deep.equal([1, 2])
    const all = await entries(name)
    const kinds = all.map((line) => (line as Record<string, unknown>).event_entry).join('')
    expect(kinds).to.equal('EEAACC')
    expect(all.slice(2).map(({ by }) => by)).to.deep.equal([now, now, now, now])
    const later = openBus(name)
    later.bus.on('X', () => {})
    expect(await later.bus.recover()).to.deep.equal([])
    await bus.stop()
  })

  it('what others have taken meanwhile is cancelled here; they finish it', async () => {
    const name = freshName()
    const { tab, bus, log, events, signals, release, started } = await resting(name)
    const other = openBus(name)
    other.bus.on('X', () => 'by the other')
    const taken = await other.bus.recover()
    expect(taken).to.have.length(2)
    for (const event of taken) expect(await event.eventResult()).to.equal('by the other')
    await other.log.flush()
    tell(tab, 'pageshow')
    await eventually('the signal says so', () => signals[0].aborted)
    release.resolve('too late')
    for (const event of events) await event
    const error = only(events[0].eventResults.values()).error as Error
    expect(error.name).to.equal(EventCancelledError.name)
    expect(started, 'the second has not started').to.deep.equal([1])
    await log.flush()
    const ended = (await said(name, 'C')) as { by: string }[]
    expect(new Set(ended.map(({ by }) => by)).size).to.equal(1)
    expect(ended).to.have.length(2)
    bus.on('Y', () => 'works')
    expect(await bus.dispatch(new tab.bubus.BaseEvent('Y')).eventResult()).to.equal('works')
  })

  it('what was taken meanwhile is nobody’s own where that page has died: what came of it may be closed', async () => {
    const name = freshName()
    const tab = await openTab()
    const { bus, log } = tab.open(name)
    await bus.recover()
    let kids = 0
    bus.on('Family', (_, { bus: own }) => void own.dispatch(new tab.bubus.BaseEvent('Kid')))
    bus.on('Kid', () => (kids++ ? 'done' : forever()))
    const family = bus.dispatch(new tab.bubus.BaseEvent('Family'))
    await eventually('the child has started', () => kids)
    tell(tab, 'pagehide')
    const other = await openTab()
    const there = other.open(name)
    there.bus.on('Family', forever)
    there.bus.on('Kid', forever)
    expect(await there.bus.recover()).to.have.length(1)
    await other.die()
    tell(tab, 'pageshow')
    await eventually('the handler ran again', () => kids > 1)
    await eventually('it is all done', () => !bus.stats.inFlight && !bus.stats.queued)
    await log.flush()
    expect(only(family.eventResults.values()).status).to.equal('completed')
    const done = (await said(name, 'C')).filter((line) => !(line as { superseded?: boolean }).superseded)
    expect(done).to.have.length(2)
  })

  it('what settles while it rests is not written under the old id', async () => {
    const name = freshName()
    const { tab, log, events, release, id } = await resting(name)
    const before = (await rowsOf(name)).filter(([, row]) => row.writer === id).length
    release.resolve('done')
    for (let n = 0; n < 10; n++) await foreign()
    expect((await rowsOf(name)).filter(([, row]) => row.writer === id)).to.have.length(before)
    tell(tab, 'pageshow')
    await events[1]
    await log.flush()
    expect((await rowsOf(name)).filter(([, row]) => row.writer === id)).to.have.length(before)
    expect(await said(name, 'C')).to.have.length(2)
  })

  it('what is on its way when it goes and lands when it is back becomes its own, too', async () => {
    const { name, tab, bus, log, events, release } = await onItsWay()
    for (let n = 0; n < 2; n++) events.push(bus.dispatch(new tab.bubus.BaseEvent('X')))
    tell(tab, 'pagehide')
    tell(tab, 'pageshow')
    for (let n = 0; n < 10; n++) await foreign()
    await release()
    for (const event of events) await event
    await log.flush()
    const owners = await ownersIn(name)
    expect(owners.size).to.equal(4)
    expect(await said(name, 'C')).to.have.length(4)
    expect(await said(name, 'A')).to.have.length(3)
    await log.close()
    const counts = new Map((await rowsOf(name)).map(([seq, { n }]) => [seq, n]))
    const known = await rowsOf<{ n: number }>(name, 'summaries')
    // What it claims may be left to whoever reads it next.
    expect(known.length).to.be.at.least(counts.size - 1)
    for (const [seq, { n }] of known) expect(n, `lines of segment ${seq}`).to.equal(counts.get(seq))
  })

  it('goes to rest again before it is all back, and writes when it is', async () => {
    const { name, tab, bus, log, events, release } = await onItsWay()
    tell(tab, 'pagehide')
    await release()
    await foreign()
    for (const type of ['pageshow', 'pagehide', 'pageshow'] as const) tell(tab, type)
    events.push(bus.dispatch(new tab.bubus.BaseEvent('X')))
    for (const event of events) {
      await event.eventPersisted
      expect(await event.eventResult()).to.equal('done')
    }
    await log.flush()
    expect(log.state).to.equal('ok')
    expect(await said(name, 'C')).to.have.length(3)
  })

  it('goes to rest again before it has adopted anything, and writes nothing of it', async () => {
    const name = freshName()
    const { tab, log, bus, events, release } = await resting(name)
    const letGo = deferred<void>()
    const claiming = navigator.locks.request(`bubus:claim:${name}`, () => letGo.promise)
    tell(tab, 'pageshow')
    await log.db()
    await eventually('it is another writer', async () => {
      const [now] = writerIds({ log })
      return now && (await heldLocks()).includes(`bubus:w:${now}`)
    })
    release.resolve('done')
    for (let n = 0; n < 5; n++) await foreign()
    tell(tab, 'pagehide')
    letGo.resolve()
    await claiming
    for (let n = 0; n < 20; n++) await foreign()
    expect(await said(name, 'C'), 'of what another may take meanwhile').to.have.length(0)
    tell(tab, 'pageshow')
    for (const event of events) expect(await event.eventResult()).to.equal('done')
    await log.flush()
    expect(await said(name, 'C')).to.have.length(2)
    expect((await ownersIn(name)).size).to.equal(2)
    await bus.stop()
  })

  it('whoever looks just then whether its old writer is dead has not taken anything', async () => {
    const name = freshName()
    const { tab, log, bus, events, release, id, started } = await resting(name)
    const letGo = deferred<void>()
    const looking = navigator.locks.request(`bubus:w:${id}`, () => letGo.promise)
    tell(tab, 'pageshow')
    await new Promise((resolve) => setTimeout(resolve, 300))
    letGo.resolve()
    await looking
    release.resolve('done')
    for (const event of events) expect(await event.eventResult()).to.equal('done')
    await log.flush()
    expect(started).to.deep.equal([1, 2])
    expect((await ownersIn(name)).size).to.equal(2)
    await bus.stop()
  })

  it('an outcome does not go out beside what its run has dispatched, which may not arrive', async () => {
    const name = freshName()
    const tab = await openTab()
    const { bus, log } = tab.open(name)
    const [dispatches, ends] = [deferred<void>(), deferred<void>()]
    bus.on('X', () => {})
    bus.on(
      'Parent',
      async (_event, { bus: here }) => {
        await dispatches.promise
        here.dispatch(new tab.bubus.BaseEvent('X'))
        await ends.promise
      },
      { name: 'parent' },
    )
    // Unfinished, so that its outcome is worth an entry.
    bus.on('Parent', forever)
    await bus.dispatch(new tab.bubus.BaseEvent('Parent')).eventPersisted
    await log.flush()
    const letGo = await holdStore(name)
    dispatches.resolve()
    for (let n = 0; n < 5; n++) await foreign()
    ends.resolve()
    for (let n = 0; n < 5; n++) await foreign()
    tell(tab, 'pagehide')
    await letGo()
    await eventually('the child is there', async () => (await said(name, 'E')).length === 2)
    for (let n = 0; n < 10; n++) await foreign()
    expect(await said(name, 'R')).to.have.length(0)
    tell(tab, 'pageshow')
    await eventually('the outcome is', async () => (await said(name, 'R')).length)
    await ownersIn(name)
    await bus.stop({ clear: true })
  })

  it('what it was about to recover when it went is claimed again when it is back', async () => {
    const name = freshName()
    const dead = openBus(name)
    dead.bus.on('X', forever)
    const left = [1, 2, 3].map((n) => dead.bus.dispatch(new BaseEvent('X', { n })))
    await left[2].eventPersisted
    await loseLocks(dead)
    const tab = await openTab()
    const { bus, log } = tab.open(name, { bus: { maxPending: 1 } })
    const started: unknown[] = []
    const release = deferred<void>()
    bus.on('X', ({ eventPayload: { n } }) => {
      started.push(n)
      return release.promise
    })
    const recovered = bus.recover()
    await eventually('the first has started', () => started.length)
    tell(tab, 'pagehide')
    tell(tab, 'pageshow')
    await eventually('it has adopted the first', async () => (await said(name, 'A')).length > 3)
    release.resolve()
    const again = await recovered
    await eventually('all have ended', async () => (await said(name, 'C')).length === 3)
    await log.flush()
    expect(started).to.deep.equal([1, 2, 3])
    expect(again.length).to.be.within(1, 3)
    expect((await ownersIn(name)).size).to.equal(3)
    await dead.bus.stop()
  })

  it('what waits when it goes is written on its way, without a lock afterwards', async () => {
    const name = freshName()
    const tab = await openTab()
    const { bus, log } = tab.open(name)
    await bus.dispatch(new tab.bubus.BaseEvent('X')).eventPersisted
    await log.flush()
    const held = async () => (await heldLocks()).filter((lock) => lock.startsWith('bubus:'))
    const others = (await held()).filter(
      (lock) => !writerIds({ log }).includes(lock.slice('bubus:w:'.length)),
    )
    const last = Array.from({ length: 10 }, (_, n) => bus.dispatch(new tab.bubus.BaseEvent('X', { n })))
    await Promise.resolve()
    last.push(bus.dispatch(new tab.bubus.BaseEvent('X', { n: 10 })))
    tell(tab, 'pagehide')
    await eventually('all are written', async () => (await said(name, 'E')).length === 12)
    for (let n = 0; n < 10; n++) await foreign()
    expect(await held(), 'no lock').to.deep.equal(others)
  })
})
