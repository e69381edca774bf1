// Events by themselves: what `defineEvent` makes, ids, records.
import { expect } from '@esm-bundle/chai'
import {
  any,
  array,
  coerce,
  date,
  defaulted,
  integer,
  number,
  object,
  record,
  StructError,
  string,
  trimmed,
  type as typeStruct,
} from 'superstruct'
import { BaseEvent, defineEvent, EventBus, WireError } from '../../src/index.js'
import { thrownBy } from './helpers.js'

const uuidv7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const record_ = (type: string, more: Record<string, unknown> = {}) => ({
  ...new BaseEvent(type).toJSON(),
  ...more,
})

describe('defineEvent', () => {
  it('gives a class whose events are typed, named by a string, and real DOM events', () => {
    class OrderCreated extends defineEvent(
      'OrderCreated',
      { orderId: string(), total: number(), items: array(record(string(), any())) },
      { timeout: 1000, version: '2.1.0', cancelable: true, bubbles: true, composed: true },
    ) {}
    const order = new OrderCreated({ orderId: 'ORD-1', total: 9.99, items: [{ sku: 'a' }] })
    expect(order).to.be.instanceOf(OrderCreated).and.instanceOf(BaseEvent).and.instanceOf(Event)
    expect([order.type, order.eventType, order.eventSchema]).to.deep.equal([
      'OrderCreated',
      'OrderCreated',
      'OrderCreated@2.1.0',
    ])
    expect([order.orderId, order.total, order.items]).to.deep.equal(['ORD-1', 9.99, [{ sku: 'a' }]])
    expect([order.eventTimeout, order.cancelable, order.bubbles, order.composed]).to.deep.equal([
      1000,
      true,
      true,
      true,
    ])
  })

  it('without a schema any payload is accepted', () => {
    class Anything extends defineEvent('Anything') {}
    expect(new Anything().eventPayload).to.deep.equal({})
    expect(new Anything({ any: 'thing', n: [1] }).eventPayload).to.deep.equal({ any: 'thing', n: [1] })
  })

  it('defaults and coercions of the schema apply, and the given payload is left alone', () => {
    class Booked extends defineEvent('Booked', {
      when: coerce(date(), string(), (text) => new Date(text)),
      seats: defaulted(integer(), 1),
      note: trimmed(string()),
    }) {}
    const given = { when: '2026-01-02T00:00:00.000Z', note: '  window  ' }
    const booked = new Booked(given as never)
    expect(booked.when).to.be.instanceOf(Date)
    expect([booked.when.getTime(), booked.seats, booked.note]).to.deep.equal([
      Date.UTC(2026, 0, 2),
      1,
      'window',
    ])
    expect(given).to.deep.equal({ when: '2026-01-02T00:00:00.000Z', note: '  window  ' })
  })

  it('an `object` or a `type` struct may be the schema', () => {
    class Closed extends defineEvent('Closed', object({ n: number() })) {}
    class Open extends defineEvent('Open', typeStruct({ n: number() })) {}
    const more = { n: 1, m: 2 }
    expect(thrownBy(() => new Closed(more as never))).to.be.instanceOf(StructError)
    expect(new Open(more).eventPayload).to.deep.equal(more)
    expect(new Open(more).n).to.equal(1)
  })

  it('what does not fit is a StructError', () => {
    class Typed extends defineEvent('Typed', { orderId: string() }) {}
    const error = thrownBy(() => new Typed({ orderId: 1 } as never)) as StructError
    expect(error).to.be.instanceOf(StructError)
    expect(error.path).to.deep.equal(['orderId'])
  })

  const reserved = [
    'type',
    'target',
    'timeStamp',
    'preventDefault',
    'composedPath',
    'isTrusted',
    'returnValue',
    'NONE',
  ]
  for (const key of [
    ...reserved,
    'eventId',
    'eventName',
    'eventÄ',
    '_private',
    'then',
    'toJSON',
    'constructor',
  ]) {
    it(`the schema key \`${key}\` is a TypeError when the class is made`, () => {
      for (const schema of [
        { [key]: string() },
        object({ [key]: string() }),
        typeStruct({ [key]: string() }),
      ]) {
        const error = thrownBy(() => defineEvent('Reserved', schema as never))
        expect(error).to.be.instanceOf(TypeError)
        expect(error.message).to.include(key)
      }
    })
  }

  it('keys that only begin like reserved ones are free', () => {
    class Free extends defineEvent('Free', {
      event: string(),
      events: string(),
      eventual: string(),
      types: string(),
    }) {}
    const free = new Free({ event: 'a', events: 'b', eventual: 'c', types: 'd' })
    expect([free.event, free.events, free.eventual, free.types]).to.deep.equal(['a', 'b', 'c', 'd'])
  })

  it('a key that an Event member hides lies in `eventPayload` only', () => {
    const event = new BaseEvent('X', { type: 'of the payload', n: 1 })
    expect(event.type).to.equal('X')
    expect(event.eventPayload).to.deep.equal({ type: 'of the payload', n: 1 })
  })
})

