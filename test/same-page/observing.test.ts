// What can be seen and held of a running bus: find, events(), middlewares, the inspection hook, stats, concurrency modes.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus, type EventResult } from '../../src/index.js'
import { deferred, foreign, forever, only, rejectionOf, thrownBy } from './helpers.js'

const make = (type = 'X', n?: number) => new BaseEvent(type, n === undefined ? {} : { n })

type Inspect = (
  fn: (step: string, event: BaseEvent, result: EventResult | undefined, time: number) => void,
) => (() => void) & Disposable
const inspectKey = Symbol.for('bubus.inspect')
const inspect = (bus: EventBus, ...args: Parameters<Inspect>) =>
  (bus as unknown as Record<symbol, Inspect>)[inspectKey]?.call(bus, ...args) as ReturnType<Inspect>
const dispose: typeof Symbol.dispose = (Symbol.dispose ??
  Symbol.for('Symbol.dispose')) as typeof Symbol.dispose

describe('who is told of a forward, before the event is handled there', () => {
  const told = async (whenForwarded: (event: BaseEvent, a: EventBus, b: EventBus) => unknown) => {
    const [a, b] = [new EventBus(), new EventBus()]
    a.on('*', b.dispatch)
    let calls = 0
    b.on('X', () => void calls++)
    const steps: string[] = []
    inspect(b, (step, event) => {
      steps.push(step)
      if (step === 'forwarded') whenForwarded(event, a, b)
    })
    const event = a.dispatch(make())
    await event.eventCompletion
    expect(await a.waitUntilIdle(2000)).to.equal(true)
    expect(await b.waitUntilIdle(2000)).to.equal(true)
    await foreign()
    expect(steps.filter((step) => step === 'completed')).to.have.length(1)
    return { calls, path: event.eventPath.join(), names: [a.name, b.name].join() }
  }

  it('may dispatch it there: it enters once', async () => {
    const { calls, path, names } = await told((event, _a, b) => b.dispatch(event))
    expect({ calls, path }).to.deep.equal({ calls: 1, path: names })
  })

  it('may stop the bus that it comes from: it is over, and is not handled after that', async () => {
    expect((await told((_event, a) => void a.stop())).calls).to.equal(0)
  })
})

describe('find', () => {
  it('it looks at the history, and gives null when there is none', async () => {
    const bus = new EventBus()
    const event = await bus.dispatch(make('X', 1))
    expect(await bus.find('X')).to.equal(event)
    expect(await bus.find('X', { where: (one) => one.eventPayload.n === 2 })).to.equal(null)
    expect(await bus.find('Y')).to.equal(null)
  })

  it('`past: false, future: true` waits for the next one', async () => {
    const bus = new EventBus()
    await bus.dispatch(make('X', 1))
    const waiting = bus.find('X', { past: false, future: true })
    const next = bus.dispatch(make('X', 2))
    expect(await waiting).to.equal(next)
  })

  it('`future: true` takes the past if there is one, else waits', async () => {
    const bus = new EventBus()
    const past = bus.dispatch(make('X'))
    expect(await bus.find('X', { future: true })).to.equal(past)
    setTimeout(() => bus.dispatch(make('Y')))
    expect((await bus.find('Y', { future: true }))?.eventType).to.equal('Y')
  })

  it('it is given up with its signal, and gives the newest of several', async () => {
    const bus = new EventBus()
    const controller = new AbortController()
    const waiting = rejectionOf(bus.find('Y', { future: true, signal: controller.signal }))
    controller.abort()
    expect((await waiting).name).to.equal('AbortError')
    for (const n of [1, 2]) await bus.dispatch(make('X', n))
    expect((await bus.find('X'))?.eventPayload.n).to.equal(2)
  })

  it('`childOf` means any descendant', async () => {
    const bus = new EventBus()
    bus.on('Root', (_event, context) => void context.bus.dispatch(make('Child')))
    bus.on('Child', (_event, context) => void context.bus.dispatch(make('Leaf')))
    const other = await bus.dispatch(make('Leaf', 0))
    const root = await bus.dispatch(make('Root'))
    const leaf = await bus.find('Leaf', { childOf: root })
    expect(leaf).not.to.equal(other)
    expect(leaf?.eventParent?.eventParent).to.equal(root)
    expect(await bus.find('Root', { childOf: root })).to.equal(null)
    expect(await bus.find('Leaf', { childOf: other })).to.equal(null)
  })
})

