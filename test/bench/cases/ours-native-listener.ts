import { type BenchCase, BURST, check, sumBelow } from '../bench-case.js'
import { dismiss, newBus, Tick } from './tick.js'

export const oursNativeListener: BenchCase = {
  name: 'bubus, burst, one native listener',
  group: 'main',
  events: BURST,
  prepare() {
    const bus = newBus()
    let sum = 0
    bus.addEventListener(Tick, ({ n }) => {
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
        check(sum === sumBelow(BURST), 'the listener saw every event')
        await dismiss(bus)
      },
    }
  },
}
