import { expect } from '@esm-bundle/chai'
import * as fc from 'fast-check'
import { number } from 'superstruct'
import type { Bridge } from '../../src/bridges/bridge.js'
import { TabBridge } from '../../src/bridges/tab-bridge.js'
import { exposeBus, WorkerBridge } from '../../src/bridges/worker-bridge.js'
import { defineEvent, EventBus } from '../../src/index.js'
import { eventually } from '../log/tabs.js'
import { hasTime } from '../support/long-tests.js'
import { channelName } from './sides.js'

/** More by hand. */
const RUNS = hasTime ? 60 : 12

class Ping extends defineEvent('Ping', { from: number(), n: number() }, { result: number() }) {}

/** What is made of a bus: bridges of channels, and ports to other buses. */
interface Topology {
  contexts: number
  small: boolean[]
  bridges: { at: number; channel: number; sends: boolean; receives: boolean; gathers: boolean }[]
  ports: { near: number; far: number; sends: boolean; receives: boolean }[]
  bursts: { from: number; count: number }[]
}

const topologies: fc.Arbitrary<Topology> = fc.integer({ min: 2, max: 5 }).chain((contexts) => {
  const at = fc.integer({ min: 0, max: contexts - 1 })
  return fc.record({
    contexts: fc.constant(contexts),
    small: fc.array(fc.boolean(), { minLength: contexts, maxLength: contexts }),
    bridges: fc.array(
      fc.record({
        at,
        channel: fc.integer({ min: 0, max: 2 }),
        sends: fc.boolean(),
        receives: fc.boolean(),
        gathers: fc.boolean(),
      }),
      { minLength: 2, maxLength: 9 },
    ),
    ports: fc.array(fc.record({ near: at, far: at, sends: fc.boolean(), receives: fc.boolean() }), {
      maxLength: 3,
    }),
    bursts: fc.array(fc.record({ from: at, count: fc.integer({ min: 1, max: 40 }) }), {
      minLength: 1,
      maxLength: 5,
    }),
  })
})

/** To whom the events of each context come, its own included. */
function reachable({ contexts, bridges, ports }: Topology): Set<number>[] {
  const edges: [number, number][] = []
  for (const one of bridges)
    for (const other of bridges)
      if (one !== other && one.channel === other.channel && one.sends && other.receives)
        edges.push([one.at, other.at])
  for (const { near, far, sends, receives } of ports) {
    if (sends) edges.push([near, far])
    if (receives) edges.push([far, near])
  }
  return Array.from({ length: contexts }, (_, from) => {
    const found = new Set([from])
    for (const at of found) for (const [start, end] of edges) if (start === at) found.add(end)
    return found
  })
}

/** Whether a bridge of a port has met the other end. */
const isOpen = ({ exchange }: Bridge) =>
  Object.values(exchange).some((one) => Object(one) === one && (one as { open?: unknown }).open === true)

/** The buses and their bridges, all of which know each other. */
async function build({ small, bridges, ports }: Topology) {
  const buses = small.map((is) => new EventBus({ maxPending: is ? 20 : null, maxHistorySize: 10 }))
  const channels = [channelName(), channelName(), channelName()]
  const made: { bridge: { close(): void; exchange: Bridge['exchange'] }; isOpen(): boolean }[] = []
  const tabs = bridges.map(({ at, channel, sends, receives, gathers }) => {
    const bridge = new TabBridge(channels[channel], { results: gathers ? 'gather' : 'none' })
    if (sends) buses[at].on('*', bridge.dispatch)
    if (receives) bridge.on('*', buses[at].dispatch)
    made.push({ bridge, isOpen: () => true })
    return bridge
  })
  for (const { near, far, sends, receives } of ports) {
    const { port1, port2 } = new MessageChannel()
    const bridge = new WorkerBridge(port1)
    if (sends) buses[near].on('*', bridge.dispatch)
    if (receives) bridge.on('*', buses[near].dispatch)
    const exposed = exposeBus(buses[far], port2) as unknown as Bridge
    for (const end of [bridge, exposed]) made.push({ bridge: end, isOpen: () => isOpen(end) })
  }
  await Promise.all(tabs.map((one) => one.ready))
  await Promise.all(tabs.map((one) => one.peers()))
  await eventually('all are connected', () => made.every(({ isOpen }) => isOpen()))
  const sent = () => made.reduce((sum, { bridge }) => sum + bridge.exchange.stats.sent, 0)
  const wrong = () => made.reduce((sum, { bridge }) => sum + bridge.exchange.stats.wireErrors, 0)
  const end = async () => {
    for (const { bridge } of made) bridge.close()
    for (const bus of buses) await bus.stop({ clear: true })
  }
  return { buses, bridges: made.length, sent, wrong, end }
}

