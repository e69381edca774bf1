import { type BenchCase, BURST, check, sumBelow } from '../bench-case.js'
import { dismiss, newBus, Tick } from './tick.js'

/** The same burst on a bus that forgets nothing. */
export const oursBurstUnlimited: BenchCase = {
  name: 'bubus, burst, unlimited history',
  group: 'main',
  events: BURST,
  prepare() {
    const bus = newBus({ maxHistorySize: null })
    let sum = 0
    bus.on(Tick, ({ n }) => {
      sum += n
      return n
    })
    const s = 'tick'
    return {
      async run() {
        for (let n = 0; n < BURST; n++) bus.dispatch(new Tick({ n, s }))
        await bus.waitUntilIdle()
      },
      async finish() {
        check(sum === sumBelow(BURST), 'the handler saw every event')
        check(bus.eventHistory.size === BURST, 'history holds every event')
        await dismiss(bus)
      },
    }
  },
}
