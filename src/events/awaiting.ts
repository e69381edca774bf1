import { getPage, microtask } from '../page.js'
import { currentRun, deliver, waitingRun } from '../running-handler.js'
import { after } from '../timers.js'
import { warnOnce } from '../warnings.js'
import type { BaseEvent } from './base-event.js'
import type { EventState } from './event-state.js'
import type { HandlerRun } from './handler-run.js'
import { COMPLETED, NEW } from './status.js'

type Resolve = (event: BaseEvent) => void
type Reject = (error: unknown) => void

/**
 * What the engine gets when it looks whether an event can be awaited (semantics.md, "Awaiting an event").
 * Reading only notes that the drain must pause when the event completes, since libraries read `then` to find promises;
 * calling what was read waits, and may make the event jump.
 */
export function readThen(state: EventState): unknown {
  const page = getPage()
  if (page.delivering || state.status === NEW) return undefined
  const known = currentRun()
  // A handler that returns its own event forwards it; it would wait for itself. Whoever else is known awaits it.
  if (known ? known.state === state : state.forwarding || state.status === COMPLETED) return undefined
  state.watched = true
  const run = waitingRun(state)
  const { drains } = page
  let later = false
  if (known) {
    microtask(() => {
      later = true
    })
  }
  // The engine calls in a later microtask than it read. In the same stretch it is user code, which wants a promise;
  // without a known run nothing depends on it, so that a promise too many is all that a wrong guess costs.
  return (resolve: Resolve, reject: Reject) =>
    (known ? later : page.drains !== drains || state.status === COMPLETED)
      ? wait(state, run, resolve, reject, known)
      : new Promise<BaseEvent>((ok, fail) => wait(state, run, ok, fail, known)).then(resolve, reject)
}

function wait(state: EventState, run: HandlerRun | null, resolve: Resolve, reject: Reject, restore: HandlerRun | null) {
  try {
    if (run) state.addWait(run)
  } catch (error) {
    return deliver(reject, error, restore)
  }
  const stuck = run ? null : stuckWarning(state)
  if (!stuck) return state.onCompleted(resolve, restore)
  const stop = after(2000, stuck)
  state.onCompleted((event) => {
    stop()
    resolve(event)
  }, restore)
}

/**
 * Somebody unknown waits. If that is a handler that holds the queue, or one of the event's own, it waits for ever:
 * worth a warning after a while, since no browser can tell who it is.
 */
function stuckWarning(state: EventState): (() => void) | null {
  const own = state.pendingRun()
  if (own) {
    return () => {
      if (own.settled) return
      warnOnce(
        `own-event:${own.handler.name}`,
        `${state.label} has been awaited for 2 s from an unknown place while its handler ${own.handler.name} runs. ` +
          'If that handler returns or awaits its own event after another await, it waits for itself: forward with ' +
          '`context.via(otherBus).dispatch(event)` and return nothing',
      )
    }
  }
  const holder = state.parentId ? null : state.lastVisit?.holder()
  if (!holder) return null
  return () => {
    if (holder.settled || state.startedAt) return
    warnOnce(
      `lost-parent:${holder.handler.name}`,
      `${state.label} has been awaited for 2 s and is queued behind ${holder.handler.name} of ${holder.state.label}. If that handler ` +
        'dispatched it after another await, the bus cannot know: dispatch through `context.bus`, the second argument of the handler',
    )
  }
}
