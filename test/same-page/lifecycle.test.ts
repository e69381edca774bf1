// A bus from birth to stop: names, history, limits, idling, stopping, clearing, starting again.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, BusFullError, BusStoppedError, EventBus, EventCancelledError } from '../../src/index.js'
import { consoleDuring, deferred, foreign, forever, only, rejectionOf, thrownBy, until } from './helpers.js'

const make = (type = 'X', n?: number) => new BaseEvent(type, n === undefined ? {} : { n })
const numbersIn = (bus: EventBus) => [...bus.eventHistory.values()].map((event) => event.eventPayload.n)
const asyncDispose: typeof Symbol.asyncDispose = ((Symbol as { asyncDispose?: symbol }).asyncDispose ??
  Symbol.for('Symbol.asyncDispose')) as typeof Symbol.asyncDispose

describe('names', () => {
  it('a second bus of a living name gets a suffix and a warning', async () => {
    const first = new EventBus({ name: 'Twice' })
    let second: EventBus | undefined
    const lines = await consoleDuring('warn', () => {
      second = new EventBus({ name: 'Twice' })
    })
    expect(first.name).to.equal('Twice')
    expect(second?.name).to.match(/^Twice_[A-Za-z0-9]{8}$/)
    expect(only(lines)).to.match(/Twice/)
  })

  it('a cleared bus frees its name', async () => {
    for (let i = 0; i < 3; i++) {
      const bus = new EventBus({ name: 'Reused' })
      expect(bus.name).to.equal('Reused')
      expect([...EventBus.instances]).to.include(bus)
      await bus.stop({ clear: true })
      expect([...EventBus.instances]).not.to.include(bus)
    }
  })

  it('ids of buses are unique', () => {
    expect(new Set(Array.from({ length: 100 }, () => new EventBus().id)).size).to.equal(100)
  })
})

describe('history', () => {
  it('it keeps the latest, in order of dispatch', async () => {
    const bus = new EventBus({ maxHistorySize: 3 })
    for (let n = 1; n <= 8; n++) await bus.dispatch(make('X', n))
    expect(numbersIn(bus)).to.deep.equal([6, 7, 8])
    expect([...bus.eventsCompleted].map((event) => event.eventPayload.n)).to.deep.equal([6, 7, 8])
  })

  it('completed events go first, oldest first, then started, then pending ones', async () => {
    const bus = new EventBus({ maxHistorySize: 4 })
    const gate = deferred()
    bus.on('Slow', () => gate.promise)
    for (let n = 1; n <= 2; n++) await bus.dispatch(make('X', n))
    bus.dispatch(make('Slow', 3))
    await foreign()
    bus.dispatch(make('X', 4))
    expect(numbersIn(bus)).to.deep.equal([1, 2, 3, 4])
    bus.dispatch(make('X', 5))
    expect(numbersIn(bus)).to.deep.equal([2, 3, 4, 5])
    bus.dispatch(make('X', 6))
    expect(numbersIn(bus)).to.deep.equal([3, 4, 5, 6])
    bus.dispatch(make('X', 7))
    expect(numbersIn(bus)).to.deep.equal([4, 5, 6, 7])
    bus.dispatch(make('X', 8))
    expect(numbersIn(bus)).to.deep.equal([5, 6, 7, 8])
    gate.resolve()
    await bus.waitUntilIdle()
    expect(numbersIn(bus)).to.deep.equal([5, 6, 7, 8])
  })

  it('0 keeps only unfinished events', async () => {
    const bus = new EventBus({ maxHistorySize: 0 })
    bus.on('X', foreign)
    const event = bus.dispatch(make())
    expect([...bus.eventHistory.values()]).to.deep.equal([event])
    await event
    await bus.waitUntilIdle()
    expect(bus.eventHistory.size).to.equal(0)
  })

  it('what history forgets still completes, and still counts for its parent', async () => {
    const bus = new EventBus({ maxHistorySize: 2 })
    let ran = 0
    bus.on('Child', async () => {
      await foreign()
      ran++
    })
    bus.on('Parent', () => {
      for (let n = 0; n < 10; n++) bus.dispatch(make('Child', n))
    })
    const parent = await bus.dispatch(make('Parent'))
    expect(ran).to.equal(10)
    expect(parent.eventChildren.every((child) => child.eventStatus === 'completed')).to.equal(true)
    expect(bus.eventHistory.size).to.equal(2)
  })

  it('pending, started and completed events partition the history', async () => {
    const bus = new EventBus()
    const gate = deferred()
    await bus.dispatch(make('X', 1))
    bus.on('Slow', () => gate.promise)
    const events = [make('Slow', 2), make('X', 3)].map((event) => bus.dispatch(event))
    await until(() => bus.eventsStarted.length > 0)
    const parts = () =>
      [bus.eventsCompleted, bus.eventsStarted, bus.eventsPending].map((list) => [...list].length)
    expect(parts()).to.deep.equal([1, 1, 1])
    gate.resolve()
    await Promise.all(events)
    expect(parts()).to.deep.equal([3, 0, 0])
  })
})

