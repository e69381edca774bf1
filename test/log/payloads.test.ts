// What may go into a log: payloads that survive JSON, or that their schema makes again. See semantics.md, "Wire format".
import { expect } from '@esm-bundle/chai'
import { array, coerce, date, number, optional, string } from 'superstruct'
import { BaseEvent, defineEvent, EventBus, WireError } from '../../src/index.js'
import { forever, only, thrownBy } from '../same-page/helpers.js'
import { freshName, lines, loggedBus } from './helpers.js'
import { rowsOf } from './raw.js'
import { loseLocks, openBus } from './tabs.js'

const make = (payload: object) => new BaseEvent('X', payload as Record<string, unknown>)

function deep(levels: number): unknown {
  let value: unknown = 1
  for (let n = 0; n < levels; n++) value = [value]
  return value
}

const circle: Record<string, unknown> = { n: 1 }
circle.me = circle

const throwing = {
  get value(): unknown {
    throw new RangeError('of the getter')
  },
}

/** Values that JSON would change, or cannot hold, and what the message names. */
const refused: [string, () => unknown, RegExp][] = [
  ['a function', () => () => {}, /payload\.value\b/],
  ['a symbol', () => Symbol('s'), /payload\.value\b/],
  ['NaN', () => NaN, /payload\.value\b/],
  ['Infinity', () => -Infinity, /payload\.value\b/],
  ['a Map', () => new Map([[1, 2]]), /payload\.value\b/],
  ['a Set', () => new Set([1]), /payload\.value\b/],
  ['a Date without a schema', () => new Date(), /payload\.value\b/],
  ['a typed array', () => new Uint8Array(3), /payload\.value\b/],
  ['a bigint', () => 10n, /payload\.value` is 10 \(bigint\)/],
  ['a boxed text', () => Object('x'), /payload\.value` is x \(object\)/],
  ['an instance of a class', () => new (class Thing {})(), /payload\.value\b/],
  ['a promise', () => Promise.resolve(1), /payload\.value\b/],
  ['a DOM node', () => document.createElement('b'), /payload\.value\b/],
  ['a regular expression', () => /x/, /payload\.value\b/],
  ['an error', () => new Error('x'), /payload\.value\b/],
  ['undefined in an array', () => [1, undefined], /payload\.value\.1\b/],
  // biome-ignore lint/suspicious/noSparseArray: it is what is tested
  ['a hole in an array', () => [1, , 3], /payload\.value\.1\b/],
  ['a function far inside', () => ({ a: [{ b: () => {} }] }), /payload\.value\.a\.0\.b\b/],
  ['an object with `toJSON`', () => ({ toJSON: () => 'other' }), /payload\.value\.toJSON\b/],
  ['a circle', () => circle, /payload\.value/],
  ['a depth of 20 000', () => deep(20_000), /payload\.value/],
  ['a getter that throws, inside', () => throwing, /payload\.value|of the getter/],
]

