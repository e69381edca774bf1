import { stateOf } from '../brands.js'
import {
  aBoolean,
  aFunction,
  anIdentifier,
  BusFullError,
  BusStoppedError,
  type Check,
  checkOptions,
  checkType,
  EventLoopError,
  from,
  oneOf,
  orNull,
} from '../errors.js'
import { BaseEvent } from '../events/base-event.js'
import type { EventState } from '../events/event-state.js'
import type { HandlerRun } from '../events/handler-run.js'
import { COMPLETED, NEW } from '../events/status.js'
import { newId } from '../ids.js'
import { HOPS } from '../limits.js'
import { getPage } from '../page.js'
import type { EventRecord } from '../protocol.js'
import { RecentIds } from '../recent-ids.js'
import { currentRun, knownRun } from '../running-handler.js'
import { wait } from '../wait.js'
import type { EventBus } from './event-bus.js'
import { History } from './history.js'
import { Journal } from './journal.js'
import { logChecks } from './log-options.js'
import { freeName, registerBus, watchMemory } from './page-buses.js'
import { RunLoop } from './run-loop.js'
import { type PatternClass, patternType, Subscriptions } from './subscriptions.js'
import type { BusMiddleware, BusOptions, Inspector, InspectStep } from './types.js'
import { Visit } from './visit.js'
import { Waiters } from './waiters.js'

const someMiddlewares: Check = (name, value) => {
  checkType(Array.isArray(value), name, 'an array', value)
  for (const one of value)
    checkOptions(one, { onDispatch: aFunction, onEvent: aFunction, onResult: aFunction }, name)
}
const aLog: Check = (name, value) => {
  if (typeof value === 'string') anIdentifier(name, value)
  else checkOptions(value, logChecks, name)
}
const fromZero = /* @__PURE__ */ orNull(/* @__PURE__ */ from(0))
const checks = {
  parallelHandlers: aBoolean,
  maxHistorySize: fromZero,
  maxPending: /* @__PURE__ */ orNull(/* @__PURE__ */ from(1)),
  eventConcurrency: /* @__PURE__ */ oneOf(['bus', 'global', 'parallel']),
  middlewares: someMiddlewares,
  log: aLog,
}

const noStates = (): readonly EventState[] => []

interface Waiter {
  enter(): void
  fail(error: Error): void
}

/** The workings of a bus: where its parts meet. `EventBus` is its public face. */
export class BusCore {
  declare readonly bus: EventBus
  readonly id = newId()
  declare readonly name: string
  declare readonly lane: RunLoop
  declare readonly parallelHandlers: boolean
  readonly history: History
  /** What waits for the log; null on a bus without one. */
  readonly journal: Journal | null
  /** The events that a log has restored, oldest first; they become events when first read. */
  restored = noStates
  subscriptions = new Subscriptions()
  /** Types that a listener was ever registered for: only these are dispatched natively. */
  readonly heard = new Set<string>()
  readonly waiters = new Waiters(this)
  /** Events whose handlers here are not done. */
  handling = 0
  /** Records from outside that were refused. */
  wireErrors = 0
  /** Somebody is told about steps: one check on the hot path. */
  inspected = false
  /** Stopped for ever: nothing can come any more. */
  cleared: BusStoppedError | undefined
  /** Since the last dispatch. */
  stopped = false
  readonly #inspectors = new Set<Inspector>()
  readonly #middlewares: BusMiddleware[]
  readonly maxHistorySize: number
  readonly maxPending: number
  /** Event classes by type, as this bus met them. */
  #classes = new Map<string, PatternClass>()
  /** The class met last: a stream of events of one class looks no further. */
  #lastClass: PatternClass | undefined
  /** Of events that came from records. */
  readonly #seen = new RecentIds()
  /** How many `stop` are waiting for the bus to be idle: only children of unfinished events are accepted. */
  #draining = 0
  /** How many `stop` are beyond that, those that cleared for ever: nothing is accepted. */
  #refusing = 0
  #idle = new Set<(isIdle: true) => void>()
  /** Those who wait to dispatch, and for what comes from other contexts. */
  #room = [new Set<Waiter>(), new Set<Waiter>()] as const
  #lettingIn = false

  constructor(bus: EventBus, options: BusOptions) {
    checkOptions(options, checks)
    const {
      name,
      parallelHandlers = false,
      eventConcurrency,
      middlewares = [],
      maxHistorySize = 50,
      log,
    } = options
    const { maxPending = maxHistorySize === null ? null : 100 } = options
    this.bus = bus
    this.name = freeName(name, this.id)
    this.parallelHandlers = parallelHandlers
    this.lane =
      eventConcurrency === 'global'
        ? (getPage().lane ??= new RunLoop(false))
        : new RunLoop(eventConcurrency === 'parallel')
    this.maxHistorySize = maxHistorySize ?? Infinity
    this.history = new History(this.maxHistorySize)
    this.maxPending = maxPending ?? Infinity
    this.#middlewares = middlewares
    for (const middleware of middlewares) {
      this.inspect((step, event, result) => {
        if (result) middleware.onResult?.(step, result, bus)
        else middleware.onEvent?.(step, event, bus)
      })
    }
    registerBus(bus, this.name)
    this.journal = log === undefined ? null : new Journal(this, name ?? this.name, log)
  }

