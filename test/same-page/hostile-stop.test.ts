// Code that calls back at the worst moment: that stops the bus, dispatches or throws while an event is being dispatched,
// started, cancelled or waited for.
import { expect } from '@esm-bundle/chai'
import {
  BaseEvent,
  BusStoppedError,
  EventBus,
  EventCancelledError,
  EventLoopError,
  EventTimeoutError,
  type InspectStep,
  inspect,
} from '../../src/index.js'
import {
  consoleDuring,
  deferred,
  foreign,
  forever,
  only,
  rejectionOf,
  reportedDuring,
  stillWorks,
  thrownBy,
  until,
} from './helpers.js'

const make = (type = 'X') => new BaseEvent(type)

const resultsOf = (event: BaseEvent) => [...event.eventResults.values()]

/** Calls `action` once, at the first such step. */
function onceAt(bus: EventBus, wanted: InspectStep, action: () => unknown): void {
  let left = 1
  bus[inspect]((step) => {
    if (step === wanted && left-- > 0) action()
  })
}

async function isAtRest(bus: EventBus): Promise<void> {
  expect(await bus.waitUntilIdle()).to.equal(true)
  expect(bus.eventsPending).to.have.length(0)
  expect(bus.eventsStarted).to.have.length(0)
  await foreign()
  await stillWorks(bus)
  // Whatever was counted wrongly shows with several of them.
  const events = [make('Later'), make('Later'), make('Later')]
  for (const event of events) bus.dispatch(event)
  await bus.stop({ timeout: 5000 })
  for (const event of events) expect(event.eventStatus).to.equal('completed')
  await stillWorks(bus)
}

describe('the bus called back at the worst moment', () => {
  it('what a `where` or an inspector dispatches comes after the event that it looks at', async () => {
    const bus = new EventBus()
    const order: string[] = []
    const off = bus.on('*', ({ eventType }) => void order.push(eventType))
    const expected = bus.expect('A', { where: () => !!bus.dispatch(make('B')) })
    bus[inspect]((step, { eventType }) => {
      if (step === 'queued' && eventType === 'A') bus.dispatch(make('C'))
    })
    const event = bus.dispatch(make('A'))
    expect(await expected).to.equal(event)
    await bus.waitUntilIdle()
    expect(order).to.have.members(['A', 'B', 'C'])
    expect(order[0]).to.equal('A')
    off()
    await stillWorks(bus)
  })

  it('an event that a middleware dispatches again in `onDispatch` enters once', async () => {
    let again = true
    const bus = new EventBus({
      middlewares: [
        {
          onDispatch(event, itself) {
            if (!again) return
            again = false
            itself.dispatch(event)
          },
        },
      ],
    })
    let calls = 0
    bus.on('X', () => void calls++)
    const event = bus.dispatch(make())
    await event
    expect(calls).to.equal(1)
    expect(event.eventPath).to.deep.equal([bus.name])
    await stillWorks(bus)
  })

  it('an event whose middleware stops the bus in `onDispatch` is refused', async () => {
    let stops = true
    const bus = new EventBus({
      middlewares: [{ onDispatch: (_, itself) => void (stops && itself.stop()) }],
    })
    const event = make()
    expect(thrownBy(() => bus.dispatch(event))).to.be.instanceOf(BusStoppedError)
    expect(event.eventPath).to.deep.equal([])
    expect(bus.eventHistory.size).to.equal(0)
    stops = false
    await foreign()
    await stillWorks(bus)
  })

  it('a console that throws does not keep other handlers from their time-outs', async () => {
    const bus = new EventBus({ eventConcurrency: 'parallel' })
    bus.on('X', () => forever())
    const events = Array.from({ length: 3 }, () => new BaseEvent('X', {}, { timeout: 5 }))
    const { warn } = console
    await reportedDuring(() =>
      consoleDuring('error', async () => {
        console.warn = () => {
          throw new Error('the console throws')
        }
        try {
          for (const event of events) bus.dispatch(event)
          for (const event of events) await event
        } finally {
          console.warn = warn
        }
      }),
    )
    for (const event of events) {
      expect(only(event.eventResults.values()).error).to.be.instanceOf(EventTimeoutError)
    }
    await stillWorks(bus)
  })

  it('a listener that dispatches what leads back to it is ended as a handler is', async () => {
    const calls = { on: 0, addEventListener: 0 }
    for (const method of ['on', 'addEventListener'] as const) {
      const bus = new EventBus({ maxHistorySize: null })
      const leadsBack = () => {
        if (calls[method]++ < 20) bus.dispatch(make())
      }
      if (method === 'on') bus.on('X', leadsBack)
      else bus.addEventListener('X', leadsBack)
      const first = make()
      await reportedDuring(async () => {
        bus.dispatch(first)
        await first
      })
      const errors = [...bus.eventHistory.values()].flatMap(resultsOf).flatMap(({ error }) => error ?? [])
      expect(only(errors), method).to.be.instanceOf(EventLoopError)
      await stillWorks(bus)
    }
    expect(calls.addEventListener).to.equal(calls.on).and.below(20)
  })
})

