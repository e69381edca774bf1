import { expect } from '@esm-bundle/chai'
import fc from 'fast-check'
import { BaseEvent } from '../../src/index.js'
import type { BusInspector } from '../../src/inspector/bus-inspector.js'
import { type Change, differences } from '../../src/inspector/differences.js'
import { callSites } from '../../src/inspector/own-stacks.js'
import { copyOf } from '../../src/inspector/snapshots.js'
import { platformValues } from '../../src/inspector/values.js'
import { $, $$, caughtUp, cleanUp, makeBus, mount, rowOf } from './support.js'

/** `~payload.a.0 1 2` */
const said = ({ path, kind, ...values }: Change) =>
  [
    `${{ added: '+', removed: '-', changed: '~' }[kind]}${path.join('.')}`,
    ...Object.values(values).map(String),
  ].join(' ')
const diff = (before: unknown, after: unknown) => differences(before, after).map(said)

async function choose(inspector: BusInspector, event: BaseEvent): Promise<void> {
  rowOf(inspector, event).click()
  await inspector.updateComplete
}

const listed = (inspector: BusInspector, where: string) =>
  $$(inspector, `${where} .change`).map((change) => change.textContent?.trim().replace(/\s+/g, ' '))

describe('<bus-inspector>: what differs between two values (goal 14)', () => {
  before(() => platformValues.get())

  it('gives exactly what was added, removed and changed', () => {
    expect(diff({ a: 1, b: [1, 2], c: { d: 'x' } }, { a: 1, b: [1, 2], c: { d: 'x' } })).to.deep.equal([])
    expect(diff({ a: 1, b: 2, same: NaN }, { b: 3, c: 4, same: NaN })).to.deep.equal([
      '-a 1',
      '~b 2 3',
      '+c 4',
    ])
    expect(diff({ a: [1, 2, 3] }, { a: [1, 9] })).to.deep.equal(['~a.1 2 9', '-a.2 3'])
    expect(diff({ a: undefined }, {})).to.deep.equal(['-a undefined'])
    expect(diff({ a: 0 }, { a: -0 })).to.have.length(1)
    expect(diff({ a: 1 }, { a: '1' })).to.deep.equal(['~a 1 1'])
    expect(diff({ a: [] }, { a: {} })).to.deep.equal(['~a  [object Object]'])
    expect(diff({ a: null }, { a: {} })).to.have.length(1)
  })

  it('knows the platform’s values: dates, maps, sets, bytes, errors', () => {
    const [date, other] = [new Date(0), new Date(1)]
    expect(diff({ date }, { date: new Date(0) })).to.deep.equal([])
    expect(diff({ date }, { date: other })).to.have.length(1)
    expect(diff(new Map([['k', 1]]), new Map([['k', 2]]))).to.deep.equal(['~k 1 2'])
    expect(
      diff(
        new Map([
          [{}, 1],
          [{}, 2],
        ]),
        new Map([
          [{}, 1],
          [{}, 3],
        ]),
      ),
    ).to.have.length(1)
    expect(diff(new Set([1, 2]), new Set([1, 3, 4]))).to.deep.equal(['~1 2 3', '+2 4'])
    expect(diff(new Uint8Array([1, 2]), new Uint8Array([1, 3]))).to.deep.equal(['~1 2 3'])
    expect(diff(new Uint8Array([1]), new Int8Array([1]))).to.have.length(1)
    expect(diff(/a/g, /a/g)).to.deep.equal([])
    expect(diff(/a/g, /a/i)).to.have.length(1)
    expect(diff(new Error('a'), new Error('a'))).to.deep.equal([])
    expect(diff(new Error('a'), new TypeError('a'))).to.have.length(1)
    expect(diff({ a: new Blob(['a']) }, { a: new Blob(['b']) })).to.have.length(1)
    expect(diff({ a: 1n }, { a: 2n })).to.deep.equal(['~a 1 2'])
  })

  it('ends in circles and depths, runs no getter, and throws for nothing', () => {
    const circle = (last: number) => {
      const value: Record<string, unknown> = { n: { last } }
      value.self = value
      return value
    }
    expect(diff(circle(1), circle(2))).to.deep.equal(['~n.last 1 2'])
    let deep: unknown = 1
    for (let i = 0; i < 5000; i++) deep = { deep }
    expect(() => diff(deep, structuredClone(1))).not.to.throw()
    expect(() => diff({ deep }, { deep: { deep } })).not.to.throw()
    let ran = 0
    const getter = () => Object.defineProperty({}, 'a', { get: () => ++ran, enumerable: true })
    expect(diff(getter(), getter())).to.deep.equal([])
    expect(diff(getter(), { a: 1 })).to.have.length(1)
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(differences({ proxy }, { proxy: {} })).to.have.length(1)
    expect(ran).to.equal(0)
    expect(diff(JSON.parse('{"__proto__":1}'), {})).to.deep.equal(['-__proto__ 1'])
  })

  it('applied to the first of two random values, gives the second', () => {
    const anything = fc.object({
      maxDepth: 4,
      values: [fc.integer(), fc.string(), fc.boolean(), fc.constant(null)],
    })
    fc.assert(
      fc.property(anything, anything, (one, other) => {
        const root = { value: structuredClone(one) } as Record<string, unknown>
        for (const { path, kind, after } of differences(root, { value: other })) {
          let at = root
          for (const key of path.slice(0, -1)) at = Object.getOwnPropertyDescriptor(at, key)?.value
          const last = path[path.length - 1]
          // A key `__proto__` is data too.
          if (kind !== 'removed')
            Object.defineProperty(at, last, {
              value: structuredClone(after),
              writable: true,
              enumerable: true,
              configurable: true,
            })
          else if (Array.isArray(at)) at.length--
          else delete at[last]
        }
        // `added` in an array puts at its end, `removed` takes from it.
        expect(differences(root.value, other)).to.deep.equal([])
      }),
      { numRuns: 500 },
    )
  })

  it('compares a thousand keys in 20 ms at most, as the bench says too', () => {
    const make = (n: number) =>
      Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`key${i}`, i % 7 ? i : i + n]))
    expect(diff(make(0), make(1))).to.have.length(143)
  })

  it('a copy is not touched by later changes, and nothing of the original runs', () => {
    class Price {
      readonly amount = 5
    }
    let ran = 0
    const original = {
      list: [1, { deep: true }],
      date: new Date(5),
      map: new Map([['a', { n: 1 }]]),
      set: new Set([1]),
      bytes: new Uint8Array([1, 2, 3]),
      price: new Price(),
      get trap() {
        return ++ran
      },
      self: null as unknown,
    }
    original.self = original
    const copy = copyOf(original) as typeof original
    expect(differences(original, copy)).to.deep.equal([])
    expect([copy.self === copy, copy.price instanceof Price, ran]).to.deep.equal([true, true, 0])
    ;(original.list[1] as { deep: boolean }).deep = false
    original.date.setTime(6)
    ;(original.map.get('a') as { n: number }).n = 2
    original.set.add(2)
    original.bytes[0] = 9
    expect(differences(copy, original).map(({ path }) => path.join('.'))).to.deep.equal([
      'list.1.deep',
      'date',
      'map.a.n',
      'set.1',
      'bytes.0',
    ])
  })
})

