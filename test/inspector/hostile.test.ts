import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import type { BusInspector } from '../../src/inspector/bus-inspector.js'
import { jsonOf } from '../../src/inspector/json.js'
import { membersOf, nameOf, platformValues, preview } from '../../src/inspector/values.js'
import { $, $$, caughtUp, cleanUp, makeBus, mount, rowNamed, rowOf, sleep, until } from './support.js'

let looked = 0
const trap = () => {
  looked++
  throw new Error('nobody is to look here')
}
/** A proxy cannot be told from an object without asking it; what it throws is caught. */
const refuse = () => {
  throw new Error('not even its prototype')
}
const throwing = Object.defineProperties({}, { secret: { get: trap, enumerable: true }, then: { get: trap } })
const circle: Record<string, unknown> = { name: 'round' }
circle.again = circle
class Fancy {
  get [Symbol.toStringTag]() {
    return trap()
  }
  toString() {
    return trap()
  }
  toJSON() {
    return trap()
  }
  own = 1
}
const revoked = Proxy.revocable({}, {})
revoked.revoke()
const deep = Array.from({ length: 1000 }).reduce<unknown>((inner) => ({ inner }), 'the bottom')
const brokenError = Object.defineProperty(new Error('x'), 'message', { get: trap })

const values: Record<string, () => unknown> = {
  circle: () => circle,
  bigint: () => 2n ** 70n,
  hugeBigint: () => 2n ** 100_000n,
  map: () =>
    new Map<unknown, unknown>([
      ['a', 1],
      [{ key: 1 }, new Map()],
    ]),
  set: () => new Set([1, circle]),
  date: () => new Date(0),
  badDate: () => new Date(Number.NaN),
  typed: () => new Uint8Array(1_000_000),
  buffer: () => new ArrayBuffer(8),
  blob: () => new Blob(['hello'], { type: 'text/plain' }),
  error: () => new TypeError('a value', { cause: circle }),
  brokenError: () => brokenError,
  symbol: () => Symbol('sign'),
  fn: () => function named() {},
  node: () => document.body,
  window: () => window,
  throwing: () => throwing,
  fancy: () => new Fancy(),
  revoked: () => revoked.proxy,
  wary: () => new Proxy({ a: 1 }, { get: trap }),
  hostile: () =>
    new Proxy({}, { ownKeys: refuse, getPrototypeOf: refuse, getOwnPropertyDescriptor: refuse, get: trap }),
  // Longer ones made a process of WebKit grow to 2 GB.
  long: () => 'x'.repeat(5_000_000),
  many: () => Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, i])),
  deep: () => deep,
  markup: () => '<img src=x onerror="window.hacked = true">',
  nullish: () => Object.create(null),
  proto: () => JSON.parse('{"__proto__": {"polluted": true}}'),
  promise: () => Promise.resolve(1),
  weak: () => new WeakMap(),
  negativeZero: () => -0,
  sparse: () => new Array(1_000_000_000),
}

async function shows(inspector: BusInspector, event: BaseEvent): Promise<void> {
  await caughtUp(inspector)
  inspector.select(event.eventId)
  await inspector.updateComplete
}

describe('<bus-inspector>: hostile values are safe (goal 13)', () => {
  let errors: string[] = []
  const note = (event: ErrorEvent | PromiseRejectionEvent) =>
    errors.push(String('reason' in event ? event.reason : event.message))
  beforeEach(() => {
    errors = []
    looked = 0
    window.addEventListener('error', note)
    window.addEventListener('unhandledrejection', note)
  })
  afterEach(async () => {
    window.removeEventListener('error', note)
    window.removeEventListener('unhandledrejection', note)
    await cleanUp()
  })

  for (const [name, make] of Object.entries(values)) {
    it(`${name}: shown as a payload and as a result, searched, opened, exported; nothing of it runs`, async () => {
      const bus = makeBus()
      bus.on('Odd', function give() {
        return make()
      })
      const inspector = await mount({ buses: [bus] })
      const { error } = console
      console.error = () => {}
      const event = bus.dispatch(new BaseEvent('Odd', { odd: make(), nested: [make()] }))
      await event.eventCompletion
      await sleep(1)
      console.error = error
      // The library itself looks whether a result is a promise.
      looked = 0
      await shows(inspector, event)
      expect(rowOf(inspector, event).textContent).to.include('Odd')
      expect($$(inspector, '.detail .value').length).to.be.within(1, 200)
      for (const summary of $$(inspector, '.detail summary')) summary.click()
      await sleep(0)
      await inspector.updateComplete
      expect($$(inspector, '.detail .value').length).to.be.below(800)
      inspector.filter = 'nothing_like_it OR payload.odd.a.b:1 OR /zzz/'
      await inspector.updateComplete
      await until(() => inspector.tree.searched === 1)
      expect(inspector.tree.filterError).to.equal('')
      inspector.filter = ''
      await inspector.updateComplete
      for (const format of ['jsonl', 'text', 'otlp'] as const) {
        const text = await new Response(
          inspector.export({ events: 'all', format }) as ReadableStream<Uint8Array<ArrayBuffer>>,
        ).text()
        expect(text.length).to.be.above(10)
        if (format === 'jsonl') for (const line of text.trim().split('\n')) JSON.parse(line)
      }
      // Of an error that was returned the library itself reads the words, for its record.
      if (name !== 'brokenError') expect(looked, 'getters that ran').to.equal(0)
      expect(errors).to.deep.equal([])
      expect((window as { hacked?: boolean }).hacked).to.equal(undefined)
      expect($$(inspector, 'img')).to.have.length(0)
      expect(({} as { polluted?: boolean }).polluted).to.equal(undefined)
    }).timeout(30_000)
  }

  it('shows a page of 10 000 keys at a time', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    const event = bus.dispatch(new BaseEvent('Wide', values.many() as Record<string, unknown>))
    await event
    await shows(inspector, event)
    expect($$(inspector, '.detail .value')).to.have.length(100)
    $(inspector, '.more').click()
    await inspector.updateComplete
    expect($$(inspector, '.detail .value')).to.have.length(200)
    expect($(inspector, '.more').textContent).to.equal('100 more of 10,000')
  })

  it('takes one bus and one rule as lists of one, and null for no formatters', async () => {
    const bus = makeBus({ name: 'one' })
    makeBus({ name: 'other' })
    const event = await bus.dispatch(new BaseEvent('Paid', { password: 'hunter2', amount: 1 }))
    for (const redact of ['password', /^pass/]) {
      const inspector = await mount({ buses: bus, redact, formatters: null as never })
      expect(rowOf(inspector, event).textContent).to.include('amount: 1').and.not.include('hunter2')
      expect($(inspector, '.bus-name').textContent).to.equal('one')
      inspector.remove()
    }
  })

  it('marks only the row whose formatter throws, and only the value whose redactor does', async () => {
    const bus = makeBus()
    const inspector = await mount({
      buses: [bus],
      formatters: {
        Broken: () => {
          throw new Error('no format')
        },
        Fine: ({ eventPayload }) => `total ${eventPayload.total}`,
        '*': () => 'something else',
      },
      redact: (path, value) => {
        if (path.includes('bad')) throw new Error('no redact')
        return value
      },
    })
    for (const type of ['Broken', 'Fine', 'Other']) bus.dispatch(new BaseEvent(type, { total: 3 }))
    await caughtUp(inspector)
    const note = (type: string) => rowNamed(inspector, type).querySelector('.note')?.textContent
    expect(note('Broken')).to.equal('[formatter failed: no format]')
    expect(note('Fine')).to.equal('total 3')
    expect(note('Other')).to.equal('something else')
    inspector.formatters = {}
    const event = bus.dispatch(new BaseEvent('Half', { good: 1, bad: 2 }))
    await shows(inspector, event)
    expect($(inspector, '[aria-label="Payload"]').textContent?.replace(/\s+/g, ' ')).to.include(
      'bad: [redact failed: no redact]',
    )
    expect(note('Half')).to.equal('{good: 1, bad: [redact failed: no redact]}')
  })
})

