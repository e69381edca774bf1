import type { Mark } from '../bus/journal.js'
import { EventLoopError } from '../errors.js'
import { none, with1 } from '../fifo.js'
import { uuidv7 } from '../ids.js'
import { getPage, microtask, pauseLanes, wallTime } from '../page.js'
import { errorRecord } from '../protocol.js'
import type { Holding } from '../retry/retry.js'
import { enteredBy } from '../running-handler.js'
import { after } from '../timers.js'
import type { BaseEvent } from './base-event.js'
import type { EventMeta } from './event-meta.js'
import type { HandlerRun, RunBus } from './handler-run.js'
import { COMPLETED, ERROR, type EventStatus, NEW, PENDING, STARTED } from './status.js'

/** What an event needs of a bus that it has entered. */
export interface EventVisit {
  readonly core: RunBus & {
    /** The event is completed, on all buses. */
    eventCompleted(visit: EventVisit): void
  }
  /** Place in the order of all dispatches of the page. */
  readonly order: number
  /** Its entry in the bus's log; null where there is none. */
  readonly mark: Mark | null
  /** The event became urgent: if it is still queued here, it jumps. */
  jump(): void
  /** Every handler here that runs or would have run gets an EventCancelledError. */
  cancel(cause: Error): void
  /** The pending run that keeps the event waiting in this bus's queue, if it does. */
  holder(): HandlerRun | undefined
}

/** What keeps an event open without being a visit: peers of a bridge that have not answered yet. */
export interface EventHold {
  /** The event became urgent: where it is handled, it jumps. */
  jump(): void
  /** The event was cancelled: nobody is waited for any more. */
  cancel(cause: Error): void
}

/** What came with a record: the event has been elsewhere before. */
interface Origin {
  path: string[]
  busIds: string[]
}

/**
 * The life of one event: where it was, who runs for it, who waits for it, and when it is over.
 *
 * Invariant: `open` = unfinished visits + holds + unfinished children that count. The event completes when it comes
 * down to 0; nothing is ever scanned for it, so completion is O(1) however many others there are.
 */
export class EventState {
  readonly event: BaseEvent
  readonly meta: EventMeta
  readonly payload: Record<string, unknown>
  /** Place among the ids of the page, and the id's text once somebody has read it. */
  readonly count: number
  idText: string | null = null

  status: EventStatus = NEW
  open = 0
  /** A handler has failed. */
  failed = false
  /** Times as `performance.now()` gives them; 0 while they have not come. */
  startedAt = 0
  completedAt = 0
  timeout: number | null
  cancelable: boolean

  /** The unfinished event in whose handler this one was dispatched; stays set afterwards. */
  parent: EventState | null = null
  parentId: string | null = null
  dispatchedBy: HandlerRun | null = null
  /** Dispatched from within a call of `retry` that had a slot, or (null) perhaps; not set for all others. */
  declare slot?: Holding | null

  /** Of one that a log gave back: which handlers have had their turn on another bus of that name; not set for all others. */
  declare sparedOn?: (bus: string) => Mark['spares']

  /** One for each bus that it entered, in order. */
  visits: readonly EventVisit[] = none
  /** Those of bridges that wait for their peers. */
  holds: readonly EventHold[] = none
  /** Bridges that it came or went by: it does so once. (With a WeakSet in each, a burst from another tab took a fifth longer.) */
  ways: readonly object[] = none
  /** One for each handler that ran or would have run, in order of execution, over all buses. */
  runs: readonly HandlerRun[] = none
  origin: Origin | null = null
  /** The creation time that came with a record, or was asked for. */
  recordedAt: number | null = null
  replayOf: string | null = null

  /** Somebody has read `then`: the drain pauses when the event completes, so that their code runs first. */
  watched = false
  /** Waited for by a handler, or child of such an event: jumps every queue it is in. */
  urgent = false
  /** Has just been forwarded by one of its own handlers: `then` is hidden from the next who reads it, until the next microtask. */
  forwarding = false
  /** `eventCompletion`, once somebody has read it. */
  completion: Promise<BaseEvent> | null = null
  /** `eventPersisted`, once somebody has read it on a logged bus, and what looks whether it is settled now. */
  persisted: Promise<void> | null = null
  onPersisted: (() => void) | null = null
  /** A bus that stopped has ended it: it is not completed in the log, and recovered later. */
  abandoned = false
  #observers: readonly ((event: BaseEvent) => void)[] = none
  /** The runs that are sure to wait for this event: links for circles. */
  waitingRuns: readonly HandlerRun[] = none

  constructor(event: BaseEvent, meta: EventMeta, payload: Record<string, unknown>) {
    this.event = event
    this.meta = meta
    this.payload = payload
    this.timeout = meta.timeout
    this.cancelable = meta.init?.cancelable === true
    this.count = getPage().count++
  }

  /** Wall clock, in ms: the platform has stamped the event already. */
  get createdAt(): number {
    this.recordedAt ??= wallTime(this.event.timeStamp)
    return this.recordedAt
  }

  get id(): string {
    return (this.idText ??= uuidv7(this.createdAt, this.count))
  }
  /** `OrderCreated#1a2b`, as messages and trees name it. */
  get label(): string {
    return `${this.meta.type}#${this.id.slice(-4)}`
  }
  /** A listener, here or on an earlier bus, has prevented the default action: the handlers. */
  get vetoed(): boolean {
    return this.cancelable && this.event.defaultPrevented
  }
  get unfinished(): boolean {
    return this.status === PENDING || this.status === STARTED
  }

