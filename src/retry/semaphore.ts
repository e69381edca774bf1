import { DISPOSE } from '../brands.js'
import { aSignal, aTimeout, type Check, checkOptions, checkType, from, SemaphoreTimeoutError } from '../errors.js'
import { Fifo } from '../linked-list.js'
import { getPage } from '../page.js'
import { RunPromise } from '../running-handler.js'
import { after } from '../timers.js'

/** A held slot. Dispose it, or leave it to `using`, to give it back; doing so twice does no harm. */
export interface Slot extends Disposable {
  /** Aborts if the slot is lost before it was given back. Slots within a page never are. */
  readonly signal: AbortSignal
}

export interface SemaphoreOptions {
  /** How many may hold a slot at once: an integer from 1 on. Where limits differ, each holder keeps to its own. */
  limit: number
  /** 'global': shared by this page. 'multiprocess', shared by all tabs of the origin, comes with a later version. @default 'global' */
  scope?: 'global' | 'multiprocess'
}

export const aLimit: Check = (name, value) => {
  from(1)(name, value)
  if (!Number.isInteger(value)) throw new RangeError(`Expected \`${name}\` to be an integer, got \`${value}\``)
}

/** One of these scopes. Slots over all tabs need Web Locks, which this version does not use yet. */
export const aScope =
  (...scopes: string[]): Check =>
  (name, value) => {
    const later = value === 'multiprocess' ? ' (multiprocess is not in this version of bubus yet)' : ''
    checkType(scopes.includes(value as string), name, `one of ${scopes.join(', ')}${later}`, value)
  }

interface Waiting {
  limit: number
  /** Gives the slot; null once that was done, or the waiter has given up. */
  grant: (() => void) | null
}

/** Slots of one name or owner, first come first served. */
export class SlotPool {
  #held = 0
  #waiting = new Fifo<Waiting>()
  #head: Waiting | undefined
  readonly #idle: (() => void) | undefined

  /** `idle` is called when nobody holds or waits, so that the pool can be forgotten. */
  constructor(idle?: () => void) {
    this.#idle = idle
  }

  /** A function that gives the slot back. @throws SemaphoreTimeoutError, the signal's reason (as rejections) */
  acquire(limit: number, name: string, timeout?: number | null, signal?: AbortSignal): Promise<() => void> {
    return new RunPromise((resolve, reject) => {
      signal?.throwIfAborted()
      const end = () => {
        waiting.grant = null
        stopTimer?.()
        signal?.removeEventListener('abort', abort)
      }
      const giveUp = (error: unknown) => {
        end()
        reject(error)
        this.#next()
      }
      const abort = () => giveUp(signal?.reason)
      const late = () =>
        giveUp(new SemaphoreTimeoutError(`No slot of semaphore ${name} became free within ${timeout} ms (limit ${limit})`))
      const grant = () => {
        end()
        this.#held++
        resolve(() => {
          if (released) return
          released = true
          this.#held--
          this.#next()
        })
      }
      let released = false
      const waiting: Waiting = { limit, grant }
      const stopTimer = timeout == null ? null : after(timeout, late)
      signal?.addEventListener('abort', abort)
      this.#waiting.push(waiting)
      this.#next()
    })
  }

  #next(): void {
    for (;;) {
      while (!this.#head?.grant) {
        this.#head = this.#waiting.shift()
        if (!this.#head) {
          if (!this.#held) this.#idle?.()
          return
        }
      }
      if (this.#held >= this.#head.limit) return
      this.#head.grant()
    }
  }
}

/** The pool of a name, in this page. */
export function poolOf(name: string): SlotPool {
  const { pools } = getPage()
  const pool = pools.get(name) ?? new SlotPool(() => pools.delete(name))
  pools.set(name, pool)
  return pool
}

/** A counting semaphore by name: `using slot = await semaphore.acquire()`. */
export class Semaphore {
  readonly name: string
  readonly limit: number

  /** @throws TypeError, RangeError for a wrong name, limit or scope */
  constructor(name: string, options: SemaphoreOptions) {
    checkType(typeof name === 'string' && name, 'name', 'a string that is not empty', name)
    checkOptions(options, { limit: aLimit, scope: aScope('global') })
    aLimit('limit', options.limit)
    this.name = name
    this.limit = options.limit
  }

  /**
   * Waits for a slot; `timeout` in ms, no limit by default.
   * @throws SemaphoreTimeoutError, the signal's reason (both as rejections)
   */
  async acquire(options: { signal?: AbortSignal; timeout?: number | null } = {}): Promise<Slot> {
    checkOptions(options, { signal: aSignal, timeout: aTimeout })
    const release = await poolOf(this.name).acquire(this.limit, this.name, options.timeout, options.signal)
    return { signal: new AbortController().signal, [DISPOSE]: release } as Slot
  }
}
