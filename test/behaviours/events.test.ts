import { expect } from '@esm-bundle/chai'
import { any, array, number, object, record, string, type } from 'superstruct'
import { BaseEvent, defineEvent, EventBus, WireError } from '../../src/index.js'
import { gate, resultsOf, thrown } from './support.js'

class Ping extends defineEvent('Ping') {}
class Child extends defineEvent('Child') {}
class Order extends defineEvent('Order', { id: string(), total: number() }, { version: '2.1.0' }) {}

describe('A2: events', () => {
  it('7: the type is the string given to defineEvent, also for an inline class', async () => {
    const bus = new EventBus()
    const seen: string[] = []
    const Inline = class extends defineEvent('InlineEvent') {}
    bus.on(Inline, () => {
      seen.push('class')
    })
    bus.on('InlineEvent', () => {
      seen.push('string')
    })
    const event = await bus.dispatch(new Inline())
    expect(event.eventType).to.equal('InlineEvent')
    expect(event.type).to.equal('InlineEvent')
    expect(seen).to.deep.equal(['class', 'string'])
  })

  it('8: a type that differs from the class name wins; the class name matches nothing', async () => {
    const bus = new EventBus()
    const seen: string[] = []
    class ClassName extends defineEvent('Given') {}
    bus.on('ClassName', () => {
      seen.push('by class name')
    })
    bus.on('Given', () => {
      seen.push('by type')
    })
    bus.on(ClassName, () => {
      seen.push('by class')
    })
    await bus.dispatch(new ClassName())
    expect(seen).to.deep.equal(['by type', 'by class'])
  })

  it('9: eventSchema is type@version, by default version 1.0.0, and dispatching keeps it', async () => {
    const bus = new EventBus()
    const order = new Order({ id: 'a', total: 1 })
    expect(order.eventSchema).to.equal('Order@2.1.0')
    expect(new Ping().eventSchema).to.equal('Ping@1.0.0')
    await bus.dispatch(order)
    expect(order.eventSchema).to.equal('Order@2.1.0')
  })

  it('10: dispatch returns the same, pending event at once', async () => {
    const bus = new EventBus()
    const order = new Order({ id: 'a', total: 1 })
    const returned: Order = bus.dispatch(order)
    expect(returned === order).to.equal(true)
    expect(order.eventStatus).to.equal('pending')
    expect(order.eventStartedAt).to.equal(null)
    expect(order.eventCompletedAt).to.equal(null)
    expect((await returned) === order).to.equal(true)
  })

  it('11: nested payloads are kept, and unknown fields where the schema lets them through', async () => {
    const bus = new EventBus()
    class Deep extends defineEvent('Deep', {
      tree: record(string(), any()),
      rows: array(object({ n: number() })),
    }) {}
    class Open extends defineEvent('Open', type({ n: number() })) {}
    const tree = { a: { b: [1, { c: null }] } }
    const deep = await bus.dispatch(new Deep({ tree, rows: [{ n: 1 }] }))
    expect(deep.tree).to.deep.equal(tree)
    expect(deep.rows).to.deep.equal([{ n: 1 }])
    const open = new Open({ n: 1, extra: 'kept' } as { n: number })
    expect(open.eventPayload).to.deep.equal({ n: 1, extra: 'kept' })
    const untyped = new BaseEvent('Anything', { whatever: { deep: true } })
    expect(untyped.eventPayload).to.deep.equal({ whatever: { deep: true } })
  })

  it('12: types, time-outs and ids are checked; ids are UUIDs of version 7', () => {
    const bad: (() => unknown)[] = [
      () => new BaseEvent('Slow', {}, { timeout: 0 }),
      () => new BaseEvent('Slow', {}, { timeout: -1 }),
      () => new BaseEvent('Slow', {}, { timeout: 'soon' as never }),
      () => new BaseEvent('x'.repeat(65)),
      () => new BaseEvent('1st'),
      () => new BaseEvent('no space'),
      () => defineEvent('no-dash'),
    ]
    for (const call of bad) {
      const error = thrown(call)
      expect(error instanceof TypeError || error instanceof RangeError, String(call)).to.equal(true)
    }
    expect(new BaseEvent('x'.repeat(64)).eventType.length).to.equal(64)
    const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
    expect(new Ping().eventId).to.match(uuid7)
    const foreign = { ...new Ping().toJSON(), event_id: 'not-a-uuid' }
    expect(thrown(() => Ping.fromJSON(foreign))).to.be.instanceOf(WireError)
  })

  it('13: a round trip through JSON gives a pending event without times; results are never in it', () => {
    const order = new Order({ id: 'a', total: 1 })
    const text = JSON.stringify(order)
    const back = Order.fromJSON(JSON.parse(text))
    expect(back).to.be.instanceOf(Order)
    expect([back.id, back.total, back.eventId]).to.deep.equal(['a', 1, order.eventId])
    expect(back.eventCreatedAt.getTime()).to.equal(order.eventCreatedAt.getTime())
    expect(back.eventStatus).to.equal('pending')
    expect(back.eventStartedAt).to.equal(null)
    expect(back.eventCompletedAt).to.equal(null)
    expect(Object.keys(JSON.parse(text))).not.to.contain('event_results')
  })

  it('14: a copy of an event can be dispatched, also after the original has completed', async () => {
    const bus = new EventBus()
    const totals: number[] = []
    bus.on(Order, (event) => {
      totals.push(event.total)
    })
    const order = await bus.dispatch(new Order({ id: 'a', total: 7 }))
    const copy = new Order({ id: order.id, total: order.total })
    expect(copy.eventResults.size).to.equal(0)
    await bus.dispatch(copy)
    expect(totals).to.deep.equal([7, 7])
    expect(copy.eventId).not.to.equal(order.eventId)
  })

  it('15: the status is pending, started or completed; an event never has an error status', async () => {
    const bus = new EventBus()
    const ping = new Ping()
    const seen: string[] = [ping.eventStatus]
    bus.on(Ping, (event) => {
      seen.push(event.eventStatus)
      throw new Error('handler failed')
    })
    bus.dispatch(ping)
    seen.push(ping.eventStatus)
    await ping
    seen.push(ping.eventStatus)
    expect(seen).to.deep.equal(['pending', 'pending', 'started', 'completed'])
    expect(resultsOf(ping).map((result) => (result.error as Error).message)).to.deep.equal(['handler failed'])
  })

  it('16: an event starts with its first handler and completes with its last, once', async () => {
    const steps: string[] = []
    const watch = { onEvent: (_step: string, event: BaseEvent) => void steps.push(event.eventStatus) }
    const a = new EventBus({ middlewares: [watch] })
    const b = new EventBus({ middlewares: [watch] })
    const release = gate()
    const started = gate()
    a.on(Ping, () => 1)
    a.on(Ping, b.dispatch)
    b.on(Ping, async () => {
      started.open()
      await release.promise
    })
    const ping = a.dispatch(new Ping())
    await started.promise
    expect(ping.eventCompletedAt).to.equal(null)
    expect(ping.eventStatus).to.equal('started')
    release.open()
    await ping
    const starts = resultsOf(ping).map((result) => result.startedAt?.getTime() ?? Number.NaN)
    const ends = resultsOf(ping).map((result) => result.completedAt?.getTime() ?? Number.NaN)
    expect(ping.eventStartedAt?.getTime()).to.be.at.most(Math.min(...starts))
    expect(ping.eventCompletedAt?.getTime()).to.be.at.least(Math.max(...ends))
    const first = steps.indexOf('completed')
    expect(steps.slice(first).every((status) => status === 'completed')).to.equal(true)
    expect(thrown(() => new EventBus().dispatch(ping))).to.be.instanceOf(TypeError)
  })

  it('17: an event without handlers completes with no results', async () => {
    const ping = await new EventBus().dispatch(new Ping())
    expect(ping.eventStatus).to.equal('completed')
    expect(ping.eventResults.size).to.equal(0)
    expect(ping.eventStartedAt).to.be.instanceOf(Date)
    expect(ping.eventCompletedAt).to.be.instanceOf(Date)
    expect(await ping.eventResultsList()).to.deep.equal([])
  })

  it('18: eventBus is the bus handling the event now, and throws outside a handler', async () => {
    const a = new EventBus()
    const b = new EventBus()
    const seen: [string, boolean][] = []
    a.on(Ping, (event) => {
      seen.push([event.eventBus.name, event.eventBus.bus === a])
    })
    a.on(Ping, b.dispatch)
    b.on(Ping, async (event) => {
      seen.push([event.eventPath.at(-1) ?? '', event.eventBus.bus === b])
      await event.eventBus.dispatch(new Child())
      seen.push([event.eventBus.name, event.eventBus.bus === b])
    })
    b.on(Child, (event) => {
      seen.push([event.eventBus.name, event.eventBus.bus === b])
    })
    const ping = await a.dispatch(new Ping())
    expect(seen).to.deep.equal([a, b, b, b].map((bus) => [bus.name, true]))
    expect(thrown(() => ping.eventBus).message).to.contain('handler')
  })
})
