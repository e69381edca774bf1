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
  let text: string
  try {
    text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  } catch {
    text = '(unprintable)'
  }
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

function expected(name: string, what: string, value: unknown): string {
  const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  return `Expected \`${name}\` to be ${what}, got \`${show(value)}\` (${kind})`
}

/** @throws TypeError unless `ok`: the value is of the wrong kind. */
export function checkType(ok: unknown, name: string, what: string, value: unknown): asserts ok {
  if (!ok) throw new TypeError(expected(name, what, value))
}

/** @throws TypeError unless `value` is a number, RangeError unless it is in range. */
export function checkNumber(name: string, value: unknown, least: number, what: string): void {
  checkType(typeof value === 'number', name, what, value)
  if (!(value >= least)) throw new RangeError(expected(name, what, value))
}

/** A handler's or a wait's time: `null` for none, else more than 0 ms. */
export function checkTimeout(name: string, value: unknown): void {
  if (value != null) checkNumber(name, value, Number.MIN_VALUE, 'a number of ms above 0, or null')
}

/** @throws TypeError unless `value` is nothing, or callable. */
export function checkFunction(name: string, value: unknown): void {
  checkType(value === undefined || typeof value === 'function', name, 'a function', value)
}

/** @throws TypeError unless `value` is nothing, or an AbortSignal of any realm. */
export function checkSignal(value: unknown): void {
  const ok = value === undefined || typeof (value as AbortSignal | null)?.aborted === 'boolean'
  checkType(ok, 'signal', 'an AbortSignal', value)
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u

/** Event types and bus names: identifiers of at most 64 characters. */
export function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 64 && identifier.test(value)
}

/** @throws TypeError unless `value` is an identifier of at most 64 characters. */
export function checkIdentifier(name: string, value: unknown): asserts value is string {
  checkType(isIdentifier(value), name, 'an identifier of at most 64 characters', value)
}
