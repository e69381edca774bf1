import { create } from 'superstruct'
import { stateOf } from '../brands.js'
import { EventLoopError, ResultTypeError } from '../errors.js'
import type { EventState } from '../events/event-state.js'
import { type Handler, HandlerRun } from '../events/handler-run.js'
import { COMPLETED, ERROR, STARTED } from '../events/status.js'
import { getPage, readClock } from '../page.js'
import { callAs, callHandler } from '../running-handler.js'
import { RunContext } from './bus-handle.js'
import type { RegisteredHandler } from './subscriptions.js'
import type { Visit } from './visit.js'

/** Runs one handler for a visit's event. Never throws: whatever happens is the run's outcome. */
export function callRun(visit: Visit, handler: RegisteredHandler): void {
  if (handler.removed) return
  const { core, state } = visit
  if (handler.once) core.subscriptions.remove(handler)
  const run = startRun(visit, handler)
  if (state.dispatchedBy && !handler.forwards && repeats(state, handler.fn) > 2) {
    const error = new EventLoopError(
      `${handler.name} met itself for the third time among the unfinished ancestors of ${state.label}: it dispatches what leads back to it`,
    )
    return finishRun(run, error, true)
  }
  let value: unknown
  try {
    value = callHandler(run, handler.fn, state.event, new RunContext(run))
  } catch (error) {
    return finishRun(run, error, true)
  }
  takeAnswer(run, value)
}

/** Makes the entry of a handler or listener that is about to run. */
export function startRun(visit: Visit, handler: Handler): HandlerRun {
  const { core, state } = visit
  const run = new HandlerRun(state, visit, handler)
  run.status = STARTED
  // The drain has read the clock, at its start or after the handler before.
  run.startedAt = getPage().time
  state.addRun(run)
  if (core.inspected) core.tellResult('started', run)
  return run
}

/** What a handler gave: its outcome, or a promise of it. */
export function takeAnswer(run: HandlerRun, value: unknown): void {
  // Most handlers give a plain value; an event is never waited for: `e => bus.dispatch(child)` passes it on.
  if (value === null || (typeof value !== 'object' && typeof value !== 'function') || stateOf(value)) {
    return finishRun(run, value, false)
  }
  let promise: Promise<unknown>
  try {
    if (typeof (value as PromiseLike<unknown>).then !== 'function') return finishRun(run, value, false)
    // A promise of ours looks who awaits it: this run does.
    promise =
      (value as object).constructor === Promise
        ? (value as Promise<unknown>)
        : callAs(run, () => Promise.resolve(value))
  } catch (error) {
    return finishRun(run, error, true)
  }
  // Given up while it was being called.
  if (!run.settled) (run.visit as Visit).add(run)
  promise.then(
    (answer) => finishLater(run, answer, false),
    (error) => finishLater(run, error, true),
  )
}

function finishLater(run: HandlerRun, value: unknown, failed: boolean): void {
  if (!run.settled) {
    finishRun(run, value, failed)
    run.visit.settled(run)
  }
}

export function finishRun(run: HandlerRun, value: unknown, failed: boolean): void {
  let outcome = value
  let status: 2 | 3 = failed ? ERROR : COMPLETED
  if (!failed && value !== undefined && value !== null && !stateOf(value)) {
    const { result } = run.state.meta
    if (value instanceof Error) status = ERROR
    else if (result) {
      try {
        outcome = create(value, result)
      } catch (cause) {
        status = ERROR
        outcome = new ResultTypeError(
          `${run.handler.name} of ${run.state.label} returned what its result struct refuses: ${(cause as Error).message}`,
          { cause },
        )
      }
    }
  }
  if (run.settle(status, outcome, readClock(getPage())))
    (run.visit as Visit).core.tellResult(status === ERROR ? 'error' : 'result', run)
}

/** How many unfinished ancestors, itself included, were dispatched by a run of the same handler. */
function repeats(state: EventState, fn: unknown): number {
  let count = 0
  for (let at: EventState | null = state; at?.dispatchedBy && at.unfinished; at = at.parent) {
    if ((at.dispatchedBy.handler as RegisteredHandler).fn === fn) count++
  }
  return count
}