describe('ids', () => {
  it('100 000 in one burst are UUIDv7 by RFC 9562, and each is greater than the one before', function () {
    this.timeout(30_000)
    const before = Date.now()
    let previous = ''
    for (let i = 0; i < 100_000; i++) {
      const id = new BaseEvent('X').eventId
      if (!uuidv7.test(id) || id <= previous) expect.fail(`${id} after ${previous}`)
      previous = id
    }
    // A burst may borrow from later milliseconds: 4096 ids each.
    const stamp = Number.parseInt(previous.replace('-', '').slice(0, 12), 16)
    expect(stamp).to.be.within(before - 1, Date.now() + 1000)
  })

  it('an id is the same whenever it is read, and buses have such ids, too', () => {
    const event = new BaseEvent('X')
    expect(event.eventId).to.equal(event.eventId)
    expect(event.toJSON().event_id).to.equal(event.eventId)
    expect(new EventBus().id).to.match(uuidv7)
  })
})

describe('records', () => {
  class Order extends defineEvent('Order', { orderId: string(), total: number() }, { timeout: 1500 }) {}

  it('an event goes to JSON and comes back', async () => {
    const bus = new EventBus({ name: 'RecordBus' })
    bus.on(Order, () => ({ charged: 5 }))
    const order = await bus.dispatch(new Order({ orderId: 'o', total: 5 }))
    const line = JSON.parse(JSON.stringify(order))
    expect(line).to.include({
      event_type: 'Order',
      event_id: order.eventId,
      event_timeout: 1.5,
      orderId: 'o',
      total: 5,
    })
    expect(line.event_path).to.deep.equal(['RecordBus'])
    expect(line.event_bus_ids).to.deep.equal([bus.id])
    expect(line.event_created_at).to.equal(order.eventCreatedAt.toISOString())
    const back = Order.fromJSON(line)
    expect(back).to.be.instanceOf(Order)
    expect([back.eventId, back.orderId, back.total, back.eventTimeout]).to.deep.equal([
      order.eventId,
      'o',
      5,
      1500,
    ])
    expect(back.eventCreatedAt.getTime()).to.equal(order.eventCreatedAt.getTime())
    expect(JSON.parse(JSON.stringify(back))).to.deep.equal(line)
  })

  it('a pending event comes back pending, and can be dispatched', async () => {
    const bus = new EventBus()
    bus.on(Order, (order) => order.total)
    const back = Order.fromJSON(JSON.parse(JSON.stringify(new Order({ orderId: 'o', total: 7 }))))
    expect([back.eventStatus, back.eventStartedAt, back.eventCompletedAt]).to.deep.equal([
      'pending',
      null,
      null,
    ])
    expect(await bus.dispatch(back).eventResult()).to.equal(7)
  })

  it("what a page has put into `Object.prototype` is no part of a record's payload; a key `__proto__` is", () => {
    const polluted = Object.prototype as Record<string, unknown>
    polluted.inherited = () => {}
    try {
      const text = `{"event_type":"X","event_id":"${new BaseEvent('X').eventId}","n":1,"__proto__":{"evil":1},"last":2}`
      const { eventPayload } = BaseEvent.fromJSON(JSON.parse(text))
      expect(Object.entries(eventPayload)).to.eql([
        ['n', 1],
        ['__proto__', { evil: 1 }],
        ['last', 2],
      ])
      expect((eventPayload as { evil?: number }).evil).to.equal(undefined)
    } finally {
      delete polluted.inherited
    }
  })

  it('a line of the Python library is an event', async () => {
    const line = `{"event_type":"UserLogin","event_schema":"app.events.UserLogin@1.0.0","event_timeout":300.0,
      "event_id":"0197f5a2-3c4d-7abc-8def-0123456789ab","event_path":["PyBus"],"event_parent_id":null,
      "event_created_at":"2025-07-08T09:10:11.123456Z","event_processed_at":null,"event_result_type":null,
      "username":"alice","is_admin":false}`
    const event = BaseEvent.fromJSON(JSON.parse(line))
    expect([event.eventType, event.eventTimeout, event.eventId]).to.deep.equal([
      'UserLogin',
      300_000,
      '0197f5a2-3c4d-7abc-8def-0123456789ab',
    ])
    expect(event.eventPayload).to.deep.equal({ username: 'alice', is_admin: false })
    expect(event.eventCreatedAt.getTime()).to.equal(Date.UTC(2025, 6, 8, 9, 10, 11, 123))
    const bus = new EventBus()
    bus.on('UserLogin', (login) => login.eventPayload.username)
    expect(await bus.dispatch(event).eventResult()).to.equal('alice')
    expect([...event.eventPath]).to.deep.equal(['PyBus', bus.name])
  })

  it('a failed handler is a capped string in the record, and comes back as an error', async () => {
    const bus = new EventBus()
    bus.on(Order, () => {
      throw new RangeError('x'.repeat(1_000_000), { cause: new Error('below') })
    })
    const order = bus.dispatch(new Order({ orderId: 'o', total: 1 }))
    await order.eventResult({ raiseIfAny: false })
    const text = JSON.stringify(order)
    expect(text.length).to.be.lessThan(100_000)
    const [result] = [...Order.fromJSON(JSON.parse(text)).eventResults.values()]
    expect([result?.status, (result?.error as Error).name]).to.deep.equal(['error', 'RangeError'])
  })

  it('an event never enters a bus twice, also as two objects made of one record', async () => {
    const [bus, other] = [new EventBus({ maxHistorySize: 0 }), new EventBus()]
    let handled = 0
    for (const each of [bus, other]) each.on(Order, () => ++handled)
    const record = new Order({ orderId: 'o', total: 1 }).toJSON()
    await bus.dispatch(Order.fromJSON(record))
    bus.dispatch(Order.fromJSON(record))
    await bus.waitUntilIdle()
    expect(handled).to.equal(1)
    await other.dispatch(Order.fromJSON(record))
    expect(handled).to.equal(2)
  })

  it('an event that was on this bus before it went to JSON does not enter it again', async () => {
    const bus = new EventBus()
    let handled = 0
    bus.on(Order, () => ++handled)
    const order = bus.dispatch(new Order({ orderId: 'o', total: 1 }))
    const line = JSON.stringify(order)
    await order
    const back = Order.fromJSON(JSON.parse(line))
    bus.dispatch(back)
    await bus.waitUntilIdle()
    expect([handled, back.eventPath.length]).to.deep.equal([1, 1])
  })

  const bad: Record<string, unknown> = {
    nothing: undefined,
    'a string': 'X',
    'a list': [],
    'no type': record_('X', { event_type: undefined }),
    'a type that is no identifier': record_('X', { event_type: 'a b' }),
    'an id that is none': record_('X', { event_id: 'id' }),
    'a path that is no list': record_('X', { event_path: 'Bus' }),
    'a path of markup': record_('X', { event_path: ['<b>'] }),
    'an endless path': record_('X', { event_path: Array(10_000).fill('Bus') }),
    'a date that is none': record_('X', { event_created_at: 'yesterday' }),
    'a negative time-out': record_('X', { event_timeout: -1 }),
    'a payload too deep': record_('X', { deep: JSON.parse('['.repeat(5000) + ']'.repeat(5000)) }),
  }
  for (const [name, value] of Object.entries(bad)) {
    it(`${name} is a WireError`, () => {
      expect(thrownBy(() => BaseEvent.fromJSON(value as never))).to.be.instanceOf(WireError)
    })
  }

  it('a record of another type, or with a payload that the class refuses, is a WireError', () => {
    expect(thrownBy(() => Order.fromJSON(record_('Other') as never))).to.be.instanceOf(WireError)
    expect(thrownBy(() => Order.fromJSON(record_('Order', { orderId: 1 }) as never))).to.be.instanceOf(
      WireError,
    )
  })
})
