// The second half of the Python library's readme: "Expect an Event to be Dispatched" and the API documentation.
import { expect } from '@esm-bundle/chai'
import { number, string } from 'superstruct'
import {
  BaseEvent,
  BusFullError,
  defineEvent,
  EventBus,
  EventResult,
  EventTimeoutError,
} from '../../src/index.js'
import { foreign, forever, only, rejectionOf, thrownBy } from './helpers.js'

class UserEvent extends defineEvent('UserEvent', { userId: string() }) {}
class MyEvent extends defineEvent('MyEvent', { data: string() }) {}

describe('the readme of the Python library: expect', () => {
  it('Expect an Event to be Dispatched', async () => {
    const bus = new EventBus()
    class RequestEvent extends defineEvent('RequestEvent') {}
    class ResponseEvent extends defineEvent('ResponseEvent', { requestId: string() }) {}
    const myRequestId = 'request-2'
    bus.on(RequestEvent, () => {
      setTimeout(() => {
        bus.dispatch(new ResponseEvent({ requestId: 'request-1' }))
        bus.dispatch(new ResponseEvent({ requestId: 'request-2' }))
      })
    })
    bus.on(ResponseEvent, foreign)

    // Block until a specific event is seen (with optional timeout)
    const requestEvent = await bus.dispatch(new RequestEvent())
    expect(requestEvent.eventStatus).to.equal('completed')
    const anyResponse = await bus.expect('ResponseEvent', { timeout: 30_000 })
    expect(anyResponse.eventPayload.requestId).to.equal('request-1')

    // Block until a specific event is seen (with optional predicate filtering)
    const responseEvent = await bus.expect(ResponseEvent, {
      predicate: (event) => event.requestId === myRequestId,
      timeout: 30_000,
    })
    expect(responseEvent.requestId).to.equal('request-2')
    // expect() resolves when the event is first dispatched, not when it completes
    expect(responseEvent.eventStatus).not.to.equal('completed')
    // `await response_event` to get the completed event
    expect((await responseEvent).eventStatus).to.equal('completed')
  })
})