describe('limits', () => {
  it('a full bus refuses with a BusFullError, and nothing has changed', async () => {
    const bus = new EventBus({ maxPending: 2 })
    let seen = 0
    const watching = bus.expect('Refused').then(() => seen++)
    for (let i = 0; i < 2; i++) bus.dispatch(make())
    const refused = make('Refused')
    const error = thrownBy(() => bus.dispatch(refused))
    expect(error).to.be.instanceOf(BusFullError)
    expect(error.message).to.include(bus.name).and.match(/2/)
    const state = () => [
      refused.eventStatus,
      refused.eventPath.length,
      refused.eventParentId,
      bus.eventHistory.has(refused.eventId),
    ]
    expect(state()).to.deep.equal(['pending', 0, null, false])
    await bus.waitUntilIdle()
    expect([seen, ...state()]).to.deep.equal([0, 'pending', 0, null, false])
    expect((await bus.dispatch(refused)).eventStatus).to.equal('completed')
    await watching
    expect(seen).to.equal(1)
  })

  it('a refused dispatch in a handler leaves no child behind', async () => {
    const bus = new EventBus({ maxPending: 1 })
    bus.on('Parent', () => thrownBy(() => bus.dispatch(make('Child'))).name)
    const parent = bus.dispatch(make('Parent'))
    expect(await parent.eventResult()).to.equal('BusFullError')
    expect(parent.eventChildren).to.have.length(0)
  })

  it('`maxPending` is 100 while history is limited, and unlimited otherwise', async () => {
    const [limited, unlimited] = [new EventBus(), new EventBus({ maxHistorySize: null })]
    for (let i = 0; i < 100; i++) limited.dispatch(make())
    expect(thrownBy(() => limited.dispatch(make()))).to.be.instanceOf(BusFullError)
    for (let i = 0; i < 1000; i++) unlimited.dispatch(make())
    await Promise.all([limited, unlimited].map((bus) => bus.waitUntilIdle()))
    expect(unlimited.eventHistory.size).to.equal(1000)
  })

  it('`whenRoom` settles when a dispatch would be accepted', async () => {
    const bus = new EventBus({ maxPending: 1 })
    await bus.whenRoom()
    const gate = deferred()
    bus.on('X', () => gate.promise)
    const event = bus.dispatch(make())
    let room = false
    const waiting = bus.whenRoom().then(() => {
      room = true
      return bus.dispatch(make('Next')).eventType
    })
    await foreign()
    expect(room).to.equal(false)
    gate.resolve()
    expect(await waiting).to.equal('Next')
    expect(event.eventStatus).to.equal('completed')
  })

  it('`whenRoom` of an aborted signal rejects with its reason', async () => {
    const bus = new EventBus({ maxPending: 1 })
    bus.on('X', forever)
    bus.dispatch(make())
    const controller = new AbortController()
    const waiting = rejectionOf(bus.whenRoom(controller.signal))
    controller.abort()
    expect((await waiting).name).to.equal('AbortError')
    await bus.stop()
  })
})

