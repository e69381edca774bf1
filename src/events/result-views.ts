import { aBoolean, aFunction, checkOptions, ResultTypeError } from '../errors.js'
import { wait } from '../wait.js'
import { observe } from './awaiting.js'
import type { EventResult } from './event-result.js'
import type { EventState } from './event-state.js'
import { ERROR, NEW } from './status.js'

/** A result that counts: neither nothing nor an event. */
type Counting<R> = EventResult<R> & { readonly result: R }

/** How results are collected. */
export interface ResultOptions<R = unknown> {
  /** How long to wait for the event, in ms. Default: no limit; the handlers have their own. */
  timeout?: number | null
  /** Narrows the results that count further. */
  include?: (result: Counting<R>) => boolean
  /** Throw the first handler's own error. @default true */
  raiseIfAny?: boolean
  /** Throw a ResultTypeError if nothing counts. @default false */
  raiseIfNone?: boolean
  /** `eventResultsFlatDict` only: throw a ResultTypeError if two results have the same key. @default false */
  raiseIfConflicts?: boolean
}

const checks = { include: aFunction, raiseIfAny: aBoolean, raiseIfNone: aBoolean, raiseIfConflicts: aBoolean }

/** Waits for the event and gives what `view` makes of the results that count. Awaiting it is awaiting the event. */
export function collect<R, T>(
  state: EventState,
  options: ResultOptions<R> = {},
  view: (results: Counting<R>[]) => T,
): Promise<T> {
  checkOptions(options, checks)
  if (state.status === NEW) throw new TypeError(`Expected ${state.label} to be dispatched first`)
  state.watched = true
  const promise = wait<T>(
    { timeout: options.timeout },
    (resolve, reject) =>
      observe(
        state,
        () => {
          try {
            resolve(view(counting(state, options)))
          } catch (error) {
            reject(error)
          }
        },
        state.pendingRun(),
      ),
    () => state.label,
  )
  promise.waitsFor = state
  return promise
}

function counting<R>(
  state: EventState,
  { include, raiseIfAny = true, raiseIfNone }: ResultOptions<R>,
): Counting<R>[] {
  const runs = state.runs
  for (const run of runs) run.errorRead = true
  const failed = runs.find((run) => run.status === ERROR)
  if (failed && raiseIfAny) throw failed.error
  const results = runs
    .map((run) => run.view as Counting<R>)
    .filter((result) => result.counts && (!include || include(result)))
  if (raiseIfNone && !results.length)
    throw new ResultTypeError(`Expected a handler of ${state.label} to return a value`)
  return results
}

export function byHandler<R>(key: 'handlerId' | 'handlerName') {
  return (results: Counting<R>[]): Record<string, R> =>
    // Without a prototype, `__proto__` is a key like any other.
    Object.assign(Object.create(null), ...results.map((result) => ({ [result[key]]: result.result })))
}

/** Plain objects merged, the last one wins. @throws ResultTypeError where `once` and two have the same key */
export function flatDict(results: EventResult[], once?: boolean): Record<string, unknown> {
  const merged: Record<string, unknown> = Object.create(null)
  for (const { result, handlerName } of results) {
    if (typeof result !== 'object' || Array.isArray(result)) continue
    for (const [key, value] of Object.entries(result as object)) {
      if (once && key in merged) throw new ResultTypeError(`${handlerName} gives \`${key}\` again`)
      merged[key] = value
    }
  }
  return merged
}

export const flatList = (results: EventResult[]): unknown[] =>
  results.flatMap(({ result }) => (Array.isArray(result) ? result : []))
