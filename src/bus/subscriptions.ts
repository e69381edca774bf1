import { BUS, DISPOSE } from '../brands.js'
import {
  aBoolean,
  aFunction,
  aSignal,
  aString,
  aTimeout,
  checkOptions,
  checkType,
  isIdentifier,
} from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import type { Handler } from '../events/handler-run.js'
import { getPage } from '../page.js'
import type { EventBus } from './event-bus.js'
import { tellTools } from './page-buses.js'
import type { HandlerFunction, HandlerOptions, Subscription } from './types.js'

/** A class of events, as a pattern. */
export type PatternClass = abstract new (...args: never[]) => BaseEvent

/** A handler registered with `on`. */
export interface RegisteredHandler extends Handler {
  readonly fn: HandlerFunction
  readonly pattern: string
  readonly once: boolean
  /** The name was given, and is the only such one of its pattern: the log may know the handler by it after a crash. */
  readonly named: boolean
  /** undefined: the event's. */
  readonly timeout: number | null | undefined
  removed: boolean
  /** Its function stands earlier in the plan, too: it has a turn only if that registration was removed before its own. */
  readonly repeated?: true
  remove: () => void
}

/** Of a handler or listener: unique in the page, and so on each bus. */
export function nextId(): number {
  const id = ++getPage().handlers
  tellTools(null, id)
  return id
}

/** The type that a pattern stands for: an event class, a type, or `'*'`. @throws TypeError */
export function patternType(pattern: unknown): string {
  let type = pattern
  if (typeof pattern === 'function') {
    // `BaseEvent` itself, of any copy of the library, has no type and stands for all.
    const { eventType, prototype } = pattern as { eventType?: unknown; prototype?: unknown }
    type = eventType ?? (prototype instanceof Event && Object.hasOwn(prototype, 'eventCompletion') && '*')
  }
  checkType(
    type === '*' || isIdentifier(type),
    'pattern',
    "an event class (with a static `eventType`), an event type or '*'",
    pattern,
  )
  return type
}

/** Calls `remove` when it is called, disposed, or its signal aborts. */
export function subscription(remove: () => unknown, signal?: AbortSignal): Subscription {
  const unsubscribe = () => {
    signal?.removeEventListener('abort', unsubscribe)
    remove()
  }
  signal?.addEventListener('abort', unsubscribe)
  if (signal?.aborted) unsubscribe()
  return Object.assign(unsubscribe, { [DISPOSE]: unsubscribe })
}

/** Handlers by pattern. Lists are replaced, never changed: a visit keeps the one it started with. */
export class Subscriptions {
  /** Called after each change. */
  declare changed?: () => void
  #byPattern = new Map<string, readonly RegisteredHandler[]>()
  /** What runs for the types that came by: their own handlers, then those of `'*'`. */
  #plans = new Map<string, readonly RegisteredHandler[]>()
  /** A stream of events of one type looks no further. */
  #lastType: string | undefined
  #lastPlan: readonly RegisteredHandler[] = []

  get all(): readonly RegisteredHandler[] {
    return [...this.#byPattern.values()].flat()
  }

  get patterns(): number {
    return this.#byPattern.size
  }

  /** `typeOf` is asked for the pattern once nothing else is wrong: that teaches the bus a class. */
  add(typeOf: () => string, fn: HandlerFunction, options: HandlerOptions): Subscription {
    aFunction('handler', fn)
    checkOptions(options, { once: aBoolean, name: aString, timeout: aTimeout, signal: aSignal })
    const pattern = typeOf()
    const { once = false, name = fn.name, timeout, signal } = options
    const others = this.#of(pattern)
    const handler: RegisteredHandler = {
      id: nextId(),
      name: String(name || 'anonymous'),
      fn,
      pattern,
      once,
      named: !!options.name && !others.some((other) => other.name === name),
      timeout,
      forwards: (fn as { [BUS]?: EventBus })[BUS],
      removed: false,
      remove: () => {},
    }
    this.#set(pattern, [...others, handler])
    return (handler.remove = subscription(() => {
      handler.removed = true
      this.#set(
        pattern,
        this.#of(pattern).filter((other) => other !== handler),
      )
    }, signal))
  }

  off(pattern: string, fn?: HandlerFunction): void {
    if (fn !== undefined) aFunction('handler', fn)
    for (const handler of this.#of(pattern)) if (!fn || handler.fn === fn) handler.remove()
  }

  clear(): void {
    for (const pattern of this.#byPattern.keys()) this.off(pattern)
  }

  #of(pattern: string): readonly RegisteredHandler[] {
    return this.#byPattern.get(pattern) ?? []
  }

  #set(pattern: string, handlers: readonly RegisteredHandler[]): void {
    if (handlers.length) this.#byPattern.set(pattern, handlers)
    else this.#byPattern.delete(pattern)
    this.#plans.clear()
    this.#lastType = undefined
    this.changed?.()
  }

  /** Handlers of a type in the order in which they run, each function once. */
  plan(type: string): readonly RegisteredHandler[] {
    return this.turns(type).filter(({ repeated }) => !repeated)
  }

  /** The same, with all registrations of a function: the first that is left runs. */
  turns(type: string): readonly RegisteredHandler[] {
    if (type !== this.#lastType) {
      // All types without handlers of their own have the same.
      const known = this.#byPattern.has(type) ? type : '*'
      this.#lastPlan = this.#plans.get(known) ?? marked([...this.#of(known), ...this.#of('*')])
      this.#plans.set(known, this.#lastPlan)
      this.#lastType = type
    }
    return this.#lastPlan
  }
}

function marked(handlers: readonly RegisteredHandler[]): readonly RegisteredHandler[] {
  const seen = new Set<unknown>()
  return handlers.map((handler) =>
    seen.has(handler.fn)
      ? ({ __proto__: handler, repeated: true } as never)
      : seen.add(handler.fn) && handler,
  )
}