describe('events()', () => {
  it('none is lost between two `next()` calls', async () => {
    const bus = new EventBus()
    const iterator = bus.events('X')[Symbol.asyncIterator]()
    const seen: unknown[] = []
    for (let n = 1; n <= 3; n++) bus.dispatch(make('X', n))
    for (let n = 1; n <= 3; n++) {
      seen.push((await iterator.next()).value.eventPayload.n)
      bus.dispatch(make('X', 3 + n))
      bus.dispatch(make('Y', n))
      await foreign()
    }
    for (let n = 4; n <= 6; n++) seen.push((await iterator.next()).value.eventPayload.n)
    expect(seen).to.deep.equal([1, 2, 3, 4, 5, 6])
    await iterator.return?.()
  })

  it('what a middleware dispatches when told of an event comes after it', async () => {
    const bus = new EventBus({
      middlewares: [
        {
          onEvent(step, { eventType }, itself) {
            if (step === 'queued' && eventType === 'X') itself.dispatch(make('Audit'))
          },
        },
      ],
    })
    const events = bus.events('*')
    const expected = bus.expect('*')
    const event = bus.dispatch(make())
    expect(await expected).to.equal(event)
    expect((await events.next()).value).to.equal(event)
    expect((await events.next()).value.eventType).to.equal('Audit')
  })

  it('`break` ends it, and so does its signal', async () => {
    const bus = new EventBus()
    const events = bus.events('X')
    for (let n = 1; n <= 3; n++) bus.dispatch(make('X', n))
    const seen: unknown[] = []
    for await (const event of events) {
      seen.push(event.eventPayload.n)
      if (seen.length === 2) break
    }
    expect(seen).to.deep.equal([1, 2])
    const controller = new AbortController()
    const iterator = bus.events('X', { signal: controller.signal })[Symbol.asyncIterator]()
    const next = iterator.next().then(
      ({ done }) => (done ? 'ended' : 'went on'),
      (error: Error) => error.name,
    )
    controller.abort()
    expect(await next).to.be.oneOf(['ended', 'AbortError'])
  })

  it('two `next()` at once get two events, in order', async () => {
    const bus = new EventBus()
    const iterator = bus.events('*')[Symbol.asyncIterator]()
    const both = Promise.all([iterator.next(), iterator.next()])
    for (const type of ['A', 'B']) bus.dispatch(make(type))
    expect((await both).map(({ value }) => value.eventType)).to.deep.equal(['A', 'B'])
    expect((await iterator.return?.())?.done).to.equal(true)
    expect((await iterator.next()).done).to.equal(true)
  })
})

describe('middlewares and the inspection hook', () => {
  it('a middleware may refuse an event before anything has happened, with an error of its own', async () => {
    const refusal = new RangeError('not today')
    const bus = new EventBus({
      middlewares: [
        {
          onDispatch(event) {
            if (event.eventType === 'Bad') throw refusal
          },
        },
      ],
    })
    const event = make('Bad')
    expect(thrownBy(() => bus.dispatch(event))).to.equal(refusal)
    expect([event.eventPath.length, event.eventStatus, bus.eventHistory.size]).to.deep.equal([
      0,
      'pending',
      0,
    ])
    await bus.dispatch(make('Good'))
    expect([...bus.eventHistory.values()].map((one) => one.eventType)).to.deep.equal(['Good'])
  })

  it('a middleware sees every event and every result, with its bus', async () => {
    const log: string[] = []
    const bus = new EventBus({
      middlewares: [
        {
          onDispatch: (event, on) => void log.push(`dispatch ${event.eventType} ${on.name === bus.name}`),
          onEvent: (step, event) => void log.push(`event ${step} ${event.eventType}`),
          onResult: (step, result) => void log.push(`result ${step} ${result.status}`),
        },
      ],
    })
    bus.on('X', () => 1)
    bus.on('X', () => Promise.reject(new Error('of a handler')))
    await bus.dispatch(make()).eventResult({ raiseIfAny: false })
    expect(log[0]).to.equal('dispatch X true')
    expect(log.slice(1)).to.include.members(['event queued X', 'event started X', 'event completed X'])
    expect(log.filter((line) => /^result .*completed$/.test(line))).not.to.have.length(0)
    expect(log.filter((line) => /^result .*error$/.test(line))).not.to.have.length(0)
    expect(log[log.length - 1]).to.equal('event completed X')
  })

  it('the hook tells the steps of an event in order, with its results and the time', async () => {
    const bus = new EventBus()
    const steps: string[] = []
    const times: number[] = []
    const hook = inspect(bus, (step, event, result, time) => {
      steps.push(`${step} ${event.eventType}${result ? ` ${result.status}` : ''}`)
      times.push(time)
    })
    bus.on('X', () => 1)
    await bus.dispatch(make())
    const plain = steps.map((step) => step.split(' ')[0])
    expect([plain[0], plain[plain.length - 1]]).to.deep.equal(['queued', 'completed'])
    expect(plain.indexOf('started')).to.be.greaterThan(0).and.lessThan(plain.indexOf('result'))
    expect(steps).to.include('result X completed')
    expect(times.every((time, i) => Number.isFinite(time) && time >= (times[i - 1] ?? 0))).to.equal(true)
    hook[dispose]()
    await bus.dispatch(make())
    expect(steps).to.have.length(plain.length)
  })

  it('the hook tells of errors, time-outs, cancelled handlers and forwards', async () => {
    const [bus, other] = [new EventBus(), new EventBus()]
    const steps = new Set<string>()
    for (const each of [bus, other])
      inspect(each, (step, event) => void steps.add(`${step} ${event.eventType}`))
    bus.on('Fails', () => Promise.reject(new Error('of a handler')))
    bus.on('Forwarded', other.dispatch)
    bus.on('Slow', async () => void (await bus.dispatch(make('Child'))), { timeout: 5 })
    bus.on('Child', forever)
    await bus.dispatch(make('Fails')).eventResult({ raiseIfAny: false })
    await bus.dispatch(make('Forwarded'))
    await bus.dispatch(make('Slow')).eventResult({ raiseIfAny: false })
    expect([...steps]).to.include.members([
      'error Fails',
      'forwarded Forwarded',
      'timeout Slow',
      'cancelled Child',
    ])
  })
})

