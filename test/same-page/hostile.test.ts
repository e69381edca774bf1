// Values that are made to break whoever looks at them: what is wrong stays the outcome of the handler that brought it, or is
// refused where it was given, and the bus goes on.
import { expect } from '@esm-bundle/chai'
import { any, refine } from 'superstruct'
import {
  BaseEvent,
  defineEvent,
  EventBus,
  EventTimeoutError,
  type HandlerFunction,
  ResultTypeError,
  retry,
  WireError,
} from '../../src/index.js'
import {
  consoleDuring,
  deferred,
  foreign,
  forever,
  only,
  rejectionOf,
  stillWorks,
  thrownBy,
  until,
} from './helpers.js'

const make = (type = 'X', payload: Record<string, unknown> = {}) => new BaseEvent(type, payload)

/** The one outcome of `handler` for an event; its failure is read, so that nobody reports it. */
async function outcomeOf(bus: EventBus, handler: HandlerFunction, event = make()) {
  const subscription = bus.on(event.eventType, handler)
  await bus.dispatch(event)
  subscription()
  const { status, result, error } = only(event.eventResults.values())
  return { status, result, error }
}

/** An object with a getter that throws. */
const throwingAt = (key: string): object =>
  Object.defineProperty({}, key, {
    enumerable: true,
    get() {
      throw new Error('the getter throws')
    },
  })

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** A window of another origin: a sandboxed frame has one of its own. */
async function withForeignWindow(use: (other: Window) => Promise<void>): Promise<void> {
  const frame = document.createElement('iframe')
  frame.setAttribute('sandbox', 'allow-scripts')
  frame.srcdoc = 'x'
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
  document.body.append(frame)
  await loaded
  try {
    const other = frame.contentWindow as Window
    expect(thrownBy(() => (other as unknown as { any: unknown }).any).name).to.equal('SecurityError')
    await use(other)
  } finally {
    frame.remove()
  }
}

/** The next bus that comes to rest estimates its memory: it does so once a second at most. */
function estimateMemorySoon(): void {
  const page = (globalThis as unknown as Record<symbol, { weighed: number }>)[Symbol.for('bubus.page.v1')]
  page.weighed = -Infinity
}

