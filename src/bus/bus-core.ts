import { stateOf } from '../brands.js'
import {
  aBoolean,
  aFunction,
  aSignal,
  aTimeout,
  BusFullError,
  BusStoppedError,
  type Check,
  checkOptions,
  checkType,
  EventLoopError,
  from,
  orNull,
} from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import type { EventState } from '../events/event-state.js'
import type { HandlerRun } from '../events/handler-run.js'
import { COMPLETED, NEW } from '../events/status.js'
import { uuidv7 } from '../ids.js'
import { getPage, microtask, wallTime } from '../page.js'
import { currentRun, RunPromise } from '../running-handler.js'
import { after } from '../timers.js'
import { warn } from '../warnings.js'
import { DomListeners } from './dom-listeners.js'
import type { EventBus } from './event-bus.js'
import { History } from './history.js'
import { freeName, registerBus, watchMemory } from './page-buses.js'
import { RunLoop } from './run-loop.js'
import { type PatternClass, patternType, Subscriptions } from './subscriptions.js'
import type { BusMiddleware, BusOptions, BusStats, Inspector, InspectStep } from './types.js'
import { Visit } from './visit.js'
import { Waiters } from './waiters.js'

const MAX_HISTORY = 50
const MAX_PENDING = 100
const SEEN_IDS = 10_000

const modes = ['bus', 'global', 'parallel']
const aMode: Check = (name, value) => checkType(modes.includes(value as string), name, `one of ${modes.join(', ')}`, value)
const someMiddlewares: Check = (name, value) => {
  checkType(Array.isArray(value), name, 'an array', value)
  for (const one of value) checkOptions(one, { onDispatch: aFunction, onEvent: aFunction, onResult: aFunction })
}
const noLog: Check = (name, value) => checkType(value === null, name, 'left out: this version has no log yet', value)
const checks = {
  parallelHandlers: aBoolean,
  maxHistorySize: orNull(from(0)),
  maxPending: orNull(from(1)),
  eventConcurrency: aMode,
  middlewares: someMiddlewares,
  log: noLog,
}

/** The workings of a bus: where its parts meet. `EventBus` is its public face. */
export class BusCore {
  readonly bus: EventBus
  readonly id: string
  readonly name: string
  readonly lane: RunLoop
  readonly parallelHandlers: boolean
  readonly history: History
  readonly subscriptions = new Subscriptions()
  readonly listeners: DomListeners
  readonly waiters: Waiters
  /** Dispatches an event to the platform's listeners; the face knows how. */
  readonly dispatchNatively: (event: Event) => boolean
  /** Somebody is told about steps: one check on the hot path. */
  inspected = false
  #inspectors: Inspector[] = []
  #middlewares: BusMiddleware[]
  #maxPending: number
  #handlerIds = 0
  #dropped = 0
  /** Event classes by type, as this bus met them. */
  #classes = new Map<string, PatternClass>()
  /** The class met last: a stream of events of one class looks no further. */
  #lastClass: PatternClass | undefined
  /** Ids of events that came from records: two generations, the last 10 000 at least. */
  #seen = new Set<string>()
  #seenBefore = this.#seen
  #stopping: Promise<void> | null = null
  #refusing = false
  #acceptsChildren = false
  /** Since the last dispatch. */
  stopped = false
  #cleared = false
  #idle: (() => void)[] = []
  #room: (() => void)[] = []
  #lettingIn = false

  constructor(bus: EventBus, options: BusOptions, dispatchNatively: (event: Event) => boolean) {
    checkOptions(options, checks)
    const { name, parallelHandlers = false, eventConcurrency = 'bus', middlewares = [] } = options
    const { maxHistorySize = MAX_HISTORY, maxPending = maxHistorySize === null ? null : MAX_PENDING } = options
    const page = getPage()
    this.bus = bus
    this.name = freeName(name)
    this.id = uuidv7(wallTime(performance.now()), page.count++)
    this.parallelHandlers = parallelHandlers
    this.lane = eventConcurrency === 'global' ? (page.lane ??= new RunLoop(false)) : new RunLoop(eventConcurrency === 'parallel')
    this.history = new History(maxHistorySize)
    this.listeners = new DomListeners(this)
    this.waiters = new Waiters(this)
    this.dispatchNatively = dispatchNatively
    this.#maxPending = maxPending ?? Number.POSITIVE_INFINITY
    this.#middlewares = middlewares
    for (const middleware of middlewares) this.inspect(inspectorOf(middleware, bus))
    registerBus(bus, this.name)
  }

  nextHandlerId(): number {
    return ++this.#handlerIds
  }

