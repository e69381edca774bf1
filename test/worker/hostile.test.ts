import { expect } from '@esm-bundle/chai'
import { number } from 'superstruct'
import { type ExposedBus, exposeBus, WorkerBridge } from '../../src/bridges/worker-bridge.js'
import { defineEvent, EventBus } from '../../src/index.js'
import { eventually } from '../log/tabs.js'
import { hasTime, itWithTime } from '../support/long-tests.js'
import {
  malformed,
  meaningless,
  message as messageOf,
  mutated,
  oversized,
  record,
  values,
} from '../two-tabs/junk.js'

class Ping extends defineEvent('Ping', { n: number() }, { result: number() }) {}

const raw = (value: unknown) => ({ type: 'RAW', value })
const call = (path: unknown, ...args: unknown[]) => ({ id: 'x-1', type: 'APPLY', path, argumentList: args })
const verbs = ['hello', 'events', 'results', 'urgent', 'cancel', 'close']

/** What comlink by itself obeys, or trips over. */
const attacks: (() => unknown)[] = [
  () => ({
    id: 'x',
    type: 'CONSTRUCT',
    path: ['constructor', 'constructor'],
    argumentList: [raw('globalThis.polluted = 1')],
  }),
  () => ({ id: 'x', type: 'SET', path: ['__proto__', 'polluted'], value: raw(1) }),
  () => ({ id: 'x', type: 'SET', path: ['events'], value: raw(null) }),
  () => ({ id: 'x', type: 'GET', path: ['events'] }),
  () => ({ id: 'x', type: 'GET', path: [] }),
  () => ({ id: 'x', type: 'ENDPOINT' }),
  () => call([]),
  () => call(['constructor'], raw(1)),
  () => call(['__proto__'], raw(1)),
  () => call(['toString']),
  () => call(['then'], raw(1)),
  () => call(['events', 'constructor'], raw('globalThis.polluted = 1')),
  () => call(['events', 'bind'], raw(null)),
  () => call(['events', 'apply'], raw(null), raw([])),
  () => call('events', raw(1)),
  () => call({ 0: 'events', length: 1 }, raw(1)),
  () => call([['events']], raw(1)),
  () => call({ toString: 1, valueOf: 1 }, raw(1)),
  () => call(['events'], raw(1), raw(2), raw(3)),
  () => call(['events'], { type: 'HANDLER', name: 'proxy', value: null }),
  () =>
    call(['events'], { type: 'HANDLER', name: 'throw', value: { isError: true, value: { message: 'x' } } }),
  () => call(['events'], { type: 'PROXY', value: 1 }),
  () => call(['events'], null),
  () => ({ ...call(['events'], raw(1)), id: { toString: 1 } }),
  () => ({ ...call(['events'], raw(1)), id: 7 }),
  () => ({ type: 'APPLY', path: ['events'], argumentList: [raw(1)] }),
  () => ({ id: 'x', type: 'APPLY', path: ['events'], argumentList: 'abc' }),
  // Lists that have what their methods are looked up by.
  () => ({ ...call(['events']), argumentList: Object.assign([raw(1)], { every: 1 }) }),
  () => ({ ...call(['events']), argumentList: Object.assign([raw(1)], { map: 1 }) }),
  () => ({ ...call(['events']), argumentList: Object.assign([raw(1)], { constructor: {} }) }),
  () => ({ ...call(Object.assign(['events'], { includes: 1, constructor: {} })), argumentList: [raw(1)] }),
  () => ({ id: 'x', type: 'HANDLER', name: 'throw', value: { isError: false, value: 1 } }),
  () => ({ id: 'x', type: 'RELEASE', path: ['events'] }),
]

/** Calls that pass the endpoint and are refused behind it. */
const misused: (() => unknown)[] = [
  ...verbs.map((verb) => () => call([verb], raw(messageOf(verb === 'events' ? 'results' : 'events', [])))),
  ...verbs.map((verb) => () => call([verb])),
  ...verbs.map((verb) => () => call([verb], raw(null), raw(2))),
  ...[...malformed, ...oversized].map((make) => () => call(['events'], raw(make()))),
]

const MANY = hasTime ? 50_000 : 10_000

