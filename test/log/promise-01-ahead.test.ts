// Promise 1, "Ahead means ahead": no handler starts before its event is durable. Whether it is, is read past the library.
import { expect } from '@esm-bundle/chai'
import { INSPECT } from '../../src/brands.js'
import { BaseEvent, EventBus, LogError } from '../../src/index.js'
import { deferred, foreign, forever, rejectionOf, thrownBy } from '../same-page/helpers.js'
import { freshName, loggedBus } from './helpers.js'
import { holdStore, rowsOf } from './raw.js'
import { eventually, impatient, same } from './tabs.js'

const make = (type: string, payload = {}) => new BaseEvent(type, payload)

/** Whether the `E` of an event lies on the disk, on the bus of that name. */
async function onDisk(log: string, event: BaseEvent, bus: string): Promise<boolean> {
  const rows = await rowsOf(log)
  return rows.some(
    ([, row]) =>
      row.bus === bus &&
      row.body
        .split('\n')
        .some((line) => line.includes('"event_entry":"E"') && line.includes(`"event_id":"${event.eventId}"`)),
  )
}

/** Handlers and listeners note what was durable in the moment in which they started: `eventPersisted` says so, no timer. */
function noting(bus: EventBus, types: string[], notes: Record<string, boolean>): void {
  for (const type of types) {
    bus.on(type, (event) => {
      notes[`${bus.name} ${type}`] = isDurable(event)
    })
  }
}

/** What the log itself says; the first test compares it with the disk. */
const isDurable = (event: BaseEvent): boolean => durable.has(event.eventId)
const durable = new Set<string>()
const watch = (bus: EventBus) =>
  bus[INSPECT]((step, event) => {
    if (step === 'persisted') durable.add(event.eventId)
  })

