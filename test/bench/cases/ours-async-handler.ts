import { type BenchCase, BURST, check, sumBelow } from '../bench-case.js'
import { dismiss, newBus, Tick } from './tick.js'

export const oursAsyncHandler: BenchCase = {
  name: 'bubus, burst, one async handler',
  group: 'main',
  events: BURST,
  prepare() {
    const bus = newBus()
    let sum = 0
    bus.on(Tick, async ({ n }) => {
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
        await dismiss(bus)
      },
    }
  },
}
