/**
 * Which handler is running now. Nobody else sets `page.current` and `page.likely`.
 *
 * Browsers have no AsyncContext, so the library knows the run of synchronous code and of the code after a direct await
 * of a promise that it handed out; one microtask level further the run is only likely. See semantics.md,
 * "Which handler is running".
 */
import type { EventState } from './events/event-state.js'
import type { HandlerRun } from './events/handler-run.js'
import { getPage, microtask } from './page.js'
import type { Holding } from './retry/retry.js'

/** The run that is known to be running, or null. */
export function currentRun(): HandlerRun | null {
  const { current, contexts } = getPage()
  if (current || !contexts) return current
  const kept = contexts.getStore ? contexts.getStore() : contexts.get?.()
  // The platform keeps a run for all that was started in it, long after it is over: what such code dispatches still names
  // its parent, but what a run that was given up has left behind is on its own.
  return kept && !kept.reason ? kept : null
}

/** Calls a handler as `run`: its synchronous part, and all of it where the platform has async contexts. */
export function callAs(run: HandlerRun, fn: (run: HandlerRun) => unknown): unknown {
  const page = getPage()
  const before = page.current
  page.current = run
  try {
    return page.contexts ? page.contexts.run(run, fn, run) : fn(run)
  } finally {
    page.current = before
  }
}

/**
 * The call with a slot from within which `run` does what it does now; undefined: it is in none. Null where nobody can tell: what is
 * dispatched through a handle after a foreign await.
 */
export function enteredBy(run: HandlerRun | null): Holding | null | undefined {
  const { current, entered } = getPage()
  return entered ?? (current === run ? undefined : null)
}

/**
 * Hands `value` to the engine's `resolve`, so that the code after the `await` finds `run` as the current one:
 *
 *     microtask queue:  [set] [the code after the await …] [clear, likely] [one level further …] [unlikely]
 *
 * A pending event is delivered as it is: its `then` is hidden while `resolve` looks for one. Null is code that is known to be in
 * no run: for it nobody is likely.
 */
export function deliver<T>(
  resolve: (value: T) => void,
  value: T,
  run?: HandlerRun | null,
  entered: Holding | null = null,
): void {
  const page = getPage()
  let before: HandlerRun | null
  if (run !== undefined) {
    microtask(() => {
      before = page.likely
      page.current = run
      page.entered = entered
      page.likely = null
    })
  }
  page.delivering++
  try {
    resolve(value)
  } catch (error) {
    // The engine's never throws; user code that kept a `then` for later may.
    console.error('bubus:', error)
  } finally {
    page.delivering--
  }
  if (run !== undefined) {
    microtask(() => {
      if (page.current === run) page.current = page.entered = null
      page.likely = run ?? before
      microtask(() => {
        if (page.likely === run) page.likely = null
      })
    })
  }
}

/** A run that may still wait for something. */
const alive = (run: HandlerRun | null) => (run?.over ? null : run)

/** The run that is known to be running, unless it was given up. */
export const knownRun = (): HandlerRun | null => alive(currentRun())

/** Who waits for an event: the known run, else the one that dispatched it, else the likely one; of those that still run. */
export const waitingRun = (state: EventState): HandlerRun | null =>
  knownRun() ?? alive(state.dispatchedBy) ?? alive(getPage().likely)

type Resolve<T> = (value: T) => void
type Reject = (error: unknown) => void
type Subscribe<T> = (resolve: Resolve<T>, reject: Reject) => void

/**
 * A `then` for the code that reads it now. The engine reads `then` synchronously at `await x`, and calls what it read in a
 * later microtask, after the one queued here; user code in the same stretch calls `x.then(f)` itself and wants a promise.
 * A run that awaits is restored for the code after the `await`, and counts as waiting for the event `waitsFor` meanwhile, as
 * does one that awaits what user code makes of `x`. The latter is not sure: it may be for later; nor is a wait that may be over
 * before the event is.
 */
export function awaitable<T>(
  subscribe: Subscribe<T>,
  waitsFor: EventState | null,
  userThen: (resolve: Resolve<T>, reject: Reject) => unknown = (resolve, reject) =>
    new Promise(subscribe).then(resolve, reject),
  isWhole = true,
): Promise<T>['then'] {
  const known = currentRun()
  const { entered } = getPage()
  const waiter = waitsFor && waitingRun(waitsFor)
  let later = false
  microtask(() => {
    later = true
  })
  const then = (resolve: Resolve<T>, reject: Reject) => {
    const begin = (sure: boolean) => waiter && waitsFor?.addWait(waiter, sure)
    if (!later || !reject) {
      const stop = begin(false)
      if (stop) subscribe(stop, stop)
      return userThen(resolve, reject)
    }
    let stop: (() => void) | null | undefined
    const end =
      <V>(settle: Resolve<V>) =>
      (value: V) => {
        stop?.()
        deliver(settle, value, known, entered)
      }
    try {
      // The likely run may be another, which must not get an error for it.
      stop = begin(isWhole && (waiter === known || waiter === waitsFor?.dispatchedBy))
      subscribe(end(resolve), end(reject))
    } catch (error) {
      deliver(reject, error, known, entered)
      // Settled by now: so that a promise that rejects later has somebody to tell.
      subscribe(resolve, reject)
    }
    return undefined
  }
  return then as never
}

const nativeThen = Promise.prototype.then

/** The promises that this library hands out: awaiting one keeps the run that awaits. */
export class RunPromise<T> extends Promise<T> {
  /** The event whose completion this promise waits for: awaiting the promise counts as awaiting the event. */
  waitsFor: EventState | null = null

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }
}

// A class may not redeclare a method as an accessor in TypeScript; the platform does not mind.
Object.defineProperty(RunPromise.prototype, 'then', {
  get(this: RunPromise<unknown>) {
    const then = (resolve: Resolve<unknown>, reject: Reject) => nativeThen.call(this, resolve, reject)
    return awaitable(then, getPage().delivering ? null : this.waitsFor, then)
  },
})
