// Every example of the Python library's readme (1.4.3), in its order, translated line by line. Seconds became
// milliseconds, and the longer waits of its examples a few milliseconds. Its write-ahead log and its semaphores
// between processes have tests of their own.
import { expect } from '@esm-bundle/chai'
import { any, array, number, record, StructError, string } from 'superstruct'
import { BaseEvent, defineEvent, EventBus } from '../../src/index.js'
import { deferred, foreign, lastOf, thrownBy } from './helpers.js'

describe('the readme of the Python library', () => {
  describe('Quickstart', () => {
    class UserLoginEvent extends defineEvent('UserLoginEvent', { username: string(), timestamp: number() }) {}
    class AuthRequestEvent extends defineEvent('AuthRequestEvent', { username: string() }) {}
    class AuthResponseEvent extends defineEvent(
      'AuthResponseEvent',
      { key: string() },
      { result: string() },
    ) {}

    const quickstart = async (answer: (bus: EventBus) => void) => {
      const bus = new EventBus()
      const printed: string[] = []

      async function handleLogin(event: UserLoginEvent) {
        const authRequest = await bus.dispatch(new AuthRequestEvent({ username: event.username })) // dispatch a nested event
        const authResponse = await bus.expect(AuthResponseEvent) // wait for an event to be seen
        expect(authRequest.eventStatus).to.equal('completed')
        printed.push(
          `User ${event.username} logged in at ${event.timestamp} with API key: ${await authResponse.eventResult()}`,
        )
        return { status: 'success', user: event.username }
      }

      bus.on(UserLoginEvent, handleLogin)
      bus.on(AuthRequestEvent, () => answer(bus))
      bus.on(AuthResponseEvent, (response) => response.key)

      const event = bus.dispatch(new UserLoginEvent({ username: 'alice', timestamp: 1234567890 }))
      const result = await event
      expect(result).to.equal(event)
      expect(printed).to.deep.equal(['User alice logged in at 1234567890 with API key: key-1'])
      expect(lastOf(result.eventResults.values()).result).to.deep.equal({ status: 'success', user: 'alice' })
    }

    it('works when the handler of the request gives the answer', () =>
      quickstart((bus) => bus.dispatch(new AuthResponseEvent({ key: 'key-1' }))))

    it('works when a timer gives the answer', () =>
      quickstart((bus) => setTimeout(() => bus.dispatch(new AuthResponseEvent({ key: 'key-1' })), 5)))
  })

  it('Type-Safe Events', () => {
    class OrderCreatedEvent extends defineEvent('OrderCreatedEvent', {
      orderId: string(),
      customerId: string(),
      totalAmount: number(),
      items: array(record(string(), any())),
    }) {}

    // Events are automatically validated
    const event = new OrderCreatedEvent({
      orderId: 'ORD-123',
      customerId: 'CUST-456',
      totalAmount: 99.99,
      items: [{ sku: 'ITEM-1', quantity: 2 }],
    })
    expect(event.orderId).to.equal('ORD-123')
    expect(event.items).to.deep.equal([{ sku: 'ITEM-1', quantity: 2 }])
    expect(thrownBy(() => new OrderCreatedEvent({ orderId: 'ORD-123' } as never))).to.be.instanceOf(
      StructError,
    )
  })

  it('Async and Sync Handler Support', async () => {
    const bus = new EventBus()
    // Async handler
    async function asyncHandler(_event: BaseEvent) {
      await foreign() // Simulate async work
      return 'async result'
    }
    // Sync handler
    function syncHandler(_event: BaseEvent) {
      return 'sync result'
    }
    bus.on('MyEvent', asyncHandler)
    bus.on('MyEvent', syncHandler)

    const event = await bus.dispatch(new BaseEvent('MyEvent'))
    expect(await event.eventResultsList()).to.deep.equal(['async result', 'sync result'])
  })

  it('Async and Sync Handler Support: handlers under classes', async () => {
    const bus = new EventBus()
    class SomeService {
      static someValue = 'this works'
      someValue = 'this works'

      async handlersCanBeMethods(_event: BaseEvent) {
        return this.someValue
      }

      static async handlersCanBeClassMethods(_event: BaseEvent) {
        return SomeService.someValue
      }

      static async handlersCanBeStaticMethods(_event: BaseEvent) {
        return 'this works too'
      }
    }
    const service = new SomeService()
    bus.on('MyEvent', service.handlersCanBeMethods.bind(service))
    bus.on('MyEvent', SomeService.handlersCanBeClassMethods)
    bus.on('MyEvent', SomeService.handlersCanBeStaticMethods)

    const event = await bus.dispatch(new BaseEvent('MyEvent'))
    expect(await event.eventResultsList()).to.deep.equal(['this works', 'this works', 'this works too'])
  })

  it('Event Pattern Matching', async () => {
    const bus = new EventBus()
    class UserActionEvent extends defineEvent('UserActionEvent') {}
    const seen: string[] = []
    // By event type string
    bus.on('UserActionEvent', () => seen.push('type'))
    // By event model class
    bus.on(UserActionEvent, () => seen.push('class'))
    // Wildcard - handle all events
    bus.on('*', (event) => seen.push(`* ${event.type}`))

    await bus.dispatch(new UserActionEvent())
    await bus.dispatch(new BaseEvent('OtherEvent'))
    expect(seen).to.deep.equal(['type', 'class', '* UserActionEvent', '* OtherEvent'])
  })

  it('Forward Events Between EventBuses', async () => {
    // Create a hierarchy of buses
    const mainBus = new EventBus({ name: 'MainBus' })
    const authBus = new EventBus({ name: 'AuthBus' })
    const dataBus = new EventBus({ name: 'DataBus' })

    // Forward events between buses (infinite loops are automatically prevented)
    mainBus.on('AuthEvent', authBus.dispatch)
    authBus.on('*', dataBus.dispatch)
    dataBus.on('*', mainBus.dispatch)

    // Events flow through the hierarchy with tracking; the readme's own `MyEvent` is not the forwarded `AuthEvent`
    class MyEvent extends defineEvent('AuthEvent') {}
    const event = mainBus.dispatch(new MyEvent())
    await event
    expect(event.eventPath).to.deep.equal(['MainBus', 'AuthBus', 'DataBus'])
  })

  it('Event Results Aggregation', async () => {
    const bus = new EventBus()
    class GetConfig extends defineEvent('GetConfig') {}
    async function loadUserConfig(_event: BaseEvent) {
      return { debug: true, port: 8080 }
    }
    async function loadSystemConfig(_event: BaseEvent) {
      return { debug: false, timeout: 30 }
    }
    const first = bus.on('GetConfig', loadUserConfig)
    bus.on('GetConfig', loadSystemConfig)

    // Get a merger of all dict results
    const event = await bus.dispatch(new GetConfig())
    const config = await event.eventResultsFlatDict()
    expect({ ...config }).to.deep.equal({ debug: false, port: 8080, timeout: 30 })

    // Or get individual results
    const results = await event.eventResultsByHandlerId()
    expect(Object.values(results)).to.deep.equal([
      { debug: true, port: 8080 },
      { debug: false, timeout: 30 },
    ])
    expect(Object.keys(results)).to.deep.equal([...event.eventResults.keys()])
    expect(Object.keys(results).every((id) => id.startsWith(`${bus.id}.`))).to.equal(true)
    first()
  })

  it('FIFO Event Processing', async () => {
    const bus = new EventBus()
    class ProcessTaskEvent extends defineEvent('ProcessTaskEvent', { taskId: number() }) {}
    const processed: number[] = []
    bus.on(ProcessTaskEvent, async (event) => {
      if (event.taskId % 2 === 0) await foreign()
      processed.push(event.taskId)
    })
    // Events are processed in the order they were dispatched
    for (let i = 0; i < 10; i++) bus.dispatch(new ProcessTaskEvent({ taskId: i }))

    // Even with async handlers, order is preserved
    expect(await bus.waitUntilIdle()).to.equal(true)
    expect(processed).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('FIFO Event Processing: an awaited child jumps the queue', async () => {
    const bus = new EventBus()
    class SomeOtherEvent extends defineEvent('SomeOtherEvent') {}
    class MainEvent extends defineEvent('MainEvent') {}
    const order: string[] = []

    function childHandler(_event: SomeOtherEvent) {
      order.push('child')
      return 'xyz123'
    }
    async function mainHandler(_event: MainEvent) {
      // enqueue event for processing after main_handler exits
      const childEvent = bus.dispatch(new SomeOtherEvent())
      // can also await child events to process immediately instead of adding to FIFO queue
      const completedChildEvent = await childEvent
      return `result from awaiting child event: ${await completedChildEvent.eventResult()}`
    }
    bus.on(SomeOtherEvent, childHandler)
    bus.on(MainEvent, mainHandler)
    bus.on('QueuedBefore', () => order.push('queued before'))

    const main = bus.dispatch(new MainEvent())
    bus.dispatch(new BaseEvent('QueuedBefore'))
    expect(await main.eventResult()).to.equal('result from awaiting child event: xyz123')
    await bus.waitUntilIdle()
    expect(order).to.deep.equal(['child', 'queued before'])
  })

  it('Memory Management', async () => {
    // Create a bus with memory limits (default: 50 events)
    const bus = new EventBus({ maxHistorySize: 100 }) // Keep max 100 events in history
    // Or disable memory limits for unlimited history
    const unlimited = new EventBus({ maxHistorySize: null })
    const byDefault = new EventBus()

    const dispatchAll = async (to: EventBus) => {
      for (let i = 0; i < 120; i++) await to.dispatch(new BaseEvent('MyEvent', { i }))
      return [...to.eventHistory.values()].map((event) => event.eventPayload.i)
    }
    const numbers = Array.from({ length: 120 }, (_, i) => i)
    expect(await dispatchAll(bus)).to.deep.equal(numbers.slice(-100))
    expect(await dispatchAll(unlimited)).to.deep.equal(numbers)
    expect(await dispatchAll(byDefault)).to.deep.equal(numbers.slice(-50))
  })

  it('Memory Management: clear everything after each request', async () => {
    class EventService {
      eventbus = new EventBus({ name: 'RequestBus' }) // Creates internal EventBus
      async processRequest() {
        await this.eventbus.dispatch(new BaseEvent('Request'))
      }
    }
    for (let request = 0; request < 2; request++) {
      const eventService = new EventService()
      expect(eventService.eventbus.name).to.equal('RequestBus')
      try {
        await eventService.processRequest()
      } finally {
        // Clear all event history and remove from global tracking
        await eventService.eventbus.stop({ clear: true })
      }
      expect(eventService.eventbus.eventHistory.size).to.equal(0)
      expect([...EventBus.instances]).not.to.include(eventService.eventbus)
    }
  })

  it('Parallel Handler Execution', async () => {
    // Create bus with parallel handler execution
    const bus = new EventBus({ parallelHandlers: true })
    const started = [deferred(), deferred()]
    // Each is done only when the other one has started: one after another they would never be
    const slowHandler = (mine: number) => async () => {
      started[mine]?.resolve()
      await started[1 - mine]?.promise
      return mine
    }
    // Multiple handlers run concurrently for each event
    bus.on('DataEvent', slowHandler(0))
    bus.on('DataEvent', slowHandler(1))
    const event = await bus.dispatch(new BaseEvent('DataEvent'))
    expect(await event.eventResultsList()).to.deep.equal([0, 1])
  })

  it('Dispatch Nested Child Events From Handlers', async () => {
    const bus = new EventBus()
    class ParentEvent extends defineEvent('ParentEvent') {}
    class ChildEvent extends defineEvent('ChildEvent') {}
    let children: BaseEvent[] = []

    async function parentHandler(event: ParentEvent) {
      // handlers can emit more events to be processed asynchronously after this handler completes
      const childEventAsync = event.eventBus.dispatch(new ChildEvent()) // equivalent to bus.dispatch(...)
      expect(childEventAsync.eventStatus).not.to.equal('completed')
      // ChildEvent handlers will run after parentHandler exits

      // or you can dispatch an event and block until it finishes processing by awaiting the event
      const childEventSync = await bus.dispatch(new ChildEvent())
      // ChildEvent handlers run immediately
      expect(childEventSync.eventStatus).to.equal('completed')
      expect(childEventAsync.eventStatus).to.equal('pending')

      // in all cases, parent-child relationships are automagically tracked
      expect(childEventAsync.eventParentId).to.equal(event.eventId)
      expect(childEventSync.eventParentId).to.equal(event.eventId)
      children = [childEventAsync, childEventSync]
    }
    bus.on(ParentEvent, parentHandler)
    bus.on(ChildEvent, () => 'handled')

    const parentEvent = await bus.dispatch(new ParentEvent())
    await parentEvent.eventResult() // raises what the handler's own expectations threw
    expect(parentEvent.eventChildren).to.deep.equal(children) // show all the child events emitted
    expect(children).to.have.length(2)
    const tree = bus.logTree() // a nice pretty tree view of the entire event hierarchy
    expect(tree).to.match(/ParentEvent#\w+[\s\S]*parentHandler[\s\S]*ChildEvent#\w+[\s\S]*ChildEvent#\w+/)
  })
})
