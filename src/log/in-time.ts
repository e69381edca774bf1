import { LogError } from '../errors.js'
import { after } from '../timers.js'

/**
 * As `work`, but rejected if that does not settle in time: engines have been seen to answer never. In two halves: a page that was
 * frozen finds the timer over before it sees what has come.
 */
export const inTime = <T>(work: Promise<T>, ms: number, what: string): Promise<T> =>
  new Promise((resolve, reject) => {
    let stop = after(ms / 2, () => {
      stop = after(ms / 2, () => reject(new LogError(`${what} within ${ms} ms`)))
    })
    work.then(resolve, reject).finally(() => stop())
  })

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => after(ms, resolve))
