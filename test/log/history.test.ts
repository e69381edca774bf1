// "History after a reload": what the log restores, and what that counts for. See log.md, "Choices".
import { expect } from '@esm-bundle/chai'
import { number } from 'superstruct'
import { BaseEvent, defineEvent, type EventBus } from '../../src/index.js'
import { consoleDuring, deferred, foreign, forever, only } from '../same-page/helpers.js'
import { freshName } from './helpers.js'
import { accepted, plant, plantAll, rowsOf, said } from './raw.js'
import { closeTabs, loseLocks, openBus, openTab, same } from './tabs.js'

class Sum extends defineEvent('Sum', { n: number() }) {}
const make = (type: string, payload = {}) => new BaseEvent(type, payload)
const remembered = (bus: EventBus) => [...bus.eventHistory.values()]
const ids = (events: BaseEvent[]) => events.map(({ eventId }) => eventId)
const types = (bus: EventBus) => remembered(bus).map(({ eventType }) => eventType)
const numbers = (bus: EventBus) => remembered(bus).map(({ eventPayload }) => eventPayload.n)

/** What a page did that is over now; its bus is gone with its name. */
async function before(name: string, act: (bus: EventBus) => unknown): Promise<void> {
  const { bus, log } = openBus(name)
  await act(bus)
  await bus.waitUntilIdle()
  await bus.stop({ clear: true })
  await log.close()
}

async function after(name: string, options: Parameters<typeof openBus>[1] = {}) {
  const logged = openBus(name, options)
  await logged.bus.ready
  return logged
}

