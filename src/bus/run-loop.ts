import { Fifo } from '../linked-list.js'
import { compareClocks, getPage, microtask, type Page, readClock } from '../page.js'
import type { Visit } from './visit.js'

/** A drain gives the page back after this many ms, looking at the clock every 16 events. */
const SLICE = 8
const STEPS = 15

/** As many microtasks as code after an await of ours needs to start, through one async helper. */
const HOPS = 4

/**
 * One lane: a queue of visits, and who may start. A bus has its own; buses with `eventConcurrency: 'global'` share the page's.
 *
 * Invariants, for the lane as a whole:
 * - `active` visits have started and not finished; `blocked` of them have a handler that waits for some event.
 * - From the queue a visit starts only when `active` is 0: one event at a time, strictly first in, first out.
 * - A jumper starts when `active === blocked`: nobody is left who could go on without it. So jumpers run one at a time.
 * - A parallel lane starts everything as it comes.
 */
export class RunLoop {
  readonly parallel: boolean
  active = 0
  blocked = 0
  /** The visit that started last and may still run: whom a queued event waits for, in warnings. */
  latest: Visit | null = null
  #queue = new Fifo<Visit>()
  #jumpers = new Fifo<Visit>()
  #queued = 0
  #jumping = 0
  /** A drain is on its way: as a microtask, after a pause, or in the next task. */
  #scheduled = false
  #draining = false

  constructor(parallel: boolean) {
    this.parallel = parallel
  }

  enqueue(visit: Visit, urgent: boolean): void {
    if (urgent) {
      visit.place = JUMPER
      this.#jumping++
      this.#jumpers.push(visit)
    } else {
      visit.place = QUEUED
      this.#queued++
      this.#queue.push(visit)
    }
    this.schedule()
  }

  /** A queued visit jumps. Its old entry is passed over when its turn comes. */
  jump(visit: Visit): void {
    this.remove(visit)
    this.enqueue(visit, true)
  }

  remove(visit: Visit): void {
    if (visit.place === QUEUED) this.#queued--
    else this.#jumping--
    visit.place = OUT
  }

  schedule(): void {
    if (this.#scheduled || this.#draining) return
    this.#scheduled = this.#soon()
  }

  /**
   * Drains in the next microtask; a few later if an awaited event has just completed, so that the awaiting code runs first.
   * False if there is nothing to drain.
   */
  #soon(): boolean {
    const page = getPage()
    let hops = page.pause ? HOPS : 1
    page.pause = false
    if (!this.#queued && !this.#jumping) return false
    const hop = () => (--hops ? microtask(hop) : this.#drain())
    microtask(hops > 1 ? hop : this.#drain)
    return true
  }

  #next(): Visit | null {
    if (this.#jumping && (this.parallel || this.active === this.blocked)) {
      this.#jumping--
      return this.#take(this.#jumpers, JUMPER)
    }
    if (this.#queued && (this.parallel || this.active === 0)) {
      this.#queued--
      return this.#take(this.#queue, QUEUED)
    }
    return null
  }

  #take(fifo: Fifo<Visit>, place: number): Visit | null {
    let visit = fifo.shift()
    while (visit && visit.place !== place) visit = fifo.shift()
    if (visit) visit.place = OUT
    return visit ?? null
  }

  #drain = (): void => {
    const page = getPage()
    // Another one has completed during the hops.
    if (page.pause) {
      this.#scheduled = this.#soon()
      return
    }
    page.drains++
    readClock(page)
    beginTask(page)
    this.#draining = true
    for (let visit = this.#next(); visit; visit = this.#next()) {
      visit.start()
      if (page.pause || (++page.task.steps & STEPS) === 0) {
        if (page.pause) break
        if (page.time - page.task.since > SLICE) {
          this.#draining = false
          page.task.lanes.push(this)
          return
        }
      }
    }
    this.#draining = this.#scheduled = false
    // Without a pause, what is left must wait, and is scheduled by the visit that it waits for.
    if (page.pause) this.schedule()
  }

  /** The next task has come. */
  resume(): void {
    this.#drain()
  }
}

/** Where a visit is: in neither line, in the queue, among the jumpers. A stale entry of a line has another place. */
export const OUT = 0
export const QUEUED = 1
export const JUMPER = 2

/**
 * Marks the task in which a drain runs by one message to ourselves: until it arrives, all drains use up the same slice,
 * so that a loop of awaits yields too. Lanes that yielded go on when it arrives. A `MessageChannel` is not throttled in
 * background tabs and takes its turn among other tasks, which `scheduler.yield()` may not.
 */
function beginTask({ task, time }: Page): void {
  if (task.marked) return
  task.marked = true
  task.since = time
  compareClocks()
  if (!task.port) {
    const { port1, port2 } = new MessageChannel()
    task.port = port2
    port1.onmessage = () => {
      task.marked = false
      for (const lane of task.lanes.splice(0)) lane.resume()
    }
    // In Node the port would keep the process alive.
    ;(port1 as { unref?(): void }).unref?.()
  }
  task.port.postMessage(null)
}