async function run(topology: Topology): Promise<void> {
  const { buses, bridges, sent, wrong, end } = await build(topology)
  const reach = reachable(topology)
  const handled = buses.map(() => new Map<number, number[]>())
  for (const [i, bus] of buses.entries())
    bus.on(Ping, ({ from, n }) => {
      const before = handled[i].get(from) ?? []
      handled[i].set(from, [...before, n])
      return i
    })
  const counts = buses.map(() => 0)
  const events: Ping[] = []
  await Promise.all(
    topology.bursts.map(async ({ from, count }) => {
      for (let i = 0; i < count; i++) {
        await buses[from].whenRoom()
        events.push(buses[from].dispatch(new Ping({ from, n: counts[from]++ })))
      }
    }),
  )
  const expected = buses.map(
    (_, i) =>
      new Map(
        counts.flatMap((count, from) =>
          count && reach[from].has(i) ? [[from, Array.from({ length: count }, (_, n) => n)] as const] : [],
        ),
      ),
  )
  const total = (maps: Map<number, number[]>[]) =>
    maps.reduce((sum, map) => sum + [...map.values()].reduce((all, { length }) => all + length, 0), 0)
  await Promise.all(events.map((event) => event.eventCompletion))
  await eventually('all came', () => total(handled) >= total(expected))
  for (const bus of buses) await bus.waitUntilIdle()
  // Nothing goes round and round.
  let before = -1
  for (let i = 0; before !== sent(); i++) {
    expect(i).to.be.below(50)
    before = sent()
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
  expect(before).to.be.at.most(events.length * bridges)
  const plain = (maps: Map<number, number[]>[]) => maps.map((map) => [...map].sort(([a], [b]) => a - b))
  expect(plain(handled)).to.deep.equal(plain(expected))
  expect(wrong()).to.equal(0)
  await end()
}

describe('buses that are connected at random', () => {
  it(`handle each event once and in its sender's order, wherever it comes (${RUNS} topologies)`, async function test() {
    this.timeout(120_000)
    await fc.assert(
      fc.asyncProperty(topologies, (t) =>
        run(t).catch((e) => {
          console.log(String(e?.message), JSON.stringify(e?.actual), JSON.stringify(e?.expected))
          throw e
        }),
      ),
      { numRuns: RUNS, seed: 41, endOnFailure: true },
    )
  })
})

describe('handlers of several contexts that await what the others handle', () => {
  class Down extends defineEvent('Down', { left: number(), at: number() }, { result: number() }) {}

  /** Each bus handles what is for it, by awaiting an event for the next one. */
  async function ring(count: number, timeout?: number) {
    const channel = channelName()
    const all = Array.from({ length: count }, () => {
      const bus = new EventBus()
      const tabs = new TabBridge(channel, { results: 'gather', ...(timeout && { timeout }) })
      return { bus, tabs }
    })
    for (const [i, { bus, tabs }] of all.entries()) {
      bus.on(Down, async ({ left, at }, { bus: here }) => {
        if (at !== i) return undefined
        if (!left) return 0
        const next = await here.dispatch(new Down({ left: left - 1, at: (i + 1) % count }))
        const value = await next.eventResult()
        return value === undefined ? undefined : value + 1
      })
      bus.on('*', tabs.dispatch)
      tabs.on('*', bus.dispatch)
    }
    await Promise.all(all.map(({ tabs }) => tabs.ready))
    await Promise.all(all.map(({ tabs }) => tabs.peers()))
    const end = async () => {
      for (const { bus, tabs } of all) {
        tabs.close()
        await bus.stop({ clear: true })
      }
    }
    return { all, end }
  }

  for (const count of [2, 3]) {
    it(`do not hang, ${count} of them in a ring, from all sides at once`, async () => {
      const { all, end } = await ring(count)
      const asked = all.flatMap(({ bus }, i) =>
        [1, 3, 6].map((left) => bus.dispatch(new Down({ left, at: i }))),
      )
      for (const event of asked) expect(await event.eventResult()).to.equal(event.left)
      await end()
    })
  }

  it('end in an EventLoopError where they would never end', async () => {
    const { all, end } = await ring(2, 60_000)
    const { error } = console
    console.error = () => {}
    const event = await all[0].bus.dispatch(new Down({ left: 1000, at: 0 }))
    const failure = await event.eventResult().catch((caught: Error) => caught)
    console.error = error
    expect((failure as Error).name).to.equal('EventLoopError')
    await end()
  })
})
