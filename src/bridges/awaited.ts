/**
 * Which events of other contexts must not wait for their turn. Handlers of two pages that await each other's events would wait
 * for ever: so while a handler here waits for an answer from elsewhere, whatever a handler elsewhere waits for jumps here, under
 * the same rule as a local event that is awaited.
 */
import type { EventState } from '../events/event-state.js'

/** A chain of awaited events that goes to and fro more often than this is a loop. */
export const MAX_HOPS = 16

/** An event that came from elsewhere, where a handler waits for it. */
export interface Awaited {
  jump(): void
}

interface Shared {
  /** How many events a handler here waits for while they are elsewhere. */
  waiting: number
  /** What handlers elsewhere wait for, unfinished. */
  readonly awaited: Set<Awaited>
  /** How many awaited events led to one that came in, itself included. */
  readonly hops: WeakMap<EventState, number>
}

const SHARED = Symbol.for('bubus.bridges.v1')

/** Of all bridges in the page, of whatever copy of the library. */
export function shared(): Shared {
  const holder = globalThis as { [SHARED]?: Shared }
  return (holder[SHARED] ??= { waiting: 0, awaited: new Set(), hops: new WeakMap() })
}

/** A handler here begins (`1`) or ceases (`-1`) to wait for an event that is elsewhere. */
export function waitsElsewhere(change: 1 | -1): void {
  const page = shared()
  page.waiting += change
  if (change > 0) for (const one of page.awaited) one.jump()
}

/** The hops of an event that is sent: 0 while nobody's handler waits for it. */
export function hopsOf(state: EventState): number {
  const { hops } = shared()
  let before = 0
  for (let at: EventState | null = state; at && !before; at = at.dispatchedBy?.state ?? null)
    before = hops.get(at) ?? 0
  return before || state.urgent ? before + 1 : 0
}
