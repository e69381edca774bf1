import mitt from 'mitt'
import { type BenchCase, BURST, check, sumBelow } from '../bench-case.js'

// Its types are read as those of a CommonJS module, where the function would be one level further in.
const newEmitter = mitt as unknown as typeof mitt.default

export const mittCase: BenchCase = {
  name: 'mitt',
  group: 'main',
  events: BURST,
  prepare() {
    const emitter = newEmitter<{ x: { n: number; s: string } }>()
    let sum = 0
    emitter.on('x', ({ n }) => {
      sum += n
    })
    const s = 'tick'
    return {
      run() {
        for (let n = 0; n < BURST; n++) emitter.emit('x', { n, s })
      },
      finish: () => check(sum === sumBelow(BURST), 'the handler saw every event'),
    }
  },
}
