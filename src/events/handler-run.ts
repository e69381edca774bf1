import type { BusHandle } from '../bus/bus-handle.js'
import type { InspectStep } from '../bus/types.js'
import { EventCancelledError } from '../errors.js'
import { none } from '../fifo.js'
import { EventResult } from './event-result.js'
import type { EventState } from './event-state.js'
import { COMPLETED, ERROR, PENDING, type ResultStatus, STARTED } from './status.js'

/** A bus as its runs and events know it. */
export interface RunBus {
  readonly id: string
  readonly name: string
  /** Which other context it is in, as trees name it; undefined for this one. */
  readonly where?: string
  tellResult(step: InspectStep, run: HandlerRun): void
}

/** Where a run takes place: one event's visit to one bus. */
export interface RunVisit {
  readonly core: RunBus
  /** The run began (`1`) or ceased (`-1`) to wait for some event. */
  waiting(change: 1 | -1): void
  /** The run has its outcome, not from its own call. Called once. */
  runEnded(run: HandlerRun): void
  /** The bus, bound to the run. */
  handle(run: HandlerRun): BusHandle
}

/** A registered handler or listener. */
export interface Handler {
  readonly id: number
  readonly name: string
  /** ms for each run, null for none; undefined: the event's. */
  readonly timeout?: number | null | undefined
  /** What runs: a function that is registered twice is one handler. */
  readonly fn: unknown
  /** A bound `dispatch`: it passes the event on, and is no party to loops. */
  readonly forwards?: object | undefined
}

/** One run of one handler for one event on one bus. `EventResult` is its public view, made when somebody looks. */
export class HandlerRun {
  readonly state: EventState
  readonly visit: RunVisit
  readonly handler: Handler
  readonly timeout: number | null
  status: ResultStatus = PENDING
  value: unknown
  error: unknown
  /** Somebody has seen the error; it need not be reported. */
  errorRead = false
  startedAt = 0
  completedAt = 0
  /** What this run has dispatched while its event was unfinished: its children, and those that were given another parent. */
  dispatched: readonly EventState[] = none
  /** How many events this run waits for; above 0 its lane lets jumpers start. */
  waits = 0
  /** Its handler answers later, and the visit counts it. */
  pending = false
  /** Takes the time-out back, while the handler is pending. */
  stopTimer: (() => void) | null = null
  /** Why the signal is aborted; undefined while it is not. */
  reason: Error | undefined
  /** Those who await this very result. */
  waiters: (() => void)[] | null = null
  #abort: AbortController | null = null
  #handle: BusHandle | null = null
  #view: EventResult | null = null

  constructor(state: EventState, visit: RunVisit, handler: Handler) {
    this.state = state
    this.visit = visit
    this.handler = handler
    const { timeout = state.timeout } = handler
    this.timeout = timeout
  }

  /** What the handler does afterwards has no effect. */
  get over(): boolean {
    return this.status > STARTED
  }
  get children(): EventState[] {
    return this.dispatched.filter(({ parent }) => parent === this.state)
  }
  /** `onOrder of OrderCreated#1a2b`, as messages name it. */
  get label(): string {
    return `${this.handler.name} of ${this.state.label}`
  }

  get view(): EventResult {
    return (this.#view ??= new EventResult(this))
  }

  /** The bus it runs on, recording this run as the parent of what is dispatched. */
  get handle(): BusHandle {
    return (this.#handle ??= this.visit.handle(this))
  }

  /** Made when asked for: most handlers never look. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController()
      if (this.reason) this.#abort.abort(this.reason)
    }
    return this.#abort.signal
  }

  /** It waits for one event more, or less. */
  waiting(change: 1 | -1): void {
    if (this.over) return
    this.waits += change
    if (this.waits === (change > 0 ? 1 : 0)) this.visit.waiting(change)
  }

  /** Records the outcome and tells it. False when there was one: a handler that answers after its time-out is too late. */
  settle(status: 2 | 3, value: unknown, time: number, step: InspectStep): boolean {
    if (this.over) return false
    this.status = status
    this.completedAt = time
    if (status === COMPLETED) this.value = value
    else {
      this.error = value
      this.state.failed = true
    }
    this.stopTimer?.()
    if (this.waits) {
      this.waits = 0
      this.visit.waiting(-1)
    }
    if (this.waiters) for (const wake of this.waiters.splice(0)) wake()
    this.visit.core.tellResult(step, this)
    return true
  }

  /** Gives up: the error is the result, the signal aborts, and what the run dispatched is cancelled with it. */
  fail(error: Error, time: number, step: InspectStep, cause = error): void {
    if (!this.settle(ERROR, error, time, step)) return
    this.reason = error
    this.#abort?.abort(error)
    for (const child of this.children) child.cancel(cause)
    this.visit.runEnded(this)
  }

  /** @throws EventCancelledError once the signal has aborted: a handler that was given up starts nothing new. */
  checkAlive(event: EventState): void {
    if (!this.reason) return
    throw new EventCancelledError(
      `${this.label} was given up, it cannot dispatch ${event.label}: ${this.reason.message}`,
      { cause: this.reason },
    )
  }
}
