import { EventCancelledError, EventTimeoutError } from '../errors.js'
import type { EventState, EventVisit } from '../events/event-state.js'
import { HandlerRun, type RunVisit } from '../events/handler-run.js'
import { timeoutTree } from '../events/log-tree.js'
import { STARTED } from '../events/status.js'
import { none } from '../fifo.js'
import { SLOW } from '../limits.js'
import { getPage, pauseLanes, readClock } from '../page.js'
import { after } from '../timers.js'
import { warn } from '../warnings.js'
import type { BusCore } from './bus-core.js'
import { type BusHandle, busHandle } from './bus-handle.js'
import { callRun } from './handler-call.js'
import type { Link } from './history.js'
import type { Mark } from './journal.js'
import type { Line } from './run-loop.js'
import type { RegisteredHandler } from './subscriptions.js'

/**
 * One event on one bus: its place in the queue, the run of its handlers, and its place in the bus's history.
 *
 * Invariants: `pending` counts the runs that are started and not settled; the visit ends when it is 0 and no handler of `plan`
 * is left. `waits` counts those of them that wait for some event; while it is above 0, the visit is one of its lane's `blocked`.
 */
export class Visit implements EventVisit, RunVisit, Link {
  readonly core: BusCore
  readonly state: EventState
  readonly order: number
  // Its neighbours in one list of the bus's history.
  prev: Link = this
  next: Link = this
  /** Which line of the lane it stands in, while it is queued; set by the lane. */
  line: Line | null = null
  /** An `expect` was given this event: the code behind it runs before the next event's handlers. */
  handedOut = false
  /** Its entry in the bus's log. */
  mark: Mark | null = null
  done = false
  #plan: readonly RegisteredHandler[] = none
  /** The next of `plan`. */
  #at = 0
  #pending = 0
  #waits = 0
  /** Handlers are being called: what settles meanwhile is seen by the loop. */
  #advancing = false

  constructor(core: BusCore, state: EventState, order: number) {
    this.core = core
    this.state = state
    this.order = order
  }

  /** The lane has taken it out of its line. */
  start(): void {
    const { core, state } = this
    const { lane } = core
    lane.active++
    lane.latest = this
    state.status = STARTED
    state.startedAt ||= getPage().time
    // In a parallel lane the next would start in the same stretch.
    if (this.handedOut) pauseLanes()
    this.#plan = this.#handlers()
    core.tell('started', state)
    // An inspector may have stopped the bus.
    if (!this.done && core.heard.has(state.meta.type)) {
      this.#advancing = true
      const { event, vetoed } = state
      // A stop ends with its dispatch; Chromium keeps that of a bus, a window or another target that is no node, and would call
      // no listener here.
      if (event.cancelBubble && event.target) event.initEvent(event.type, event.bubbles, event.cancelable)
      if (vetoed) event.preventDefault()
      EventTarget.prototype.dispatchEvent.call(core.bus, event)
      this.#advancing = false
    }
    this.#advance()
  }

  /** Those that had their turn before a crash are spared. */
  #handlers(): readonly RegisteredHandler[] {
    const turns = this.core.subscriptions.turns(this.state.meta.type)
    const spares = this.mark?.spares
    return spares ? turns.filter((handler) => !handler.repeated && !spares(handler)) : turns
  }

  /** Whether a handler is to run now: it was not removed meanwhile, and its function has had no turn by another registration. */
  #isDue({ removed, repeated, fn }: RegisteredHandler): boolean {
    return (
      !removed && !(repeated && this.state.runs.some((run) => run.visit === this && run.handler.fn === fn))
    )
  }

  /** Goes on, once all that was called so far is settled: the promises of listeners, and the handlers before. */
  #advance(): void {
    const { core, state } = this
    if (this.#advancing || this.#pending || this.done) return
    this.#advancing = true
    // A veto stands for the event: handlers are its default action.
    while (this.#at < this.#plan.length && !state.vetoed) {
      const handler = this.#plan[this.#at++]
      if (this.#isDue(handler)) callRun(this, handler)
      if (this.#pending && !core.parallelHandlers) break
    }
    this.#advancing = false
    this.#finish()
  }

  #finish(): void {
    if (this.#pending || this.done) return
    const { core, state } = this
    const { lane } = core
    this.done = true
    lane.active--
    core.handling--
    if (lane.latest === this) lane.latest = null
    if (this.handedOut) pauseLanes()
    state.release()
    core.letIn()
    lane.schedule()
  }

  /** The run's handler answers later. */
  add(run: HandlerRun): void {
    run.pending = true
    this.#pending++
    this.#watch(run)
  }

  runEnded(run: HandlerRun): void {
    if (!run.pending) return
    run.pending = false
    this.#pending--
    this.#advance()
  }

  waiting(change: 1 | -1): void {
    const { lane } = this.core
    this.#waits += change
    if (this.#waits !== (change > 0 ? 1 : 0)) return
    lane.blocked += change
    if (change > 0) lane.schedule()
  }

  jump(): void {
    this.core.lane.jump(this)
  }

  handle(run: HandlerRun): BusHandle {
    return busHandle(this.core, run)
  }

  holder(): HandlerRun | undefined {
    return this.line ? this.core.lane.latest?.state.pendingRun() : undefined
  }

  /** Warns of a slow handler first, then ends it when its time is over. */
  #watch(run: HandlerRun): void {
    const { timeout, startedAt } = run
    const ms = timeout ?? Infinity
    const slow = () => {
      if (ms <= SLOW) return this.#expire(run)
      run.stopTimer = after(ms, () => this.#expire(run), startedAt)
      warn(`${run.label} has been running for 15 s\n${run.state.event.eventLogTree()}`)
    }
    run.stopTimer = after(Math.min(ms, SLOW), slow, startedAt)
  }

  #expire(run: HandlerRun): void {
    const error = new EventTimeoutError(
      `${run.label} on ${this.core.name} took longer than ${run.timeout} ms`,
    )
    run.fail(error, readClock(), 'timeout')
    warn(timeoutTree(run))
  }

  cancel(cause: Error): void {
    if (this.done) return
    const { core, state } = this
    const reason = new EventCancelledError(`${state.label} on ${core.name} was cancelled: ${cause.message}`, {
      cause,
    })
    if (this.line) {
      core.lane.remove(this)
      core.lane.active++
      this.#plan = this.#handlers()
    }
    const advancing = this.#advancing
    this.#advancing = true
    while (this.#at < this.#plan.length) {
      const handler = this.#plan[this.#at++]
      if (!state.vetoed && this.#isDue(handler)) state.addRun(new HandlerRun(state, this, handler))
    }
    for (const run of state.runs) if (run.visit === this) run.fail(reason, readClock(), 'cancelled', cause)
    this.#advancing = advancing
    core.tell('cancelled', state)
    this.#finish()
  }
}
