import { DISPOSE } from '../brands.js'
import { checkNumber, checkSignal, checkTimeout, checkType, SemaphoreTimeoutError } from '../errors.js'
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

/** @throws TypeError, RangeError */
export function checkLimit(name: string, limit: unknown): void {
  checkNumber(name, limit, 1, 'an integer from 1 on')
  if (!Number.isInteger(limit)) throw new RangeError(`Expected \`${name}\` to be an integer from 1 on, got \`${limit}\` (number)`)
}

/** @throws TypeError: slots over all tabs need Web Locks, which this version does not use yet. */
export function checkScope(scope: unknown): void {
  if (scope === 'multiprocess') {
    throw new TypeError("The scope 'multiprocess' is not in this version of bubus yet; use 'global' for slots shared within the page")
  }
}

interface Waiting {
  limit: number
  /** null once it has given up. */
  grant: (() => void) | null
}

/** Slots of one name or owner, first come first served. */
export class SlotPool {
  #held = 0
  #waiting = new Fifo<Waiting>()
  #head: Waiting | undefined
  #idle: (() => void) | undefined

  /** `idle` is called when nobody holds or waits, so that the pool can be forgotten. */
  constructor(idle?: () => void) {
    this.#idle = idle
  }

  /** A function that gives the slot back. @throws SemaphoreTimeoutError, the signal's reason */
  acquire(limit: number, what: string, timeout?: number | null, signal?: AbortSignal): Promise<() => void> {
    return new RunPromise((resolve, reject) => {
      signal?.throwIfAborted()
      const waiting: Waiting = { limit, grant: null }
      const settle = () => {
        waiting.grant = null
        stop?.()
        signal?.removeEventListener('abort', abort)
      }
      const giveUp = (error: unknown) => {
        settle()
        reject(error)
        this.#next()
      }
      const abort = () => giveUp(signal?.reason)
      waiting.grant = () => {
        settle()
        this.#held++
        resolve(this.#release())
      }
      this.#waiting.push(waiting)
      let stop: (() => void) | undefined
      this.#next()
      if (!waiting.grant) return
      if (timeout != null) {
        const message = `No slot of semaphore ${what} became free within ${timeout} ms (limit ${limit})`
        stop = after(timeout, () => giveUp(new SemaphoreTimeoutError(message)))
      }
      signal?.addEventListener('abort', abort)
    })
  }

  #release(): () => void {
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#held--
      this.#next()
    }
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
  let pool = pools.get(name)
  if (!pool) {
    const made = new SlotPool(() => pools.get(name) === made && pools.delete(name))
    pools.set(name, made)
    pool = made
  }
  return pool
}

/** A counting semaphore by name: `using slot = await semaphore.acquire()`. */
export class Semaphore {
  readonly name: string
  readonly limit: number

  /** @throws TypeError, RangeError for a wrong name, limit or scope */
  constructor(name: string, options: SemaphoreOptions) {
    checkType(typeof name === 'string' && name, 'name', 'a string that is not empty', name)
    checkType(typeof options === 'object' && options, 'options', 'an object with a limit', options)
    checkLimit('limit', options.limit)
    checkScope(options.scope)
    this.name = name
    this.limit = options.limit
  }

  /**
   * Waits for a slot; `timeout` in ms, no limit by default.
   * @throws SemaphoreTimeoutError, the signal's reason (both as rejections)
   */
  async acquire({ signal, timeout }: { signal?: AbortSignal; timeout?: number | null } = {}): Promise<Slot> {
    checkSignal(signal)
    checkTimeout('timeout', timeout)
    const release = await poolOf(this.name).acquire(this.limit, this.name, timeout, signal)
    return { signal: new AbortController().signal, [DISPOSE]: release } as Slot
  }
}
