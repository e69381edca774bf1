/// <reference lib="esnext.disposable" preserve="true" />
import { DISPOSE } from '../brands.js'
import {
  aString,
  type Check,
  checkOptions,
  checkType,
  from,
  oneOf,
  SemaphoreTimeoutError,
} from '../errors.js'
import { getPage } from '../page.js'
import { type Limits, wait } from '../wait.js'

/** A held slot. Dispose it, or leave it to `using`, to give it back; doing so twice does no harm. */
export interface Slot extends Disposable {
  /**
   * Aborts if the slot is lost before it was given back: somebody stole its lock, or its page went to rest (the back/forward cache, or
   * frozen). Slots within a page never are.
   */
  readonly signal: AbortSignal
}

export interface SemaphoreOptions {
  /**
   * How many may hold a slot at once: an integer from 1 on. Where limits differ, each holder in the page keeps to its own; of those of
   * all tabs it takes one of its first `limit` slots, whoever has those beyond.
   */
  limit: number
  /** 'global': shared by this page. 'multiprocess': by all tabs, frames and workers of the origin, through Web Locks. @default 'global' */
  scope?: 'global' | 'multiprocess'
}

export const aLimit: Check = (name, value) => {
  from(1)(name, value)
  checkType(Number.isInteger(value), name, 'an integer', value)
}

/** Somebody in the line of a pool, then among its holders. */
interface Place {
  limit: number
  enter(): void
}

/** Where slots of one name come from. */
export interface Pool {
  /** Slots of the same id are the same, whatever object gives them. */
  readonly id: unknown
  /** @throws SemaphoreTimeoutError, the signal's reason, TypeError, RangeError (rejections) */
  acquire(limit: number, limits: Limits): Promise<Slot>
}

const late = (name: string, limit: number) => () => `A slot of semaphore ${name} (limit ${limit})`

/** Slots of one name, first come first served. A pool leaves its registry when nobody holds or waits. */
export class SlotPool implements Pool {
  readonly id = this
  readonly #registry: Map<string, SlotPool>
  readonly #name: string
  #line = new Set<Place>()
  #holders = new Set<Place>()

  constructor(registry: Map<string, SlotPool>, name: string) {
    this.#registry = registry
    this.#name = name
  }

  acquire(limit: number, limits: Limits): Promise<Slot> {
    return wait<Slot>(
      limits,
      (resolve) => {
        const leave = () => {
          if (this.#holders.delete(place)) this.#next()
        }
        const enter = () => resolve({ signal: new AbortController().signal, [DISPOSE]: leave } as Slot)
        const place = { limit, enter }
        this.#registry.set(this.#name, this)
        this.#line.add(place)
        this.#next()
        return () => {
          if (this.#line.delete(place)) this.#next()
        }
      },
      late(this.#name, limit),
      SemaphoreTimeoutError as never,
    )
  }

  #next(): void {
    for (const place of this.#line) {
      if (this.#holders.size >= place.limit) break
      this.#line.delete(place)
      this.#holders.add(place)
      place.enter()
    }
    if (!this.#holders.size) this.#registry.delete(this.#name)
  }
}

/** The pool of a name in a registry; for names alone that is the page's. */
export function poolOf(name: string, registry = getPage().pools): SlotPool {
  return registry.get(name) ?? new SlotPool(registry, name)
}

/** The slots of a name that all tabs share: their locks are loaded when first asked for. */
export const sharedPoolOf = (name: string): Pool => ({
  id: name,
  acquire: (limit, limits) =>
    wait<Slot>(
      limits,
      (give, fail) => {
        const over = new AbortController()
        import('./lock-semaphore.js')
          .then(({ takeSlot }) => takeSlot(name, limit, over.signal, give, fail))
          .catch(fail)
        return () => over.abort()
      },
      late(name, limit),
      SemaphoreTimeoutError as never,
    ),
})

/** A counting semaphore by name: `using slot = await semaphore.acquire()`. */
export class Semaphore {
  readonly name: string
  readonly limit: number
  readonly #isShared: boolean

  /** @throws TypeError, RangeError for a wrong name, limit or scope */
  constructor(name: string, options: SemaphoreOptions) {
    aString('name', name)
    checkOptions(options, { scope: oneOf(['global', 'multiprocess']) })
    aLimit('limit', options.limit)
    this.name = name
    this.limit = options.limit
    this.#isShared = options.scope === 'multiprocess'
  }

  /**
   * Waits for a slot; `timeout` in ms, no limit by default.
   * @throws SemaphoreTimeoutError, the signal's reason; TypeError where there are no Web Locks to share slots by (all as rejections)
   */
  acquire(options: Limits = {}): Promise<Slot> {
    return (this.#isShared ? sharedPoolOf : poolOf)(this.name).acquire(this.limit, options)
  }
}