describe('who stops the bus when told that a handler starts', () => {
  for (const native of [false, true]) {
    it(`keeps that ${native ? 'listener' : 'handler'} from being called`, async () => {
      const bus = new EventBus({
        middlewares: [{ onResult: (step, _, itself) => step === 'started' && itself.stop() }],
      })
      let calls = 0
      if (native) bus.addEventListener('X', () => void calls++)
      else bus.on('X', () => void calls++)
      const event = await bus.dispatch(make())
      expect(calls).to.equal(0)
      expect((only(event.eventResults.values()).error as Error).name).to.equal('EventCancelledError')
      expect(await bus.waitUntilIdle(2000)).to.equal(true)
    })
  }
})

describe('stats and concurrency', () => {
  it('stats count what is queued, in flight and dropped', async () => {
    const bus = new EventBus({ maxPending: 3 })
    const rest = { wireErrors: 0, unpersisted: 0, logLagMs: 0 }
    expect({ ...bus.stats }).to.deep.equal({ queued: 0, inFlight: 0, dropped: 0, ...rest })
    const gate = deferred()
    bus.on('X', () => gate.promise)
    for (let n = 0; n < 3; n++) bus.dispatch(make())
    await foreign()
    expect([bus.stats.queued, bus.stats.inFlight]).to.deep.equal([2, 1])
    gate.resolve()
    await bus.waitUntilIdle()
    expect([bus.stats.queued, bus.stats.inFlight]).to.deep.equal([0, 0])
  })

  const overlap = async (options: ConstructorParameters<typeof EventBus>[0], count: number) => {
    const buses = Array.from({ length: count }, () => new EventBus(options))
    const log: string[] = []
    for (const [index, bus] of buses.entries()) {
      bus.on('X', async (event) => {
        log.push(`${index}${event.eventPayload.n}(`)
        await foreign()
        await foreign()
        log.push(`)${index}${event.eventPayload.n}`)
      })
      for (const n of [1, 2]) bus.dispatch(make('X', n))
    }
    await Promise.all(buses.map((bus) => bus.waitUntilIdle()))
    return log.join(' ')
  }

  it('`bus`: one event at a time on each bus, buses beside each other', async () => {
    expect(await overlap({}, 1)).to.equal('01( )01 02( )02')
    expect(await overlap({ eventConcurrency: 'bus' }, 2)).to.match(/^01\( 11\( \)01/)
  })

  it('`global`: one event at a time across the page, in order of dispatch', async () => {
    expect(await overlap({ eventConcurrency: 'global' }, 2)).to.equal('01( )01 02( )02 11( )11 12( )12')
  })

  it('`parallel`: events start as they come', async () => {
    expect(await overlap({ eventConcurrency: 'parallel' }, 1)).to.equal('01( 02( )01 )02')
  })

  it('draining 100 000 events lets other macrotasks run in between', async function () {
    this.timeout(60_000)
    const total = 100_000
    const bus = new EventBus({ maxPending: null })
    let handled = 0
    bus.on('Tick', () => void handled++)
    const seenAt = new Set<number>()
    let stopped = false
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      seenAt.add(handled)
      if (!stopped) port2.postMessage(null)
    }
    port2.postMessage(null)
    for (let n = 0; n < total; n++) bus.dispatch(make('Tick'))
    await bus.waitUntilIdle()
    stopped = true
    port1.close()
    expect(handled).to.equal(total)
    const between = [...seenAt].filter((count) => count > 0 && count < total)
    expect(between.length, 'tasks of others while the queue was drained').to.be.greaterThan(1)
  })

  it('an event dispatched natively and one of the bus do not disturb each other', async () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.on('X', () => {
      bus.dispatchEvent(new Event('Native'))
      return 'done'
    })
    bus.addEventListener('Native', () => log.push('native'))
    const event = await bus.dispatch(make())
    expect([log, only(event.eventResults.values()).result]).to.deep.equal([['native'], 'done'])
  })
})
