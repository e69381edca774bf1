import { type BenchCase, BURST, check, sumBelow } from '../bench-case.js'
import { dismiss, newBus, Tick } from './tick.js'

/** Dispatch and await each: the second headline. */
export const oursAwaitEach: BenchCase = {
  name: 'bubus, await each',
  group: 'main',
  events: BURST,
  prepare() {
    const bus = newBus()
    let sum = 0
    let handled = -1
    let late = 0
    bus.on(Tick, ({ n }) => {
      sum += n
      handled = n
      return n
    })
    const s = 'tick'
    return {
      async run() {
        for (let n = 0; n < BURST; n++) {
          await bus.dispatch(new Tick({ n, s }))
          if (handled !== n) late++
        }
      },
      async finish() {
        check(sum === sumBelow(BURST), 'the handler saw every event')
        check(late === 0, 'code after each await ran after its handler and before the next')
        await dismiss(bus)
      },
    }
  },
}