  /** Dispatched by its handlers, while it was unfinished. */
  get children(): EventState[] {
    return this.runs.flatMap((run) => run.children)
  }

  visit(core: EventVisit['core']): EventVisit | undefined {
    return this.visits.find((visit) => visit.core === core)
  }

  enter(visit: EventVisit): void {
    this.visits = with1(this.visits, visit)
    if (this.status === NEW) this.status = PENDING
    this.open++
  }

  addRun(run: HandlerRun): void {
    this.runs = with1(this.runs, run)
  }

  /** A run of its own handlers that is pending, if there is one; on another bus than this one, where it is given. */
  pendingRun(here?: RunBus): HandlerRun | undefined {
    return this.runs.find((run) => !run.over && run.visit.core !== here)
  }

  /** Dispatched for the first time, by this run: an unfinished parent waits for it. A parent's id that was given stays. */
  adopt(run: HandlerRun): void {
    const parent = run.state
    this.parentId ??= parent.id
    if (!parent.unfinished) return
    // Whoever dispatched it may wait for it, even where its parent is said to be another.
    this.dispatchedBy = run
    const slot = enteredBy(run)
    if (slot !== undefined) this.slot = slot
    run.dispatched = with1(run.dispatched, this)
    if (this.parentId !== parent.id) return
    this.parent = parent
    parent.open++
    this.urgent = parent.urgent
  }

  /** A visit or a hold is over. */
  release(): void {
    let state: EventState | null = this
    while (state && --state.open === 0) {
      state.complete()
      state = state.parent
    }
  }

  /** Called by `release` only; public since a parent may belong to another copy of the library. */
  complete(): void {
    this.status = COMPLETED
    this.completedAt = getPage().time
    for (const visit of this.visits) visit.core.eventCompleted(visit)
    if (this.watched) pauseLanes()
    if (this.failed) reportUnread(this)
    for (const run of this.waitingRuns) run.waiting(-1)
    this.waitingRuns = none
    const observers = this.#observers
    // First: each that is told takes itself out, which would be a walk over all the others.
    this.#observers = none
    for (const observe of observers) observe(this.event)
  }

  /** Calls `observe` with the event when it is completed, at once if it is; gives what takes that back. It must not throw. */
  onCompleted(observe: (event: BaseEvent) => void): () => void {
    if (this.status === COMPLETED) observe(this.event)
    else this.#observers = with1(this.#observers, observe)
    return () => {
      this.#observers = this.#observers.filter((other) => other !== observe)
    }
  }

  /**
   * `run` waits for this event: it and its unfinished descendants jump the queues. Gives what ends the wait.
   * Where it is not `sure` that it is this run that waits, or that it waits now, the wait is no link of a circle.
   * @throws EventLoopError when this event's completion waits, however indirectly, for the run that is sure to wait.
   */
  addWait(run: HandlerRun, sure: boolean): (() => void) | undefined {
    if (this.status === COMPLETED || run.over) return undefined
    if (dependsOn(run.state, this)) {
      if (!sure) return undefined
      throw new EventLoopError(
        `${run.label} would wait for ever for ${this.label}: dispatch without awaiting, or use \`eventCompletion\``,
      )
    }
    if (sure) this.waitingRuns = with1(this.waitingRuns, run)
    run.waiting(1)
    this.markUrgent()
    return () => {
      if (sure) {
        const at = this.waitingRuns.indexOf(run)
        // Completion has ended it.
        if (at < 0) return
        this.waitingRuns = this.waitingRuns.filter((_, i) => i !== at)
      }
      run.waiting(-1)
    }
  }

  /** Its completion includes its descendants', so they jump with it. */
  markUrgent(): void {
    if (this.urgent || this.status === COMPLETED) return
    this.urgent = true
    for (const visit of this.visits) visit.jump()
    for (const hold of this.holds) hold.jump()
    for (const child of this.children) child.markUrgent()
  }

  /** The bus stops: what it ends, with all that came of it, is to be recovered. */
  abandon(): void {
    if (!this.unfinished) return
    this.abandoned = true
    for (const child of this.children) child.abandon()
  }

  /** Ends the event wherever it is: pending and running handlers get an EventCancelledError, so do its descendants. */
  cancel(cause: Error): void {
    if (!this.unfinished) return
    // Held open meanwhile: completion must not run ahead of the cancelling.
    this.open++
    for (const one of [...this.visits, ...this.holds, ...this.children]) one.cancel(cause)
    this.release()
  }

  /** The forwarding handler returns this very event, in this stretch: its promise must not wait for it. */
  hideThen(): void {
    this.forwarding = true
    microtask(() => {
      this.forwarding = false
    })
  }
}

/** Whether `target` cannot complete before `from` has: over parents, and over those who wait. */
function dependsOn(from: EventState, target: EventState): boolean {
  const seen = new Set([from])
  for (const state of seen) {
    if (state === target) return true
    if (state.parent?.unfinished) seen.add(state.parent)
    for (const run of state.waitingRuns) if (!run.over) seen.add(run.state)
  }
  return false
}

/** A task after its event completed, an error that nobody has read is reported once. */
function reportUnread(state: EventState): void {
  const { unread } = getPage()
  if (unread.push(state) > 1) return
  after(0, () => {
    for (const { label, runs } of unread.splice(0)) {
      for (const { status, error, errorRead, handler, visit } of runs) {
        if (status !== ERROR || errorRead || errorRecord(error).name === 'EventCancelledError') continue
        console.error(`bubus: ${visit.core.name}: ${handler.name} failed for ${label}:`, error)
      }
    }
  })
}