  get stats(): BusStats {
    const { queued, unfinished } = this.history
    return { queued, inFlight: unfinished - queued, dropped: this.#dropped, wireErrors: 0, unpersisted: 0, logLagMs: 0 }
  }

  /**
   * Enqueues an event. Whatever may refuse it comes first: a refused event is as it was before.
   * `run` is the handler run that dispatches it, if that is known.
   */
  dispatch<E extends BaseEvent>(event: E, run: HandlerRun | null): E {
    const state = stateOf(event)
    checkType(state, 'event', 'an event (`new MyEvent(…)` or `new BaseEvent(type, payload)`)', event)
    if (state.firstVisit) {
      if (state.pendingRun()) state.hideThen()
      if (state.visit(this)) return event
    } else if (state.origin && this.#wasHere(state)) return event
    this.#checkAccepts(state, run)
    const page = getPage()
    this.stopped = false
    if (state.status === NEW) {
      if (run && state.parentId === null) state.adopt(run)
      state.order = page.dispatches
    } else {
      if (run && this.inspected) this.tell('forwarded', state)
    }
    const visit = new Visit(this, state, page.dispatches++)
    state.enter(visit)
    if (state.origin) this.#remember(state.id)
    const dropped = this.history.add(visit)
    if (dropped) this.#drop(dropped)
    if (this.inspected) this.tell('queued', state)
    if (this.waiters.size && this.waiters.offer(state)) visit.expected = true
    this.lane.enqueue(visit, state.urgent)
    return event
  }

  /** Whether the event of a record has been on this bus: local events know their buses themselves. */
  #wasHere({ id, origin }: EventState): boolean {
    return !!origin?.busIds.includes(this.id) || this.#seen.has(id) || this.#seenBefore.has(id)
  }

  #remember(id: string): void {
    if (this.#seen.size >= SEEN_IDS) {
      this.#seenBefore = this.#seen
      this.#seen = new Set()
    }
    this.#seen.add(id)
  }