  /**
   * Enqueues an event. Whatever may refuse it comes first: a refused event is as it was before.
   * `run` is the handler run that dispatches it, if that is known; `admitted`, that it has waited for room.
   */
  dispatch<E extends BaseEvent>(event: E, run: HandlerRun | null, admitted = false): E {
    const state = stateOf(event)
    checkType(state, 'event', 'an event', event)
    let forwarder: HandlerRun | undefined
    if (state.visits.length) {
      forwarder = state.pendingRun(this)
      // A handler that returns this forwards. Of one that is known, reading `then` tells that, and others may await meanwhile.
      if (forwarder && currentRun()?.state !== state) state.hideThen()
      if (state.visit(this)) return event
    }
    // Also what was sent from here before it came to this bus: it may come back.
    const mayCome = state.origin || state.ways.length
    if (mayCome && !this.journal?.adopts(state) && this.wasHere(state)) return event
    this.#checkAccepts(state, run, admitted)
    const text = this.journal?.serialise(state) ?? ''
    if (this.#middlewares.length) {
      for (const middleware of this.#middlewares) middleware.onDispatch?.(event, this.bus)
      // A middleware may have dispatched it, or stopped the bus.
      if (state.visit(this)) return event
      this.#checkAccepts(state, run, admitted)
    }
    const eventClass = event.constructor as unknown as PatternClass
    if (eventClass !== this.#lastClass) {
      this.#learn(state.meta.type, eventClass)
      this.#lastClass = eventClass
    }
    this.stopped = false
    const isNew = state.status === NEW
    if (isNew && run) state.adopt(run)
    const visit = new Visit(this, state, getPage().dispatches++)
    state.enter(visit)
    this.handling++
    if (this.journal) visit.mark = this.journal.accept(visit, text)
    if (mayCome) this.#seen.add(state.id)
    const dropped = this.history.add(visit)
    // Before anybody is told, who might dispatch or stop.
    this.lane.enqueue(visit, state.urgent)
    if (this.waiters.size && this.waiters.offer(state)) visit.handedOut = true
    if (!isNew && (forwarder || run)) this.tell('forwarded', state)
    this.tell('queued', state)
    if (dropped) this.tell('dropped', dropped.state)
    return event
  }

  classOf(type: string): PatternClass | undefined {
    return this.#classes.get(type)
  }

  /** The event of a record, as the class that this bus knows of its type. @throws WireError */
  revive(record: EventRecord): BaseEvent {
    const eventClass = this.classOf(record.event_type) ?? BaseEvent
    return (eventClass as unknown as typeof BaseEvent).fromJSON(record)
  }

  /** Whether the event of a record has been on this bus: local events know their buses themselves. */
  wasHere({ id, origin }: EventState): boolean {
    return this.#seen.has(id) || !!origin?.busIds.includes(this.id)
  }

  #checkAccepts(state: EventState, run: HandlerRun | null, admitted: boolean): void {
    // A message is made only to be thrown: the label of an event costs more than its dispatch.
    if (this.#refusing || (this.#draining && !run?.state.unfinished)) throw this.#stopError()
    if (state.status === COMPLETED) {
      throw new TypeError(`${state.label} is completed; dispatch a copy`)
    }
    run?.checkAlive(state)
    if (!admitted && this.history.unfinished.size >= this.maxPending) {
      throw new BusFullError(
        `${this.name} has ${this.maxPending} unfinished events: \`await bus.whenRoom()\`, or raise \`maxPending\``,
      )
    }
    this.journal?.check()
  }

  #stopError(): BusStoppedError {
    return new BusStoppedError(`${this.name} is stopped: await \`stop()\`, or use a new bus`)
  }

  /** The type that a pattern stands for; its class becomes known. @throws TypeError */
  typeOf(pattern: unknown): string {
    const type = patternType(pattern)
    if (typeof pattern === 'function') this.#learn(type, pattern as PatternClass)
    return type
  }

