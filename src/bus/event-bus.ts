/// <reference lib="esnext.disposable" preserve="true" />
import { ASYNC_DISPOSE, BUS, CORE, INSPECT, stateOf } from '../brands.js'
import { checkType } from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import { historyTree } from '../events/log-tree.js'
import { COMPLETED } from '../events/status.js'
import { currentRun, RunPromise } from '../running-handler.js'
import { BusCore } from './bus-core.js'
import { wrapperOf } from './dom-listeners.js'
import { livingBuses } from './page-buses.js'
import { type PatternClass, subscription } from './subscriptions.js'
import type {
  BusOptions,
  BusStats,
  EventOf,
  ExpectOptions,
  FindOptions,
  HandlerFunction,
  HandlerOptions,
  Inspector,
  Pattern,
  Subscription,
} from './types.js'
import type { Visit } from './visit.js'

type Listener<E extends Event> =
  | ((this: EventBus, event: E) => unknown)
  | { handleEvent(event: E): unknown }
  | null

const eventsOf = (visits: Visit[]) => visits.map(({ state }) => state.event)

/**
 * A bus of typed events, and an EventTarget: handlers registered with `on` run in strict order after the platform's own
 * listeners, their results are collected on the event, and awaiting an event waits for everything that came of it.
 */
export class EventBus extends EventTarget {
  /** @internal */
  declare readonly [CORE]: BusCore
  /**
   * Enqueues an event now and returns the same event at once. Bound, so that `a.on('*', b.dispatch)` forwards.
   * A record's event that has been on this bus comes back untouched.
   * @throws BusFullError, BusStoppedError, EventCancelledError in a handler that was given up, what a middleware throws;
   * TypeError for what is no event, or is completed. Nothing is enqueued then
   */
  declare readonly dispatch: <E extends BaseEvent>(event: E) => E

  /** @throws TypeError, RangeError for a wrong option */
  constructor(options: BusOptions = {}) {
    super()
    const core = new BusCore(this, options)
    const dispatch = <E extends BaseEvent>(event: E) => core.dispatch(event, currentRun())
    Object.defineProperties(dispatch, { name: { value: `${core.name}.dispatch` }, [BUS]: { value: this } })
    Object.defineProperties(this, { [CORE]: { value: core }, dispatch: { value: dispatch } })
  }

  /** All living buses of the page. */
  static get instances(): readonly EventBus[] {
    return livingBuses()
  }

  get name(): string {
    return this[CORE].name
  }
  /** UUIDv7. */
  get id(): string {
    return this[CORE].id
  }
  /** What happened lately, in order of dispatch: a snapshot of at most `maxHistorySize` events. */
  get eventHistory(): ReadonlyMap<string, BaseEvent> {
    // One by one: of a hundred thousand, pairs cost as much as all the rest.
    const events = new Map<string, BaseEvent>()
    for (const { id, event } of this[CORE].remembered()) events.set(id, event)
    return events
  }
  /** Events that wait for their turn here. */
  get eventsPending(): readonly BaseEvent[] {
    return eventsOf(this[CORE].history.pending)
  }
  /** Events whose handlers, forwards or descendants are not done. */
  get eventsStarted(): readonly BaseEvent[] {
    return eventsOf(this[CORE].history.started)
  }
  get eventsCompleted(): readonly BaseEvent[] {
    const completed = this[CORE].remembered().filter(({ status }) => status === COMPLETED)
    return completed.map(({ event }) => event)
  }
  get stats(): BusStats {
    const { history, journal, wireErrors } = this[CORE]
    const { pending, started, dropped } = history
    return {
      queued: pending.length,
      inFlight: started.length,
      dropped,
      wireErrors,
      unpersisted: journal?.unpersisted ?? 0,
      logLagMs: journal?.lag ?? 0,
    }
  }
  /** Resolves once the history is restored from the log, or cannot be: `log.state` says so; at once on a bus without a log. */
  get ready(): Promise<void> {
    return RunPromise.resolve(this[CORE].journal?.loaded.then((log) => log?.ready))
  }
  /**
   * Dispatches the accepted but unfinished events of dead pages again, in the log's order, and resolves with them. Call it once
   * the handlers are registered; events without a handler stay where they are.
   */
  recover(): Promise<BaseEvent[]> {
    return RunPromise.resolve(this[CORE].journal?.loaded.then((log) => log?.recover() ?? []) ?? [])
  }

