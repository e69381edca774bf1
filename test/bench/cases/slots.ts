import { Semaphore } from '../../../src/index.js'
import { type BenchCase, check } from '../bench-case.js'

const TIMES = 300
const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose')

let names = 0

/** Nobody else wants the lock: taken, and given back. */
const bareLock: BenchCase = {
  name: 'navigator.locks.request, given back',
  group: 'slots',
  events: TIMES,
  prepare() {
    const name = `bench${names++}`
    return {
      async run() {
        for (let i = 0; i < TIMES; i++) {
          let held = false
          await navigator.locks.request(name, () => {
            held = true
          })
          check(held, 'the lock was held')
        }
      },
    }
  },
}

function slot(limit: number): BenchCase {
  return {
    name: `slot of all tabs, limit ${limit}`,
    group: 'slots',
    events: TIMES,
    async prepare() {
      const semaphore = new Semaphore(`bench${names++}`, { limit, scope: 'multiprocess' })
      ;(await semaphore.acquire())[DISPOSE]()
      return {
        async run() {
          for (let i = 0; i < TIMES; i++) {
            const one = await semaphore.acquire()
            check(!one.signal.aborted, 'the slot is held')
            one[DISPOSE]()
          }
        },
      }
    },
  }
}

export const slots: readonly BenchCase[] = [bareLock, slot(1), slot(3), slot(16)]
