import { JUMPER, OUT, QUEUED } from '../events/status.js'
import { Fifo } from '../fifo.js'
import { SLICE, STEPS } from '../limits.js'
import { compareClocks, getPage, type Inbox, microtask, type Page, readClock } from '../page.js'
import type { Visit } from './visit.js'

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
    visit.place = urgent ? JUMPER : QUEUED
    if (urgent) this.#jumpers.push(visit)
    else this.#queue.push(visit)
    this.#count(visit, 1)
    this.schedule()
  }

  /** A queued visit jumps. Its old entry is passed over when its turn comes. */
  jump(visit: Visit): void {
    this.remove(visit)
    this.enqueue(visit, true)
  }

  remove(visit: Visit): void {
    this.#out(visit)
    // Stale entries would keep their events alive until somebody takes from this line again.
    if (!this.#queued) this.#queue.clear()
    if (!this.#jumping) this.#jumpers.clear()
  }

  #out(visit: Visit): void {
    this.#count(visit, -1)
    visit.place = OUT
  }

  #count({ place }: Visit, change: 1 | -1): void {
    getPage().queued += change
    if (place === JUMPER) this.#jumping += change
    else this.#queued += change
  }

  schedule(): void {
    if (this.#scheduled || this.#draining || !(this.#queued || this.#jumping)) return
    this.#scheduled = true
    microtask(this.drain)
  }

  #next(): Visit | undefined {
    const { parallel, active } = this
    if (this.#jumping && (parallel || active === this.blocked)) return this.#take(this.#jumpers, JUMPER)
    if (this.#queued && (parallel || active === 0)) return this.#take(this.#queue, QUEUED)
    return undefined
  }

  /** The first of a line, unless it must wait for the log: nobody overtakes it. */
  #take(fifo: Fifo<Visit>, place: number): Visit | undefined {
    while (fifo.peek()?.place !== place) fifo.shift()
    const visit = fifo.peek() as Visit
    if (visit.mark?.holds()) return undefined
    fifo.shift()
    this.#out(visit)
    return visit
  }

  /** Starts whatever may start. Called in a microtask, after a pause, and in the next task. */
  drain = (): void => {
    const page = getPage()
    const { task, paused } = page
    if (!page.pause) {
      page.drains++
      readClock()
      beginTask(page)
      this.#draining = true
    }
    while (!page.pause) {
      const visit = this.#next()
      if (!visit) break
      try {
        visit.start()
      } catch (error) {
        // Not even a bug of ours may stop the lane. It is reported as an unhandled rejection, which cannot throw.
        void Promise.reject(error)
        visit.cancel(new Error('a bug of bubus or a very odd value', { cause: error }))
      }
      // Each handler has read the clock; of those that had none it is read now and then.
      if ((++task.steps & STEPS) === 0) readClock()
      if (page.time - task.since > SLICE) {
        this.#draining = false
        task.lanes.push(this)
        task.inbox?.ref?.()
        return
      }
    }
    this.#draining = false
    // After the pause it goes on; else what is left must wait, and is scheduled by the visit that it waits for.
    this.#scheduled = page.pause > 0
    if (page.pause) paused.push(this)
  }
}

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
    // In Node an idle port would keep the process alive, and one that is waited for must.
    task.inbox = port1 as Inbox
    port1.onmessage = () => {
      task.marked = false
      task.inbox?.unref?.()
      for (const lane of task.lanes.splice(0)) lane.drain()
    }
    task.inbox.unref?.()
  }
  task.port.postMessage(null)
}
