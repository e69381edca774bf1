import type { EventBus } from '../../../src/index.js'
import { type BenchCase, BURST, check, sumBelow } from '../bench-case.js'
import { dismiss, newBus, Tick } from './tick.js'

/** A burst spread over `used` of `living` buses that all have a handler for it. */
function amongBuses(name: string, living: number, used: number): BenchCase {
  return {
    name,
    group: 'buses',
    events: BURST,
    prepare() {
      let sum = 0
      const buses: EventBus[] = []
      for (let i = 0; i < living; i++) {
        const bus = newBus()
        bus.on(Tick, ({ n }) => {
          sum += n
          return n
        })
        buses.push(bus)
      }
      const s = 'tick'
      return {
        async run() {
          for (let n = 0; n < BURST; n++) (buses[n % used] as EventBus).dispatch(new Tick({ n, s }))
          for (let i = 0; i < used; i++) await (buses[i] as EventBus).waitUntilIdle()
        },
        async finish() {
          check(sum === sumBelow(BURST), 'one handler saw every event')
          await Promise.all(buses.map(dismiss))
        },
      }
    },
  }
}

/** From 1 to 1 000 living buses. */
export const buses: readonly BenchCase[] = [
  amongBuses('1 living bus', 1, 1),
  amongBuses('1 000 living buses, one used', 1_000, 1),
  amongBuses('1 000 living buses, all used', 1_000, 1_000),
]