describe('promise 1: ahead means ahead', () => {
  beforeEach(() => durable.clear())

  it('when a handler or listener starts, its event is on the disk', async () => {
    const { bus, name } = loggedBus()
    watch(bus)
    const found: Promise<boolean>[] = []
    const release = deferred()
    bus.addEventListener('X', (event: BaseEvent) => {
      found.push(onDisk(name, event, name))
      expect(isDurable(event)).to.equal(true)
    })
    bus.on('X', async (event) => {
      found.push(onDisk(name, event, name))
      await release.promise
    })
    const event = bus.dispatch(make('X'))
    await eventually('the handler has started', () => found.length === 2)
    expect(await Promise.all(found)).to.deep.equal([true, true])
    release.resolve()
    await event
  })

  it('no handler starts while the transaction is under way; a synchronous drain does not overtake it', async () => {
    const { bus, name, log } = loggedBus({ deadline: 60_000 })
    await log.db()
    await bus.ready
    const release = await holdStore(name)
    const started: string[] = []
    for (const type of ['A', 'B']) bus.on(type, () => void started.push(type))
    const a = bus.dispatch(make('A'))
    await foreign()
    const b = bus.dispatch(make('B'))
    for (let tasks = 0; tasks < 50; tasks++) await foreign()
    expect(started).to.deep.equal([])
    expect(bus.stats.unpersisted).to.equal(2)
    expect([a.eventStatus, b.eventStatus]).to.deep.equal(['pending', 'pending'])
    await release()
    await b
    expect(started).to.deep.equal(['A', 'B'])
    expect(bus.stats.unpersisted).to.equal(0)
  })

  it('children, awaited or not, and what is dispatched through a handle start only once they are durable', async () => {
    const { bus } = loggedBus()
    const notes: Record<string, boolean> = {}
    watch(bus)
    noting(bus, ['Jumper', 'Queued', 'Handle'], notes)
    bus.on('Parent', async (_, context) => {
      bus.dispatch(make('Queued'))
      await bus.dispatch(make('Jumper'))
      await foreign()
      context.bus.dispatch(make('Handle'))
    })
    await bus.dispatch(make('Parent'))
    expect(notes).to.deep.equal({
      [`${bus.name} Jumper`]: true,
      [`${bus.name} Queued`]: true,
      [`${bus.name} Handle`]: true,
    })
  })

  it('a forwarded event waits for the `E` of each logged bus', async () => {
    const a = loggedBus()
    const b = loggedBus({ deadline: 60_000 })
    await Promise.all([b.log.db(), b.bus.ready])
    const release = await holdStore(b.name)
    const started: string[] = []
    a.bus.on('*', b.bus.dispatch)
    a.bus.on('X', () => void started.push('a'))
    b.bus.on('X', () => void started.push('b'))
    const event = a.bus.dispatch(make('X'))
    await eventually('a has started', () => started.length)
    for (let tasks = 0; tasks < 20; tasks++) await foreign()
    expect(started).to.deep.equal(['a'])
    await release()
    await event
    expect(started).to.deep.equal(['a', 'b'])
    expect(await onDisk(a.name, event, a.name)).to.equal(true)
    expect(await onDisk(b.name, event, b.name)).to.equal(true)
  })

  for (const eventConcurrency of ['bus', 'parallel', 'global'] as const) {
    it(`with \`${eventConcurrency}\` concurrency, jumpers over two buses included`, async () => {
      const [a, b] = [loggedBus({ bus: { eventConcurrency } }), loggedBus({ bus: { eventConcurrency } })]
      const notes: Record<string, boolean> = {}
      for (const { bus } of [a, b]) {
        watch(bus)
        noting(bus, ['Queued', 'Child'], notes)
      }
      a.bus.on('Parent', async (event, { via }) => {
        notes.parent = isDurable(event)
        await Promise.all([a.bus.dispatch(make('Child')), via(b.bus).dispatch(make('Child'))])
      })
      const all = [
        a.bus.dispatch(make('Parent')),
        a.bus.dispatch(make('Queued')),
        b.bus.dispatch(make('Queued')),
      ]
      for (const event of all) await event
      expect(Object.values(notes)).to.deep.equal([true, true, true, true, true])
    })
  }

  it('`expect`, `find` and `events` see an event at dispatch, before it is durable', async () => {
    const { bus, name, log } = loggedBus({ deadline: 60_000 })
    await Promise.all([log.db(), bus.ready])
    const release = await holdStore(name)
    const expected = bus.expect('X')
    const found = bus.find('X', { future: true })
    const events = bus.events('X')
    const event = bus.dispatch(make('X'))
    expect(same(await expected, event)).to.equal(true)
    expect(same(await found, event)).to.equal(true)
    expect(same((await events.next()).value, event)).to.equal(true)
    expect(same(await bus.find('X'), event)).to.equal(true)
    expect(bus.stats.unpersisted).to.equal(1)
    await release()
    await event
  })

  it('`behind`: handlers start at once, and `stats.unpersisted` counts what may be lost', async () => {
    const { bus, name, log } = loggedBus({ mode: 'behind', deadline: 60_000 })
    await Promise.all([log.db(), bus.ready])
    const release = await holdStore(name)
    bus.on('X', () => 1)
    const event = bus.dispatch(make('X'))
    const last = await bus.dispatch(make('X'))
    expect(last.eventStatus).to.equal('completed')
    expect(bus.stats.unpersisted).to.equal(2)
    expect(bus.stats.logLagMs).to.be.at.least(0)
    await release()
    await event.eventPersisted
    await last.eventPersisted
    expect(bus.stats.unpersisted).to.equal(0)
  })

  it('past the deadline an event is released, its `eventPersisted` rejects, and a late `complete` still counts', async () => {
    const { bus, name, log } = await impatient(loggedBus())
    const release = await holdStore(name)
    bus.on('X', () => 'ran')
    const event = bus.dispatch(make('X'))
    expect(await rejectionOf(event.eventPersisted)).to.be.instanceOf(LogError)
    expect(await event.eventResult()).to.equal('ran')
    expect(log.state).to.equal('degraded')
    expect(bus.stats.unpersisted).to.equal(1)
    const next = bus.dispatch(make('X'))
    await next
    expect(bus.stats.unpersisted, 'released at once while degraded').to.equal(2)
    await release()
    await eventually('the state is ok', () => log.state === 'ok')
    await log.flush()
    expect(bus.stats.unpersisted).to.equal(0)
    expect(await onDisk(name, event, name)).to.equal(true)
    expect(await onDisk(name, next, name)).to.equal(true)
    expect(await rejectionOf(event.eventPersisted), 'stays rejected').to.be.instanceOf(LogError)
  })

  for (const deadline of [300, 40]) {
    it(`a transaction that is late is not written twice, where the deadline is ${deadline} ms`, async () => {
      const { bus, name, log } = await impatient(loggedBus())
      Object.assign(log, { deadline })
      const release = await holdStore(name)
      bus.on('X', () => 'ran')
      const events = [bus.dispatch(make('X')), bus.dispatch(make('X'))]
      // Long enough for the connection to be given up, and the segment to be tried anew.
      const gaveUp = log.open
      await eventually('the connection is given up', () => log.open !== gaveUp)
      await release()
      await eventually('the state is ok', () => log.state === 'ok')
      await log.flush()
      const text = (await rowsOf(name)).map(([, row]) => row.body).join('')
      for (const { eventId } of events) {
        const lines = text.split('\n').filter((line) => line.includes(eventId) && line.includes('"E"'))
        expect(lines).to.have.length(1)
      }
    })
  }

  it('`whenDegraded: refuse`: dispatch throws a LogError while the log cannot be written, and enqueues nothing', async () => {
    const { bus, name, log } = await impatient(loggedBus({ whenDegraded: 'refuse' }))
    const release = await holdStore(name)
    bus.on('X', () => {})
    await bus.dispatch(make('X'))
    expect(log.state).to.equal('degraded')
    const refused = make('X')
    expect(thrownBy(() => bus.dispatch(refused))).to.be.instanceOf(LogError)
    expect([...refused.eventPath]).to.deep.equal([])
    expect(bus.eventHistory.size).to.equal(1)
    await release()
    await eventually('the state is ok', () => log.state === 'ok')
    await bus.dispatch(refused).eventPersisted
    await refused
  })

  it('when the log is ok again, ahead means ahead for every bus on it', async () => {
    const first = await impatient(loggedBus())
    const { bus, name, log } = first
    const second = new EventBus({ name: freshName(), log })
    await Promise.all([log.db(), bus.ready, second.ready])
    watch(second)
    let release = await holdStore(name)
    await bus.dispatch(make('X'))
    expect(log.state).to.equal('degraded')
    await release()
    await eventually('the state is ok', () => log.state === 'ok')
    release = await holdStore(name)
    const started: boolean[] = []
    second.on('Y', (event) => void started.push(isDurable(event)))
    const event = second.dispatch(make('Y'))
    await foreign()
    await foreign()
    expect(started, 'started before it was durable').to.deep.equal([])
    await release()
    await event
  })

  it('what is dispatched by whoever hears of `persisted` is written at once, though the log was about to rest', async () => {
    const { bus, log } = loggedBus({ bus: { eventConcurrency: 'parallel' } })
    bus[INSPECT]((step, event) => {
      if (step === 'persisted' && event.eventType === 'X') bus.dispatch(make('Y'))
    })
    bus.on('X', forever)
    const ran = new Promise((resolve) => bus.on('Y', resolve))
    await Promise.all([bus.ready, log.db()])
    bus.dispatch(make('X'))
    await ran
  })
})