describe('<bus-inspector>: comparing events (goal 14)', () => {
  afterEach(cleanUp)

  it('shows how any two events differ, and gives it', async () => {
    const bus = makeBus({ name: 'Main' })
    bus.on('Order', ({ eventPayload }) => (eventPayload as { total: number }).total)
    const inspector = await mount({ buses: [bus], redact: ['card.number'] })
    const first = bus.dispatch(
      new BaseEvent('Order', { total: 5, items: ['a', 'b'], card: { number: 1 }, same: 1 }),
    )
    const second = bus.dispatch(
      new BaseEvent('Order', { total: 7, items: ['a'], note: '<img src=x>', card: { number: 2 }, same: 1 }),
    )
    await second
    await caughtUp(inspector)
    await choose(inspector, first)
    $(inspector, '[data-action="compare"]').click()
    await inspector.updateComplete
    expect($(inspector, '.comparison').textContent).to.include('Select another event')
    await choose(inspector, second)
    expect($(inspector, '.comparison h3').textContent).to.match(/Differences from Order#[\da-f]{4}\s+5/)
    expect(listed(inspector, '.comparison')).to.deep.equal([
      '~ payload.total changed 5 7',
      '− payload.items.1 removed "b"',
      '~ payload.card.number changed [redacted] [redacted]',
      '+ payload.note added "<img src=x>"',
      '~ results.Main.anonymous changed 5 7',
    ])
    $(inspector, '[data-action="stop-comparing"]').click()
    await inspector.updateComplete
    expect($$(inspector, '.comparison')).to.have.length(0)
    const changes = await inspector.compare(second.eventId, first.eventId)
    await inspector.updateComplete
    expect(inspector.selected === first).to.equal(true)
    expect(changes.map(({ kind, path }) => `${kind} ${path.join('.')}`)).to.deep.equal([
      'changed payload.total',
      'added payload.items.1',
      'removed payload.note',
      'changed payload.card.number',
      'changed results.Main.anonymous',
    ])
    expect(JSON.stringify(changes[3])).not.to.match(/[12]/)
    const failed = await inspector.compare('nobody', first.eventId).catch((error) => error)
    expect(failed.message).to.equal('Expected `first` to be the id of an event that is here, got `nobody`')
  })

  it('gives nothing that is redacted, however deep it lies in what was added or removed as a whole', async () => {
    const bus = makeBus()
    const secret = { card: { number: 'SECRET', name: 'Ada' }, list: [{ token: 'SECRET' }] }
    bus.on('Order', ({ eventPayload }) => ('card' in eventPayload ? { token: 'SECRET', ok: true } : null))
    const inspector = await mount({ buses: [bus], redact: ['card.number', /token/] })
    const [without, having] = [{}, secret].map((payload) => bus.dispatch(new BaseEvent('Order', payload)))
    await having
    await caughtUp(inspector)
    for (const [one, other] of [
      [without, having],
      [having, without],
    ]) {
      const changes = await inspector.compare(one.eventId, other.eventId)
      await inspector.updateComplete
      expect(JSON.stringify(changes)).to.include('"name":"Ada"').and.include('"number":"[redacted]"')
      expect(JSON.stringify(changes)).not.to.include('SECRET')
      expect($(inspector, '.comparison').textContent).not.to.include('SECRET')
    }
  })

  it('says that two events are the same, and lets go of what it compares with', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    const [one, other] = [1, 2].map(() => bus.dispatch(new BaseEvent('Same', { a: { b: 1 } })))
    await other
    await caughtUp(inspector)
    expect(await inspector.compare(one.eventId, other.eventId)).to.deep.equal([])
    await inspector.updateComplete
    expect($(inspector, '.comparison').textContent).to.include('are the same')
    inspector.purge()
    await inspector.updateComplete
    const last = bus.dispatch(new BaseEvent('Same'))
    await last
    await caughtUp(inspector)
    await choose(inspector, last)
    expect($$(inspector, '.comparison')).to.have.length(0)
  })

  it('with `snapshot`, flags a payload that was changed after its dispatch, with both values', async () => {
    const bus = makeBus({ name: 'Main' })
    bus.on('Cart', ({ eventPayload }) => {
      ;(eventPayload as { items: { qty: number }[] }).items[0].qty = 9
    })
    const inspector = await mount({ buses: [bus], snapshot: true })
    await inspector.updateComplete
    const event = bus.dispatch(new BaseEvent('Cart', { items: [{ qty: 1 }] }))
    const still = bus.dispatch(new BaseEvent('Other', { items: [{ qty: 1 }] }))
    await still
    await caughtUp(inspector)
    expect(rowOf(inspector, event).querySelector('.tag')?.textContent).to.equal('mutated')
    expect(rowOf(inspector, still).querySelector('.tag')).to.equal(null)
    await choose(inspector, event)
    expect($(inspector, '.mutation p').textContent).to.equal('Changed since Main took it')
    expect(listed(inspector, '.mutation')).to.deep.equal(['~ payload.items.0.qty changed 1 9'])
    inspector.filter = 'is:mutated'
    await inspector.updateComplete
    expect(inspector.tree.model.shown).to.equal(1)
    // Without it, nothing is copied and nothing flagged.
    inspector.filter = ''
    inspector.snapshot = false
    await inspector.updateComplete
    const later = bus.dispatch(new BaseEvent('Cart', { items: [{ qty: 1 }] }))
    await later
    await caughtUp(inspector)
    expect(rowOf(inspector, later).querySelector('.tag')).to.equal(null)
  })

  it('tells what a middleware of the next bus has changed from what a handler has', async () => {
    const touch = (value: string) => (event: BaseEvent) => {
      ;(event.eventPayload as { by: string[] }).by.push(value)
    }
    const audit = makeBus({ name: 'Audit', middlewares: [{ onDispatch: touch('middleware') }] })
    const main = makeBus({ name: 'Main' })
    main.on('Cart', audit.dispatch)
    audit.on('Cart', touch('handler'))
    const inspector = await mount({ buses: [main, audit], snapshot: true })
    const event = main.dispatch(new BaseEvent('Cart', { by: [] }))
    await event
    await caughtUp(inspector)
    await choose(inspector, event)
    expect($$(inspector, '.mutation p').map(({ textContent }) => textContent)).to.deep.equal([
      'Changed between Main and Audit',
      'Changed since Audit took it',
    ])
    expect(listed(inspector, '.mutation')).to.deep.equal([
      '+ payload.by.0 added "middleware"',
      '+ payload.by.1 added "handler"',
    ])
  })
})

