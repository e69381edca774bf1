import { type BenchCase, BURST, check, sumBelow } from '../bench-case.js'

/** The platform's own dispatch, to one summing listener: what every ratio is a ratio to. */
export const yardstick: BenchCase = {
  name: 'yardstick',
  group: 'main',
  events: BURST,
  prepare() {
    const target = new EventTarget()
    let sum = 0
    target.addEventListener('x', (event) => {
      sum += (event as CustomEvent<{ n: number; s: string }>).detail.n
    })
    const s = 'tick'
    return {
      run() {
        for (let n = 0; n < BURST; n++) target.dispatchEvent(new CustomEvent('x', { detail: { n, s } }))
      },
      finish: () => check(sum === sumBelow(BURST), 'the listener saw every event'),
    }
  },
}
