import { number, string } from 'superstruct'
import { defineEvent, EventBus } from '../../../src/index.js'

/** The event of every figure of ours: two fields, validated. */
export class Tick extends defineEvent('Tick', { n: number(), s: string() }) {}

export type BusOptions = ConstructorParameters<typeof EventBus>[0]

/** A default bus, but for the limit on unfinished events, which a burst is there to exceed. */
export function newBus(options?: BusOptions): EventBus {
  return new EventBus({ maxPending: null, ...options })
}

/** Takes a bus down completely, so that no sample leaves a living bus to the next. */
export async function dismiss(bus: EventBus): Promise<void> {
  await bus.stop({ clear: true })
}