describe('stop() while an event is being dispatched', () => {
  it('from an inspector of `queued`: the event is cancelled', async () => {
    const bus = new EventBus()
    let calls = 0
    bus.on('X', () => void calls++)
    onceAt(bus, 'queued', () => bus.stop())
    const event = bus.dispatch(make())
    await event
    expect(calls).to.equal(0)
    expect(only(resultsOf(event)).error).to.be.instanceOf(EventCancelledError)
    await isAtRest(bus)
  })

  it('from an inspector of `dropped`: the event is cancelled', async () => {
    const bus = new EventBus({ maxHistorySize: 1, maxPending: null })
    let calls = 0
    bus.on('X', () => void calls++)
    await bus.dispatch(make('Earlier'))
    const steps: string[] = []
    bus[inspect]((step, { eventType }) => void (eventType === 'X' && steps.push(step)))
    onceAt(bus, 'dropped', () => bus.stop())
    const event = bus.dispatch(make())
    await event
    expect(steps.join()).to.equal('queued,cancelled,cancelled,completed')
    expect(event.eventStatus).to.equal('completed')
    await isAtRest(bus)
  })

  it('from the `where` of an `expect`: the event is cancelled, and the wait ends', async () => {
    const bus = new EventBus()
    let calls = 0
    bus.on('X', () => void calls++)
    const expected = bus.expect('X', {
      where() {
        bus.stop()
        return true
      },
    })
    const refused = rejectionOf(expected)
    const event = bus.dispatch(make())
    await event
    expect(calls).to.equal(0)
    expect(only(resultsOf(event)).error).to.be.instanceOf(EventCancelledError)
    expect(await refused).to.be.instanceOf(BusStoppedError)
    await isAtRest(bus)
  })

  it('from the `where` of a `find`: the event is cancelled, and nothing is found', async () => {
    const bus = new EventBus()
    const found = bus.find('X', {
      past: false,
      future: true,
      where() {
        bus.stop()
        return true
      },
    })
    const event = bus.dispatch(make())
    await event
    expect(await found).to.equal(null)
    await isAtRest(bus)
  })
})

describe('stop() from an inspector of `started`', () => {
  it('every handler that would have run gets an EventCancelledError, and no listener is called', async () => {
    const bus = new EventBus()
    let calls = 0
    bus.addEventListener('X', () => void calls++)
    bus.on('X', () => void calls++)
    bus.on('X', () => void calls++)
    onceAt(bus, 'started', () => bus.stop())
    const event = bus.dispatch(make())
    await event
    await foreign()
    expect(calls).to.equal(0)
    expect(resultsOf(event)).to.have.length(2)
    for (const { error } of resultsOf(event)) expect(error).to.be.instanceOf(EventCancelledError)
    await isAtRest(bus)
  })
})

describe('stop() while stop() cancels', () => {
  for (const parallelHandlers of [false, true]) {
    const how = parallelHandlers ? 'parallel' : 'serial'
    it(`from an abort listener of ${how} handlers: the event is finished once`, async () => {
      const bus = new EventBus({ parallelHandlers })
      let aborts = 0
      for (let n = 0; n < 2; n++) {
        bus.on('X', (_, { signal }) => {
          signal.addEventListener('abort', () => {
            aborts++
            bus.stop()
          })
          return forever()
        })
      }
      const event = bus.dispatch(make())
      await until(() => event.eventStatus === 'started')
      await bus.stop()
      await event
      expect(aborts).to.equal(parallelHandlers ? 2 : 1)
      expect(resultsOf(event)).to.have.length(2)
      for (const { error } of resultsOf(event)) expect(error).to.be.instanceOf(EventCancelledError)
      await isAtRest(bus)
    })
  }

  it('from an abort listener, of another bus that has the event: both go on', async () => {
    const [one, other] = [new EventBus(), new EventBus()]
    const stops = (_: BaseEvent, { signal }: { signal: AbortSignal }) => {
      signal.addEventListener('abort', () => {
        one.stop()
        other.stop()
      })
      return forever()
    }
    one.on('X', (event) => other.dispatch(event))
    one.on('X', stops)
    other.on('X', (...args) => stops(...args))
    const event = one.dispatch(make())
    await until(() => resultsOf(event).length === 3)
    await one.stop()
    await event
    expect(event.eventStatus).to.equal('completed')
    await isAtRest(one)
    await isAtRest(other)
  })
})