describe('a hostile other end of a port', () => {
  const errors: string[] = []
  const note = (event: ErrorEvent | PromiseRejectionEvent) =>
    errors.push(String('reason' in event ? event.reason : event.message))
  let bus: EventBus
  let exposed: ExposedBus
  let handled: number[]
  let ports: MessagePort[] = []
  let received = 0
  beforeEach(() => {
    errors.length = 0
    addEventListener('error', note)
    addEventListener('unhandledrejection', note)
    handled = []
    received = 0
    bus = new EventBus({ maxPending: null })
    bus.on(Ping, ({ n }) => {
      handled.push(n)
      return n * 2
    })
    const { port1, port2 } = new MessageChannel()
    ports = [port1, port2]
    port1.onmessage = () => received++
    exposed = exposeBus(bus, port2)
  })
  afterEach(async () => {
    removeEventListener('error', note)
    removeEventListener('unhandledrejection', note)
    exposed.close()
    for (const port of ports) port.close()
    await bus.stop({ clear: true })
  })

  /** A real event is handled and answered afterwards. */
  async function stillAnswers() {
    expect(handled).to.deep.equal([])
    const bridge = new WorkerBridge(ports[0])
    const event = await bridge.dispatch(new Ping({ n: 21 }))
    expect(await event.eventResult()).to.equal(42)
    expect(handled).to.deep.equal([21])
    bridge.close()
    expect(errors).to.deep.equal([])
    expect((globalThis as { polluted?: unknown }).polluted).to.equal(undefined)
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined)
  }

  it('runs no code and dispatches nothing by tens of thousands of messages of its own, each of which is counted', async function test() {
    this.timeout(60_000)
    const all = [
      ...attacks,
      ...misused,
      ...values.filter((value) => value !== undefined).map((value) => () => value),
    ]
    let posted = 0
    for (; posted < MANY; posted += all.length) {
      for (const make of all) ports[0].postMessage(make())
      if (posted % (10 * all.length) === 0)
        await eventually('they came', () => exposed.stats.wireErrors >= posted)
    }
    await eventually('all came', () => exposed.stats.wireErrors >= posted)
    expect(exposed.stats.wireErrors).to.equal(posted)
    await stillAnswers()
  })

  // WebKit's own clone does not come to its end.
  itWithTime('nor holds up anybody by a list whose end nobody would live to see', async () => {
    ports[0].postMessage({ ...call(['events']), argumentList: new Array(2 ** 32 - 1) })
    await stillAnswers()
    expect(exposed.stats.wireErrors).to.equal(1)
  })

  it('nor by what is said to a bridge, whatever it means', async () => {
    for (const make of [...meaningless, ...mutated]) ports[0].postMessage(call(['results'], raw(make())))
    for (let i = 0; i < 500; i++) {
      ports[0].postMessage({ id: `r${i}`, type: 'RELEASE' })
      ports[0].postMessage({ id: `r${i}`, type: 'RAW', value: { type: 'HANDLER', name: 'throw' } })
    }
    await eventually('every release is answered', () => received >= 500)
    await stillAnswers()
  })

  it('cannot make a bridge believe in an answer that comlink would throw', async () => {
    const bridge = new WorkerBridge(ports[0], { timeout: 300 })
    const event = bridge.dispatch(new Ping({ n: 1 }))
    for (let i = 0; i < 100; i++)
      ports[1].postMessage({ id: `${i}`, type: 'HANDLER', name: 'throw', value: {} })
    await event
    expect(await event.eventResult()).to.equal(2)
    expect(bridge.stats.wireErrors).to.equal(100)
    bridge.close()
  })

  it('is not heard where it is another window, or of another origin', async () => {
    const frames = ['allow-scripts allow-same-origin', 'allow-scripts'].map((sandbox) => {
      const frame = document.createElement('iframe')
      frame.setAttribute('sandbox', sandbox)
      frame.srcdoc = `<script>
        setInterval(() => parent.postMessage(${JSON.stringify(call(['events'], raw(messageOf('events', [{ n: 1, hops: 0, value: record(1) }]))))}, '*'), 5)
      </script>`
      document.body.append(frame)
      return frame
    })
    const other = document.createElement('iframe')
    document.body.append(other)
    const here = exposeBus(bus, { window: other.contentWindow as Window, origin: location.origin })
    const opaque = exposeBus(bus, { window: frames[1].contentWindow as Window, origin: location.origin })
    let heard = 0
    const hear = () => heard++
    addEventListener('message', hear)
    await eventually('they speak', () => heard > 20)
    removeEventListener('message', hear)
    expect(handled).to.deep.equal([])
    expect(here.stats).to.deep.equal({ sent: 0, received: 0, wireErrors: 0 })
    expect(opaque.stats).to.deep.equal({ sent: 0, received: 0, wireErrors: 0 })
    here.close()
    opaque.close()
    for (const frame of [other, ...frames]) frame.remove()
  })
})
