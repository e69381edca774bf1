import { coreOf } from '../brands.js'
import type { BusCore } from '../bus/bus-core.js'
import {
  type PatternClass,
  patternType,
  type RegisteredHandler,
  Subscriptions,
} from '../bus/subscriptions.js'
import type { EventOf, Pattern, Subscription } from '../bus/types.js'
import type { BaseEvent } from '../events/base-event.js'

/** What a bridge calls with an event that came in: a bus's `dispatch`, another bridge's, or a function. */
export type Receiver<E extends BaseEvent = BaseEvent> = (event: E) => unknown

export interface ReceiverOptions {
  /** Unsubscribes when it aborts. */
  signal?: AbortSignal
  /** Take one event only. @default false */
  once?: boolean
}

/** The bus whose `dispatch` a handler is. */
export const coreBehind = ({ forwards }: RegisteredHandler): BusCore | undefined => coreOf(forwards)

/** Where a bridge's events go, and which classes it knows of itself. */
export class Routes extends Subscriptions {
  readonly #classes = new Map<string, PatternClass>()

  route<P extends Pattern>(pattern: P, fn: Receiver<EventOf<P>>, options: ReceiverOptions): Subscription {
    const type = patternType(pattern)
    const added = this.add(() => type, fn as Receiver, options)
    this.learn(type, pattern)
    return added
  }

  learn(type: string, eventClass: Pattern): void {
    if (Object(eventClass).eventType && !this.#classes.has(type))
      this.#classes.set(type, eventClass as PatternClass)
  }

  /** The bridge's own class of a type, else that of the first bus that has one. */
  classOf(type: string): PatternClass | undefined {
    return this.plan(type).reduce(
      (found, handler) => found ?? coreBehind(handler)?.classOf(type),
      this.#classes.get(type),
    )
  }

  get wanted(): string[] {
    return [...new Set(this.all.map(({ pattern }) => pattern))]
  }

  /** Of the buses that events go to. */
  get busNames(): string[] {
    return [...new Set(this.all.flatMap((handler) => coreBehind(handler)?.name ?? []))]
  }
}
