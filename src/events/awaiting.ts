import { STUCK } from '../limits.js'
import { getPage } from '../page.js'
import { awaitable, deliver, knownRun, waitingRun } from '../running-handler.js'
import { after } from '../timers.js'
import { warnOnce } from '../warnings.js'
import type { BaseEvent } from './base-event.js'
import type { EventState } from './event-state.js'
import type { HandlerRun } from './handler-run.js'
import { COMPLETED, NEW } from './status.js'

/**
 * What the engine gets when it looks whether an event can be awaited (semantics.md, "Awaiting an event").
 * Reading only notes that the lanes must pause when the event completes, since libraries read `then` to find promises;
 * calling what was read waits, and may make the event jump.
 */
export function readThen(state: EventState): unknown {
  const page = getPage()
  if (page.delivering || state.status === NEW) return undefined
  const known = knownRun()
  // A handler that returns its own event forwards it; it would wait for itself. Whoever else is known awaits it.
  if (known ? known.state === state : state.forwarding || state.status === COMPLETED) {
    // Whoever comes after the forwarder's promise in the same microtask is another.
    state.forwarding = false
    return undefined
  }
  state.watched = true
  // Whoever waits from the start, before any handler runs, is none of them.
  const own = state.pendingRun()
  const wait = (resolve: (event: BaseEvent) => void) =>
    void observe(state, (event) => deliver(resolve, event), own, known)
  if (known || waitingRun(state)) return awaitable<BaseEvent>(wait, state)
  // Nobody's run depends on it, so no microtask is spent to tell the engine from user code: code that calls before a drain
  // gets a promise, and if it was the engine, one too many.
  const { drains } = page
  return (resolve: (event: BaseEvent) => void, reject: (error: unknown) => void) =>
    page.drains === drains || !reject ? new Promise(wait).then(resolve, reject) : wait(resolve)
}

/**
 * Calls back once the event is completed; gives what takes that back. Where somebody unknown waits, that may be a handler that
 * holds the queue, or one of the event's own, and would wait for ever: worth a warning after a while, since no browser can tell
 * who it is.
 */
export function observe(
  state: EventState,
  tell: (event: BaseEvent) => void,
  own: HandlerRun | undefined,
  known = knownRun(),
): () => void {
  const holder = known ? null : (own ?? (state.parentId ? null : state.visits[0]?.holder()))
  if (!holder) return state.onCompleted(tell)
  const stop = after(STUCK, () => warnStuck(state, holder, own))
  const forget = state.onCompleted((event) => {
    stop()
    tell(event)
  })
  return () => {
    stop()
    forget()
  }
}

function warnStuck(state: EventState, holder: HandlerRun, own: HandlerRun | undefined): void {
  if (holder.over || (!own && state.startedAt)) return
  warnOnce(
    `${own ? 'own-event' : 'lost-parent'}:${holder.handler.name}`,
    `${state.label} has been awaited for 2 s while ${holder.label} runs. ` +
      (own
        ? 'If that returns or awaits its own event, return nothing, or `context.via(bus).dispatch(event)`'
        : 'If that waits for it, dispatch through `context.bus`'),
  )
}