describe('values: what they are called', () => {
  before(() => platformValues.get())
  const keep = (_: readonly string[], value: unknown) => value
  it('names each kind', () => {
    const names = Object.fromEntries(
      Object.entries(values).map(([name, make]) => [name, nameOf(make()).text]),
    )
    expect(names).to.deep.include({
      circle: '{…}',
      bigint: '1180591620717411303424n',
      hugeBigint: 'a very big bigint',
      map: 'Map(2)',
      set: 'Set(2)',
      date: '1970-01-01T00:00:00.000Z',
      badDate: 'Invalid Date',
      typed: 'Uint8Array(1000000)',
      buffer: 'ArrayBuffer(8 bytes)',
      blob: 'Blob(5 bytes, text/plain)',
      error: 'TypeError: a value',
      symbol: 'Symbol(sign)',
      fn: 'ƒ named',
      node: '<body>',
      throwing: '{…}',
      fancy: 'Fancy',
      revoked: '[may not be looked at]',
      nullish: '{…}',
      proto: '{…}',
      promise: 'Promise',
      weak: 'WeakMap',
      negativeZero: '-0',
      sparse: 'Array(1000000000)',
    })
    expect(names.long).to.match(/^"x{200}…" 5,000,000 characters$/)
  })

  it("names the platform's own after it has met what only inherits from them", () => {
    class Money {
      cents = 1
    }
    class Shelf extends Map<string, number> {}
    const makers: Record<string, () => object> = {
      'Map(1)': () => new Map([['a', 1]]),
      'Set(1)': () => new Set(['a']),
      'Shelf(1)': () => new Shelf([['a', 1]]),
      '1970-01-01T00:00:00.000Z': () => new Date(0),
      '/a/g': () => /a/g,
    }
    for (const [name, make] of Object.entries(makers)) {
      // As frameworks make them, to hear of changes.
      nameOf(new Proxy(make(), {}))
      nameOf(Object.create(Object.getPrototypeOf(make())))
      nameOf(new Money())
      expect(nameOf(make()).text).to.equal(name)
      expect(jsonOf(make(), keep)).to.equal(name)
    }
    expect(membersOf(new Map([['a', 1]]))).to.deep.equal([{ key: 'a', value: 1 }])
    expect(membersOf(new Shelf([['a', 1]]))).to.deep.equal([{ key: 'a', value: 1 }])
    expect(jsonOf(new Money(), keep)).to.deep.equal({ cents: 1 })
  })

  it('previews in a line, and writes as JSON what JSON can hold', () => {
    expect(preview({ a: 1, b: [true, null, { c: 'd' }] }, keep)).to.equal('{a: 1, b: [true, null, {c: "d"}]}')
    expect(preview({ list: Array.from({ length: 99 }, (_, i) => i) }, keep, 40)).to.have.length.below(43)
    expect(
      jsonOf({ a: 1n, b: circle, c: new Map(), d: undefined, e: [undefined], f: Number.NaN }, keep),
    ).to.deep.equal({
      a: '1n',
      b: { name: 'round', again: '[circular]' },
      c: 'Map(0)',
      d: undefined,
      e: [null],
      f: 'NaN',
    })
    expect(membersOf(new Map([[circle, 1]]))[0]).to.deep.equal({ key: '{…}', value: 1 })
  })
})
