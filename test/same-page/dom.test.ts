// What a bus adds to the EventTarget that it is: recorded results, the veto, `attach`, classes as types, and neighbours.
import { expect } from '@esm-bundle/chai'
import { fromEvent } from 'rxjs'
import { number, string } from 'superstruct'
import { BaseEvent, defineEvent, EventBus, EventTimeoutError } from '../../src/index.js'
import { deferred, foreign, only, reportedDuring } from './helpers.js'

class OrderCreated extends defineEvent(
  'OrderCreated',
  { orderId: string() },
  { cancelable: true, bubbles: true },
) {}
class Clicked extends defineEvent('Clicked', { x: number() }) {}

describe('a bus in the DOM', () => {
  it('a bus is an EventTarget, a bus event is an Event', () => {
    const bus = new EventBus()
    const order = new OrderCreated({ orderId: 'o' })
    expect(bus).to.be.instanceOf(EventTarget)
    expect(order).to.be.instanceOf(Event).and.instanceOf(BaseEvent)
    expect([order.type, order.bubbles, order.cancelable, order.composed]).to.deep.equal([
      'OrderCreated',
      true,
      true,
      false,
    ])
    expect(Object.prototype.toString.call(order)).to.match(/Event\]$/)
  })

  it('what a listener returns is recorded and awaited like the result of a handler', async () => {
    const bus = new EventBus()
    const gate = deferred()
    bus.addEventListener('OrderCreated', (async () => {
      await gate.promise
      return 'of the listener'
    }) as never)
    bus.on(OrderCreated, () => 'of the handler')
    const event = bus.dispatch(new OrderCreated({ orderId: 'o' }))
    await foreign()
    expect(event.eventStatus).to.equal('started')
    gate.resolve()
    expect(await event.eventResultsList()).to.deep.equal(['of the listener', 'of the handler'])
  })

  it('a `handleEvent` object has its result recorded, too', async () => {
    const bus = new EventBus()
    bus.addEventListener('OrderCreated', { handleEvent: () => 'of the object' } as never)
    expect(await bus.dispatch(new OrderCreated({ orderId: 'o' })).eventResult()).to.equal('of the object')
  })

  it('what a listener throws is recorded and reported', async () => {
    const bus = new EventBus()
    const failure = new Error('of a listener')
    bus.addEventListener('OrderCreated', () => {
      throw failure
    })
    bus.on(OrderCreated, () => 'of the handler')
    const event = new OrderCreated({ orderId: 'o' })
    const reported = await reportedDuring(() => bus.dispatch(event))
    expect(reported).to.deep.equal([failure])
    expect([...event.eventResults.values()].map((result) => result.error ?? result.result)).to.deep.equal([
      failure,
      'of the handler',
    ])
  })

  it('what a listener throws after it has stopped the bus is what is reported', async () => {
    const bus = new EventBus()
    const failure = new Error('of a listener')
    bus.addEventListener('OrderCreated', () => {
      void bus.stop()
      throw failure
    })
    const event = new OrderCreated({ orderId: 'o' })
    expect(await reportedDuring(() => bus.dispatch(event))).to.deep.equal([failure])
    expect(only(event.eventResults.values()).error).to.have.property('name', 'EventCancelledError')
  })

  it('what the promise of a listener rejects with is recorded', async () => {
    const bus = new EventBus()
    const failure = new Error('of a promise')
    bus.addEventListener('OrderCreated', (() => Promise.reject(failure)) as never)
    const event = await bus.dispatch(new OrderCreated({ orderId: 'o' }))
    expect(only(event.eventResults.values()).error).to.equal(failure)
  })

  it('a listener that never settles ends by the time-out of the event', async () => {
    const bus = new EventBus()
    bus.addEventListener('X', (() => new Promise(() => {})) as never)
    bus.on('X', () => 'of the handler')
    const event = await bus.dispatch(new BaseEvent('X', {}, { timeout: 5 }))
    const [listener, handler] = [...event.eventResults.values()]
    expect(listener?.error).to.be.instanceOf(EventTimeoutError)
    expect(handler?.result).to.equal('of the handler')
  })

  it('`preventDefault` is a veto: no handler runs, also on later buses', async () => {
    // 'global', so that a is first
    const [a, b] = [1, 2].map(() => new EventBus({ eventConcurrency: 'global' })) as [EventBus, EventBus]
    const log: string[] = []
    for (const [name, bus] of Object.entries({ a, b })) {
      bus.on('*', (event) => log.push(`${name} handles ${event.eventType}`))
      bus.addEventListener('OrderCreated', () => log.push(`${name} listens`))
    }
    a.addEventListener('OrderCreated', (event) => event.preventDefault())
    const event = a.dispatch(new OrderCreated({ orderId: 'o' }))
    b.dispatch(event)
    expect((await event).eventStatus).to.equal('completed')
    expect(event.defaultPrevented).to.equal(true)
    await b.dispatch(new BaseEvent('Marker'))
    expect(log).to.deep.equal(['a listens', 'b listens', 'b handles Marker'])
    expect([...event.eventPath]).to.deep.equal([a.name, b.name])
  })

  it('a veto on a later bus skips the handlers there, and those of the buses after it', async () => {
    const [a, b, c] = [new EventBus(), new EventBus(), new EventBus()]
    const log: string[] = []
    for (const [name, bus] of Object.entries({ a, b, c })) bus.on('OrderCreated', () => log.push(name))
    a.on('OrderCreated', b.dispatch)
    a.on('OrderCreated', c.dispatch)
    b.addEventListener(OrderCreated, (event) => event.preventDefault())
    await a.dispatch(new OrderCreated({ orderId: 'o' }))
    expect(log).to.include('a').and.not.include('b')
  })

  it('`stopImmediatePropagation` on one bus ends the dispatch there, not on the next bus, and is no veto', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    const heard: string[] = []
    a.addEventListener(OrderCreated, (event) => {
      heard.push('a')
      event.stopImmediatePropagation()
      if (event.orderId === 'vetoed') event.preventDefault()
    })
    a.addEventListener(OrderCreated, () => void heard.push('none'))
    a.on('*', b.dispatch)
    b.addEventListener(OrderCreated, ({ target }) => void heard.push(target === b ? 'b' : 'of another'))
    const forwarded = await a.dispatch(new OrderCreated({ orderId: 'o' }))
    expect(heard).to.deep.equal(['a', 'b'])
    expect([forwarded.defaultPrevented, forwarded.bubbles, forwarded.cancelable]).to.deep.equal([
      false,
      true,
      true,
    ])
    const vetoed = a.dispatch(new OrderCreated({ orderId: 'vetoed' }))
    await vetoed
    expect(heard).to.deep.equal(['a', 'b', 'a'])
    expect(vetoed.defaultPrevented).to.equal(true)
    heard.length = 0
    const both = a.dispatch(new OrderCreated({ orderId: 'vetoed' }))
    b.dispatch(both)
    expect((await both).defaultPrevented).to.equal(true)
    expect(heard).to.have.members(['a', 'b'])
  })

  it('`stopImmediatePropagation` on a target that a bus is attached to ends the dispatch there', async () => {
    for (const target of [window, document, new EventTarget()]) {
      const bus = new EventBus()
      let heard = 0
      bus.addEventListener('X', () => void heard++)
      using _ = bus.attach(target, 'X')
      target.addEventListener('X', (event) => event.stopImmediatePropagation(), { once: true })
      const event = new BaseEvent('X')
      target.dispatchEvent(event)
      await event
      expect(heard, target.constructor.name).to.equal(1)
    }
  })

  it('an event that is not cancelable cannot be vetoed', async () => {
    const bus = new EventBus()
    bus.addEventListener('X', (event) => event.preventDefault())
    bus.on('X', () => 'handled')
    expect(await bus.dispatch(new BaseEvent('X')).eventResult()).to.equal('handled')
  })

  it('`dispatchEvent` of a bus event enqueues it and returns true', async () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.addEventListener('OrderCreated', (event) => {
      log.push('listener')
      event.preventDefault()
    })
    const event = new OrderCreated({ orderId: 'o' })
    expect(bus.dispatchEvent(event)).to.equal(true)
    expect([log.length, event.eventStatus]).to.deep.equal([0, 'pending'])
    expect((await event).defaultPrevented).to.equal(true)
    expect(log).to.deep.equal(['listener'])
  })

  it('`dispatchEvent` of any other event is native and synchronous', () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.on('*', () => log.push('handler'))
    bus.addEventListener('click', (event) => {
      log.push(event.constructor.name)
      event.preventDefault()
    })
    expect(bus.dispatchEvent(new CustomEvent('click', { cancelable: true }))).to.equal(false)
    expect(bus.dispatchEvent(new CustomEvent('other'))).to.equal(true)
    expect(log).to.deep.equal(['CustomEvent'])
    expect(bus.eventHistory.size).to.equal(0)
  })

  it('an event class may be given for the type, to add and to remove', async () => {
    const bus = new EventBus()
    const seen: string[] = []
    const listener = (event: OrderCreated) => void seen.push(event.orderId)
    bus.addEventListener(OrderCreated, listener)
    await bus.dispatch(new OrderCreated({ orderId: 'o-1' }))
    bus.removeEventListener(OrderCreated, listener)
    await bus.dispatch(new OrderCreated({ orderId: 'o-2' }))
    bus.addEventListener(OrderCreated, listener)
    bus.removeEventListener('OrderCreated', listener as never)
    await bus.dispatch(new OrderCreated({ orderId: 'o-3' }))
    expect(seen).to.deep.equal(['o-1'])
  })

  it('a listener knows its run: what it dispatches has the event as its parent', async () => {
    const bus = new EventBus()
    bus.addEventListener('OrderCreated', (event) => {
      ;(event as unknown as OrderCreated).eventBus.dispatch(new Clicked({ x: 1 }))
      bus.dispatch(new Clicked({ x: 2 }))
    })
    const event = await bus.dispatch(new OrderCreated({ orderId: 'o' }))
    expect(event.eventChildren.map((child) => child.eventPayload.x)).to.deep.equal([1, 2])
  })
})