  #checkAccepts(state: EventState, run: HandlerRun | null): void {
    // A message is made only to be thrown: the label of an event costs more than its dispatch.
    if (this.#cleared) throw new BusStoppedError(`${this.name} was stopped and cleared; dispatch ${state.label} on a new bus`)
    if (this.#refusing && !(this.#acceptsChildren && run?.state.unfinished)) {
      throw new BusStoppedError(`${this.name} is stopping; dispatch ${state.label} once \`stop()\` has resolved`)
    }
    if (state.status === COMPLETED) {
      throw new TypeError(`${state.label} is completed; dispatch a copy: \`new ${state.meta.type}(event.eventPayload)\``)
    }
    run?.checkAlive(state)
    if (this.history.unfinished >= this.#maxPending) {
      throw new BusFullError(
        `${this.name} has ${this.#maxPending} unfinished events and does not take ${state.label}: \`await bus.whenRoom()\`, or raise \`maxPending\``,
      )
    }
    const eventClass = state.event.constructor as PatternClass
    if (eventClass !== this.#lastClass) {
      this.learn(state.meta.type, eventClass)
      this.#lastClass = eventClass
    }
    for (const { onDispatch } of this.#middlewares) onDispatch?.(state.event, this.bus)
  }

  /** The type that a pattern stands for; its class becomes known. @throws TypeError */
  typeOf(pattern: unknown): string {
    const type = patternType(pattern)
    if (typeof pattern === 'function') this.learn(type, pattern as PatternClass)
    return type
  }

  /** Remembers the class of a type. @throws TypeError for an unrelated one of the same type */
  learn(type: string, eventClass: PatternClass): void {
    const known = this.#classes.get(type)
    if (known === eventClass || !('eventType' in eventClass) || type === '*') return
    if (known && !(eventClass.prototype instanceof known)) {
      if (known.prototype instanceof eventClass) return
      throw new TypeError(`${this.name} knows another class of type ${type}; use one class for a type, or subclasses of it`)
    }
    if (!known) this.#classes.set(type, eventClass)
  }

  /** All handlers on all buses and all descendants are done. */
  eventCompleted(visit: Visit): void {
    const dropped = this.history.complete(visit)
    if (this.inspected) this.tell('completed', visit.state)
    if (dropped) this.#drop(dropped)
    if (this.#room.length) this.#letIn()
    if (this.history.unfinished) return
    watchMemory(visit.state.completedAt)
    for (const wake of this.#idle.splice(0)) wake()
  }

  #drop({ state }: Visit): void {
    this.#dropped++
    if (this.inspected) this.tell('dropped', state)
  }

  /** Lets in one who waits for room, then looks again once their code has had its turn. */
  #letIn = (): void => {
    if (this.#lettingIn || this.history.unfinished >= this.#maxPending) return
    this.#room.shift()?.()
    if (!this.#room.length) return
    this.#lettingIn = true
    let hops = 4
    const hop = () => {
      if (--hops) return microtask(hop)
      this.#lettingIn = false
      this.#letIn()
    }
    microtask(hop)
  }

  whenRoom(signal?: AbortSignal): Promise<void> {
    return new RunPromise((resolve, reject) => {
      checkOptions({ signal }, { signal: aSignal })
      signal?.throwIfAborted()
      if (this.#cleared) throw new BusStoppedError(`${this.name} was stopped and cleared`)
      if (this.history.unfinished < this.#maxPending && !this.#room.length) return resolve()
      const abort = () => {
        this.#room = this.#room.filter((other) => other !== wake)
        reject(signal?.reason)
      }
      const wake = () => {
        signal?.removeEventListener('abort', abort)
        if (this.#cleared) reject(new BusStoppedError(`${this.name} was stopped and cleared`))
        else resolve()
      }
      signal?.addEventListener('abort', abort)
      this.#room.push(wake)
    })
  }

  waitUntilIdle(timeout?: number | null): Promise<boolean> {
    return new RunPromise((resolve) => {
      checkOptions({ timeout }, { timeout: aTimeout })
      const run = currentRun()
      if (run && !run.settled && run.state.visit(this)) {
        throw new EventLoopError(`${run.handler.name} of ${run.state.label} would wait for ever: ${this.name} is idle only when it has returned`)
      }
      if (!this.history.unfinished) return resolve(true)
      const wake = () => {
        stop?.()
        resolve(true)
      }
      const stop = timeout == null ? undefined : after(timeout, () => {
        this.#idle = this.#idle.filter((other) => other !== wake)
        resolve(false)
      })
      this.#idle.push(wake)
    })
  }

  stop(options: { timeout?: number | null; clear?: boolean } = {}): Promise<void> {
    checkOptions(options, { timeout: orNull(from(0)), clear: aBoolean })
    const { timeout, clear = false } = options
    if (this.#stopping) {
      if (!timeout) this.#cancelAll()
      return clear ? this.#stopping.then(() => this.stop({ clear })) : this.#stopping
    }
    this.#refusing = true
    this.#stopping = this.#stop(timeout || 0, clear).finally(() => {
      this.#stopping = null
      this.#refusing = false
      this.stopped = true
    })
    return this.#stopping
  }

  async #stop(timeout: number, clear: boolean): Promise<void> {
    const run = currentRun()
    // A handler of this bus that stops it cannot wait for itself.
    if (timeout && this.history.unfinished && !run?.state.visit(this)) {
      this.#acceptsChildren = true
      await this.waitUntilIdle(timeout)
    }
    this.#acceptsChildren = false
    this.#cancelAll()
    this.waiters.stop()
    if (clear) this.#clear()
    for (const wake of this.#room.splice(0)) wake()
  }

  #cancelAll(): void {
    const cause = new BusStoppedError(`${this.name} was stopped`)
    for (const { state } of [...this.history.started(), ...this.history.pending()]) state.cancel(cause)
  }

  #clear(): void {
    this.#cleared = true
    this.subscriptions.clear()
    this.history.clear()
    this.#classes.clear()
    getPage().names.delete(this.name)
  }


  inspect(inspector: Inspector): () => void {
    aFunction('fn', inspector)
    const entry: Inspector = (...step) => inspector(...step)
    this.#inspectors.push(entry)
    this.inspected = true
    return () => {
      this.#inspectors = this.#inspectors.filter((other) => other !== entry)
      this.inspected = this.#inspectors.length > 0
    }
  }

  tell(step: InspectStep, { event }: EventState, run?: HandlerRun): void {
    const time = performance.now()
    for (const inspector of this.#inspectors) {
      try {
        inspector(step, event, run?.view, time)
      } catch (error) {
        warn(`an inspector or middleware of ${this.name} threw at '${step}'`)
        console.error(error)
      }
    }
  }

  tellResult(step: InspectStep, run: HandlerRun): void {
    if (this.inspected) this.tell(step, run.state, run)
  }
}

function inspectorOf(middleware: BusMiddleware, bus: EventBus): Inspector {
  return (step, event, result) => {
    if (result) middleware.onResult?.(step, result, bus)
    else middleware.onEvent?.(step, event, bus)
  }
}
