/**
 * The library's marks. Events and buses are known by them and not by `instanceof`, so that two copies of the library
 * in one page (one bundled, one from a script tag) work with each other's objects.
 */
import type { BusCore } from './bus/bus-core.js'
import type { EventState } from './events/event-state.js'

/** Where an event keeps its life. */
export const STATE: unique symbol = Symbol.for('bubus.event.v1') as never
/** On an event class: what its events share. */
export const META: unique symbol = Symbol.for('bubus.meta.v1') as never
/** Where a bus keeps its workings. */
export const CORE: unique symbol = Symbol.for('bubus.core.v1') as never
/** On a bound `dispatch`: the bus it belongs to. So a forwarder is recognised. */
export const BUS: unique symbol = Symbol.for('bubus.bus') as never
/** The public inspection hook of a bus. */
export const INSPECT: unique symbol = Symbol.for('bubus.inspect') as never

// WebKitGTK has no dispose symbols; code that is lowered by TypeScript or esbuild looks for these.
export const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose')
export const ASYNC_DISPOSE: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')

/**
 * The state of a bubus event of any copy of the library; undefined for everything else: a copy of an event's members is none,
 * nor is what may not be looked at (a revoked proxy, a window of another origin).
 */
export function stateOf(value: unknown): EventState | undefined {
  try {
    const state = (value as { [STATE]?: EventState } | null | undefined)?.[STATE]
    return state?.event === value ? state : undefined
  } catch {
    return undefined
  }
}

/** The workings of a bus of any copy of the library; undefined for everything else. */
export function coreOf(value: unknown): BusCore | undefined {
  const core = (value as { [CORE]?: BusCore } | null | undefined)?.[CORE]
  return core?.bus === value ? core : undefined
}
