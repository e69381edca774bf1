import type { EventBus } from '../../../src/index.js'
import { type BenchCase, check, type Round } from '../bench-case.js'
import { dismiss, newBus, Tick } from './tick.js'

const CHUNK = 1_000
const s = 'tick'

async function dispatchChunk(bus: EventBus): Promise<void> {
  for (let n = 0; n < CHUNK; n++) bus.dispatch(new Tick({ n, s }))
  await bus.waitUntilIdle()
}

async function filledBus(size: number): Promise<EventBus> {
  const bus = newBus({ maxHistorySize: null })
  bus.on(Tick, ({ n }) => n)
  for (let filled = 0; filled < size; filled += CHUNK) await dispatchChunk(bus)
  return bus
}

/** `chunks` times 1 000 events, each time on a bus whose history already holds `size`. */
async function marginal(size: number, chunks: number): Promise<Round> {
  const buses: EventBus[] = []
  // A full bus grows by little while it is measured; small ones have to be fresh for every chunk.
  const fresh = size < chunks * CHUNK
  for (let i = 0; i < (fresh ? chunks : 1); i++) buses.push(await filledBus(size))
  return {
    async run() {
      for (let i = 0; i < chunks; i++) await dispatchChunk(buses[fresh ? i : 0] as EventBus)
    },
    async finish() {
      const held = buses.reduce((sum, bus) => sum + bus.eventHistory.size, 0)
      check(held === buses.length * size + chunks * CHUNK, 'every event is in a history')
      await Promise.all(buses.map(dismiss))
    },
  }
}

/** Fills `count` histories from nothing to `size`. */
function filling(size: number, count: number): Round {
  let buses: EventBus[] = []
  return {
    async run() {
      for (let i = 0; i < count; i++) buses.push(await filledBus(size))
    },
    async finish() {
      check(
        buses.every((bus) => bus.eventHistory.size === size),
        'every history is full',
      )
      await Promise.all(buses.map(dismiss))
      buses = []
    },
  }
}

/** From 1 000 to 100 000 events in an unlimited history: the cost of one more, and of all of them. */
export const history: readonly BenchCase[] = [
  {
    name: 'history of 1 000, one more',
    group: 'history',
    events: 20_000,
    prepare: () => marginal(1_000, 20),
  },
  {
    name: 'history of 100 000, one more',
    group: 'history',
    events: 20_000,
    prepare: () => marginal(100_000, 20),
  },
  { name: 'history filled to 1 000', group: 'history', events: 20_000, prepare: () => filling(1_000, 20) },
  {
    name: 'history filled to 100 000',
    group: 'history',
    events: 100_000,
    prepare: () => filling(100_000, 1),
  },
]
