import { LinkedList } from '../linked-list.js'
import type { Visit } from './visit.js'

/**
 * What happened on a bus lately. Every visit is in one list, so that each step is O(1); lists are merged into the order of
 * dispatch only when somebody reads.
 */
export class History {
  readonly pending = new LinkedList<Visit>()
  readonly started = new LinkedList<Visit>()
  readonly completed = new LinkedList<Visit>()
  /** How many were forgotten. */
  dropped = 0
  readonly #limit: number

  constructor(limit: number | null) {
    this.#limit = limit ?? Infinity
  }

  get unfinished(): number {
    return this.pending.size + this.started.size
  }
  get size(): number {
    return this.unfinished + this.completed.size
  }

  /** Gives the visit that had to go for it, if one had to. */
  add(visit: Visit): Visit | null {
    this.pending.push(visit)
    return this.#trim()
  }

  start(visit: Visit): void {
    LinkedList.remove<Visit>(visit)
    this.started.push(visit)
  }

  complete(visit: Visit): Visit | null {
    LinkedList.remove<Visit>(visit)
    this.completed.push(visit)
    return this.#trim()
  }

  /** Only what is completed goes: the bus must know what is unfinished. */
  #trim(): Visit | null {
    const { first } = this.completed
    if (!first || this.size <= this.#limit) return null
    LinkedList.remove<Visit>(first)
    this.dropped++
    return first
  }

  /**
   * What is remembered. If too much is unfinished, the oldest started ones are passed over, then the oldest pending ones;
   * but a limit of 0 means all that is unfinished, as `slice(-0)` does.
   */
  visits(): Visit[] {
    return inOrder([this.completed, this.started, this.pending], this.#limit)
  }

  /** Up to `count` of the oldest and of the newest of each kind: a sample for estimates. */
  sample(count: number): Visit[] {
    const visits = new Set<Visit>()
    for (const { first, last } of [this.completed, this.started, this.pending]) {
      for (let visit = first, left = count; visit && left--; visit = visit.next) visits.add(visit)
      for (let visit = last, left = count; visit && left--; visit = visit.prev) visits.add(visit)
    }
    return [...visits]
  }
}

/** The last of some lists, or all, in order of dispatch. */
export const inOrder = (lists: LinkedList<Visit>[], last = 0): Visit[] =>
  lists
    .flatMap((list) => list.toArray())
    .slice(-last)
    .sort(byOrder)

export const byOrder = (a: Visit, b: Visit): number => a.order - b.order
