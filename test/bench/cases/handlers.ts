import { type BenchCase, BURST, check } from '../bench-case.js'
import { dismiss, newBus, Tick } from './tick.js'

function withHandlers(count: number): BenchCase {
  return {
    name: count === 1 ? '1 handler' : `${count} handlers`,
    group: 'handlers',
    events: BURST,
    prepare() {
      const bus = newBus()
      let calls = 0
      // A function runs once per event however often it is registered, so each is a new one.
      for (let i = 0; i < count; i++) {
        bus.on(Tick, ({ n }) => {
          calls++
          return n
        })
      }
      const s = 'tick'
      return {
        async run() {
          for (let n = 0; n < BURST; n++) bus.dispatch(new Tick({ n, s }))
          await bus.waitUntilIdle()
        },
        async finish() {
          check(calls === BURST * count, 'every handler saw every event')
          await dismiss(bus)
        },
      }
    },
  }
}

export const handlers: readonly BenchCase[] = [1, 2, 4, 8, 16].map(withHandlers)
