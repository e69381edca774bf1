import { type BenchCase, BURST, check, sumBelow } from '../bench-case.js'
import { dismiss, newBus, Tick } from './tick.js'

/** Construct, dispatch, one sync handler, its result, history: the first headline. */
export const oursBurst: BenchCase = {
  name: 'bubus, burst',
  group: 'main',
  events: BURST,
  prepare() {
    const bus = newBus()
    let sum = 0
    bus.on(Tick, ({ n }) => {
      sum += n
      return n
    })
    const s = 'tick'
    let last: Tick
    return {
      async run() {
        for (let n = 0; n < BURST; n++) last = bus.dispatch(new Tick({ n, s }))
        await bus.waitUntilIdle()
      },
      async finish() {
        check(sum === sumBelow(BURST), 'the handler saw every event')
        const [result] = last.eventResults.values()
        check(last.eventStatus === 'completed' && result?.result === BURST - 1, 'the result is recorded')
        check(bus.eventHistory.size === 50, 'history holds the last 50')
        await dismiss(bus)
      },
    }
  },
}
