import type { Visit } from './visit.js'

/** A visit in a list, or the list itself: they form a ring. */
export interface Link {
  prev: Link
  next: Link
}

/** Visits, linked through themselves: every step is O(1) and without allocation. */
export class VisitList implements Link {
  prev: Link = this
  next: Link = this
  size = 0

  /** Adds a visit that is in no list. */
  push(visit: Visit): void {
    visit.prev = this.prev
    visit.next = this
    this.prev.next = this.prev = visit
    this.size++
  }

  /** Takes out one of its visits. */
  remove(visit: Visit): void {
    const { prev, next } = visit
    prev.next = next
    next.prev = prev
    // What was taken out keeps nobody alive.
    visit.prev = visit.next = visit
    this.size--
  }

  /** The newest, oldest first. */
  newest(count = Infinity): Visit[] {
    const visits: Visit[] = []
    for (let at = this.prev; at !== this && visits.length < count; at = at.prev) visits.push(at as Visit)
    return visits.reverse()
  }
}

/**
 * What happened on a bus lately. Every visit is in one of two lists, so that each step is O(1); they are merged into the order
 * of dispatch only when somebody reads.
 */
export class History {
  /** In order of dispatch. */
  readonly unfinished = new VisitList()
  /** In order of completion. */
  completed = new VisitList()
  /** How many were forgotten. */
  dropped = 0
  #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Those that wait for their turn. */
  get pending(): Visit[] {
    return this.unfinished.newest().filter(({ line }) => line)
  }
  get started(): Visit[] {
    return this.unfinished.newest().filter(({ line }) => !line)
  }
  get size(): number {
    return this.unfinished.size + this.completed.size
  }

  /** Gives the visit that had to go for it, if one had to. */
  add(visit: Visit): Visit | undefined {
    this.unfinished.push(visit)
    return this.#trim()
  }

  complete(visit: Visit): Visit | undefined {
    this.unfinished.remove(visit)
    this.completed.push(visit)
    return this.#trim()
  }

  /** Only what is completed goes: the bus must know what is unfinished. */
  #trim(): Visit | undefined {
    const { completed } = this
    if (!completed.size || this.size <= this.#limit) return undefined
    const first = completed.next as Visit
    completed.remove(first)
    this.dropped++
    return first
  }

  /** From now on nothing that is completed is remembered. */
  clear(): void {
    this.#limit = 0
    this.completed = new VisitList()
  }

  /**
   * What is remembered. If too much is unfinished, the oldest started ones are passed over, then the oldest pending ones;
   * but a limit of 0 means all that is unfinished, as `slice(-0)` does.
   */
  visits(): Visit[] {
    return this.completed.newest().concat(this.started, this.pending).slice(-this.#limit).sort(byOrder)
  }
}

export const byOrder = (a: Visit, b: Visit): number => a.order - b.order
