/// <reference lib="esnext.disposable" preserve="true" />
import type { BaseEvent } from '../events/base-event.js'
import type { EventResult } from '../events/event-result.js'
import type { BusHandle } from './bus-handle.js'
import type { EventBus } from './event-bus.js'
import type { LogLike } from './journal.js'
import type { PatternClass } from './subscriptions.js'

/** A handler's second argument. Its members may be destructured. */
export interface HandlerContext {
  /** The bus, bound to this run: what is dispatched through it has the handled event as its parent, always. */
  readonly bus: BusHandle
  /** The same for another bus. */
  readonly via: (bus: EventBus) => BusHandle
  /** Aborts when the handler times out, its event's parent does, or the bus stops. */
  readonly signal: AbortSignal
  /** The entry that this run fills. */
  readonly result: EventResult
  /** 1; more when an interrupted event is tried again after a crash. */
  readonly attempt: number
}

/**
 * What a handler of the event may return: the event's result, nothing, or an event as a forwarder does; or a promise of it. Anything
 * where the event's class names no result. Nothing comes first, as that is right for a class that is only known when it is called.
 */
export type HandlerReturn<E extends BaseEvent> =
  | Answer<never>
  | PromiseLike<Answer<never>>
  | ([E] extends [BaseEvent<infer _, infer Result>]
      ? unknown extends Result
        ? unknown
        : Answer<Result> | PromiseLike<Answer<Result>>
      : unknown)
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement returns void
type Answer<Result> = Result | BaseEvent | null | undefined | void

export type HandlerFunction<E extends BaseEvent = BaseEvent> = (
  event: E,
  context: HandlerContext,
) => HandlerReturn<E>

export interface HandlerOptions {
  /** Unsubscribes when it aborts. */
  signal?: AbortSignal
  /** Run for one event only. @default false */
  once?: boolean
  /** How results and trees name the handler. Default: the function's name. */
  name?: string
  /** ms; null for none. Default: the event's. */
  timeout?: number | null
}

/** An event class, an event type, or `'*'`. */
export type Pattern = PatternClass | string

/** The events that a pattern matches. */
export type EventOf<P extends Pattern> = P extends string
  ? BaseEvent
  : P extends abstract new (
        ...args: never[]
      ) => infer E
    ? E
    : never

/** Call it, or dispose it, to unsubscribe. Doing so twice does no harm. */
export interface Subscription extends Disposable {
  (): void
}

export interface ExpectOptions<E extends BaseEvent = BaseEvent> {
  /** Which of the matching events. */
  where?: (event: E) => boolean
  /** The Python library's word for `where`. */
  predicate?: (event: E) => boolean
  /** ms; rejects with an EventTimeoutError. Default: no limit. */
  timeout?: number | null
  /** Rejects with its reason when it aborts. */
  signal?: AbortSignal
}

export interface FindOptions<E extends BaseEvent = BaseEvent> {
  /** Look into the history, newest first. @default true */
  past?: boolean
  /** Wait for the next one if there is none. @default false */
  future?: boolean
  where?: (event: E) => boolean
  /** Only descendants of this event. */
  childOf?: BaseEvent
  signal?: AbortSignal
}

/** What the inspection hook and middlewares are told. */
export type InspectStep =
  | 'queued'
  | 'started'
  | 'result'
  | 'completed'
  | 'error'
  | 'timeout'
  | 'cancelled'
  | 'forwarded'
  | 'dropped'
  | 'persisted'

/** `time` is in ms since the page's time origin, as `performance.now()` gives it. */
export type Inspector = (
  step: InspectStep,
  event: BaseEvent,
  result: EventResult | undefined,
  time: number,
) => void

/** Synchronous. A throw in `onDispatch` refuses the event to its caller; elsewhere it is reported and changes nothing. */
export interface BusMiddleware {
  onDispatch?(event: BaseEvent, bus: EventBus): void
  /** Steps of the event: queued, started, forwarded, completed, cancelled, dropped, persisted. */
  onEvent?(step: InspectStep, event: BaseEvent, bus: EventBus): void
  /** Steps of a handler's result: started, result, error, timeout, cancelled. */
  onResult?(step: InspectStep, result: EventResult, bus: EventBus): void
}

export interface BusOptions {
  /** Unique in the page. An identifier of at most 64 characters. Default: `EventBus_` and 8 characters. */
  name?: string
  /** Run the handlers of one event at once instead of one after another. @default false */
  parallelHandlers?: boolean
  /** Events to remember; null for all. @default 50 */
  maxHistorySize?: number | null
  /** Unfinished events above which `dispatch` throws. Default: 100 while `maxHistorySize` is set, else null: no limit. */
  maxPending?: number | null
  /** One event at a time on this bus, in all buses of the page that say so, or no such limit. @default 'bus' */
  eventConcurrency?: 'bus' | 'global' | 'parallel'
  /**
   * The write-ahead log and history, in IndexedDB: an `EventLog`, or a name or options for one that is loaded on demand. On such a
   * bus payloads must survive JSON.
   */
  log?: LogLike | LogOptions | string
  middlewares?: BusMiddleware[]
}

/** How a log behaves. */
export interface LogOptions {
  /** Of the log; an identifier of at most 64 characters. Default: the bus's name, as it was asked for. */
  name?: string
  /** 'relaxed' survives crashes of the page and the browser, 'strict' power loss too. @default 'relaxed' */
  durability?: 'relaxed' | 'strict'
  /** Whether handlers start only once their event is durable. @default 'ahead' */
  mode?: 'ahead' | 'behind'
  /** What compaction leaves: at least so many of the newest completed events, characters and ms. Default: 10 000 events. */
  retain?: { events?: number; bytes?: number; ageMs?: number }
  /**
   * ms after which an event is released though its write has not ended. What is asked of the log rejects with a LogError after five
   * times as many. @default 2000
   */
  deadline?: number
  /** What `dispatch` does while the log cannot be written: go on, or throw a LogError. @default 'release' */
  whenDegraded?: 'release' | 'refuse'
}

export interface BusStats {
  /** Events that wait for their turn here. */
  queued: number
  /** Events whose handlers, forwards or descendants are not done. */
  inFlight: number
  /** Events that history has forgotten. */
  dropped: number
  /** Records from outside that were refused. */
  wireErrors: number
  /** Events whose log entry is not durable yet. */
  unpersisted: number
  /** How far the log is behind, in ms. */
  logLagMs: number
}
