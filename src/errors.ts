/** A handler, an `expect` or a wait took longer than its time-out (ms). */
export class EventTimeoutError extends Error {
  override name = 'EventTimeoutError'
}
/** The event was cancelled: its parent timed out, or its bus was stopped. `cause` says which. */
export class EventCancelledError extends Error {
  override name = 'EventCancelledError'
}
/** A handler met itself for the third time among its unfinished ancestors, or a wait would never end. */
export class EventLoopError extends Error {
  override name = 'EventLoopError'
}
/** The bus has `maxPending` unfinished events; `await bus.whenRoom()` tells when it takes more. */
export class BusFullError extends Error {
  override name = 'BusFullError'
}
/** The bus is stopping, or was stopped with `clear: true`. */
export class BusStoppedError extends Error {
  override name = 'BusStoppedError'
}
/** What a handler returned does not fit the event's `result` struct, or what its readers asked for. */
export class ResultTypeError extends Error {
  override name = 'ResultTypeError'
}
/** No slot of a semaphore became free in time. */
export class SemaphoreTimeoutError extends Error {
  override name = 'SemaphoreTimeoutError'
}
/** The event is not in a log, or the log cannot be written. */
export class LogError extends Error {
  override name = 'LogError'
}
/** A record from another page, a worker, a log or a file is not a valid event. */
export class WireError extends Error {
  override name = 'WireError'
}

/** A value as a message can show it: short, and safe against a throwing `toString`. */
export function show(value: unknown): string {
  try {
    // What is in it is not shown: of lists that have others twice no memory could hold the text.
    if (Array.isArray(value)) return 'list'
    const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
    return text.length > 80 ? `${text.slice(0, 79)}…` : text
  } catch {
    return '(unprintable)'
  }
}

/** @throws TypeError (or the error class given) unless `ok`, naming what was expected and what came */
export function checkType(
  ok: unknown,
  name: string,
  what: string,
  value: unknown,
  kind: ErrorConstructor = TypeError,
): asserts ok {
  if (!ok)
    throw new kind(
      `Expected \`${name}\` to be ${what}, got \`${show(value)}\` (${value === null ? 'null' : typeof value})`,
    )
}

/** Looks at one option, by name. @throws TypeError, RangeError */
export type Check = (name: string, value: unknown) => void

const typed =
  (type: string): Check =>
  (name, value) =>
    checkType(typeof value === type, name, `a ${type}`, value)

export const aFunction = /* @__PURE__ */ typed('function')
export const aBoolean = /* @__PURE__ */ typed('boolean')
export const aString = /* @__PURE__ */ typed('string')

/** One of these words; `note` is added to what the message says of them. */
export const oneOf =
  (words: readonly string[], note = ''): Check =>
  (name, value) =>
    checkType(words.includes(value as string), name, `one of ${words.join(', ')}${note}`, value)

/** A number from `least` on. */
export const from =
  (least: number, what = `a number from ${least} on`): Check =>
  (name, value) => {
    checkType(typeof value === 'number', name, what, value)
    checkType(value >= least, name, what, value, RangeError)
  }

/** The same, or null. */
export const orNull =
  (check: Check): Check =>
  (name, value) =>
    value === null || check(name, value)

/** A handler's or a wait's time: `null` for none, else more than 0 ms. */
export const aTimeout = /* @__PURE__ */ orNull(
  /* @__PURE__ */ from(Number.MIN_VALUE, 'a number of ms above 0, or null'),
)

/** An AbortSignal of any realm. */
export const aSignal: Check = (name, value) =>
  checkType(
    typeof (value as AbortSignal | null)?.throwIfAborted === 'function',
    name,
    'an AbortSignal',
    value,
  )

/** Checks those options that are there. @throws TypeError, RangeError naming the first wrong one */
export function checkOptions(options: unknown, checks: Record<string, Check>, called = 'options'): void {
  checkType(typeof options === 'object' && options, called, 'an object', options)
  for (const name in checks) {
    const value = (options as Record<string, unknown>)[name]
    if (value !== undefined) checks[name](name, value)
  }
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]{0,63}$/u

/** Event types and bus names: identifiers of at most 64 characters. */
export function isIdentifier(value: unknown): value is string {
  if (names.has(value)) return true
  const is = typeof value === 'string' && identifier.test(value)
  if (is && names.size < NAMES) names.add(value)
  return is
}

/** Those that were found to be some: the same few come in every record, and the test is slow. */
const names = /* @__PURE__ */ new Set<unknown>()
const NAMES = 1000

/** @throws TypeError unless `value` is an identifier of at most 64 characters. */
export const anIdentifier: Check = (name, value) =>
  checkType(isIdentifier(value), name, 'an identifier of at most 64 characters', value)