describe('idle, stop, start again', () => {
  it('`waitUntilIdle` resolves true, also on an idle bus, and false when the time is over', async () => {
    const bus = new EventBus()
    expect(await bus.waitUntilIdle()).to.equal(true)
    bus.on('X', forever)
    bus.dispatch(make())
    expect(await bus.waitUntilIdle(1)).to.equal(false)
    await bus.stop()
    expect(await bus.waitUntilIdle()).to.equal(true)
  })

  it('`waitUntilIdle` waits for what handlers dispatch meanwhile', async () => {
    const bus = new EventBus()
    const log: number[] = []
    bus.on('X', async (event, context) => {
      const n = event.eventPayload.n as number
      await foreign()
      log.push(n)
      if (n < 3) context.bus.dispatch(make('X', n + 1))
    })
    bus.dispatch(make('X', 1))
    await bus.waitUntilIdle()
    expect(log).to.deep.equal([1, 2, 3])
  })

  it('`stop` cancels running and pending events and settles every waiter', async () => {
    const bus = new EventBus()
    let signal: AbortSignal | undefined
    bus.on('Running', (_event, context) => {
      signal = context.signal
      return forever()
    })
    bus.on('Queued', () => 'never')
    const [running, queued] = [make('Running'), make('Queued')].map((event) => bus.dispatch(event)) as [
      BaseEvent,
      BaseEvent,
    ]
    const waiters = [
      bus.expect('Never'),
      bus.find('Never', { past: false, future: true }),
      bus.waitUntilIdle(),
      bus.whenRoom(),
      bus.events('Never')[Symbol.asyncIterator]().next(),
      running.eventResult(),
      queued.eventResult(),
      running.eventCompletion,
    ].map((waiter) =>
      Promise.resolve(waiter as Promise<unknown>).then(
        () => 'settled',
        () => 'settled',
      ),
    )
    await foreign()
    await bus.stop()
    expect(signal?.aborted).to.equal(true)
    for (const event of [running, queued]) {
      expect(event.eventStatus).to.equal('completed')
      expect(only(event.eventResults.values()).error).to.be.instanceOf(EventCancelledError)
    }
    expect(await Promise.all(waiters)).to.deep.equal(waiters.map(() => 'settled'))
  })

  for (const [what, options] of [
    ['a stop', {}],
    ['a patient stop of an idle bus', { timeout: 10_000 }],
  ] as const)
    it(`who begins to wait while ${what} is under way is not left to the bus's next life`, async () => {
      const bus = new EventBus()
      const stopping = bus.stop(options)
      const expected = rejectionOf(bus.expect('X'))
      const found = bus.find('X', { past: false, future: true })
      const next = bus.events('X').next()
      await stopping
      bus.dispatch(make('X'))
      expect(await expected).to.be.instanceOf(BusStoppedError)
      expect(await found).to.equal(null)
      expect((await next).done).to.equal(true)
    })

  it('`stop({ timeout })` waits for idle first', async () => {
    const bus = new EventBus()
    bus.on('X', async () => {
      await foreign()
      return 'finished'
    })
    const events = [1, 2, 3].map((n) => bus.dispatch(make('X', n)))
    await bus.stop({ timeout: 10_000 })
    expect(events.map((event) => only(event.eventResults.values()).result)).to.deep.equal(
      Array(3).fill('finished'),
    )
  })

  it('while stopping new events are refused, children of unfinished events are accepted', async () => {
    const bus = new EventBus()
    const gate = deferred()
    bus.on('Parent', async (_event, context) => {
      await gate.promise
      return (await context.bus.dispatch(make('Child'))).eventStatus
    })
    const parent = bus.dispatch(make('Parent'))
    await foreign()
    const stopping = bus.stop({ timeout: 10_000 })
    const refused = make('Refused')
    expect(thrownBy(() => bus.dispatch(refused))).to.be.instanceOf(BusStoppedError)
    expect(refused.eventPath).to.have.length(0)
    gate.resolve()
    await stopping
    expect(await parent.eventResult()).to.equal('completed')
  })

  it('a stopped bus starts again with the next dispatch; its handlers and history are kept', async () => {
    const bus = new EventBus()
    bus.on('X', () => 'heard')
    await bus.dispatch(make('X', 1))
    await bus.stop()
    expect(await bus.dispatch(make('X', 2)).eventResult()).to.equal('heard')
    expect(numbersIn(bus)).to.deep.equal([1, 2])
  })

  it('`stop({ clear: true })` forgets history, handlers and the name, for good', async () => {
    const bus = new EventBus({ name: 'Forgotten' })
    bus.on('X', () => 'heard')
    await bus.dispatch(make())
    await bus.stop({ clear: true })
    expect(bus.eventHistory.size).to.equal(0)
    expect(thrownBy(() => bus.dispatch(make()))).to.be.instanceOf(BusStoppedError)
    const heir = new EventBus({ name: 'Forgotten' })
    expect(heir.name).to.equal('Forgotten')
    expect((await heir.dispatch(make())).eventResults.size).to.equal(0)
  })

  it('a bus is an async disposable', async () => {
    let bus: EventBus | undefined
    let event: BaseEvent | undefined
    {
      await using own = new EventBus()
      own.on('X', forever)
      event = own.dispatch(make())
      bus = own
      await until(() => event?.eventStatus === 'started')
    }
    expect(event.eventStatus).to.equal('completed')
    expect(bus[asyncDispose]).to.be.a('function')
    await bus[asyncDispose]()
  })

  it('a subscription ends with its scope, its call or its signal', async () => {
    const bus = new EventBus()
    const log: string[] = []
    const controller = new AbortController()
    {
      using _scoped = bus.on('X', () => void log.push('scoped'))
      await bus.dispatch(make())
    }
    const called = bus.on('X', () => void log.push('called'))
    bus.on('X', () => void log.push('signal'), { signal: controller.signal })
    bus.on('X', () => void log.push('once'), { once: true })
    await bus.dispatch(make())
    called()
    called()
    controller.abort()
    await bus.dispatch(make())
    expect(log).to.deep.equal(['scoped', 'called', 'signal', 'once'])
  })
})
