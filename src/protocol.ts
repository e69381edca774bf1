/**
 * Everything that crosses a boundary: the flat record of an event, in the Python library's names, so that logs are
 * exchangeable line by line. Seconds and ISO dates exist only here. What comes in is hostile until it was checked here.
 */
import { anIdentifier, aString, type Check, checkOptions, checkType, from, show } from './errors.js'
import { isUuid } from './ids.js'
import { MAX_DEPTH, MAX_LIST, MAX_TEXT, MAX_VALUES } from './limits.js'
import { wallTime } from './page.js'
import { isPlain, valuesIn } from './values-in.js'

/** A handler's outcome in a record. */
export interface OutcomeRecord {
  handler_id: string
  handler_name: string
  bus_id: string
  bus_name: string
  status: string
  result?: unknown
  error?: ErrorRecord | null
  started_at?: string | null
  completed_at?: string | null
}

/** An error as capped strings: shown, never trusted. */
export interface ErrorRecord {
  name: string
  message: string
  stack?: string
  cause?: ErrorRecord
}

/** One event as a flat JSON object: these keys, and beside them the payload's own. */
export interface EventRecord {
  event_type: string
  event_id: string
  event_schema?: string | null
  /** Seconds. */
  event_timeout?: number | null
  event_parent_id?: string | null
  event_path?: string[] | null
  /** ISO 8601. */
  event_created_at?: string | null
  event_processed_at?: string | null
  event_result_type?: unknown
  event_bus_ids?: string[] | null
  event_started_at?: string | null
  event_completed_at?: string | null
  event_replay_of?: string | null
  event_outcomes?: OutcomeRecord[] | null
  [payloadKey: string]: unknown
}

export const aUuid: Check = (name, value) => checkType(isUuid(value), name, 'a UUID', value)
const aDate: Check = (name, value) =>
  checkType(typeof value === 'string' && msOf(value) < Infinity, name, 'a date', value)
const aListOf =
  (check: Check): Check =>
  (name, value) => {
    checkType(Array.isArray(value) && value.length <= MAX_LIST, name, `a list of at most ${MAX_LIST}`, value)
    for (const one of value) check(name, one)
  }
/** Not used here, or checked where it is. */
const anything: Check = () => {}

/** Its fields are made safe where they are read: they are only shown. */
const anOutcome: Check = (name, value) => checkOptions(value, {}, name)

/** The record's own keys, and what they hold unless that is null; every other key is the payload's. */
const fields = new Map<string, Check>(
  Object.entries({
    event_type: anIdentifier,
    event_id: anything,
    event_schema: aString,
    event_timeout: from(Number.MIN_VALUE, 'a number of seconds above 0'),
    event_parent_id: aUuid,
    event_path: aListOf(anIdentifier),
    event_created_at: aDate,
    event_processed_at: aDate,
    event_result_type: anything,
    event_bus_ids: aListOf(aUuid),
    event_started_at: aDate,
    event_completed_at: aDate,
    event_replay_of: aUuid,
    event_outcomes: aListOf(anOutcome),
    // What a log adds.
    event_entry: anything,
    event_by: anything,
    event_log_position: anything,
    // The Python library's word for outcomes. Its parser refuses a line that has it.
    event_results: anything,
  }),
)

/** Whether a record has this key for itself: no payload can have it. */
export const isRecordKey = (key: string) => fields.has(key)

/** A record, checked, and its payload. @throws TypeError, RangeError naming what is wrong */
export function readRecord(value: unknown): { record: EventRecord; payload: Record<string, unknown> } {
  // Not copied: what was cloned or parsed has no accessors, which could answer twice.
  const record = Object(value) as EventRecord
  // First: a long text has a key for each character.
  aUuid('event_id', record.event_id)
  let payload: Record<string, unknown> = {}
  let deep: unknown = record.event_outcomes
  // Quicker than a list of the keys. What a page has put into `Object.prototype` is none of them.
  for (const key in record) {
    const check = fields.get(key)
    const held = record[key]
    if (!check) {
      if (!Object.hasOwn(record, key)) continue
      // Set, that one would be the prototype: it is data.
      if (key === '__proto__') payload = { ...payload, [key]: held }
      else payload[key] = held
      deep ||= isPlain(held)
    } else if (held != null) check(key, held)
  }
  if (deep) checkSize([payload, record.event_outcomes])
  return { record, payload }
}

/** Whether a record may hold it. A text shorter than `SMALL` need not be looked at. @throws RangeError */
export function checkSize(value: unknown): void {
  let left = MAX_VALUES
  // Too deep may be a circle.
  for (const [, depth] of valuesIn(value)) {
    if (depth > MAX_DEPTH || !left--)
      throw new RangeError(`Expected a payload of at most ${MAX_DEPTH} levels and ${MAX_VALUES} values`)
  }
}

export const SMALL = 2 * MAX_DEPTH - 10

/** A text from outside, or to be sent there. */
export const cap = (value: unknown) => String(value ?? '').slice(0, MAX_TEXT)

/** What was thrown, as a record: `cause` at most three deep. */
export function errorRecord(error: unknown, deep = 3): ErrorRecord {
  try {
    const { name, message, stack, cause } = error as Error
    if (typeof message === 'string') {
      return {
        name: cap(name),
        message: cap(message),
        stack: cap(stack),
        cause: cause && deep ? errorRecord(cause, deep - 1) : undefined,
      }
    }
  } catch {
    // Not readable: shown as what it is.
  }
  return { name: 'Error', message: show(error) }
}

/** The error of a record: a plain Error with its name. The inverse of `errorRecord`. */
export function errorOf({ name, message, stack, cause }: ErrorRecord, deep = 3): Error {
  const error = new Error(cap(message), cause && deep ? { cause: errorOf(cause, deep - 1) } : undefined)
  return Object.assign(error, { name: cap(name), stack: cap(stack) })
}

let lastMs = Number.NaN
let lastISO = ''
/** ISO 8601 of a wall clock time in ms. Most dates that are asked for in a row are the same. */
export function isoOf(ms: number): string {
  if (ms !== lastMs) {
    lastMs = ms
    lastISO = new Date(ms).toISOString()
  }
  return lastISO
}
/** The same of a `performance.now()` time; null for 0: it has not come. */
export const isoDate = (time: number): string | null => (time ? isoOf(wallTime(time)) : null)
/** As this page's clock would have read it, which may be long before the page was opened; 0 for none and for what is no date. */
export const timeOf = (date: string | null | undefined): number =>
  // Nobody's event is of the last of all dates, which with a ms more, by rounding, is none.
  (msOf(date ?? '') % 8e15) - wallTime(0) || 0

let lastDate = ''
let lastDateMs = Number.NaN
/** The inverse of `isoOf`, in ms; NaN for what is no date. Most dates that are read in a row are the same. */
export function msOf(date: string): number {
  if (date !== lastDate) {
    lastDateMs = Date.parse(date)
    lastDate = date
  }
  return lastDateMs
}

/** The one place where text from outside becomes values. @throws SyntaxError */
export const parse = (text: string): unknown => JSON.parse(text)
