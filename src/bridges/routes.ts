import { BUS, coreOf } from '../brands.js'
import type { BusCore } from '../bus/bus-core.js'
import { type PatternClass, patternType, subscription } from '../bus/subscriptions.js'
import type { EventOf, Pattern, Subscription } from '../bus/types.js'
import { aBoolean, aFunction, aSignal, checkOptions } from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'

/** What a bridge calls with an event that came in: a bus's `dispatch`, another bridge's, or a function. */
export type Receiver<E extends BaseEvent = BaseEvent> = (event: E) => unknown

export interface ReceiverOptions {
  /** Unsubscribes when it aborts. */
  signal?: AbortSignal
  /** Take one event only. @default false */
  once?: boolean
}

/** Where events of a pattern go. */
export interface Route {
  readonly pattern: string
  readonly fn: Receiver
  /** The bus whose `dispatch` it is. */
  readonly core: BusCore | undefined
  readonly once: boolean
  remove(): void
}

/** Where a bridge's events go, and which classes it knows of itself. */
export class Routes {
  readonly #routes = new Set<Route>()
  readonly #classes = new Map<string, PatternClass>()
  readonly #plans = new Map<string, readonly Route[]>()
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
  }

  add<P extends Pattern>(pattern: P, fn: Receiver<EventOf<P>>, options: ReceiverOptions): Subscription {
    const type = patternType(pattern)
    aFunction('handler', fn)
    checkOptions(options, { once: aBoolean, signal: aSignal })
    if (typeof pattern === 'function') this.learn(type, pattern)
    const route: Route = {
      pattern: type,
      fn: fn as Receiver,
      core: coreOf((fn as { [BUS]?: unknown })[BUS]),
      once: options.once ?? false,
      remove: () => {},
    }
    this.#routes.add(route)
    this.#change()
    return (route.remove = subscription(() => {
      if (this.#routes.delete(route)) this.#change()
    }, options.signal))
  }

  #change(): void {
    this.#plans.clear()
    this.#changed()
  }

  learn(type: string, eventClass: PatternClass): void {
    if ('eventType' in eventClass && !this.#classes.has(type)) this.#classes.set(type, eventClass)
  }

  /** Those of a type, then those of `'*'`, each function once. */
  plan(type: string): readonly Route[] {
    const patterns = [...this.#routes].some(({ pattern }) => pattern === type) ? [type, '*'] : ['*']
    const known = patterns[0]
    let plan = this.#plans.get(known)
    if (!plan) {
      const seen = new Set<unknown>()
      plan = patterns
        .flatMap((one) => [...this.#routes].filter(({ pattern }) => pattern === one))
        .filter(({ fn }) => !seen.has(fn) && seen.add(fn))
      this.#plans.set(known, plan)
    }
    return plan
  }

  /** The bridge's own class of a type, else that of the first bus that has one. */
  classOf(type: string, plan: readonly Route[]): PatternClass | undefined {
    let found = this.#classes.get(type)
    for (const { core } of plan) found ??= core?.classOf(type)
    return found
  }

  get patterns(): string[] {
    return [...new Set([...this.#routes].map(({ pattern }) => pattern))]
  }

  /** Of the buses that events go to, in order. */
  get busNames(): string[] {
    return [...new Set([...this.#routes].flatMap(({ core }) => core?.name ?? []))]
  }
}