describe('history after a reload', () => {
  afterEach(closeTabs)

  it('finished events come back in the order of the log, before what happens here', async () => {
    const name = freshName()
    await before(name, (bus) => {
      for (let n = 0; n < 3; n++) bus.dispatch(make('X', { n }))
    })
    const { bus } = await after(name)
    await bus.dispatch(make('X', { n: 'mine' }))
    expect(numbers(bus)).to.deep.equal([0, 1, 2, 'mine'])
    const [first] = remembered(bus)
    expect(first.eventStatus).to.equal('completed')
    expect([first.eventStartedAt, first.eventCompletedAt].every((date) => date instanceof Date)).to.equal(
      true,
    )
  })

  it('durable, as they are', async () => {
    const name = freshName()
    await before(name, (bus) => bus.dispatch(make('X')))
    const { bus } = await after(name)
    const [event] = remembered(bus)
    expect(await event.eventPersisted).to.equal(undefined)
    expect(event.eventPersisted).to.equal(event.eventPersisted)
  })

  it('with results and errors', async () => {
    const name = freshName()
    let id = ''
    await before(name, async (bus) => {
      bus.on('X', () => ({ a: [1, null, 'x'] }), { name: 'gives' })
      bus.on('X', () => Promise.reject(new RangeError('no', { cause: new TypeError('why') })), {
        name: 'fails',
      })
      const event = await bus.dispatch(make('X'))
      id = event.eventId
      await event.eventResult({ raiseIfAny: false })
    })
    const { bus } = await after(name)
    const event = only(remembered(bus))
    expect(event.eventId).to.equal(id)
    const [gives, fails] = [...event.eventResults.values()]
    expect([gives.handlerName, gives.status, gives.busName]).to.deep.equal(['gives', 'completed', name])
    expect(gives.result).to.deep.equal({ a: [1, null, 'x'] })
    expect(fails.status).to.equal('error')
    const error = fails.error as Error
    expect([error.name, error.message, (error.cause as Error).message]).to.deep.equal([
      'RangeError',
      'no',
      'why',
    ])
    expect(await event.eventResult({ raiseIfAny: false })).to.deep.equal({ a: [1, null, 'x'] })
  })

  it('with parents and children, in the tree, too', async () => {
    const name = freshName()
    await before(name, async (bus) => {
      bus.on('Parent', async () => void (await bus.dispatch(make('Child', { n: 1 }))), { name: 'parents' })
      bus.on('Child', (_, context) => void context.bus.dispatch(make('Grandchild')), { name: 'childs' })
      bus.on('Grandchild', () => 'deep', { name: 'deep' })
      await bus.dispatch(make('Parent'))
      await bus.dispatch(make('Other'))
    })
    const { bus } = await after(name)
    expect(types(bus)).to.deep.equal(['Parent', 'Child', 'Grandchild', 'Other'])
    const [parent, child, grandchild] = remembered(bus)
    expect(same(child.eventParent, parent)).to.equal(true)
    expect(grandchild.eventParentId).to.equal(child.eventId)
    expect(same(only(parent.eventChildren), child)).to.equal(true)
    expect(same(await bus.find('Grandchild', { childOf: parent }), grandchild)).to.equal(true)
    expect(await bus.find('Grandchild', { childOf: remembered(bus)[3] })).to.equal(null)
    const lines = bus.logTree().split('\n')
    expect(lines.map((line) => line.search(/[A-Za-z]/))).to.satisfy(
      (at: number[]) => at[0] < at[1] && at[2] < at[4],
    )
    expect(
      lines.filter((line) => /#\w{4} \[/.test(line) && /Parent|Other/.test(line)),
      'roots',
    ).to.have.length(2)
    expect(bus.logTree()).to.match(/deep.*→ 'deep'|deep.*→ "deep"|deep.*→ deep/)
  })

  it('`find` sees them, newest first, as the class that is known when somebody looks', async () => {
    const name = freshName()
    await before(name, (bus) => {
      for (let n = 0; n < 3; n++) bus.dispatch(new Sum({ n }))
    })
    const { bus } = await after(name)
    const found = await bus.find(Sum)
    expect(found).to.be.instanceOf(Sum)
    expect(found?.n).to.equal(2)
    expect((await bus.find(Sum, { where: ({ n }) => n < 2 }))?.n).to.equal(1)
    expect(await bus.find(Sum, { past: false })).to.equal(null)
    expect(same(await bus.find(Sum), found), 'the same object each time').to.equal(true)
    const { bus: other } = await after(name)
    const plain = await other.find('Sum')
    expect(plain).to.be.instanceOf(BaseEvent)
    expect(plain).not.to.be.instanceOf(Sum)
  })

  it('a record that its class refuses is left out, counted, and told of once', async () => {
    const name = freshName()
    await before(name, (bus) => {
      bus.dispatch(make('Sum', { n: 'text' }))
      bus.dispatch(make('Sum', { n: 1 }))
    })
    const { bus } = await after(name)
    bus.on(Sum, () => {})
    const warnings = await consoleDuring('warn', () => {
      for (let times = 0; times < 2; times++) expect(numbers(bus)).to.deep.equal([1])
    })
    expect(bus.stats.wireErrors).to.equal(1)
    expect(warnings).to.have.length(1)
    expect(warnings[0]).to.match(/has 1 events less .* Expected a number, but received: "text"/)
  })

  it('as many as `maxHistorySize`, the newest; none for 0', async () => {
    const name = freshName()
    await before(name, (bus) => {
      for (let n = 0; n < 12; n++) bus.dispatch(make('X', { n }))
    })
    const { bus } = await after(name, { bus: { maxHistorySize: 5 } })
    expect(numbers(bus)).to.deep.equal([7, 8, 9, 10, 11])
    expect((await after(name, { bus: { maxHistorySize: 0 } })).bus.eventHistory.size).to.equal(0)
    expect((await after(name, { bus: { maxHistorySize: null } })).bus.eventHistory.size).to.equal(12)
  })

  it('they count neither as pending nor against the limit, and an event here drops none of its own for them', async () => {
    const name = freshName()
    await before(name, (bus) => {
      for (let n = 0; n < 4; n++) bus.dispatch(make('X', { n }))
    })
    const { bus } = await after(name, { bus: { maxHistorySize: 4, maxPending: 4 } })
    bus.on('X', forever)
    const mine = Array.from({ length: 4 }, (_, n) => bus.dispatch(make('X', { n: `mine ${n}` })))
    expect(bus.eventsPending.length + bus.eventsStarted.length).to.equal(4)
    expect(numbers(bus)).to.have.length(8)
    expect(bus.stats).to.include({ dropped: 0 })
    expect(ids(remembered(bus).slice(-4))).to.deep.equal(ids(mine))
    expect(numbers(bus).slice(0, 4)).to.deep.equal([0, 1, 2, 3])
    await bus.stop()
  })

  it('they are among the completed: pending, started and completed make up the history', async () => {
    const name = freshName()
    await before(name, (bus) => {
      for (let n = 0; n < 3; n++) bus.dispatch(make('X', { n }))
    })
    const { bus } = await after(name)
    bus.on('Open', forever)
    await bus.dispatch(make('X', { n: 'mine' }))
    const open = [bus.dispatch(make('Open')), bus.dispatch(make('Open'))]
    await open[0].eventPersisted
    expect(bus.eventsCompleted.map(({ eventPayload }) => eventPayload.n)).to.deep.equal([0, 1, 2, 'mine'])
    expect(String(bus)).to.include('⏳ 1 | ▶️ 1 | ✅ 4 ')
    expect(ids([...bus.eventsCompleted, ...bus.eventsStarted, ...bus.eventsPending])).to.deep.equal(
      ids(remembered(bus)),
    )
    await bus.stop()
  })

  it('`clear: true` forgets them, too, also those that are still to come', async () => {
    const name = freshName()
    await before(name, (bus) => bus.dispatch(make('X')))
    const { bus } = await after(name)
    expect(types(bus)).to.deep.equal(['X'])
    await bus.stop({ clear: true })
    const early = openBus(name).bus
    await early.stop({ clear: true })
    await early.ready
    for (const cleared of [bus, early]) {
      expect(types(cleared)).to.deep.equal([])
      expect(await cleared.find('X')).to.equal(null)
      expect(cleared.logTree()).to.equal('(No events in history)')
    }
  })

  it('of all writers of the bus name, finished ones only; other buses of the log do not count', async () => {
    const name = freshName()
    await before(name, (bus) => bus.dispatch(make('First')))
    const other = openBus(freshName(), { logName: name })
    await other.bus.dispatch(make('Foreign'))
    await other.log.flush()
    const dead = openBus(name)
    dead.bus.on('Open', forever)
    await dead.bus.dispatch(make('Second'))
    await dead.bus.dispatch(make('Open')).eventPersisted
    await dead.log.flush()
    await loseLocks(dead)
    const { bus } = await after(name)
    expect(types(bus)).to.deep.equal(['First', 'Second'])
  })

  it('what another living tab has finished is there, too', async () => {
    const name = freshName()
    const tab = await openTab()
    const there = tab.open(name)
    await there.bus.dispatch(new tab.bubus.BaseEvent('X', { n: 1 }))
    await there.log.flush()
    expect(numbers((await after(name)).bus)).to.deep.equal([1])
  })

  it('an event that was finished after its recovery is there once, at its place', async () => {
    const name = freshName()
    const dead = openBus(name)
    dead.bus.on('Slow', forever)
    dead.bus.dispatch(make('Slow'))
    await dead.log.flush()
    await loseLocks(dead)
    await before(name, async (bus) => {
      await bus.dispatch(make('Quick'))
      bus.on('Slow', () => 'at last')
      for (const event of await bus.recover()) await event
      expect(types(bus), 'on the page itself: as it was dispatched here').to.deep.equal(['Quick', 'Slow'])
    })
    const { bus } = await after(name)
    expect(types(bus)).to.deep.equal(['Slow', 'Quick'])
    expect(await remembered(bus)[0].eventResult()).to.equal('at last')
  })

  it('superseded and dead-lettered entries are no history, and take no place in it', async () => {
    const name = freshName()
    await before(name, (bus) => bus.dispatch(make('Old')))
    const [x, child, poison] = [accepted('X'), accepted('Child'), accepted('Poison')]
    const end = { writer: 'dead', event_outcomes: [], event_completed_at: new Date().toISOString() }
    await plant(name, [
      x.line,
      child.line,
      poison.line,
      said('C', child.id, { writer: 'dead', superseded: true }),
      said('X', poison.id, { writer: 'dead', reason: 'three attempts' }),
      said('C', x.id, end),
    ])
    const { bus } = await after(name, { bus: { maxHistorySize: 2 } })
    expect(types(bus)).to.deep.equal(['Old', 'X'])
  })

  it('what ends after the log was cleared of it takes no place in it, either', async () => {
    const name = freshName()
    const { bus, log } = openBus(name, { bus: { eventConcurrency: 'parallel' } })
    const { promise, resolve } = deferred()
    bus.on('Open', () => promise)
    const open = [make('Open'), make('Open')].map((event) => bus.dispatch(event))
    await Promise.all(open.map(({ eventPersisted }) => eventPersisted))
    await log.clear()
    for (const n of [1, 2]) await bus.dispatch(make('X', { n }))
    resolve()
    await bus.waitUntilIdle()
    await bus.stop({ clear: true })
    await log.close()
    const again = await after(name, { bus: { maxHistorySize: 2 } })
    expect(numbers(again.bus)).to.deep.equal([1, 2])
  })

  it('`ready` resolves though nothing can be restored, and at once on a bus without a log', async () => {
    const { bus } = openBus(freshName())
    await bus.ready
    expect(bus.eventHistory.size).to.equal(0)
  })

  it('it makes no promise wait: events are dispatched and run before `ready`', async () => {
    const name = freshName()
    await before(name, (bus) => bus.dispatch(make('X', { n: 'old' })))
    const { bus } = openBus(name)
    const ran = deferred()
    bus.on('X', () => ran.resolve())
    bus.dispatch(make('X', { n: 'new' }))
    await ran.promise
    await bus.ready
    await foreign()
    expect(numbers(bus)).to.deep.equal(['old', 'new'])
    expect((await rowsOf(name)).length).to.be.above(1)
  })

  it('a page with segments by the hundred gives the newest', async () => {
    const name = freshName()
    await before(name, async (bus) => {
      for (let n = 0; n < 150; n++) await bus.dispatch(make('X', { n })).eventPersisted
    })
    const { bus } = await after(name, { bus: { maxHistorySize: 100 } })
    expect(numbers(bus)).to.deep.equal(Array.from({ length: 100 }, (_, n) => n + 50))
  })

  it('segments that end events and accept none are read while the beginning of another is looked for', async () => {
    const name = freshName()
    const first = openBus(name)
    await first.log.db()
    const [early, late] = [accepted('X', { payload: { n: 1 } }), accepted('X', { payload: { n: 2 } })]
    const settled = [said('R', late.id, { at: [1, 1], pattern: 'X', name: 'x' })]
    await plantAll(name, [
      [early.line, late.line],
      [said('C', early.id, { at: [1, 0] })],
      ...Array.from({ length: 22 }, () => settled),
      [said('C', late.id, { at: [1, 1] })],
    ])
    expect(await first.log.count()).to.equal(2)
    await first.bus.stop({ clear: true })
    await first.log.close()
    const { bus } = await after(name)
    expect(numbers(bus)).to.deep.equal([1, 2])
  })

  it('segments in which a bus has finished nothing are passed over', async () => {
    const name = freshName()
    await before(name, (bus) => bus.dispatch(make('X', { n: 'its own' })))
    for (let wseq = 0; wseq < 80; wseq++) {
      const { id, line } = accepted('Y', { payload: { n: wseq } })
      await plant(name, [line, said('C', id, { at: [0, 0] })], { bus: 'Else', writer: 'else', wseq })
    }
    const indexing = openBus(name)
    for await (const _ of indexing.log.records()) {
      // Whoever reads everything makes the index.
    }
    await indexing.bus.stop({ clear: true })
    await indexing.log.close()
    const { prototype } = IDBObjectStore
    const { getAll } = prototype
    let read = 0
    prototype.getAll = function (...args) {
      const request = getAll.apply(this, args)
      if (this.name === 'wal') request.addEventListener('success', () => (read += request.result.length))
      return request
    }
    try {
      const { bus } = await after(name)
      expect(numbers(bus)).to.deep.equal(['its own'])
    } finally {
      prototype.getAll = getAll
    }
    expect(read, 'segments that were read').to.be.within(1, 8 + 2 * 16)
  })
})
