/**
 * Everything that crosses a boundary: the flat record of an event, in the Python library's names, so that logs are
 * exchangeable line by line. Seconds and ISO dates exist only here. What comes in is hostile until it was checked here.
 */
import { isIdentifier, show, WireError } from './errors.js'
import { isUuid } from './ids.js'
import { wallTime } from './page.js'

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

const MAX_LIST = 1000
const MAX_PATH = 100
const MAX_DEPTH = 100
const MAX_VALUES = 1_000_000
const MAX_TEXT = 10_000

type Test = (value: unknown) => boolean

const text: Test = (value) => typeof value === 'string' && value.length <= MAX_TEXT
const date: Test = (value) => text(value) && !Number.isNaN(Date.parse(value as string))
const maybe =
  (test: Test): Test =>
  (value) =>
    value == null || test(value)
const list =
  (most: number, test: Test): Test =>
  (value) =>
    Array.isArray(value) && value.length <= most && value.every(test)
const shape =
  (tests: Record<string, Test>): Test =>
  (value) =>
    typeof value === 'object' && !!value && Object.keys(tests).every((key) => tests[key]((value as EventRecord)[key]))

const outcome = /* @__PURE__ */ shape({
  handler_id: text,
  handler_name: text,
  bus_id: isUuid,
  bus_name: text,
  status: text,
  error: maybe(shape({ name: text, message: text })),
  started_at: maybe(date),
  completed_at: maybe(date),
})

/** The record's own keys; every other key is the payload's. */
const fields: Record<string, Test> = {
  event_type: isIdentifier,
  event_id: isUuid,
  event_schema: maybe(text),
  event_timeout: maybe((value) => typeof value === 'number' && value > 0),
  event_parent_id: maybe(isUuid),
  event_path: maybe(list(MAX_PATH, isIdentifier)),
  event_created_at: maybe(date),
  event_processed_at: maybe(date),
  event_result_type: () => true,
  event_bus_ids: maybe(list(MAX_PATH, isUuid)),
  event_started_at: maybe(date),
  event_completed_at: maybe(date),
  event_replay_of: maybe(isUuid),
  event_outcomes: maybe(list(MAX_LIST, outcome)),
}

/** A record's own fields and its payload, checked. @throws WireError naming what is wrong */
export function readRecord(value: unknown): { record: EventRecord; payload: Record<string, unknown> } {
  if (typeof value !== 'object' || !value) throw new WireError(`Expected an event's record, got ${show(value)}`)
  const record = { ...value } as EventRecord
  const payload: Record<string, unknown> = { ...record }
  for (const [key, test] of Object.entries(fields)) {
    if (!test(record[key])) throw new WireError(`Expected an event's record, got one with \`${key}\`: ${show(record[key])}`)
    delete payload[key]
  }
  checkSize(payload)
  return { record, payload }
}

/** @throws WireError for a payload that is nested too deeply (or cyclic) or has too many values. */
function checkSize(payload: unknown): void {
  let left = MAX_VALUES
  let level: unknown[] = [payload]
  for (let depth = 0; level.length; depth++) {
    level = level.flatMap((value) => (typeof value === 'object' && value && !ArrayBuffer.isView(value) ? Object.values(value) : []))
    left -= level.length
    if (depth > MAX_DEPTH || left < 0) {
      throw new WireError(`Expected a payload of at most ${MAX_DEPTH} levels and ${MAX_VALUES} values`)
    }
  }
}

const cap = (value: unknown) => String(value).slice(0, MAX_TEXT)

/** What was thrown, as a record: `cause` at most three deep. */
export function errorRecord(error: unknown, deep = 3): ErrorRecord {
  try {
    const { name, message, stack, cause } = error as Error
    if (typeof message === 'string') {
      const record: ErrorRecord = { name: cap(name), message: cap(message), stack: cap(stack ?? '') }
      if (cause !== undefined && deep) record.cause = errorRecord(cause, deep - 1)
      return record
    }
  } catch {
    // Not readable: shown as what it is.
  }
  return { name: 'Error', message: show(error) }
}

/** The error of a record: a plain Error with its name. The inverse of `errorRecord`. */
export function errorOf({ name, message, stack, cause }: ErrorRecord, deep = 3): Error {
  const error = new Error(cap(message), cause && deep ? { cause: errorOf(cause, deep - 1) } : undefined)
  return Object.assign(error, { name: cap(name), stack: cap(stack ?? '') })
}

export const isoDate = (date: Date | null): string | null => date && date.toISOString()
/** As this page's clock would have read it, which may be long before the page was opened; 0 for none. */
export const timeOf = (date: string | null | undefined): number => (date ? Date.parse(date) - wallTime(0) : 0)
