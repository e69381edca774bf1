import { expect } from '@esm-bundle/chai'
import { number } from 'superstruct'
import { MAX_INBOX } from '../../src/bridges/exchange.js'
import { BaseEvent, defineEvent } from '../../src/index.js'
import { eventually } from '../log/tabs.js'
import { hasTime, itWithTime } from '../support/long-tests.js'
import { bomb, malformed, meaningless, message, mutated, oversized, record, uuid, values } from './junk.js'
import { channelName, closeAll, keptForOthers, side } from './sides.js'

class Ping extends defineEvent('Ping', { n: number() }, { result: number() }) {}

const ROUNDS = hasTime ? 300 : 60
const FEWER = ROUNDS / 20

describe('a hostile tab', () => {
  const errors: string[] = []
  const note = (event: ErrorEvent | PromiseRejectionEvent) =>
    errors.push(String('reason' in event ? event.reason : event.message))
  beforeEach(() => {
    errors.length = 0
    addEventListener('error', note)
    addEventListener('unhandledrejection', note)
  })
  afterEach(async () => {
    removeEventListener('error', note)
    removeEventListener('unhandledrejection', note)
    await closeAll()
  })

  async function victim() {
    const channel = channelName()
    const made = side(channel, { results: 'gather' })
    await made.tabs.ready
    const handled: number[] = []
    made.bus.on(Ping, ({ n }) => {
      handled.push(n)
      return n
    })
    made.tabs.on('*', made.bus.dispatch)
    const keys = Object.getOwnPropertyNames(Object.prototype).join()
    const own = new BroadcastChannel(`${channel}:${made.tabs.exchange.id}`)
    const all = new BroadcastChannel(channel)
    let pings = 0
    /** What was posted before has been received. */
    const received = async (line = all) => {
      const n = 1_000_000 + pings++
      line.postMessage(message('events', [{ n, hops: 0, value: record(n) }]))
      await eventually('an event gets through', () => handled.at(-1) === n, 50_000)
      handled.pop()
    }
    const unharmed = () => {
      expect(handled).to.deep.equal([])
      expect(errors).to.deep.equal([])
      expect(({} as { polluted?: unknown }).polluted).to.equal(undefined)
      expect(Object.getOwnPropertyNames(Object.prototype).join()).to.equal(keys)
    }
    const end = () => [own, all].map((line) => line.close())
    return { ...made, own, all, received, unharmed, end }
  }

  it('gets nothing dispatched by thousands of malformed messages, each of which is counted', async function test() {
    this.timeout(60_000)
    const { tabs, all, received, unharmed, end } = await victim()
    for (let round = 0; round < ROUNDS; round++) {
      for (const make of malformed) all.postMessage(make())
      if (round % 100 === 0) await received()
    }
    for (let round = 0; round < FEWER; round++) for (const make of oversized) all.postMessage(make())
    await received()
    unharmed()
    expect(tabs.stats.wireErrors).to.equal(ROUNDS * malformed.length + FEWER * oversized.length)
    end()
  })

  it('nor by valid messages with one key of another value, on either channel', async function test() {
    this.timeout(60_000)
    const { tabs, all, own, received, unharmed, end } = await victim()
    for (let round = 0; round < FEWER; round++) {
      for (const make of mutated) (round % 2 ? all : own).postMessage(make())
      for (const value of values) all.postMessage(value)
      await received(all)
      await received(own)
    }
    unharmed()
    expect(tabs.stats.wireErrors).to.equal(FEWER * (mutated.length + values.length))
    end()
  })

  it('does nothing by answers, cancels and urgency for what it was never sent', async () => {
    const { tabs, own, all, received, unharmed, end } = await victim()
    for (let round = 0; round < 200; round++)
      for (const make of meaningless) (round % 2 ? all : own).postMessage(make())
    await received()
    await received(own)
    unharmed()
    expect(tabs.stats.wireErrors).to.equal(0)
    end()
  })

  it('cancels what it has sent itself, and throws nothing by how it says why', async () => {
    const { bus, all, received, unharmed, end } = await victim()
    const ended: string[] = []
    class Long extends defineEvent('Long', { n: number() }) {}
    bus.on(
      Long,
      ({ n }, { signal }) => {
        signal.addEventListener('abort', () => ended.push(`${n}: ${(signal.reason as Error).name}`))
        return new Promise(() => {})
      },
      { timeout: null },
    )
    // As deep as this engine can send: to make a text of it may take more stack than there is.
    const nested = (depth: number): unknown => {
      let value: unknown = 'bottom'
      for (let i = 0; i < depth; i++) value = [value]
      try {
        structuredClone({ cause: { cause: { cause: { stack: value } } } })
        return value
      } catch {
        return nested(Math.floor(depth / 2))
      }
    }
    const name = nested(20_000)
    const reasons = [
      { name },
      { message: name },
      { cause: name },
      { cause: { cause: { cause: { stack: name } } } },
      { message: bomb() },
      null,
      7,
    ]
    for (const [n, reason] of reasons.entries()) {
      all.postMessage(message('events', [{ n, hops: 0, value: { ...record(n), event_type: 'Long' } }]))
      await eventually('it is handled', () => bus.eventsStarted.length === 1)
      all.postMessage(message('cancel', [{ n, hops: 0, value: reason }]))
      await eventually('it is cancelled', () => ended.length === n + 1)
    }
    await received()
    expect(ended).to.deep.equal(reasons.map((_, n) => `${n}: EventCancelledError`))
    unharmed()
    end()
  })

  it('holds up nobody by what it sends in a map, and gets back as it was', async () => {
    const { bus, all, received, unharmed, end } = await victim()
    bus.on('Echo', ({ eventPayload: { what } }) => what)
    const value = { event_type: 'Echo', event_id: uuid(5), what: new Map([[1, bomb()]]) }
    all.postMessage(message('events', [{ n: 1, hops: 0, value }]))
    await received()
    expect(bus.eventsCompleted.map(({ type }) => type)).to.include('Echo')
    unharmed()
    end()
  })

  it('makes no locks and keeps no channels by 3 000 hellos and events of nobody', async () => {
    const { tabs, all, received, unharmed, end } = await victim()
    const before = await navigator.locks.query()
    for (let i = 0; i < 3000; i++) {
      all.postMessage(message('hello', [], { from: uuid(i + 10) }))
      all.postMessage(
        message('events', [{ n: i, hops: 3, value: record(i, { n: 'no' }) }], { from: uuid(i + 10) }),
      )
    }
    await received()
    unharmed()
    const { held = [], pending = [] } = await navigator.locks.query()
    expect(held.length + pending.length).to.be.at.most(
      (before.held?.length ?? 0) + (before.pending?.length ?? 0),
    )
    expect(await tabs.peers()).to.deep.equal([])
    end()
  })

  it('leaves nothing behind by events that nobody waits for, and that say a handler does', async () => {
    const { bus, tabs, all, received, end } = await victim()
    await received()
    const before = keptForOthers()
    let seen = 0
    bus.on('Unasked', () => seen++)
    for (let n = 0; n < 100; n++) {
      const value = { event_type: 'Unasked', event_id: uuid(n + 20) }
      all.postMessage(message('events', [{ n, hops: n, value }], { flag: false }))
    }
    await eventually('all are handled', () => seen === 100)
    await received()
    expect(keptForOthers()).to.equal(before)
    expect(tabs.stats.wireErrors).to.equal(0)
    end()
  })

  itWithTime(
    'cannot fill the memory of a page whose bus is full: of too many each is counted, and refused to who waits',
    async function test() {
      this.timeout(60_000)
      const channel = channelName()
      const { bus, tabs } = side(channel, {}, { maxPending: 1, maxHistorySize: 1 })
      const sender = side(channel, { results: 'gather', timeout: null })
      let open = () => {}
      const opened = new Promise<void>((resolve) => {
        open = resolve
      })
      let handled = 0
      bus.on(Ping, async ({ n }) => {
        if (!handled++) await opened
        return n
      })
      tabs.on('*', bus.dispatch)
      await Promise.all([tabs.ready, sender.tabs.ready])
      await sender.tabs.peers()
      const all = new BroadcastChannel(channel)
      for (let first = 0; first < MAX_INBOX + 1000; first += 1000) {
        const items = Array.from({ length: 1000 }, (_, i) => ({ n: first + i, value: record(first + i) }))
        all.postMessage(message('events', items, { flag: false }))
      }
      await eventually('too many have come', () => tabs.stats.wireErrors === 999, 50_000)
      expect(tabs.stats.received).to.equal(MAX_INBOX + 1)
      sender.bus.on('*', sender.tabs.dispatch)
      const refused = await sender.bus.dispatch(new Ping({ n: 1 }))
      const { error } = [...refused.eventResults.values()].at(-1) ?? {}
      expect(error).to.include({ name: 'BusFullError' })
      expect((error as Error).message).to.contain(bus.name)
      expect(tabs.stats.wireErrors).to.equal(1000)
      open()
      await eventually('all that was not refused is handled', () => handled === MAX_INBOX + 1, 50_000)
      const late = await sender.bus.dispatch(new Ping({ n: 2 }))
      expect(await late.eventResult()).to.equal(2)
      all.close()
    },
  )

  /** Until its bridge is closed a handler of this page waits for another, so that what is urgent does not wait for room. */
  async function waiting() {
    const asking = side(channelName(), { results: 'gather', timeout: null })
    const silent = side(asking.tabs.channel)
    silent.bus.on('Ask', () => new Promise(() => {}))
    silent.tabs.on('*', silent.bus.dispatch)
    asking.bus.on('Outer', async () => void (await asking.tabs.dispatch(new BaseEvent('Ask'))))
    await Promise.all([asking.tabs.ready, silent.tabs.ready])
    await eventually('it is known', async () => (await asking.tabs.peers()).length === 1)
    asking.bus.dispatch(new BaseEvent('Outer'))
    await eventually('it is asked', () => silent.bus.eventsStarted.length === 1)
  }

  /** So many urgent events that end by a time-out at most, all of which have been read. */
  async function urge({ bus, tabs, all }: Awaited<ReturnType<typeof victim>>, count: number) {
    await waiting()
    bus.on('Wait', () => new Promise(() => {}))
    for (let first = 0; first < count; first += 1000) {
      const items = Array.from({ length: Math.min(1000, count) }, (_, i) => ({
        n: first + i,
        hops: 1,
        value: record(first + i, { event_type: 'Wait' }),
      }))
      all.postMessage(message('events', items))
    }
    await eventually('all were read', () => tabs.stats.received + tabs.stats.wireErrors >= count, 50_000)
  }

  itWithTime('cannot fill it by what is urgent either, and does not wait for room', async function test() {
    this.timeout(100_000)
    const side = await victim()
    await urge(side, MAX_INBOX + 1000)
    // What is asked elsewhere in this page is one of them.
    expect(side.tabs.stats.received).to.equal(MAX_INBOX - 1)
    side.end()
  })

  it('leaves no rejection behind by what was urgent, where the bus is stopped', async () => {
    const side = await victim()
    await urge(side, 300)
    side.tabs.close()
    await side.bus.stop({ clear: true })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(errors).to.deep.equal([])
    side.end()
  })

  it('keeps nobody from sending by hellos without end', async function test() {
    this.timeout(20_000)
    const { bus, tabs, all, end } = await victim()
    const other = side(tabs.channel)
    other.tabs.on('*', other.bus.dispatch)
    other.bus.on('Ask', () => 7)
    await other.tabs.ready
    await eventually('they know each other', async () => (await tabs.peers()).length === 1)
    const over = new AbortController()
    // With many of them a look takes longer.
    for (let i = 0; i < 3000; i++)
      void navigator.locks.request(
        `many${i}`,
        () => new Promise((resolve) => over.signal.addEventListener('abort', resolve)),
      )
    const flood = setInterval(() => {
      for (let i = 0; i < 4; i++) all.postMessage(message('hello', []))
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
    bus.on('Ask', tabs.dispatch)
    const asked = bus.dispatch(new BaseEvent('Ask'))
    await eventually('it is answered', () => asked.eventStatus === 'completed').finally(() => {
      clearInterval(flood)
      over.abort()
    })
    expect(await asked.eventResult()).to.equal(7)
    end()
  })

  it('keeps nothing that another sends from being handled by taking its number before', async () => {
    const channel = channelName()
    const { bus, tabs } = side(channel, {}, { eventConcurrency: 'parallel' })
    const other = side(channel, { results: 'gather' })
    bus.on('Wait', () => new Promise(() => {}))
    bus.on(Ping, ({ n }) => n)
    tabs.on('*', bus.dispatch)
    other.bus.on('*', other.tabs.dispatch)
    await Promise.all([tabs.ready, other.tabs.ready])
    await eventually('it knows the victim', async () => (await other.tabs.peers()).length === 1)
    const line = new BroadcastChannel(channel)
    const value = record(1, { event_type: 'Wait' })
    line.postMessage(message('events', [{ n: 1, hops: 0, value }], { from: other.tabs.exchange.id }))
    await eventually('the forged one is here', () => tabs.stats.received === 1)
    line.close()
    const ping = await other.bus.dispatch(new Ping({ n: 7 }))
    expect(await ping.eventResultsList({ raiseIfAny: false })).to.deep.equal([7])
  })

  it('can answer for another, and gets no further: what it says is only shown', async () => {
    const { bus, tabs, unharmed, end } = await victim()
    const other = side(tabs.channel, { results: 'gather' })
    await other.tabs.ready
    await eventually('they know each other', async () => (await tabs.peers()).length === 1)
    other.bus.on(Ping, () => new Promise(() => {}))
    other.tabs.on('*', other.bus.dispatch)
    bus.off(Ping)
    bus.on(Ping, tabs.dispatch)
    const ping = bus.dispatch(new Ping({ n: 1 }))
    await eventually('it is on its way', () => tabs.stats.sent === 1)
    const forged = [
      {
        handler_id: `${bus.id}.1`,
        bus_id: bus.id,
        bus_name: 'x'.repeat(1e5),
        status: 'completed',
        result: 'no number',
      },
      {
        handler_id: '__proto__',
        handler_name: { evil: 1 },
        status: 'error',
        error: JSON.parse('{"__proto__":{"polluted":1}}'),
      },
      { status: 'error', error: 7 },
      { status: 'error', error: { message: bomb() } },
      { status: 'completed', handler_name: bomb() },
      { status: 'completed', result: bomb() },
      { status: 'completed', result: 1, completed_at: bomb() },
      null,
      JSON.parse('{"__proto__":{"status":"completed"},"result":{"__proto__":{"polluted":1}}}'),
    ]
    const line = new BroadcastChannel(`${tabs.channel}:${tabs.exchange.id}`)
    const answer = { n: 1, hops: 0, value: forged }
    line.postMessage(message('results', [answer, answer], { from: other.tabs.exchange.id }))
    await ping
    line.close()
    expect(await ping.eventResultsList({ raiseIfAny: false })).to.deep.equal([])
    for (const { error, busName } of ping.eventResults.values()) {
      expect(busName.length).to.be.below(20_000)
      if (error) expect(String((error as Error).message).length).to.be.below(20_000)
    }
    unharmed()
    end()
  })
})
