import { type BenchCase, BURST, check, sumBelow } from '../bench-case.js'
import { Tick } from './tick.js'

export const oursConstruct: BenchCase = {
  name: 'bubus, construct only',
  group: 'main',
  events: BURST,
  prepare() {
    let sum = 0
    const s = 'tick'
    return {
      run() {
        for (let n = 0; n < BURST; n++) sum += new Tick({ n, s }).n
      },
      finish: () => check(sum === sumBelow(BURST), 'every event was made'),
    }
  },
}