describe('<bus-inspector>: where handlers were registered (goal 12)', () => {
  afterEach(cleanUp)

  it('is known of those that were registered while it was open, without our own frames', async () => {
    const bus = makeBus({ name: 'Main' })
    bus.on('Order', function early() {})
    const inspector = await mount({ buses: [bus] })
    bus.on('Order', function placed() {})
    bus.addEventListener('Order', function listened() {})
    const event = bus.dispatch(new BaseEvent('Order'))
    await event
    await caughtUp(inspector)
    await choose(inspector, event)
    const sites = [...event.eventResults.values()].map(({ handlerName, handlerId }) => {
      const site =
        $(inspector, `[data-handler="${handlerId}"]`).querySelector('.call-site')?.textContent ?? ''
      return `${handlerName}: ${/\/src\//.test(site) ? 'ours' : /compare\.test/.test(site) ? 'theirs' : site}`
    })
    expect(sites).to.have.members(['early: ', 'placed: theirs', 'listened: theirs'])
  })

  it('nobody listens while it is closed, and only so many are kept', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus], open: false })
    callSites.clear()
    bus.on('Order', () => {})
    expect(callSites.size).to.equal(0)
    inspector.open = true
    await inspector.updateComplete
    for (let i = 0; i < 2500; i++) bus.on('Order', () => i)()
    expect(callSites.size).to.equal(2000)
  })
})