describe('the readme of the Python library: EventBus', () => {
  it('EventBus(…): the parameters and their defaults', () => {
    const bus = new EventBus({ name: 'ApiBus', parallelHandlers: false, maxHistorySize: 50 })
    expect(bus.name).to.equal('ApiBus')
    expect(new EventBus().name).to.match(/^EventBus_[A-Za-z0-9]{8}$/)
  })

  it('EventBus Properties', async () => {
    const bus = new EventBus({ name: 'Properties' })
    expect(bus.name).to.equal('Properties')
    expect(bus.id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    bus.on('First', forever)
    const first = bus.dispatch(new BaseEvent('First', {}, { timeout: null }))
    const second = bus.dispatch(new BaseEvent('Second'))
    await foreign()
    expect([...bus.eventHistory.keys()]).to.deep.equal([first.eventId, second.eventId])
    expect([...bus.eventsStarted]).to.deep.equal([first])
    expect([...bus.eventsPending]).to.deep.equal([second])
    expect([...bus.eventsCompleted]).to.deep.equal([])
    await bus.stop()
    expect([...bus.eventsCompleted]).to.have.members([first, second])
    expect([...EventBus.instances]).to.include(bus)
  })

  it('on(event_type, handler)', async () => {
    const bus = new EventBus()
    const calls: string[] = []
    bus.on('UserEvent', () => calls.push('type')) // By event type string
    bus.on(UserEvent, () => calls.push('class')) // By event class
    bus.on('*', () => calls.push('wildcard')) // Wildcard - all events
    await bus.dispatch(new UserEvent({ userId: 'u' }))
    expect(calls).to.deep.equal(['type', 'class', 'wildcard'])
  })

  it('dispatch(event)', async () => {
    const bus = new EventBus()
    const pending = new MyEvent({ data: 'test' })
    const event = bus.dispatch(pending)
    expect(event).to.equal(pending)
    expect(event.eventStatus).to.equal('pending')
    const result = await event // await the pending Event to get the completed Event
    expect(result).to.equal(pending)
    expect(result.eventStatus).to.equal('completed')
  })

  it('dispatch(event): a hard limit of 100 pending events', async () => {
    const bus = new EventBus()
    for (let i = 0; i < 100; i++) bus.dispatch(new BaseEvent('MyEvent'))
    expect(thrownBy(() => bus.dispatch(new BaseEvent('MyEvent')))).to.be.instanceOf(BusFullError)
    await bus.waitUntilIdle()
    expect((await bus.dispatch(new BaseEvent('MyEvent'))).eventStatus).to.equal('completed')
  })

  it('expect(event_type, timeout, predicate)', async () => {
    const bus = new EventBus()
    setTimeout(() => bus.dispatch(new UserEvent({ userId: 'somebody' })))
    // Wait for any UserEvent
    const anybody = await bus.expect('UserEvent', { timeout: 30_000 })
    expect(anybody.eventPayload.userId).to.equal('somebody')

    setTimeout(() => {
      bus.dispatch(new UserEvent({ userId: 'somebody_else' }))
      bus.dispatch(new UserEvent({ userId: 'specific_user' }))
    })
    // Wait with custom filter
    const event = await bus.expect('UserEvent', {
      predicate: (e) => e.eventPayload.userId === 'specific_user',
    })
    expect(event.eventPayload.userId).to.equal('specific_user')
    expect(await rejectionOf(bus.expect('Never', { timeout: 5 }))).to.be.instanceOf(EventTimeoutError)
  })

  it('wait_until_idle(timeout)', async () => {
    const bus = new EventBus()
    bus.on('MyEvent', foreign)
    const event = bus.dispatch(new MyEvent({ data: 'test' }))
    expect(await bus.waitUntilIdle()).to.equal(true) // wait indefinitely until finished processing all events
    expect(event.eventStatus).to.equal('completed')
    expect(await bus.waitUntilIdle(5000)).to.equal(true) // wait up to 5 seconds
    bus.on('Endless', forever)
    bus.dispatch(new BaseEvent('Endless'))
    expect(await bus.waitUntilIdle(5)).to.equal(false)
    await bus.stop()
  })

  it('stop(timeout, clear)', async () => {
    const bus = new EventBus()
    bus.on('MyEvent', foreign)
    bus.on('Endless', forever)
    const graceful = bus.dispatch(new MyEvent({ data: '1' }))
    await bus.stop({ timeout: 1000 }) // Graceful stop, wait up to 1sec for pending and active events
    expect(only(graceful.eventResults.values()).status).to.equal('completed')

    const aborted = bus.dispatch(new BaseEvent('Endless'))
    await foreign()
    await bus.stop() // Immediate shutdown, aborts all pending and actively processing events
    expect(only(aborted.eventResults.values()).status).to.equal('error')
    expect(aborted.eventStatus).to.equal('completed')

    await bus.stop({ clear: true }) // Stop and clear all event history and handlers to free memory
    expect(bus.eventHistory.size).to.equal(0)
  })
})

describe('the readme of the Python library: BaseEvent', () => {
  it('BaseEvent Fields', async () => {
    const bus = new EventBus({ name: 'Fields' })
    class SomeEvent extends defineEvent('SomeEvent', { someKey: string(), someNumber: number() }) {}
    const event = new SomeEvent({ someKey: 'a', someNumber: 1 })
    expect(event.eventType).to.equal('SomeEvent')
    expect(event.eventId).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(event.eventTimeout).to.equal(60_000)
    expect(event.eventSchema).to.match(/^SomeEvent@/)
    expect(event.eventParentId).to.equal(null)
    expect([...event.eventPath]).to.deep.equal([])
    expect(event.eventCreatedAt).to.be.instanceOf(Date)
    expect(event.eventResults.size).to.equal(0)
    await bus.dispatch(event)
    expect([...event.eventPath]).to.deep.equal(['Fields'])
    expect([event.someKey, event.someNumber]).to.deep.equal(['a', 1])
  })

  it('BaseEvent Properties', async () => {
    const bus = new EventBus()
    bus.on('MyEvent', (event) => {
      expect(event.eventStatus).to.equal('started')
      event.eventBus.dispatch(new BaseEvent('ChildEvent'))
      return event.eventBus.bus === bus
    })
    const event = new MyEvent({ data: 'test' })
    expect([event.eventStatus, event.eventStartedAt, event.eventCompletedAt]).to.deep.equal([
      'pending',
      null,
      null,
    ])
    await bus.dispatch(event)
    expect(event.eventStatus).to.equal('completed')
    expect(event.eventStartedAt).to.be.instanceOf(Date)
    expect(event.eventCompletedAt).to.be.instanceOf(Date)
    expect(event.eventChildren.map((child) => child.eventType)).to.deep.equal(['ChildEvent'])
    expect(await event.eventResult()).to.equal(true)
  })

  it('await event', async () => {
    const bus = new EventBus()
    bus.on('MyEvent', () => 'raw')
    bus.on('MyEvent', async () => 'values')
    const event = bus.dispatch(new MyEvent({ data: 'test' }))
    const completedEvent = await event
    const rawResultValues: unknown[] = []
    for (const eventResult of completedEvent.eventResults.values()) rawResultValues.push(await eventResult)
    // equivalent to: completed_event.event_results_list()
    expect(rawResultValues).to.deep.equal(await completedEvent.eventResultsList())
    expect(rawResultValues).to.deep.equal(['raw', 'values'])
  })

  it('event_result(timeout)', async () => {
    const bus = new EventBus()
    bus.on('MyEvent', () => 'first')
    bus.on('MyEvent', () => 'second')
    const event = bus.dispatch(new MyEvent({ data: 'test' }))
    expect(await event.eventResult()).to.equal('first')
  })

  it('event_results_by_handler_id(timeout)', async () => {
    const bus = new EventBus()
    bus.on('MyEvent', () => 'result1')
    bus.on('MyEvent', () => 'result2')
    const event = bus.dispatch(new MyEvent({ data: 'test' }))
    const results = await event.eventResultsByHandlerId()
    const [id1, id2] = [...event.eventResults.keys()] as [string, string]
    expect({ ...results }).to.deep.equal({ [id1]: 'result1', [id2]: 'result2' })
  })

  it('event_results_list(timeout)', async () => {
    const bus = new EventBus()
    bus.on('MyEvent', () => 'result1')
    bus.on('MyEvent', () => 'result2')
    const event = bus.dispatch(new MyEvent({ data: 'test' }))
    expect(await event.eventResultsList()).to.deep.equal(['result1', 'result2'])
  })

  it('event_results_flat_dict(timeout)', async () => {
    const bus = new EventBus()
    bus.on('MyEvent', () => ({ key1: 'value1' }))
    bus.on('MyEvent', () => ({ key2: 'value2' }))
    bus.on('MyEvent', () => 'not a dict')
    const event = bus.dispatch(new MyEvent({ data: 'test' }))
    expect({ ...(await event.eventResultsFlatDict()) }).to.deep.equal({ key1: 'value1', key2: 'value2' })
  })

  it('event_results_flat_list(timeout)', async () => {
    const bus = new EventBus()
    bus.on('MyEvent', () => ['item1', 'item2'])
    bus.on('MyEvent', () => ['item3'])
    bus.on('MyEvent', () => 'not a list')
    const event = bus.dispatch(new MyEvent({ data: 'test' }))
    expect(await event.eventResultsFlatList()).to.deep.equal(['item1', 'item2', 'item3'])
  })

  it('event_bus (property)', async () => {
    const bus = new EventBus()
    class ChildEvent extends defineEvent('ChildEvent') {}
    async function someHandler(event: MyEvent) {
      // You can always dispatch directly to any bus you have a reference to
      const childEvent = bus.dispatch(new ChildEvent())
      // OR use the event.event_bus shortcut to get the current bus:
      const awaited = await event.eventBus.dispatch(new ChildEvent())
      return [childEvent.eventParentId, awaited.eventParentId]
    }
    bus.on(MyEvent, someHandler)
    const event = bus.dispatch(new MyEvent({ data: 'test' }))
    expect(await event.eventResult()).to.deep.equal([event.eventId, event.eventId])
    expect(thrownBy(() => event.eventBus)).to.be.instanceOf(Error)
  })
})

describe('the readme of the Python library: EventResult', () => {
  it('EventResult Fields', async () => {
    const bus = new EventBus({ name: 'ResultFields' })
    bus.on('MyEvent', function someHandler(event: BaseEvent) {
      event.eventBus.dispatch(new BaseEvent('ChildEvent'))
      return 'value'
    })
    const event = await bus.dispatch(new MyEvent({ data: 'test' }))
    const [handlerId, result] = only(event.eventResults)
    expect(result).to.be.instanceOf(EventResult)
    expect(result.id).to.be.a('string').and.not.equal('')
    expect(result.handlerId).to.equal(handlerId)
    expect(result.handlerName).to.equal('someHandler')
    expect([result.eventId, result.busId, result.busName]).to.deep.equal([
      event.eventId,
      bus.id,
      'ResultFields',
    ])
    expect([result.status, result.result]).to.deep.equal(['completed', 'value'])
    expect(result.error ?? null).to.equal(null)
    expect(result.startedAt).to.be.instanceOf(Date)
    expect(result.completedAt).to.be.instanceOf(Date)
    expect(result.timeout).to.equal(60_000)
    expect([...result.eventChildren]).to.deep.equal([...event.eventChildren])
    expect(result.eventChildren).to.have.length(1)
  })

  it('await result', async () => {
    const bus = new EventBus()
    const failure = new Error('the handler hit an error')
    const good = bus.on('MyEvent', () => 'value')
    bus.on('MyEvent', () => {
      throw failure
    })
    const event = await bus.dispatch(new MyEvent({ data: 'test' }))
    const [value, error] = [...event.eventResults.values()] as [EventResult, EventResult]
    expect(await value).to.equal('value') // Returns result
    expect(await rejectionOf(error as never)).to.equal(failure) // or raises an exception if handler hits an error
    good()
  })
})