  /**
   * Registers a handler for an event class, a type, or `'*'`. Handlers run in order of registration, those of the type before
   * those of `'*'`; a function runs at most once for an event.
   * @throws TypeError, RangeError; nothing is registered then
   */
  on<P extends Pattern>(
    pattern: P,
    // So it is looked at once the class is known: what `() => 'ok'` returns is then that word, and not any string.
    handler: NoInfer<HandlerFunction<EventOf<P>>>,
    options: HandlerOptions = {},
  ): Subscription {
    const core = this[CORE]
    return core.subscriptions.add(() => core.typeOf(pattern), handler as never, options)
  }

  /** Removes a handler of a pattern, or all of them. */
  off<P extends Pattern>(pattern: P, handler?: HandlerFunction<EventOf<P>>): void {
    const core = this[CORE]
    core.subscriptions.off(core.typeOf(pattern), handler as HandlerFunction | undefined)
  }

  /** The platform's own; also takes an event class. What the listener returns is recorded and awaited as a result. */
  override addEventListener<C extends PatternClass>(
    type: C,
    listener: Listener<InstanceType<C>>,
    options?: boolean | AddEventListenerOptions,
  ): void
  override addEventListener<E extends Event = BaseEvent>(
    type: string,
    listener: Listener<E>,
    options?: boolean | AddEventListenerOptions,
  ): void
  override addEventListener(
    type: PatternClass | string,
    listener: unknown,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(this.#heard(type), wrapperOf(listener), options)
  }

  override removeEventListener<C extends PatternClass>(
    type: C,
    listener: Listener<InstanceType<C>>,
    options?: boolean | EventListenerOptions,
  ): void
  override removeEventListener<E extends Event = BaseEvent>(
    type: string,
    listener: Listener<E>,
    options?: boolean | EventListenerOptions,
  ): void
  override removeEventListener(
    type: PatternClass | string,
    listener: unknown,
    options?: boolean | EventListenerOptions,
  ): void {
    super.removeEventListener(this.#typeName(type), wrapperOf(listener), options)
  }

  /**
   * A bus event is enqueued, and the answer is `true`: whether it was vetoed is known as `(await event).defaultPrevented`.
   * Any other event is dispatched natively, now.
   */
  override dispatchEvent(event: Event): boolean {
    if (!stateOf(event)) return super.dispatchEvent(event)
    this.dispatch(event as BaseEvent)
    return true
  }

  /**
   * Brings events of another target to this bus: bus events of these types, or other DOM events through a function that gives a bus
   * event or null.
   */
  attach<K extends keyof HTMLElementEventMap>(
    target: EventTarget,
    type: K,
    map: (event: HTMLElementEventMap[K]) => BaseEvent | null | undefined,
  ): Subscription
  attach(target: EventTarget, type: string, map: (event: Event) => BaseEvent | null | undefined): Subscription
  attach(target: EventTarget, ...types: (PatternClass | string)[]): Subscription
  attach(target: EventTarget, ...rest: unknown[]): Subscription {
    checkType(typeof target?.addEventListener === 'function', 'target', 'an EventTarget', target)
    const given = rest.every((one) => one && (typeof one === 'string' || typeof one === 'function'))
    checkType(rest.length && given, 'types', 'event classes or types', rest)
    const [type, map] = rest
    const maps = typeof map === 'function' && !('eventType' in map)
    const bring = (event: Event) => {
      // Nothing can come any more: the target need not keep the bus.
      if (this[CORE].cleared) return ended.abort()
      const found = maps ? map(event) : stateOf(event) && event
      if (found) this.dispatch(found as BaseEvent)
    }
    const names = (maps ? [type] : rest).map((one) => this.#typeName(one as Pattern))
    const ended = new AbortController()
    for (const name of names) target.addEventListener(name, bring, { signal: ended.signal })
    return subscription(() => ended.abort())
  }

  /**
   * The next matching event when it is dispatched, not when it completes; first the oldest one that is still queued and that no
   * `expect` has had. Rejects with an EventTimeoutError, the signal's reason, or what `where` throws.
   * @throws TypeError for a wrong pattern, at once
   */
  expect<P extends Pattern>(pattern: P, options?: ExpectOptions<EventOf<P>>): Promise<EventOf<P>> {
    return this[CORE].waiters.expect(pattern, options as ExpectOptions, currentRun()) as Promise<EventOf<P>>
  }

  /** The newest matching event of the history; with `future`, else the next one. Null if there is none. */
  find<P extends Pattern>(pattern: P, options?: FindOptions<EventOf<P>>): Promise<EventOf<P> | null> {
    return this[CORE].waiters.find(pattern, options as FindOptions) as Promise<EventOf<P> | null>
  }

  /** Events as they are dispatched, from this call on; none is lost between two `next()`. Ends on `stop()` or abort. */
  events<P extends Pattern>(
    pattern: P,
    options?: { signal?: AbortSignal },
  ): AsyncIterableIterator<EventOf<P>> {
    return this[CORE].waiters.events(pattern, options) as AsyncIterableIterator<EventOf<P>>
  }

  /** Resolves when `dispatch` would be accepted; those who wait are let in one by one, first come first served. */
  whenRoom(signal?: AbortSignal): Promise<void> {
    return this[CORE].whenRoom(signal)
  }

  /** True once no event is unfinished; false if that took longer than `timeout` ms. */
  waitUntilIdle(timeout?: number | null): Promise<boolean> {
    return this[CORE].waitUntilIdle(timeout)
  }

  /**
   * Refuses new events, waits up to `timeout` ms for the bus to be idle, then cancels what is left and settles everybody who waits.
   * Afterwards a dispatch starts the bus again, unless `clear` also took its history, handlers and name.
   */
  stop(options?: { timeout?: number | null; clear?: boolean }): Promise<void> {
    return this[CORE].stop(options)
  }

  [ASYNC_DISPOSE](): Promise<void> {
    return this.stop({ clear: true })
  }

  /** The public inspection hook: calls `fn` at every step until it is disposed. */
  [INSPECT](fn: Inspector): Disposable {
    return subscription(this[CORE].inspect(fn))
  }

  /** The history as a tree of events, their handlers' results, and what these dispatched. */
  logTree(): string {
    return historyTree(this[CORE].remembered())
  }

  /** A type as the platform takes it, whatever string, or an event class. */
  #typeName(type: Pattern): string {
    if (typeof type !== 'function') return String(type)
    const name = this[CORE].typeOf(type)
    checkType(name !== '*', 'type', 'a class of one type', type)
    return name
  }

  /** The same, of a type that is listened to from now on. */
  #heard(type: Pattern): string {
    const name = this.#typeName(type)
    this[CORE].heard.add(name)
    return name
  }

  override toString(): string {
    const { subscriptions, stopped } = this[CORE]
    const { queued, inFlight } = this.stats
    const counts = `⏳ ${queued} | ▶️ ${inFlight} | ✅ ${this.eventsCompleted.length}`
    return `${this.name}${stopped ? '🔴' : '🟢'}(${counts} ➡️ ${subscriptions.patterns} 👂)`
  }

  static {
    // Chromium's observables listen past `addEventListener`: the bus must learn that somebody does.
    const { when } = EventTarget.prototype as { when?(type: string, options?: unknown): unknown }
    if (when) {
      Object.assign(this.prototype, {
        when(this: EventBus, type: Pattern, options?: unknown) {
          return when.call(this, this.#heard(type), options)
        },
      })
    }
  }
}