describe('attach', () => {
  it('ends with a bus that is cleared: nothing is mapped or thrown for its target any more', async () => {
    const [bus, target] = [new EventBus(), new EventTarget()]
    let mapped = 0
    bus.attach(target, 'click', () => {
      mapped++
      return new BaseEvent('X', {})
    })
    await bus.stop({ clear: true })
    const errors = await reportedDuring(() => {
      for (let i = 0; i < 2; i++) target.dispatchEvent(new Event('click'))
    })
    expect(errors).to.deep.equal([])
    expect(mapped).to.equal(0)
  })

  it('bus events that reach another target are dispatched on the bus', async () => {
    const bus = new EventBus()
    const element = document.createElement('div')
    bus.on(OrderCreated, (event) => event.orderId)
    bus.on('Clicked', () => 'clicked')
    const subscription = bus.attach(element, OrderCreated, 'Clicked')
    const order = new OrderCreated({ orderId: 'o' })
    const click = new Clicked({ x: 1 })
    element.dispatchEvent(order)
    element.dispatchEvent(click)
    element.dispatchEvent(new BaseEvent('Other'))
    expect([await order.eventResult(), await click.eventResult()]).to.deep.equal(['o', 'clicked'])
    expect(bus.eventHistory.size).to.equal(2)
    subscription()
    element.dispatchEvent(new OrderCreated({ orderId: 'later' }))
    expect(bus.eventHistory.size).to.equal(2)
  })

  it('a bubbling event of an element reaches a bus at the document', async () => {
    const bus = new EventBus()
    const element = document.body.appendChild(document.createElement('button'))
    using _attached = bus.attach(document, 'OrderCreated')
    const order = new OrderCreated({ orderId: 'o' })
    element.dispatchEvent(order)
    element.remove()
    expect((await order).eventPath).to.deep.equal([bus.name])
  })

  it('plain events of the same type are left alone without a mapping', () => {
    const bus = new EventBus()
    const target = new EventTarget()
    bus.attach(target, 'OrderCreated')
    expect(target.dispatchEvent(new CustomEvent('OrderCreated'))).to.equal(true)
    expect(bus.eventHistory.size).to.equal(0)
  })

  it('a mapping makes bus events of other DOM events; null makes none', async () => {
    const bus = new EventBus()
    const element = document.body.appendChild(document.createElement('button'))
    const seen: number[] = []
    bus.on(Clicked, (event) => seen.push(event.x))
    const subscription = bus.attach(element, 'click', (event) => {
      const { clientX } = event as MouseEvent
      return clientX > 0 ? new Clicked({ x: clientX }) : null
    })
    for (const clientX of [5, 0, 7]) element.dispatchEvent(new MouseEvent('click', { clientX }))
    element.click() // a real click, without coordinates
    await bus.waitUntilIdle()
    expect(seen).to.deep.equal([5, 7])
    subscription[(Symbol.dispose ?? Symbol.for('Symbol.dispose')) as typeof Symbol.dispose]()
    element.dispatchEvent(new MouseEvent('click', { clientX: 9 }))
    await bus.waitUntilIdle()
    expect(seen).to.deep.equal([5, 7])
    element.remove()
  })
})

