// `expect`: what it takes, what it leaves behind, and what of an event's completion comes with it.
// And the promise about order: awaiting code runs before the next event's handlers.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus, EventTimeoutError } from '../../src/index.js'
import { deferred, foreign, rejectionOf } from './helpers.js'

const make = (type: string, payload: Record<string, unknown> = {}) => new BaseEvent(type, payload)

describe('expect', () => {
  it('an event fulfils every waiting `expect` that it matches, when it is dispatched', async () => {
    const bus = new EventBus()
    const gate = deferred()
    bus.on('X', () => gate.promise)
    const waiting = [
      bus.expect('X'),
      bus.expect('*'),
      bus.expect('X', { where: (event) => event.eventPayload.n === 1 }),
    ]
    const event = bus.dispatch(make('X', { n: 1 }))
    expect(await Promise.all(waiting)).to.deep.equal([event, event, event])
    expect(event.eventStatus).not.to.equal('completed')
    gate.resolve()
    await event
  })

  it('two in a row miss nothing, even of events that were dispatched in one synchronous stretch', async () => {
    const bus = new EventBus()
    const events = [1, 2, 3].map((n) => bus.dispatch(make('X', { n })))
    expect(await bus.expect('X')).to.equal(events[0])
    expect(await bus.expect('X')).to.equal(events[1])
    expect(await bus.expect('X')).to.equal(events[2])
  })

  it('the first in a row may wait, and the rest of the same stretch is still there', async () => {
    const bus = new EventBus()
    setTimeout(() => {
      for (const n of [1, 2, 3]) bus.dispatch(make('X', { n }))
    })
    const seen: unknown[] = []
    for (let i = 0; i < 3; i++) seen.push((await bus.expect('X')).eventPayload.n)
    expect(seen).to.deep.equal([1, 2, 3])
  })

  it('it does not look back to what has started or was taken', async () => {
    const bus = new EventBus()
    await bus.dispatch(make('X', { n: 'completed' }))
    const taken = bus.expect('X')
    bus.dispatch(make('X', { n: 'taken' }))
    const next = bus.expect('X')
    const fresh = bus.dispatch(make('X', { n: 'fresh' }))
    expect((await taken).eventPayload.n).to.equal('taken')
    expect(await next).to.equal(fresh)
  })

  it('in a handler it takes a completed descendant that no `expect` has had', async () => {
    const bus = new EventBus()
    let answer: BaseEvent | undefined
    bus.on('Request', () => {
      bus.dispatch(make('Step'))
    })
    bus.on('Step', () => {
      answer = bus.dispatch(make('Answer'))
    })
    bus.on('Root', async () => {
      await bus.dispatch(make('Request'))
      expect(answer?.eventStatus).to.equal('completed')
      const found = await bus.expect('Answer')
      const again = await rejectionOf(bus.expect('Answer', { timeout: 5 }))
      return [found === answer, again instanceof EventTimeoutError]
    })
    expect(await bus.dispatch(make('Root')).eventResult()).to.deep.equal([true, true])
  })

  it('outside of that handler the same descendant is not taken', async () => {
    const bus = new EventBus()
    bus.on('Root', () => void bus.dispatch(make('Answer')))
    await bus.dispatch(make('Root'))
    bus.on('Other', () => rejectionOf(bus.expect('Answer', { timeout: 5 })).then((error) => error.name))
    expect(await bus.dispatch(make('Other')).eventResult()).to.equal('EventTimeoutError')
  })

  it('it leaves no result on the event', async () => {
    const bus = new EventBus()
    bus.on('X', () => 'of the handler')
    const waiting = bus.expect('X')
    const event = await bus.dispatch(make('X'))
    expect(await waiting).to.equal(event)
    expect(event.eventResults.size).to.equal(1)
  })

  it('a time-out is an EventTimeoutError, an abort the reason of its signal, and neither is heard of again', async () => {
    const bus = new EventBus()
    const controller = new AbortController()
    const aborted = rejectionOf(bus.expect('X', { signal: controller.signal }))
    const timedOut = await rejectionOf(bus.expect('X', { timeout: 1 }))
    controller.abort()
    expect(timedOut).to.be.instanceOf(EventTimeoutError)
    expect((await aborted).name).to.equal('AbortError')
    expect((await rejectionOf(bus.expect('X', { signal: AbortSignal.abort() }))).name).to.equal('AbortError')
    expect((await bus.dispatch(make('X'))).eventStatus).to.equal('completed')
  })

  it('`predicate` is accepted for `where`', async () => {
    const bus = new EventBus()
    const calls: unknown[] = []
    const waiting = bus.expect('X', {
      predicate: (event: BaseEvent) => {
        calls.push(event.eventPayload.n)
        return event.eventPayload.n === 2
      },
    })
    for (const n of [1, 2, 3]) bus.dispatch(make('X', { n }))
    expect((await waiting).eventPayload.n).to.equal(2)
    expect(calls).to.deep.equal([1, 2])
  })
})

