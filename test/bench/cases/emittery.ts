import Emittery from 'emittery'
import { type BenchCase, BURST, check, sumBelow } from '../bench-case.js'

export const emittery: BenchCase = {
  name: 'emittery, await each',
  group: 'main',
  events: BURST,
  prepare() {
    const emitter = new Emittery()
    let sum = 0
    emitter.on('x', (event: unknown) => {
      // Emittery 1 hands over the data, later versions an object that holds it.
      const { data = event } = event as { data?: unknown }
      sum += (data as { n: number }).n
    })
    const s = 'tick'
    return {
      async run() {
        for (let n = 0; n < BURST; n++) await emitter.emit('x', { n, s })
      },
      finish: () => check(sum === sumBelow(BURST), 'the handler saw every event'),
    }
  },
}
