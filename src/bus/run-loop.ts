import { Fifo } from '../fifo.js'
import { BRIEF, FEW, SLICE, STEPS } from '../limits.js'
import { compareClocks, getPage, type Inbox, microtask, type Page, readClock } from '../page.js'
import type { Visit } from './visit.js'

/** Visits that wait, first in, first out. Those that are in another line by now, or in none, are stale entries. */
export class Line extends Fifo<Visit> {
  /** How many are not. */
  live = 0
}

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
  #queue = new Line()
  #jumpers = new Line()
  /** A drain is on its way: as a microtask, after a pause, or in the next task. */
  #scheduled = false
  #draining = false

  constructor(parallel: boolean) {
    this.parallel = parallel
  }

  enqueue(visit: Visit, urgent: boolean): void {
    const line = urgent ? this.#jumpers : this.#queue
    visit.line = line
    line.push(visit)
    line.live++
    getPage().queued++
    this.schedule()
  }

  /** A queued visit jumps. Its old entry is passed over when its turn comes. */
  jump(visit: Visit): void {
    if (visit.line !== this.#queue) return
    this.remove(visit)
    this.enqueue(visit, true)
  }

  remove(visit: Visit): void {
    // Stale entries would keep their events alive until somebody takes from this line again.
    const line = this.#leave(visit)
    if (!line.live) line.clear()
  }

  #leave(visit: Visit): Line {
    const line = visit.line as Line
    visit.line = null
    line.live--
    getPage().queued--
    return line
  }

  schedule(): void {
    if (this.#scheduled || this.#draining || !(this.#queue.live || this.#jumpers.live)) return
    this.#scheduled = true
    microtask(this.drain)
  }

  #next(): Visit | undefined {
    const { parallel, active } = this
    if (this.#jumpers.live && (parallel || active === this.blocked)) return this.#take(this.#jumpers)
    if (this.#queue.live && (parallel || active === 0)) return this.#take(this.#queue)
    return undefined
  }

  /** The first of a line, unless it must wait for the log: nobody overtakes it. */
  #take(line: Line): Visit | undefined {
    while (line.peek()?.line !== line) line.shift()
    const visit = line.peek() as Visit
    if (visit.mark?.holds()) return undefined
    line.shift()
    this.#leave(visit)
    return visit
  }

  /** Starts whatever may start. Called in a microtask, after a pause, and in the next task. */
  drain = (): void => {
    const page = getPage()
    const { task, paused } = page
    let over = false
    if (!page.pause) {
      page.drains++
      readClock()
      over = beginTask(page)
      this.#draining = true
    }
    while (!page.pause) {
      if (over) {
        this.#draining = false
        task.lanes.push(this)
        mark(page)
        task.inbox?.ref?.()
        return
      }
      const visit = this.#next()
      if (!visit) break
      try {
        visit.start()
      } catch (error) {
        // Not even a bug of ours may stop the lane. It is reported as an unhandled rejection, which cannot throw.
        void Promise.reject(error)
        visit.cancel(new Error('a bug of bubus', { cause: error }))
      }
      // Each handler has read the clock; of those that had none it is read now and then.
      if ((++task.steps & STEPS) === 0) readClock()
      over = page.time - task.since > SLICE
    }
    this.#draining = false
    if (page.time - task.since > BRIEF) mark(page)
    // After the pause it goes on; else what is left must wait, and is scheduled by the visit that it waits for.
    this.#scheduled = !!page.pause
    if (page.pause) paused.push(this)
  }
}

/**
 * All drains of a marked task use up one slice. Of one that is not marked yet, each has its own, if it is brief, and they are few.
 * True where the slice is used up: a few start an event all the same, as the message may take long (30 ms in a busy WebKit).
 */
function beginTask(page: Page): boolean {
  const { task } = page
  if (task.marked) return page.time - task.since > SLICE && ++task.drains > FEW
  task.since = page.time
  compareClocks()
  if (!task.drains) task.began = page.time
  // Most tasks have one brief drain: a message for each would cost more than its event. Other code of theirs may take long.
  if (++task.drains > FEW || page.time - task.began > SLICE) mark(page)
  return false
}

/**
 * Marks the task that runs by one message to ourselves: until it arrives, all drains use up the same slice, so that a loop of
 * awaits yields too. Lanes that yielded go on when it arrives. A `MessageChannel` is not throttled in background tabs and takes
 * its turn among other tasks, which `scheduler.yield()` may not.
 */
function mark({ task }: Page): void {
  if (task.marked) return
  task.marked = true
  task.drains = 0
  if (!task.port) {
    const { port1, port2 } = new MessageChannel()
    task.port = port2
    // In Node an idle port would keep the process alive, and one that is waited for must.
    task.inbox = port1 as Inbox
    port1.onmessage = () => {
      task.marked = false
      task.drains = 0
      task.inbox?.unref?.()
      const lanes = task.lanes.splice(0)
      // Once one has used up the slice, those that had no turn come first in the next task.
      while (lanes.length && !task.lanes.length) lanes.shift()?.drain()
      task.lanes.unshift(...lanes)
    }
    task.inbox.unref?.()
    // What was under way when the page went to rest WebKit may never deliver: one more does no harm.
    globalThis.addEventListener?.('pageshow', () => task.port?.postMessage(null))
  }
  task.port.postMessage(null)
}
