// What `await event` means: when an event is thenable, what a wait inside a handler lets through, and what it does not.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus, EventLoopError } from '../../src/index.js'
import { consoleDuring, deferred, foreign, only, rejectionOf, thenOf } from './helpers.js'

const make = (type: string, timeout: number | null = 60_000) => new BaseEvent(type, {}, { timeout })

/** Logs `X(` when the handler of X starts and `)X` when it ends. */
function traced(bus: EventBus, types: string, log: string[]): void {
  for (const type of types) {
    bus.on(type, async () => {
      log.push(`${type}(`)
      await foreign()
      log.push(`)${type}`)
    })
  }
}

describe('awaiting an event', () => {
  it('an event is thenable only while it is pending on a bus', async () => {
    const bus = new EventBus()
    const event = make('X')
    expect(thenOf(event)).to.equal(undefined)
    bus.dispatch(event)
    expect(thenOf(event)).to.be.a('function')
    await event
    expect(thenOf(event)).to.equal(undefined)
  })

  it('`await` before dispatch is the event itself, at once', async () => {
    const event = make('X')
    expect(await event).to.equal(event)
    expect(event.eventStatus).to.equal('pending')
  })

  it('`await` gives the very same object, completed, and never throws for an error of a handler', async () => {
    const bus = new EventBus()
    bus.on('X', () => Promise.reject(new Error('of the handler')))
    const event = make('X')
    const lines = await consoleDuring('error', async () => {
      expect(await bus.dispatch(event)).to.equal(event)
      expect(event.eventStatus).to.equal('completed')
      await foreign()
      await foreign()
    })
    expect(lines.join('\n'), 'an error that nobody read')
      .to.match(/X/)
      .and.match(/of the handler/)
  })

  it('an async function can return an event', async () => {
    const bus = new EventBus()
    traced(bus, 'X', [])
    const returns = async () => bus.dispatch(make('X'))
    const event = await returns()
    expect(event).to.be.instanceOf(BaseEvent)
    expect(event.eventStatus).to.equal('completed')
  })

  it('reading `then` has no effect on the order', async () => {
    const bus = new EventBus()
    const log: string[] = []
    traced(bus, 'BC', log)
    bus.on('A', async () => {
      const child = bus.dispatch(make('C'))
      expect(thenOf(child)).to.be.a('function')
      await foreign()
      log.push('A')
    })
    bus.dispatch(make('A'))
    bus.dispatch(make('B'))
    await bus.waitUntilIdle()
    expect(log).to.deep.equal(['A', 'B(', ')B', 'C(', ')C'])
  })

  it('an async handler that returns the event after forwarding it does not wait for itself', async () => {
    const [a, b, c] = ['A', 'B', 'C'].map((name) => new EventBus({ name: `Forward${name}` })) as [
      EventBus,
      EventBus,
      EventBus,
    ]
    a.on('*', async (event) => b.dispatch(event))
    a.on('*', async (event) => {
      await foreign()
      return c.dispatch(event)
    })
    b.on('X', () => 'from b')
    const event = await a.dispatch(make('X', 5000))
    expect([...event.eventPath]).to.deep.equal(['ForwardA', 'ForwardB', 'ForwardC'])
    expect(await event.eventResult()).to.equal('from b')
  })

  it('nor does one that forwards it back to a bus that it comes from', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    a.on('*', b.dispatch)
    b.on('*', async (event) => {
      await foreign()
      return a.dispatch(event)
    })
    const event = a.dispatch(make('X', 5000))
    expect(await event.eventResultsList()).to.deep.equal([])
    expect([...event.eventPath]).to.deep.equal([a.name, b.name])
  })

  it('a handler that awaits its own event directly goes on at once', async () => {
    const bus = new EventBus()
    bus.on('X', async (event) => {
      expect(thenOf(event)).to.equal(undefined)
      return (await event).eventStatus
    })
    expect(await bus.dispatch(make('X')).eventResult()).to.equal('started')
  })

  it('`context.result` has no `then` in its own handler', async () => {
    const bus = new EventBus()
    bus.on('X', async (_event, { result }) => {
      expect(thenOf(result)).to.equal(undefined)
      return (await (result as unknown as { status: string })).status
    })
    expect(await bus.dispatch(make('X')).eventResult()).to.equal('started')
  })

  it('only the awaited event and its unfinished descendants jump the queue', async () => {
    const bus = new EventBus()
    const log: string[] = []
    traced(bus, 'BDEF', log)
    bus.on('C', async () => {
      log.push('C(')
      bus.dispatch(make('D')) // not awaited, but the completion of C includes it
      await foreign()
      log.push(')C')
    })
    bus.on('A', async () => {
      log.push('A(')
      bus.dispatch(make('E')) // a child that nobody awaits
      await bus.dispatch(make('C'))
      log.push(')A')
    })
    bus.dispatch(make('A'))
    bus.dispatch(make('B'))
    bus.dispatch(make('F'))
    await bus.waitUntilIdle()
    expect(log).to.deep.equal('A( C( )C D( )D )A B( )B F( )F E( )E'.split(' '))
  })

  it('an event that is no child of the waiting handler jumps, too', async () => {
    const bus = new EventBus()
    const log: string[] = []
    traced(bus, 'BC', log)
    const c = make('C')
    bus.on('A', async () => {
      log.push('A(')
      await c
      log.push(')A')
    })
    bus.dispatch(make('A'))
    bus.dispatch(make('B'))
    bus.dispatch(c)
    await bus.waitUntilIdle()
    expect(log).to.deep.equal('A( C( )C )A B( )B'.split(' '))
    expect(c.eventParentId).to.equal(null)
  })

  const readers: Record<string, (event: BaseEvent) => PromiseLike<unknown>> = {
    eventResult: (event) => event.eventResult(),
    eventResultsList: (event) => event.eventResultsList(),
    eventResultsByHandlerId: (event) => event.eventResultsByHandlerId(),
    eventResultsByHandlerName: (event) => event.eventResultsByHandlerName(),
    eventResultsFlatDict: (event) => event.eventResultsFlatDict(),
    eventResultsFlatList: (event) => event.eventResultsFlatList(),
  }
  for (const [name, read] of Object.entries(readers)) {
    it(`\`await event.${name}()\` in a handler counts as waiting: the event jumps`, async () => {
      const bus = new EventBus()
      const log: string[] = []
      traced(bus, 'BC', log)
      bus.on('A', async () => {
        log.push('A(')
        await read(bus.dispatch(make('C')))
        log.push(')A')
      })
      bus.dispatch(make('A'))
      bus.dispatch(make('B'))
      await bus.waitUntilIdle()
      expect(log).to.deep.equal('A( C( )C )A B( )B'.split(' '))
    })
  }

  it('`Promise.all` of children runs them one by one, first come first served', async () => {
    const bus = new EventBus()
    const log: string[] = []
    traced(bus, 'BCDE', log)
    bus.on('A', async () => {
      const [d, c, e] = [make('D'), make('C'), make('E')].map((event) => bus.dispatch(event))
      await Promise.all([c, d, e])
      log.push(')A')
    })
    bus.dispatch(make('A'))
    bus.dispatch(make('B'))
    await bus.waitUntilIdle()
    expect(log).to.deep.equal('C( )C D( )D E( )E )A B( )B'.split(' '))
  })

  it('a jumper starts although another handler of the waiting event is still running', async () => {
    const bus = new EventBus({ parallelHandlers: true })
    const childRan = deferred()
    bus.on('A', () => bus.dispatch(make('C')).eventResult())
    bus.on('A', () => childRan.promise.then(() => 'released by the child'))
    bus.on('C', () => {
      childRan.resolve()
      return 'child'
    })
    expect(await bus.dispatch(make('A')).eventResultsList()).to.deep.equal(['child', 'released by the child'])
  })

  it('jumpers of two handlers that run at once do not overlap', async () => {
    const bus = new EventBus({ parallelHandlers: true })
    const log: string[] = []
    traced(bus, 'BCD', log)
    bus.on('A', async () => void (await bus.dispatch(make('C'))))
    bus.on('A', async () => void (await bus.dispatch(make('D'))))
    bus.dispatch(make('A'))
    bus.dispatch(make('B'))
    await bus.waitUntilIdle()
    expect(log).to.deep.equal('C( )C D( )D B( )B'.split(' '))
  })

  it('two buses whose handlers await events of each other finish', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    a.on('Outer', async () => `outer ${await b.dispatch(make('Middle')).eventResult()}`)
    b.on('Middle', async () => `middle ${await a.dispatch(make('Inner')).eventResult()}`)
    b.on('Outer', async () => `outer ${await a.dispatch(make('Middle')).eventResult()}`)
    a.on('Middle', async () => `middle ${await b.dispatch(make('Inner')).eventResult()}`)
    for (const bus of [a, b]) bus.on('Inner', () => 'inner')
    const results = [a.dispatch(make('Outer')), b.dispatch(make('Outer'))].map((event) => event.eventResult())
    expect(await Promise.all(results)).to.deep.equal(['outer middle inner', 'outer middle inner'])
  })

  it('a forwarded child is awaited on every bus that it was forwarded to', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    const log: string[] = []
    a.on('C', b.dispatch)
    traced(b, 'C', log)
    a.on('A', async () => {
      await a.dispatch(make('C'))
      log.push('A')
    })
    await a.dispatch(make('A'))
    expect(log).to.deep.equal(['C(', ')C', 'A'])
  })

  it('a child whose `then` is read after a foreign await jumps for the run that dispatched it', async () => {
    const bus = new EventBus()
    const log: string[] = []
    traced(bus, 'BC', log)
    bus.on('A', async (_event, context) => {
      await foreign()
      const child = context.bus.dispatch(make('C'))
      await foreign()
      await child
      log.push('A')
    })
    bus.dispatch(make('A'))
    bus.dispatch(make('B'))
    await bus.waitUntilIdle()
    expect(log).to.deep.equal('C( )C A B( )B'.split(' '))
  })

  it('`eventCompletion` is passive: it never makes an event jump', async () => {
    const bus = new EventBus()
    const log: string[] = []
    traced(bus, 'BC', log)
    let seen: Promise<unknown> | undefined
    bus.on('A', async () => {
      seen = bus.dispatch(make('C')).eventCompletion.then((event) => log.push(`seen ${event.eventStatus}`))
      await foreign()
      log.push('A')
    })
    bus.dispatch(make('A'))
    bus.dispatch(make('B'))
    await bus.waitUntilIdle()
    await seen
    expect(log).to.deep.equal(['A', 'B(', ')B', 'C(', ')C', 'seen completed'])
  })

  it('a wait that would close a circle rejects with an EventLoopError naming it', async () => {
    const bus = new EventBus()
    const outer = make('Outer')
    bus.on('Outer', async () => (await bus.dispatch(make('Inner'))).eventStatus)
    bus.on('Inner', async () => void (await outer))
    await bus.dispatch(outer)
    const inner = only(outer.eventChildren)
    const error = only(inner.eventResults.values()).error as Error
    expect(error).to.be.instanceOf(EventLoopError)
    expect(error.message).to.match(/Outer/).and.match(/Inner/)
    expect(await outer.eventResult()).to.equal('completed')
  })

  it('a circle through another bus is found, too', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    const [x, y] = [make('X'), make('Y')]
    a.on('X', async () => void (await y))
    b.on('Y', async () => void (await x))
    a.dispatch(x)
    b.dispatch(y)
    await Promise.all([a.waitUntilIdle(), b.waitUntilIdle()])
    const errors = [x, y].map((event) => only(event.eventResults.values()).error)
    expect(errors.filter((error) => error instanceof EventLoopError)).to.have.length(1)
    expect(errors.filter((error) => !error)).to.have.length(1)
  })

  it('`waitUntilIdle()` in a handler of the same bus rejects with an EventLoopError', async () => {
    const [bus, other] = [new EventBus(), new EventBus()]
    bus.on('X', async () => [await other.waitUntilIdle(), await rejectionOf(bus.waitUntilIdle())])
    const [ofOther, ofOwn] = (await bus.dispatch(make('X')).eventResult()) as [unknown, unknown]
    expect(ofOther).to.equal(true)
    expect(ofOwn).to.be.instanceOf(EventLoopError)
  })

  it('a handler that awaits the results of its own event has the error, and nothing is left unhandled', async () => {
    const unhandled: unknown[] = []
    const note = (event: PromiseRejectionEvent) => {
      event.preventDefault()
      event.stopImmediatePropagation()
      unhandled.push(event.reason)
    }
    window.addEventListener('unhandledrejection', note, true)
    const bus = new EventBus()
    bus.on('X', async (event) => void (await event.eventResult()))
    expect(await rejectionOf(bus.dispatch(make('X')).eventResult())).to.be.instanceOf(EventLoopError)
    // Browsers tell of it some tasks later.
    for (let task = 0; task < 20; task++) await foreign()
    window.removeEventListener('unhandledrejection', note, true)
    expect(unhandled).to.deep.equal([])
  })
})