describe('payloads of a logged bus', () => {
  for (const [what, value, path] of refused) {
    it(`${what} is a WireError that names its path; nothing is enqueued or changed`, async () => {
      const { bus, name, log } = loggedBus()
      let runs = 0
      bus.on('X', () => ++runs)
      const event = make({ fine: 1, value: value() })
      const error = thrownBy(() => bus.dispatch(event))
      expect(error).to.be.instanceOf(WireError)
      expect(error.message).to.match(path)
      expect([...event.eventPath]).to.deep.equal([])
      expect(event.eventStatus).to.equal('pending')
      expect(event.eventParentId).to.equal(null)
      expect(bus.eventHistory.size).to.equal(0)
      expect(bus.stats).to.include({ queued: 0, inFlight: 0, unpersisted: 0 })
      const next = bus.dispatch(make({ n: 1 }))
      await next.eventPersisted
      await next
      await log.flush()
      expect(runs).to.equal(1)
      const accepted = lines((await rowsOf(name)).map(([, row]) => row)).filter((l) => l.event_entry === 'E')
      expect(only(accepted).event_id).to.equal(next.eventId)
      // A bus without a log takes it.
      const plain = new EventBus()
      await plain.dispatch(event)
      expect([...event.eventPath]).to.deep.equal([plain.name])
    })
  }

  it('in a handler it is an error of that handler, and the child is not dispatched', async () => {
    const { bus } = loggedBus()
    bus.on('Parent', () => {
      bus.dispatch(make({ value: new Map() }))
    })
    const parent = await bus.dispatch(new BaseEvent('Parent'))
    expect(only(parent.eventResults.values()).error).to.be.instanceOf(WireError)
    expect([...parent.eventChildren]).to.deep.equal([])
  })

  it('a forward to a logged bus is refused there; the first bus goes on', async () => {
    const { bus } = loggedBus()
    const plain = new EventBus()
    plain.on('X', bus.dispatch)
    plain.on('X', () => 'ran')
    const event = await plain.dispatch(make({ value: 1n }))
    expect([...event.eventPath]).to.deep.equal([plain.name])
    expect(await event.eventResultsList({ raiseIfAny: false })).to.deep.equal(['ran'])
    expect([...event.eventResults.values()][0].error).to.be.instanceOf(WireError)
  })

  const kept: [string, object][] = [
    ['nothing', {}],
    ['all kinds', { s: 'é\u2028\n"\\\ud83d\ude00', n: -1.5e-7, t: true, z: null, o: { a: [1, { b: [] }] } }],
    ['lone surrogates', { s: '\ud800' }],
    ['long text', { s: 'x'.repeat(100_000) }],
    ['words of records', { type: 'X', id: 'i', then: 1, toJSON: 2, event: 3, bus: 4, payload: 5 }],
    ['90 levels', { value: deep(90) }],
    [
      'reserved keys',
      JSON.parse('{"__proto__":{"a":1},"constructor":1,"hasOwnProperty":{"__proto__":null}}'),
    ],
    ['numbers as keys, an empty key', { 10: 'b', 9: 'a', '': 'empty' }],
  ]
  for (const [what, payload] of kept) {
    it(`${what}: the same after recovery and in the restored history`, async () => {
      const name = freshName()
      const first = openBus(name)
      first.bus.on('Open', forever)
      await first.bus.dispatch(new BaseEvent('Done', payload as never))
      await first.bus.dispatch(new BaseEvent('Open', payload as never)).eventPersisted
      await first.log.flush()
      await loseLocks(first)
      const { bus } = openBus(name)
      bus.on('Open', () => {})
      await bus.ready
      const done = only(bus.eventHistory.values())
      const open = only(await bus.recover())
      for (const { eventPayload } of [done, open]) {
        expect(JSON.stringify(eventPayload)).to.equal(JSON.stringify(payload))
        expect(eventPayload).to.deep.equal(payload)
      }
    })
  }

  it('a key without a value is as good as none', async () => {
    const { bus } = loggedBus()
    await bus.dispatch(make({ a: undefined, b: { c: undefined } })).eventPersisted
  })

  it('whatever is accepted can be read again: a depth or a size that no record may have is refused at once', async () => {
    for (const levels of [95, 99, 100, 101, 150, 1000]) {
      const name = freshName()
      const first = openBus(name)
      first.bus.on('X', forever)
      let accepted = true
      try {
        await first.bus.dispatch(make({ value: deep(levels) })).eventPersisted
      } catch (error) {
        expect(error).to.be.instanceOf(WireError)
        accepted = false
      }
      await first.log.flush()
      await loseLocks(first)
      const { bus } = openBus(name)
      bus.on('X', () => {})
      expect(await bus.recover(), `${levels} levels, ${accepted}`).to.have.length(accepted ? 1 : 0)
      if (levels < 95) expect(accepted).to.equal(true)
    }
  })

  describe('that a schema makes again', () => {
    const aDate = coerce(date(), string(), (text) => new Date(text))
    class Dated extends defineEvent('Dated', {
      at: aDate,
      all: array(aDate),
      maybe: optional(aDate),
      n: number(),
    }) {}
    class Wrong extends defineEvent('Wrong', { at: coerce(date(), string(), () => new Date(5)) }) {}
    class Plain extends defineEvent('Plain', { at: date() }) {}

    it('a date with coercion is accepted, and is a date after recovery and in the history', async () => {
      const name = freshName()
      const at = new Date('2020-01-02T03:04:05.678Z')
      const first = openBus(name)
      first.bus.on(Dated, ({ n }) => (n ? forever() : 1))
      await first.bus.dispatch(new Dated({ at, all: [at, new Date(0)], n: 0 }))
      await first.bus.dispatch(new Dated({ at, all: [], maybe: new Date(1), n: 1 })).eventPersisted
      await first.log.flush()
      await loseLocks(first)
      const { bus } = openBus(name)
      bus.on(Dated, () => {})
      await bus.ready
      const done = only(bus.eventHistory.values()) as Dated
      expect(done).to.be.instanceOf(Dated)
      expect([+done.at, ...done.all.map(Number)]).to.deep.equal([+at, +at, 0])
      const open = only(await bus.recover()) as Dated
      expect(open.at).to.be.instanceOf(Date)
      expect(+(open.maybe as Date)).to.equal(1)
    })

    it('a date without coercion, and one that comes back as another, are refused', () => {
      const { bus } = loggedBus()
      const at = new Date()
      expect(thrownBy(() => bus.dispatch(new Plain({ at })))).to.be.instanceOf(WireError)
      const wrong = thrownBy(() => bus.dispatch(new Wrong({ at })))
      expect(wrong).to.be.instanceOf(WireError)
      expect(wrong.message).to.include('payload.at')
    })

    it('an invalid date is refused, too', () => {
      const { bus } = loggedBus()
      const bad = new Dated({ at: new Date(), all: [], n: 1 })
      ;(bad.eventPayload.at as Date).setTime(NaN)
      expect(thrownBy(() => bus.dispatch(bad))).to.be.instanceOf(WireError)
    })
  })
})