describe('neighbours on the web', () => {
  it('RxJS `fromEvent` takes a bus', async () => {
    const bus = new EventBus()
    const seen: string[] = []
    const subscription = fromEvent<OrderCreated>(bus, 'OrderCreated').subscribe((event) =>
      seen.push(event.orderId),
    )
    await bus.dispatch(new OrderCreated({ orderId: 'o-1' }))
    subscription.unsubscribe()
    await bus.dispatch(new OrderCreated({ orderId: 'o-2' }))
    expect(seen).to.deep.equal(['o-1'])
  })

  // test/engines.md: Firefox and WebKit have no observables; there `bus.when` is undefined, as it is on any EventTarget.
  it('`bus.when` is what the engine gives every EventTarget', async () => {
    const bus = new EventBus()
    const when = (
      bus as unknown as { when?: (type: string) => { subscribe(next: (event: Event) => void): void } }
    ).when
    expect(typeof when).to.equal(typeof (EventTarget.prototype as unknown as { when?: unknown }).when)
    if (when === undefined) return
    const seen: string[] = []
    when.call(bus, 'OrderCreated').subscribe((event) => seen.push((event as unknown as OrderCreated).orderId))
    await bus.dispatch(new OrderCreated({ orderId: 'o-1' }))
    expect(seen).to.deep.equal(['o-1'])
  })
})
