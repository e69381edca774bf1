import { checkFunction, checkTimeout, EventTimeoutError, ResultTypeError } from '../errors.js'
import { RunPromise } from '../running-handler.js'
import { after } from '../timers.js'
import type { EventResult } from './event-result.js'
import type { EventState } from './event-state.js'
import { ERROR, NEW } from './status.js'

/** How results are collected. */
export interface ResultOptions<R = unknown> {
  /** How long to wait for the event, in ms. Default: no limit; the handlers have their own. */
  timeout?: number | null
  /** Narrows the results that count further. */
  include?: (result: EventResult<R>) => boolean
  /** Throw the first handler's own error. @default true */
  raiseIfAny?: boolean
  /** Throw a ResultTypeError if nothing counts. @default false */
  raiseIfNone?: boolean
  /** `eventResultsFlatDict` only: throw a ResultTypeError if two results have the same key. @default false */
  raiseIfConflicts?: boolean
}

/** Waits for the event and gives what `view` makes of the results that count. Awaiting it is awaiting the event. */
function collect<R, T>(
  state: EventState,
  options: ResultOptions<R>,
  view: (results: EventResult<R>[]) => T,
): Promise<T> {
  const { timeout, include } = options
  checkTimeout('timeout', timeout)
  checkFunction('include', include)
  if (state.status === NEW) throw new TypeError(`Expected ${state.label} to be dispatched before its results are read`)
  const promise = new RunPromise<T>((resolve, reject) => {
    const stop =
      timeout == null
        ? null
        : after(timeout, () => reject(new EventTimeoutError(`${state.label} was not completed within ${timeout} ms`)))
    state.watched = true
    state.onCompleted(() => {
      stop?.()
      try {
        resolve(view(counting(state, options)))
      } catch (error) {
        reject(error)
      }
    }, null)
  })
  promise.waitsFor = state
  return promise
}

function counting<R>(state: EventState, { include, raiseIfAny = true, raiseIfNone }: ResultOptions<R>): EventResult<R>[] {
  const runs = state.runs()
  const failed = runs.find((run) => run.status === ERROR)
  for (const run of runs) run.errorRead = true
  if (failed && raiseIfAny) throw failed.error
  const results = runs.map((run) => run.view as EventResult<R>).filter((result) => result.counts && (!include || include(result)))
  if (raiseIfNone && !results.length) throw new ResultTypeError(`Expected a handler of ${state.label} to return a value, none did`)
  return results
}

export function first<R>(state: EventState, options: ResultOptions<R> = {}): Promise<R | undefined> {
  return collect<R, R | undefined>(state, options, (results) => results[0]?.result)
}

export function list<R>(state: EventState, options: ResultOptions<R> = {}): Promise<R[]> {
  return collect<R, R[]>(state, options, (results) => results.map((result) => result.result as R))
}

export function byHandler<R>(
  state: EventState,
  key: 'handlerId' | 'handlerName',
  options: ResultOptions<R> = {},
): Promise<Record<string, R>> {
  return collect<R, Record<string, R>>(state, options, (results) => {
    const merged = Object.create(null)
    for (const result of results) merged[result[key]] = result.result
    return merged
  })
}

export function flatDict<R>(state: EventState, options: ResultOptions<R> = {}): Promise<Record<string, unknown>> {
  return collect<R, Record<string, unknown>>(state, options, (results) => {
    // Without a prototype, `__proto__` is a key like any other.
    const merged: Record<string, unknown> = Object.create(null)
    for (const { result, handlerName } of results) {
      if (typeof result !== 'object' || !result || Array.isArray(result)) continue
      for (const [key, value] of Object.entries(result)) {
        if (options.raiseIfConflicts && key in merged) {
          throw new ResultTypeError(`${state.label}: ${handlerName} gives \`${key}\` again; another handler gave it before`)
        }
        merged[key] = value
      }
    }
    return merged
  })
}

export function flatList<R>(state: EventState, options: ResultOptions<R> = {}): Promise<unknown[]> {
  return collect<R, unknown[]>(state, options, (results) =>
    results.flatMap(({ result }) => (Array.isArray(result) ? (result as unknown[]) : [])),
  )
}
