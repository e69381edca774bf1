import { aSignal, aTimeout, checkOptions, EventTimeoutError } from './errors.js'
import { deliver, RunPromise } from './running-handler.js'
import { after } from './timers.js'

/** What may end a wait before its outcome does. */
export interface Limits {
  /** ms; no limit by default. */
  timeout?: number | null
  /** The wait rejects with its reason. */
  signal?: AbortSignal
}

type Give<T> = (value: T) => void
type Fail = (error: unknown) => void
// biome-ignore lint/suspicious/noConfusingVoidType: many waits have nothing to take back
type Forget = (() => unknown) | void

/**
 * A promise for somebody who waits: it ends by the outcome that `begin` hears of, by a `LateError` of what `late` names when its time is over, or by the
 * signal's reason, and leaves nothing behind. `begin` is called now and answers with what takes the wait back, whatever was its
 * end. Wrong limits, and what `begin` throws, are rejections.
 */
export function wait<T>(
  limits: Limits,
  begin: (give: Give<T>, fail: Fail) => Forget,
  late?: (give: Give<T>) => unknown,
  LateError: ErrorConstructor = EventTimeoutError as never,
): RunPromise<T> {
  return new RunPromise<T>((resolve, reject) => {
    checkOptions(limits, { timeout: aTimeout, signal: aSignal })
    const { timeout, signal } = limits
    signal?.throwIfAborted()
    let over = false
    let forget: Forget
    const ending =
      <V>(settle: (value: V) => void) =>
      (value: V) => {
        over = true
        stopTimer?.()
        signal?.removeEventListener('abort', abort)
        forget?.()
        settle(value)
      }
    // A pending event is delivered as it is.
    const give = ending<T>((value) => deliver(resolve, value))
    const fail = ending<unknown>(reject)
    const abort = () => fail(signal?.reason)
    const expired = () => {
      const what = late?.(give)
      if (what) fail(new LateError(`${what} took longer than ${timeout} ms`))
    }
    const stopTimer = timeout ? after(timeout, expired) : null
    signal?.addEventListener('abort', abort)
    try {
      forget = begin(give, fail)
      if (over) forget?.()
    } catch (error) {
      fail(error)
    }
  })
}
