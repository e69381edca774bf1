import { stateOf } from '../brands.js'
import { EventLoopError, ResultTypeError } from '../errors.js'
import type { EventState } from '../events/event-state.js'
import { type Handler, HandlerRun } from '../events/handler-run.js'
import { COMPLETED, ERROR, STARTED } from '../events/status.js'
import { getPage, readClock } from '../page.js'
import { errorRecord } from '../protocol.js'
import { callAs } from '../running-handler.js'
import { RunContext } from './bus-handle.js'
import type { RegisteredHandler } from './subscriptions.js'
import type { Visit } from './visit.js'

/** Runs one handler for a visit's event. Never throws: whatever happens is the run's outcome. */
export function callRun(visit: Visit, handler: RegisteredHandler): void {
  if (handler.once) handler.remove()
  const { fn } = handler
  callAndRecord(visit, handler, (run) => fn(visit.state.event, new RunContext(run)))
}

/** Runs a handler or listener, unless it has met itself too often. What a listener throws, the platform reports. @throws that */
export function callAndRecord(
  visit: Visit,
  handler: Handler,
  call: (run: HandlerRun) => unknown,
  isListener?: boolean,
): void {
  const { core, state } = visit
  const run = new HandlerRun(state, visit, handler)
  run.status = STARTED
  // The drain has read the clock, at its start or after the handler before.
  run.startedAt = getPage().time
  state.addRun(run)
  core.tellResult('started', run)
  // An inspector may have stopped the bus.
  if (run.over) return
  try {
    if (state.dispatchedBy && !handler.forwards && repeats(state, handler.fn) > 2) {
      throw new EventLoopError(`${run.label} dispatches for the third time what leads back to it`)
    }
    takeAnswer(run, callAs(run, call))
  } catch (error) {
    finishRun(run, error, ERROR)
    if (isListener) {
      run.errorRead = true
      throw error
    }
  }
}

/** What a handler gave: its outcome, or a promise of it. @throws what a hostile value throws when it is looked at */
export function takeAnswer(run: HandlerRun, value: unknown): void {
  // Most handlers give a plain value; an event is never waited for: `e => bus.dispatch(child)` passes it on.
  if (stateOf(value) || typeof (value as PromiseLike<unknown> | null | undefined)?.then !== 'function')
    return finishRun(run, value, COMPLETED)
  // A promise of ours looks who awaits it: this run does.
  const promise =
    (value as object).constructor === Promise ? value : callAs(run, () => Promise.resolve(value))
  // The platform's own `then`: it throws for what only looks like a promise, and answers later, once.
  Promise.prototype.then.call(
    promise,
    (answer) => finishRun(run, answer, COMPLETED),
    (error) => finishRun(run, error, ERROR),
  )
  // Unless it was given up while it was being called.
  if (!run.over) (run.visit as Visit).add(run)
}

export function finishRun(run: HandlerRun, value: unknown, as: 2 | 3): void {
  if (run.over) return
  let outcome = value
  let status = as
  if (status === COMPLETED && value != null && !stateOf(value)) {
    const { result } = run.state.meta
    try {
      if (isError(value)) status = ERROR
      else if (result) outcome = result.create(value)
    } catch (cause) {
      status = ERROR
      outcome = new ResultTypeError(
        `${run.label} returned what its result struct refuses: ${errorRecord(cause).message}`,
        { cause },
      )
    }
  }
  run.settle(status, outcome, readClock(), status === ERROR ? 'error' : 'result')
  run.visit.runEnded(run)
}

/** An Error of any realm, where the engine can tell; WebKit says of a DOMException that it is none. */
function isError(value: unknown): boolean {
  try {
    return (Error as { isError?(value: unknown): boolean }).isError?.(value) || value instanceof Error
  } catch {
    // A revoked proxy, a window of another origin: they may not be looked at.
    return false
  }
}

/** How many unfinished ancestors, itself included, were dispatched by a run of the same handler. */
function repeats(state: EventState, fn: unknown): number {
  let count = 0
  for (let at: EventState | null = state; at?.dispatchedBy && at.unfinished; at = at.parent) {
    if (at.dispatchedBy.handler.fn === fn) count++
  }
  return count
}