describe('how JavaScript itself passes on a pending event', () => {
  const pendingOn = (bus: EventBus) => {
    bus.on('X', foreign)
    setTimeout(() => bus.dispatch(make('X')))
    return bus
  }

  it('`await bus.expect()` and `Promise.all` give it pending', async () => {
    const bus = pendingOn(new EventBus())
    const all = Promise.all([bus.expect('X'), bus.expect('X')]).then((events) =>
      events.map((one) => one.eventStatus),
    )
    const direct = (await bus.expect('X')).eventStatus
    expect(direct).not.to.equal('completed')
    expect(await all).not.to.include('completed')
  })

  it('`await` of `find` and of `events().next()` gives it pending', async () => {
    const bus = pendingOn(new EventBus())
    const iterator = bus.events('X')[Symbol.asyncIterator]()
    const next = iterator.next()
    const found = await bus.find('X', { past: false, future: true })
    expect(found?.eventStatus).to.be.oneOf(['pending', 'started'])
    expect((await next).value.eventStatus).to.be.oneOf(['pending', 'started'])
    await iterator.return?.()
  })

  const resolvedAgain: Record<string, (promise: Promise<BaseEvent>) => Promise<BaseEvent>> = {
    'an async wrapper': async (promise) => {
      const event = await promise
      return event
    },
    'Promise.race': (promise) => Promise.race([promise, new Promise<never>(() => {})]),
    '.then()': (promise) => promise.then((event) => event),
    'an async generator': async (promise) => {
      async function* generator() {
        yield await promise
      }
      for await (const event of generator()) return event
      throw new Error('nothing was yielded')
    },
  }
  for (const [name, wrap] of Object.entries(resolvedAgain)) {
    it(`${name} gives it completed`, async () => {
      const event = await wrap(pendingOn(new EventBus()).expect('X'))
      expect(event).to.be.instanceOf(BaseEvent)
      expect(event.eventStatus).to.equal('completed')
    })
  }
})

describe('the order that awaiting code can rely on', () => {
  it('code that awaits an event runs before the handlers of the next event start', async () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.on('X', (event) => log.push(`handler ${event.eventPayload.n}`))
    const events = [1, 2, 3, 4].map((n) => bus.dispatch(make('X', { n })))
    for (const event of events) {
      await event
      log.push(`after ${event.eventPayload.n}`)
    }
    expect(log).to.deep.equal([1, 2, 3, 4].flatMap((n) => [`handler ${n}`, `after ${n}`]))
  })

  it('so does code that awaits an async handler, and several waiters of one event', async () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.on('X', async (event) => {
      await foreign()
      log.push(`handler ${event.eventPayload.n}`)
    })
    const [first, second] = [1, 2].map((n) => bus.dispatch(make('X', { n }))) as [BaseEvent, BaseEvent]
    const waiter = async (name: string) => {
      await first
      log.push(name)
    }
    await Promise.all([waiter('a'), waiter('b'), second])
    expect(log).to.deep.equal(['handler 1', 'a', 'b', 'handler 2'])
  })

  it('code that awaits an `expect` runs before the handlers of the event after the expected one', async () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.on('*', (event) => log.push(`handler ${event.eventType}`))
    const expected = (async () => {
      await bus.expect('A')
      log.push('expected A')
    })()
    bus.dispatch(make('A'))
    bus.dispatch(make('B'))
    await expected
    await bus.waitUntilIdle()
    expect(log.indexOf('expected A')).to.be.greaterThan(-1).and.lessThan(log.indexOf('handler B'))
  })

  it('handlers wait for the promises of the listeners', async () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.on('X', () => log.push('handler'))
    bus.addEventListener('X', async () => {
      await foreign()
      log.push('listener')
    })
    await bus.dispatch(make('X'))
    expect(log).to.deep.equal(['listener', 'handler'])
  })

  it('nothing runs inside `dispatch`', () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.on('X', () => log.push('handler'))
    bus.addEventListener('X', () => log.push('listener'))
    bus.dispatch(make('X'))
    expect(log).to.deep.equal([])
  })
})