describe('hostile answers of handlers', () => {
  it('a handler that returns a revoked proxy fails, and the bus goes on', async () => {
    const bus = new EventBus()
    for (const handler of [() => revokedProxy(), async () => revokedProxy()]) {
      const { status, error } = await outcomeOf(bus, handler)
      expect(status).to.equal('error')
      expect(error).to.be.instanceOf(TypeError)
    }
    await stillWorks(bus)
  })

  it('a handler that returns a window of another origin, or a promise of it, ends, and the bus goes on', () =>
    withForeignWindow(async (other) => {
      const bus = new EventBus()
      for (const handler of [() => other, async () => other]) {
        const event = make()
        await outcomeOf(bus, handler, event)
        expect(event.eventStatus).to.equal('completed')
        expect(event.eventLogTree()).to.include(`X#${event.eventId.slice(-4)}`)
      }
      await stillWorks(bus)
    }))

  it('a handler that returns what only looks like a promise fails', async () => {
    const bus = new EventBus()
    const throwing = { constructor: Promise, then: () => JSON.parse('not JSON') }
    for (const handler of [() => Object.create(Promise.prototype), () => throwing]) {
      const { status, error } = await outcomeOf(bus, handler)
      expect(status).to.equal('error')
      expect(error).to.be.instanceOf(Error)
    }
    await stillWorks(bus)
  })

  it('a result struct that throws `null` refuses the result', async () => {
    const bus = new EventBus()
    const result = refine(any(), 'hostile', () => {
      throw null
    })
    class Checked extends defineEvent('Checked', {}, { result }) {}
    const { status, error } = await outcomeOf(bus, () => 1, new Checked({}))
    expect(status).to.equal('error')
    expect(error).to.be.instanceOf(ResultTypeError)
    expect((error as Error).cause).to.equal(null)
    await stillWorks(bus)
  })

  for (const [what, value] of [
    ['a symbol', Symbol('hostile')],
    ['a method', () => {}],
  ] as const) {
    it(`a handler whose \`name\` is ${what} times out like any other`, async () => {
      const bus = new EventBus()
      const handler = Object.defineProperty(() => forever(), 'name', { value })
      bus.on('X', handler)
      bus.addEventListener('Y', handler)
      await consoleDuring('warn', async () => {
        for (const type of ['X', 'Y']) {
          const event = bus.dispatch(new BaseEvent(type, {}, { timeout: 1 }))
          await event
          const { error, handlerName } = only(event.eventResults.values())
          expect(error).to.be.instanceOf(EventTimeoutError)
          expect(handlerName === String(value), 'its name is a text').to.equal(true)
        }
      })
      await stillWorks(bus)
    })
  }

  it('trees show results whose `constructor` cannot be read', async () => {
    const bus = new EventBus()
    for (const result of [throwingAt('constructor'), { constructor: { name: Symbol('hostile') } }]) {
      const event = make()
      const outcome = await outcomeOf(bus, () => result as never, event)
      expect(outcome.result).to.equal(result)
      expect(event.eventLogTree()).to.include(`X#${event.eventId.slice(-4)}`)
    }
    expect(bus.logTree().match(/X#/g)).to.have.length(2)
    await stillWorks(bus)
  })

  it('an error whose `name` cannot be read is reported, and so are those after it', async () => {
    const bus = new EventBus()
    const hostile = throwingAt('name')
    const reports = await consoleDuring('error', async (lines) => {
      bus.on('X', ({ n }: BaseEvent & { n?: number }) => {
        throw n ? new Error('an ordinary one') : hostile
      })
      bus.dispatch(make('X', { n: 0 }))
      bus.dispatch(make('X', { n: 1 }))
      await until(() => lines.length === 2)
    })
    expect(reports[0]).to.match(/failed for X#/)
    expect(reports[1]).to.match(/failed for X#.*an ordinary one/)
    await stillWorks(bus)
  })
})

describe('hostile payloads', () => {
  it('a getter below the payload that throws does not disturb the estimate of memory', async () => {
    const bus = new EventBus()
    let reads = 0
    const a = {
      get b() {
        reads++
        throw new Error('the getter throws')
      },
    }
    estimateMemorySoon()
    const event = bus.dispatch(make('X', { a }))
    await event.eventCompletion
    expect(await bus.waitUntilIdle()).to.equal(true)
    expect(reads, 'the estimate has met it').to.equal(1)
    await stillWorks(bus)
  })

  it('a payload may hold a window of another origin, as the source of a message is', () =>
    withForeignWindow(async (other) => {
      const bus = new EventBus()
      estimateMemorySoon()
      const event = bus.dispatch(make('X', { source: other }))
      await event.eventCompletion
      expect(event.eventPayload.source === other).to.equal(true)
      expect(await bus.waitUntilIdle()).to.equal(true)
      await stillWorks(bus)
    }))

  it('a copy of an event is no event', async () => {
    const bus = new EventBus()
    bus.on('X', (event) => ({ ...event, ok: true }))
    const event = bus.dispatch(make('X', { n: 1 }))
    expect(await event.eventResult()).to.include({ n: 1, ok: true })
    for (const copy of [{ ...event }, Object.create(event)]) {
      expect(thrownBy(() => bus.dispatch(copy))).to.be.instanceOf(TypeError)
    }
    const { eventPayload } = new BaseEvent('Y', { ...event })
    expect(Reflect.ownKeys(eventPayload).filter((key) => typeof key === 'symbol')).to.deep.equal([])
    expect(bus.eventHistory.size).to.equal(1)
    await stillWorks(bus)
  })

  it('a record keeps its version, also where its class is unknown', async () => {
    const bus = new EventBus()
    class Versioned extends defineEvent('Versioned', undefined, { version: '2.0.0' }) {}
    const event = BaseEvent.fromJSON(new Versioned({ n: 1 }).toJSON())
    expect(event.eventSchema).to.equal('Versioned@2.0.0')
    expect(event.toJSON().event_schema).to.equal('Versioned@2.0.0')
    bus.on('Versioned', ({ eventSchema }) => eventSchema)
    expect(await bus.dispatch(event).eventResult()).to.equal('Versioned@2.0.0')
    await stillWorks(bus)
  })

  it('a record whose fields are of the wrong type is refused', async () => {
    const bus = new EventBus()
    const record = make().toJSON()
    const timeouts = ['5', true, [5]].map((event_timeout) => ({ event_timeout }))
    for (const wrong of [...timeouts, { event_schema: 5 }, { event_schema: {} }]) {
      const error = thrownBy(() => BaseEvent.fromJSON({ ...record, ...wrong }))
      expect(error, JSON.stringify(wrong)).to.be.instanceOf(WireError)
    }
    bus.dispatch(BaseEvent.fromJSON(record))
    await stillWorks(bus)
  })
})

describe('results as promises', () => {
  /** An event with a result that is still pending, and how its handler ends. */
  async function pendingResult() {
    const bus = new EventBus()
    const answer = deferred<unknown>()
    bus.on('X', () => answer.promise)
    const event = bus.dispatch(make())
    await until(() => event.eventStatus === 'started')
    return { bus, event, answer, result: only(event.eventResults.values()) }
  }

  it('what throws in `result.then` rejects the promise that it gave, and the event completes', async () => {
    const { bus, event, answer, result } = await pendingResult()
    const failure = new Error('thrown in then')
    const ended = result.then(
      () => {
        throw failure
      },
      () => {},
    )
    answer.resolve(1)
    expect(await rejectionOf(ended)).to.equal(failure)
    await event
    await stillWorks(bus)
  })

  it('`result.then` without a second function hands the failure on', async () => {
    const { bus, event, answer, result } = await pendingResult()
    const failure = new Error('the handler fails')
    const ended = result.then((value) => value)
    answer.reject(failure)
    expect(await rejectionOf(ended)).to.equal(failure)
    await event
    await stillWorks(bus)
  })

  it('`result.then` can be chained', async () => {
    const { bus, answer, result } = await pendingResult()
    const chained = result.then((value) => [value, 'first']).then((value) => [...value, 'second'])
    answer.resolve(1)
    expect(await chained).to.deep.equal([1, 'first', 'second'])
    await stillWorks(bus)
  })

  it('in `result.then` an await waits for the event', async () => {
    const { bus, answer, result } = await pendingResult()
    bus.on('Y', () => foreign())
    const ended = result.then(async () => {
      const event = bus.dispatch(make('Y'))
      await event
      return event.eventStatus
    })
    answer.resolve(1)
    expect(await ended).to.equal('completed')
    await stillWorks(bus)
  })

  it("a `then` that was kept for later runs user code outside of the event's completion", async () => {
    const { bus, event, answer } = await pendingResult()
    const { then } = event as unknown as PromiseLike<void>
    const failure = new Error('thrown in then')
    const fails = () => {
      throw failure
    }
    // Handlers run meanwhile.
    await stillWorks(new EventBus())
    const ended = rejectionOf(then(fails))
    const reports = await consoleDuring('error', async () => {
      then(fails, () => {})
      answer.resolve(1)
      await event.eventCompletion
    })
    expect(await ended).to.equal(failure)
    expect(only(reports)).to.include('thrown in then')
    await stillWorks(bus)
  })
})

describe('wrong patterns, targets and options', () => {
  it('an `attach` with one wrong type attaches nothing', async () => {
    const bus = new EventBus()
    class A extends defineEvent('A') {}
    class NoEvent {}
    const target = new EventTarget()
    const attach = () => bus.attach(target, A, 'B', NoEvent as never)
    expect(thrownBy(attach)).to.be.instanceOf(TypeError)
    target.dispatchEvent(new A({}))
    target.dispatchEvent(make('B'))
    expect(bus.eventHistory.size).to.equal(0)
    await stillWorks(bus)
  })

  it('a class of events without a type is no pattern, and stands for nothing', async () => {
    const bus = new EventBus()
    class Untyped extends BaseEvent {
      constructor() {
        super('Untyped')
      }
    }
    const listen = () => {}
    for (const action of [
      () => bus.on(Untyped, listen),
      () => bus.addEventListener(Untyped, listen),
      () => bus.expect(Untyped),
      () => bus.find(Untyped),
      () => bus.events(Untyped),
    ]) {
      expect(thrownBy(action), String(action)).to.be.instanceOf(TypeError)
    }
    let heard = 0
    bus.on(BaseEvent, () => void heard++)()
    bus.on('Untyped', () => void heard++)
    await bus.dispatch(new Untyped())
    expect(heard).to.equal(1)
    await stillWorks(bus)
  })

  it('`events` gives a backlog in order, and what comes while it is read', async () => {
    const bus = new EventBus({ maxHistorySize: null })
    const events = bus.events('X')
    let sent = 0
    const send = () => void bus.dispatch(make('X', { n: sent++ }))
    for (let n = 0; n < 3000; n++) send()
    for (let n = 0; n < 4000; n++) {
      if (n % 3 === 0 && sent < 4000) send()
      const { value } = await events.next()
      expect(value.eventPayload.n).to.equal(n)
    }
    const next = events.next()
    send()
    expect((await next).value.eventPayload.n).to.equal(4000)
    send()
    expect(await events.return?.()).to.deep.equal({ value: undefined, done: true })
    expect((await events.next()).done).to.equal(true)
    await stillWorks(bus)
  })

  it('`semaphoreLax` goes on without a slot also where another copy of the library holds it', async () => {
    const url = new URL('../../dist/bubus.min.js', import.meta.url).href
    const copy: { retry: typeof retry } = await import(/* @vite-ignore */ url)
    const options = {
      semaphoreLimit: 1,
      semaphoreName: 'HeldByAnotherCopy',
      semaphoreTimeout: 1,
      timeout: null,
    }
    const held = deferred()
    const holder = copy.retry(options)(() => held.promise)()
    await foreign()
    const warnings = await consoleDuring('warn', async () => {
      expect(await retry(options)(async () => 'went on')()).to.equal('went on')
    })
    expect(only(warnings)).to.include('semaphoreLax')
    held.resolve()
    await holder
    await stillWorks(new EventBus())
  })
})
