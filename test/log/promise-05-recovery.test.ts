// Promise 5, "At least once": what dead writers have left unfinished is claimed and dispatched again, in log order.
import { expect } from '@esm-bundle/chai'
import { number } from 'superstruct'
import { BaseEvent, defineEvent } from '../../src/index.js'
import { consoleDuring, forever, only } from '../same-page/helpers.js'
import { freshName, lines } from './helpers.js'
import { emptyLog, left, next } from './pages.js'
import { accepted, plant, rowsOf, said } from './raw.js'
import { closeTabs, eventually, heldLocks, loseLocks, openBus, openTab, same, writerIds } from './tabs.js'

class Order extends defineEvent('Order', { n: number() }) {}
const make = (type: string, payload = {}) => new BaseEvent(type, payload)
const kindsOf = async (name: string) =>
  lines((await rowsOf(name)).map(([, row]) => row)).map((line) => line.event_entry)

describe('promise 5: recovery', () => {
  afterEach(closeTabs)

  it('events of a page that died are dispatched again, as their class, in log order, and returned', async () => {
    const name = freshName()
    const tab = await openTab()
    const dead = tab.open(name)
    dead.bus.on('*', forever)
    for (let n = 0; n < 5; n++) dead.bus.dispatch(new tab.bubus.BaseEvent('Order', { n }))
    await dead.log.flush()
    await tab.die()
    const { bus, log } = openBus(name)
    const seen: number[] = []
    bus.on(Order, (event) => {
      expect(event).to.be.instanceOf(Order)
      seen.push(event.n)
    })
    const events = await bus.recover()
    expect(events.map(({ eventPayload }) => eventPayload.n)).to.deep.equal([0, 1, 2, 3, 4])
    for (const event of events) await event
    expect(seen).to.deep.equal([0, 1, 2, 3, 4])
    await log.flush()
    expect(await bus.recover(), 'nothing is left').to.deep.equal([])
    expect(only(new Set(events.map(({ eventPath }) => eventPath.join())))).to.equal(bus.name)
  })

  it('identity, times, parent and path are kept', async () => {
    const name = freshName()
    const event = make('X', { n: 1 })
    await left(name, event)
    const { bus } = next(name, 'X')
    const again = only(await bus.recover())
    expect(same(again, event)).to.equal(false)
    expect(again.eventId).to.equal(event.eventId)
    expect(+again.eventCreatedAt).to.equal(+event.eventCreatedAt)
    expect(again.eventTimeout).to.equal(event.eventTimeout)
    await again.eventPersisted
    await again
  })

  it('events of writers that live are left alone, in this page and in another', async () => {
    const name = freshName()
    const tab = await openTab()
    const there = tab.open(name)
    there.bus.on('X', forever)
    await there.bus.dispatch(new tab.bubus.BaseEvent('X')).eventPersisted
    const here = openBus(name)
    here.bus.on('X', forever)
    await here.bus.dispatch(make('X')).eventPersisted
    const { bus } = next(name, 'X')
    expect(await bus.recover()).to.deep.equal([])
    expect(await here.bus.recover()).to.deep.equal([])
    await tab.die()
    expect(await bus.recover()).to.have.length(1)
  })

  it('finished events are not dispatched again', async () => {
    const name = freshName()
    const tab = await openTab()
    const dead = tab.open(name)
    dead.bus.on('X', () => 1)
    dead.bus.on('Y', forever)
    await dead.bus.dispatch(new tab.bubus.BaseEvent('X'))
    dead.bus.dispatch(new tab.bubus.BaseEvent('Y'))
    await dead.log.flush()
    await tab.die()
    const { bus, seen } = next(name, 'X', 'Y')
    await only(await bus.recover())
    expect(seen).to.deep.equal(['Y'])
  })

  it('across several dead writers the order is the order of the log', async () => {
    const name = freshName()
    const writers = [openBus(name), openBus(name)]
    for (const { bus } of writers) bus.on('*', forever)
    for (let n = 0; n < 6; n++) {
      await writers[n % 2].bus.dispatch(make('X', { n })).eventPersisted
    }
    await loseLocks(...writers)
    const { bus, seen } = next(name, 'X')
    for (const event of await bus.recover()) await event
    expect(seen).to.deep.equal([0, 1, 2, 3, 4, 5])
  })

  it('an event without a handler stays, is reported once, and is claimed when there is one', async () => {
    const name = freshName()
    await left(name, make('Known', { n: 1 }), make('Unknown', { n: 2 }))
    const { bus, seen, log } = next(name, 'Known')
    const warnings = await consoleDuring('warn', async () => {
      for (const event of await bus.recover()) await event
      expect(await bus.recover()).to.deep.equal([])
    })
    expect(seen).to.deep.equal([1])
    expect(only(warnings)).to.match(/Unknown/)
    await log.flush()
    expect((await kindsOf(name)).filter((kind) => kind === 'A')).to.have.length(1)
    bus.on('Unknown', ({ eventPayload }) => void seen.push(eventPayload.n))
    await only(await bus.recover())
    expect(seen).to.deep.equal([1, 2])
  })

  it('a DOM listener counts as a handler', async () => {
    const name = freshName()
    await left(name, make('X'))
    const { bus } = openBus(name)
    let heard = 0
    bus.addEventListener('X', () => void heard++)
    await only(await bus.recover())
    expect(heard).to.equal(1)
  })

  it('`A` is durable before a handler starts, and the locks of the dead are free afterwards', async () => {
    const name = freshName()
    await left(name, make('X'), make('X'))
    const { bus, log } = openBus(name)
    const found: Promise<unknown[]>[] = []
    bus.on('X', () => void found.push(kindsOf(name)))
    const events = await bus.recover()
    const mine = writerIds({ log }).map((id) => `bubus:w:${id}`)
    const dead = (await rowsOf(name)).map(([, row]) => `bubus:w:${row.writer}`)
    const held = (await heldLocks()).filter((lock) => dead.includes(lock))
    expect(held).to.deep.equal(mine)
    for (const event of events) await event
    expect(found).to.have.length(2)
    for (const kinds of await Promise.all(found)) expect(kinds.slice(0, 5).join('')).to.equal('EEAAS')
  })

  it('a claim that loses its lock in the middle dispatches nothing that another has taken', async () => {
    const name = await emptyLog()
    const [x, y] = [accepted('X', { payload: { n: 1 } }), accepted('X', { payload: { n: 2 } })]
    await plant(name, [x.line, y.line])
    const [a, b] = [next(name, 'X'), next(name, 'X')]
    await Promise.all([a.log.db(), b.log.db(), a.bus.ready, b.bus.ready])
    // While a holds the lock of the dead writer, it is taken away again and again, and b may claim.
    let over = false
    const thief = (async () => {
      while (!over) await navigator.locks.request('bubus:w:dead', { steal: true }, () => {})
    })()
    const claims = await Promise.all([a.bus.recover(), b.bus.recover()])
    over = true
    await thief
    for (const event of claims.flat()) await event
    // One of them may have found the lock with the thief: what is left is there for later.
    for (const event of await a.bus.recover()) await event
    expect([...a.seen, ...b.seen].sort()).to.deep.equal([1, 2])
    await a.log.flush()
    await b.log.flush()
    const adopted = lines((await rowsOf(name)).map(([, row]) => row)).filter((l) => l.event_entry === 'A')
    expect(adopted.map(({ event_id }) => event_id).sort()).to.deep.equal([x.id, y.id].sort())
  })

  it('two tabs that recover at once: every event once, in order', async () => {
    const name = freshName()
    const events = Array.from({ length: 60 }, (_, n) => make('X', { n }))
    await left(name, ...events)
    const tabs = await Promise.all([openTab(), openTab()])
    const seen: unknown[][] = [[], []]
    const recovered = await Promise.all(
      tabs.map(async (tab, i) => {
        const { bus } = tab.open(name)
        bus.on('X', ({ eventPayload }) => void seen[i].push(eventPayload.n))
        const mine = await bus.recover()
        for (const event of mine) await event
        return mine
      }),
    )
    const ids = recovered.flat().map(({ eventId }) => eventId)
    expect(ids.sort()).to.deep.equal(events.map(({ eventId }) => eventId).sort())
    expect(seen.flat().sort((p, q) => Number(p) - Number(q))).to.deep.equal(events.map((_, n) => n))
    for (const some of seen) {
      expect(some).to.deep.equal([...some].sort((p, q) => Number(p) - Number(q)))
    }
  })

  it('a page that dies after its claim leaves the events to the next', async () => {
    const name = freshName()
    await left(name, make('X', { n: 1 }), make('X', { n: 2 }))
    const tab = await openTab()
    const second = tab.open(name)
    second.bus.on('X', forever)
    expect(await second.bus.recover()).to.have.length(2)
    await second.log.flush()
    await tab.die()
    const { bus, seen } = next(name, 'X')
    for (const event of await bus.recover()) await event
    expect(seen).to.deep.equal([1, 2])
  })

  it('the bus is known by the name that was asked for, whatever its suffix; another name takes nothing', async () => {
    const name = freshName()
    await left(name, make('X'))
    const other = openBus(freshName(), { logName: name })
    other.bus.on('X', () => {})
    expect(await other.bus.recover()).to.deep.equal([])
    const { bus } = next(name, 'X')
    expect(bus.name).not.to.equal(name)
    expect(await bus.recover()).to.have.length(1)
  })

  it('after `stop` the same bus recovers what it has cancelled; it goes on as another writer', async () => {
    const name = freshName()
    const { bus, log } = openBus(name)
    bus.on('X', forever)
    const event = bus.dispatch(make('X', { n: 7 }))
    bus.dispatch(make('X', { n: 8 }))
    await event.eventPersisted
    const [before] = writerIds({ log })
    await bus.stop()
    expect(writerIds({ log })).to.deep.equal([])
    expect(await kindsOf(name), 'neither R nor C').to.deep.equal(['E', 'E'])
    bus.off('X')
    const seen: unknown[] = []
    bus.on('X', ({ eventPayload }) => void seen.push(eventPayload.n))
    const again = await bus.recover()
    expect(writerIds({ log })).not.to.include(before)
    for (const it of again) await it
    expect(seen).to.deep.equal([7, 8])
  })

  it('`stop({ clear: true })` closes them', async () => {
    const name = freshName()
    const { bus } = openBus(name)
    bus.on('X', forever)
    bus.dispatch(make('X'))
    await bus.dispatch(make('X')).eventPersisted
    await bus.stop({ clear: true })
    const { bus: later } = next(name, 'X')
    expect(await later.recover()).to.deep.equal([])
  })

  it('`recover` beside `stop` loses nothing, and writes nothing under an id that is given back', async () => {
    const name = freshName()
    await left(name, make('X', { n: 1 }), make('X', { n: 2 }))
    const first = openBus(name)
    first.bus.on('X', forever)
    const recovering = first.bus.recover().catch(() => [])
    await first.bus.stop()
    await recovering
    await first.bus.stop()
    expect((await rowsOf(name)).filter(([, row]) => !row.writer)).to.deep.equal([])
    const { bus, seen } = next(name, 'X')
    for (const event of await bus.recover()) await event
    expect(seen).to.deep.equal([1, 2])
  })

  it('more events than `maxPending` wait for room and are all dispatched', async () => {
    const name = await emptyLog()
    const events = Array.from({ length: 30 }, (_, n) => accepted('X', { payload: { n } }))
    await plant(
      name,
      events.map(({ line }) => line),
    )
    const { bus } = openBus(name, { bus: { maxPending: 4 } })
    const seen: unknown[] = []
    let most = 0
    bus.on('X', ({ eventPayload }) => {
      seen.push(eventPayload.n)
      most = Math.max(most, bus.eventsPending.length + bus.eventsStarted.length)
    })
    for (const event of await bus.recover()) await event
    expect(seen).to.deep.equal(events.map((_, n) => n))
    expect(most).to.be.at.most(4)
  })

  it('payload keys that are words of the log (`writer`, `at`, `name`, `undo`, `superseded`) are data', async () => {
    const name = freshName()
    const payload = {
      writer: 'Kafka',
      at: [9, 9],
      name: 'n',
      pattern: 'p',
      undo: true,
      superseded: true,
      bus: 'b',
    }
    await left(name, make('Book', payload))
    const { bus, log } = openBus(name)
    const seen: unknown[] = []
    bus.on('Book', ({ eventPayload }) => void seen.push(eventPayload))
    await only(await bus.recover())
    expect(seen).to.deep.equal([payload])
    await log.flush()
    expect(await bus.recover(), 'it is finished').to.deep.equal([])
    await bus.stop({ clear: true })
    const later = next(name, 'Book')
    expect(await later.bus.recover(), 'for the next page, too').to.deep.equal([])
    await later.bus.ready
    expect([...later.bus.eventHistory.values()].map((it) => it.eventPayload)).to.deep.equal([payload])
  })

  it('a record that its class refuses is kept in quarantine, and the others are recovered', async () => {
    const name = freshName()
    await left(name, make('Order', { n: 'not a number' }), make('Order', { n: 2 }))
    const { bus } = openBus(name)
    const seen: number[] = []
    bus.on(Order, ({ n }) => void seen.push(n))
    for (const event of await bus.recover()) await event
    expect(seen).to.deep.equal([2])
    expect(bus.stats.wireErrors).to.equal(1)
    expect(JSON.stringify(await rowsOf(name, 'quarantine'))).to.include('not a number')
    expect(await bus.recover()).to.deep.equal([])
  })

  it('an `E` that was written twice is one event', async () => {
    const name = await emptyLog()
    const { line, id } = accepted('X')
    await plant(name, [line])
    await plant(name, [line], { wseq: 1 })
    await plant(name, [said('S', id, { writer: 'dead' })], { writer: 'other' })
    const { bus, seen } = next(name, 'X')
    await only(await bus.recover())
    expect(seen).to.have.length(1)
  })

  it('what was released unpersisted and became durable late is an accepted event like any other', async () => {
    const name = freshName()
    const first = openBus(name)
    first.bus.on('X', forever)
    first.bus.dispatch(make('X', { n: 3 }))
    await first.log.flush()
    await loseLocks(first)
    const { bus, seen } = next(name, 'X')
    await Promise.all([bus.recover(), bus.recover()])
    await eventually('it ran', () => seen.length)
    await bus.waitUntilIdle()
    expect(seen).to.deep.equal([3])
  })
})