  /** Remembers the class of a type, the widest of related ones. @throws TypeError for an unrelated one of the same type */
  #learn(type: string, eventClass: PatternClass): void {
    if (!('eventType' in eventClass)) return
    const known = this.#classes.get(type)
    if (!known || isSubclass(known, eventClass)) this.#classes.set(type, eventClass)
    else if (!isSubclass(eventClass, known)) {
      throw new TypeError(`${this.name} knows another class of type ${type}: use one, or subclasses of it`)
    }
  }

  /** All handlers on all buses and all descendants are done. */
  eventCompleted(visit: Visit): void {
    const dropped = this.history.complete(visit)
    // A stop has ended it: it is to come again.
    if (visit.state.abandoned) this.#seen.delete(visit.state.id)
    this.journal?.log?.completed(visit)
    this.tell('completed', visit.state)
    if (dropped) this.tell('dropped', dropped.state)
    this.letIn()
    if (this.history.unfinished.size) return
    watchMemory(visit.state.completedAt)
    for (const give of this.#idle) give(true)
  }

  /** What is remembered, oldest first: what a log has restored, then what happened here. */
  remembered(): EventState[] {
    return this.restored().concat(this.history.visits().map(({ state }) => state))
  }

  /**
   * A dispatch would not be too much. What comes from other contexts only waits for what is to be handled here: if it waited for
   * events that wait for other contexts themselves, two full buses would wait for each other.
   */
  hasRoom(comes = false): boolean {
    const count = comes ? this.handling : this.history.unfinished.size
    return count < this.maxPending && !this.journal?.full
  }

  letIn(): void {
    if (!this.#lettingIn && this.#room.some(({ size }) => size)) void this.#letIn()
  }

  /** Lets in those who wait for room, one by one: the bus looks again once the code of one has had its turn. */
  async #letIn(): Promise<void> {
    this.#lettingIn = true
    for (let enter = this.#nextIn(); enter; enter = this.#nextIn()) {
      enter()
      for (let hops = 4 * HOPS; hops--; ) await null
    }
    this.#lettingIn = false
  }

  #nextIn(): (() => void) | undefined {
    for (const comes of [1, 0] as const) {
      const [waiter] = this.hasRoom(!!comes) ? this.#room[comes] : []
      // Which takes it out.
      if (waiter) return waiter.enter
    }
    return undefined
  }

  whenRoom(signal?: AbortSignal, comes = false): Promise<void> {
    return wait<void>({ signal }, (enter, fail) => {
      if (this.#refusing || this.#draining) throw this.#stopError()
      const waiter = { enter, fail }
      const room = this.#room[+comes]
      room.add(waiter)
      this.letIn()
      return () => room.delete(waiter)
    })
  }

  /** The handler that runs now, if it is one of this bus, or of what came of an event here: the bus is not idle before it. */
  #ownRun(): HandlerRun | null {
    const run = knownRun()
    for (let state = run?.state ?? null; state; state = state.parent) if (state.visit(this)) return run
    return null
  }

  waitUntilIdle(timeout?: number | null): Promise<boolean> {
    return wait<boolean>(
      { timeout },
      (give) => {
        const run = this.#ownRun()
        if (run) {
          throw new EventLoopError(`${run.label} would wait for ever for ${this.name} to be idle`)
        }
        if (!this.history.unfinished.size) return give(true)
        this.#idle.add(give)
        return () => this.#idle.delete(give)
      },
      (give) => give(false),
    )
  }

  async stop(options: { timeout?: number | null; clear?: boolean } = {}): Promise<void> {
    checkOptions(options, { timeout: fromZero, clear: aBoolean })
    const { timeout, clear } = options
    // What is ended here is to be told to the log.
    if (this.journal && !this.journal.log) await this.journal.loaded
    const error = this.#stopError()
    this.#draining++
    for (const waiters of this.#room) for (const { fail } of waiters) fail(error)
    let left = timeout ?? 0
    const until = performance.now() + left
    // Once more for what came while this code waited for its turn. A handler of this bus that stops it cannot wait for itself.
    while (this.history.unfinished.size && left > 0 && !this.#ownRun()) {
      await this.waitUntilIdle(left)
      left = until - performance.now()
    }
    this.#draining--
    this.#refusing++
    const ended = this.history.unfinished.newest()
    if (!clear) for (const { state } of ended) state.abandon()
    for (const { state } of ended) state.cancel(error)
    this.waiters.stop(error)
    this.stopped = true
    if (clear) {
      this.cleared = error
      this.subscriptions.clear()
      this.history.clear()
      this.restored = noStates
      const { names } = getPage()
      if (names.get(this.name)?.deref() === this.bus) names.delete(this.name)
    }
    // Until the caller can tell that it is over.
    await (await this.journal?.loaded)?.end()
    // And who has begun to wait meanwhile.
    this.waiters.stop(error)
    if (!clear) this.#refusing--
  }

  inspect(inspector: Inspector): () => void {
    aFunction('fn', inspector)
    // A function that is given twice is told twice.
    const entry = inspector.bind(null)
    this.#inspectors.add(entry)
    this.inspected = true
    return () => {
      this.#inspectors.delete(entry)
      this.inspected = !!this.#inspectors.size
    }
  }

  tell(step: InspectStep, { event }: EventState, run?: HandlerRun): void {
    if (!this.inspected) return
    const time = performance.now()
    for (const inspector of this.#inspectors) {
      try {
        inspector(step, event, run?.view, time)
      } catch (error) {
        console.error(`bubus: ${this.name}: an inspector or middleware failed:`, error)
      }
    }
  }

  tellResult(step: InspectStep, run: HandlerRun): void {
    this.tell(step, run.state, run)
    if (run.over) this.journal?.log?.settled(run)
  }
}

const isSubclass = (one: PatternClass, other: PatternClass) => one === other || one.prototype instanceof other
