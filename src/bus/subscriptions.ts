import { BUS } from '../brands.js'
import { aBoolean, aFunction, aSignal, aString, aTimeout, checkOptions, checkType, isIdentifier } from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import type { Handler } from '../events/handler-run.js'
import type { EventBus } from './event-bus.js'
import type { HandlerFunction, HandlerOptions } from './types.js'

/** A class of events, as a pattern. */
export type PatternClass = abstract new (...args: never[]) => BaseEvent

/** A handler registered with `on`. */
export interface RegisteredHandler extends Handler {
  readonly fn: HandlerFunction
  readonly pattern: string
  readonly once: boolean
  /** undefined: the event's. */
  readonly timeout: number | null | undefined
  /** A bound `dispatch`: it passes the event on, and is no party to loops. */
  readonly forwards: EventBus | undefined
  removed: boolean
}

/** The type that a pattern stands for: an event class, a type, or `'*'`. @throws TypeError */
export function patternType(pattern: unknown): string {
  if (typeof pattern === 'function') {
    const { eventType } = pattern as { eventType?: unknown }
    if (isIdentifier(eventType)) return eventType
    if (isAnyEventClass(pattern)) return '*'
  }
  checkType(pattern === '*' || isIdentifier(pattern), 'pattern', "an event class, an event type or '*'", pattern)
  return pattern
}

/** `BaseEvent` itself, of any copy of the library: it has no type and stands for all. */
function isAnyEventClass(pattern: unknown): boolean {
  const { prototype } = pattern as { prototype?: object }
  return !!prototype && 'eventCompletion' in prototype && prototype instanceof Event
}

/** Handlers by pattern. Lists are replaced, never changed: a visit keeps the one it started with. */
export class Subscriptions {
  #byPattern = new Map<string, RegisteredHandler[]>()
  /** For each type that came by: its handlers, then those of `'*'`, each function once. */
  #plans = new Map<string, readonly RegisteredHandler[]>()
  #any: readonly RegisteredHandler[] = []
  #count = 0
  #lastType: string | undefined
  #lastPlan: readonly RegisteredHandler[] = []

  get patterns(): number {
    return this.#byPattern.size
  }

  add(pattern: unknown, fn: HandlerFunction, options: HandlerOptions, number: number): RegisteredHandler {
    const type = patternType(pattern)
    aFunction('handler', fn)
    checkOptions(options, { once: aBoolean, name: aString, timeout: aTimeout, signal: aSignal })
    const { once = false, name, timeout } = options
    const handler: RegisteredHandler = {
      id: number,
      name: name || fn.name || 'anonymous',
      fn,
      pattern: type,
      once,
      timeout,
      forwards: (fn as { [BUS]?: EventBus })[BUS],
      removed: false,
    }
    this.#set(type, [...(this.#byPattern.get(type) ?? []), handler])
    return handler
  }

  remove(handler: RegisteredHandler): void {
    if (handler.removed) return
    this.#keep(handler.pattern, (other) => other !== handler)
  }

  off(pattern: unknown, fn?: HandlerFunction): void {
    const type = patternType(pattern)
    if (fn !== undefined) aFunction('handler', fn)
    this.#keep(type, (other) => fn !== undefined && other.fn !== fn)
  }

  clear(): void {
    for (const type of [...this.#byPattern.keys()]) this.#keep(type, () => false)
  }

  #keep(type: string, keep: (handler: RegisteredHandler) => boolean): void {
    const kept: RegisteredHandler[] = []
    for (const handler of this.#byPattern.get(type) ?? []) {
      if (keep(handler)) kept.push(handler)
      else handler.removed = true
    }
    this.#set(type, kept)
  }

  #set(type: string, handlers: RegisteredHandler[]): void {
    if (handlers.length) this.#byPattern.set(type, handlers)
    else this.#byPattern.delete(type)
    this.#plans.clear()
    this.#lastType = undefined
    this.#any = this.#byPattern.get('*') ?? []
    this.#count = this.#byPattern.size
  }

  /** Handlers of a type in the order in which they run. */
  plan(type: string): readonly RegisteredHandler[] {
    if (type !== this.#lastType) {
      this.#lastPlan = this.#planOf(type)
      this.#lastType = type
    }
    return this.#lastPlan
  }

  #planOf(type: string): readonly RegisteredHandler[] {
    const own = this.#count && this.#byPattern.get(type)
    // Types without handlers of their own share one list: a stream of unheard types must not fill a map.
    if (!own || type === '*') return this.#any.length < 2 ? this.#any : this.#planned('*', [])
    return this.#planned(type, own)
  }

  #planned(type: string, own: readonly RegisteredHandler[]): readonly RegisteredHandler[] {
    let plan = this.#plans.get(type)
    if (!plan) {
      const seen = new Set<unknown>()
      plan = [...own, ...this.#any].filter(({ fn }) => !seen.has(fn) && seen.add(fn))
      this.#plans.set(type, plan)
    }
    return plan
  }
}