describe('what stop() cancels', () => {
  it('a handler that was taken off meanwhile gets no result', async () => {
    const bus = new EventBus()
    const removed = () => {}
    bus.on('X', () => forever(), { name: 'slow' })
    bus.on('X', removed)
    bus.on('X', () => {}, { name: 'kept' })
    const event = bus.dispatch(make())
    await until(() => event.eventStatus === 'started')
    bus.off('X', removed)
    await bus.stop()
    await event
    expect(resultsOf(event).map(({ handlerName }) => handlerName)).to.deep.equal(['slow', 'kept'])
    await isAtRest(bus)
  })

  it('handlers of a vetoed event get no result', async () => {
    const bus = new EventBus()
    bus.addEventListener('X', function veto(event) {
      event.preventDefault()
      return forever()
    })
    bus.on('X', () => {})
    const event = bus.dispatch(new BaseEvent('X', {}, { cancelable: true }))
    await until(() => event.eventStatus === 'started')
    await bus.stop()
    await event
    expect(event.defaultPrevented).to.equal(true)
    expect(only(resultsOf(event)).handlerName).to.equal('veto')
    await isAtRest(bus)
  })
})

describe('what stop() leaves', () => {
  it('called by a handler whose event comes to the bus meanwhile, it ends, and the bus accepts events again', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    const busy = deferred()
    const more = deferred()
    const forwarded = deferred()
    let stopped: Promise<unknown> | undefined
    b.on('Y', () => busy.promise)
    a.on('E', async (event, { via }) => {
      const idle = b.waitUntilIdle()
      stopped = b.stop({ timeout: 5000 }).then(
        () => 'stopped',
        (error) => error,
      )
      await idle
      via(b).dispatch(event)
      forwarded.resolve()
      await more.promise
    })
    b.dispatch(make('Y'))
    const event = a.dispatch(make('E'))
    await until(() => stopped !== undefined)
    busy.resolve()
    await forwarded.promise
    await foreign()
    more.resolve()
    await event
    expect(await stopped).to.equal('stopped')
    await isAtRest(b)
    await isAtRest(a)
  })

  it('after stop({ clear: true }) nobody waits for what cannot come', async () => {
    const bus = new EventBus()
    const { name } = bus
    await bus.stop({ clear: true })
    expect(await rejectionOf(bus.expect('X'))).to.be.instanceOf(BusStoppedError)
    expect(await bus.find('X', { future: true })).to.equal(null)
    const events = bus.events('X')
    expect(await events.next()).to.deep.equal({ value: undefined, done: true })
    expect(await rejectionOf(bus.whenRoom())).to.be.instanceOf(BusStoppedError)
    await isAtRest(new EventBus({ name }))
  })

  it('a signal keeps no listener of subscriptions that are over', async () => {
    const bus = new EventBus()
    const other = new EventBus()
    const { signal } = new AbortController()
    const kept = new Set<unknown>()
    const { addEventListener, removeEventListener } = signal
    Object.assign(signal, {
      addEventListener(...args: [string, () => void]) {
        kept.add(args[1])
        addEventListener.apply(signal, args)
      },
      removeEventListener(...args: [string, () => void]) {
        kept.delete(args[1])
        removeEventListener.apply(signal, args)
      },
    })
    const handler = () => {}
    for (let n = 0; n < 10; n++) {
      bus.on('X', () => {}, { once: true, signal })
      bus.on('Y', handler, { signal })
      other.on('X', () => {}, { signal })
    }
    expect(kept.size).to.equal(30)
    await bus.dispatch(make())
    expect(kept.size, 'after `once`').to.equal(20)
    bus.off('Y', handler)
    expect(kept.size, 'after `off`').to.equal(10)
    await other.stop({ clear: true })
    expect(kept.size, 'after `stop({ clear })`').to.equal(0)
    await stillWorks(bus)
  })
})
