import { LinkedList } from '../linked-list.js'
import type { Visit } from './visit.js'

/**
 * What happened on a bus lately. Every visit is in exactly one of five lists, so that each step is O(1); they are merged into
 * the order of dispatch only when somebody reads. Unfinished visits stay known to the bus even when history forgets them.
 */
export class History {
  readonly #limit: number
  #pending = new LinkedList<Visit>()
  #started = new LinkedList<Visit>()
  #completed = new LinkedList<Visit>()
  /** Unfinished, but forgotten: not in `eventHistory`. */
  #lostPending = new LinkedList<Visit>()
  #lostStarted = new LinkedList<Visit>()

  constructor(limit: number | null) {
    this.#limit = limit ?? Number.POSITIVE_INFINITY
  }

  get size(): number {
    return this.#pending.size + this.#started.size + this.#completed.size
  }
  get unfinished(): number {
    return this.#pending.size + this.#started.size + this.#lostPending.size + this.#lostStarted.size
  }
  get queued(): number {
    return this.#pending.size + this.#lostPending.size
  }

  /** Gives the visit that had to go for it, if one had to. */
  add(visit: Visit): Visit | null {
    this.#pending.push(visit)
    return this.#trim()
  }

  start(visit: Visit): void {
    const lost = visit.list === this.#lostPending
    LinkedList.remove<Visit>(visit)
    ;(lost ? this.#lostStarted : this.#started).push(visit)
  }

  complete(visit: Visit): Visit | null {
    const lost = visit.list === this.#lostPending || visit.list === this.#lostStarted
    LinkedList.remove<Visit>(visit)
    if (lost) return null
    this.#completed.push(visit)
    return this.#trim()
  }

  /** Completed go first, oldest first, then started, then pending. A limit of 0 keeps what is unfinished. */
  #trim(): Visit | null {
    if (this.size <= this.#limit) return null
    let visit: Visit | null = this.#completed.first
    if (visit) {
      LinkedList.remove<Visit>(visit)
      return visit
    }
    if (this.#limit === 0) return null
    visit = this.#started.first ?? (this.#pending.first as Visit)
    const lost = visit.list === this.#started ? this.#lostStarted : this.#lostPending
    LinkedList.remove<Visit>(visit)
    lost.push(visit)
    return visit
  }

  pending(): Visit[] {
    return merge(this.#lostPending, this.#pending)
  }
  started(): Visit[] {
    return merge(this.#lostStarted, this.#started)
  }
  completed(): Visit[] {
    return merge(this.#completed)
  }
  /** What is remembered. */
  visits(): Visit[] {
    return merge(this.#completed, this.#started, this.#pending)
  }
  clear(): void {
    this.#completed = new LinkedList()
  }

  /** Up to `count` of the oldest and of the newest remembered visits of each kind: a sample for estimates. */
  sample(count: number): Visit[] {
    const visits = new Set<Visit>()
    for (const { first, last } of [this.#completed, this.#started, this.#pending]) {
      for (let visit = first, left = count; visit && left--; visit = visit.next) visits.add(visit)
      for (let visit = last, left = count; visit && left--; visit = visit.prev) visits.add(visit)
    }
    return [...visits]
  }
}

/** In order of dispatch. */
const merge = (...lists: LinkedList<Visit>[]) =>
  lists.flatMap((list) => list.toArray()).sort((a, b) => a.order - b.order)
