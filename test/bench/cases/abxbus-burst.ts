import { type BenchCase, BURST, check, sumBelow } from '../bench-case.js'
import { AbxTick, newAbxBus } from './abxbus-tick.js'

export const abxbusBurst: BenchCase = {
  name: 'abxbus, burst',
  group: 'abxbus',
  events: BURST,
  prepare() {
    const bus = newAbxBus()
    let sum = 0
    bus.on(AbxTick, ({ n }) => {
      sum += n
      return n
    })
    const s = 'tick'
    return {
      async run() {
        for (let n = 0; n < BURST; n++) bus.emit(AbxTick({ n, s }))
        await bus.waitUntilIdle()
      },
      async finish() {
        check(sum === sumBelow(BURST), 'the handler saw every event')
        await bus.destroy()
      },
    }
  },
}
