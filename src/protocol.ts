/**
 * Everything that crosses a boundary: the flat record of an event, in the Python library's names, so that logs are
 * exchangeable line by line. Seconds and ISO dates exist only here. What comes in is hostile until it was checked here.
 */
import { array, define, is, nullable, optional, type Struct, type, unknown } from 'superstruct'
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
  event_result_type?: string | null
  event_bus_ids?: string[] | null
  event_started_at?: string | null
  event_completed_at?: string | null
  event_replay_of?: string | null
  event_outcomes?: OutcomeRecord[] | null
  [payloadKey: string]: unknown
}

const MAX_PATH = 100
const MAX_DEPTH = 100
const MAX_VALUES = 1_000_000
const MAX_TEXT = 10_000

const text = define<string>('text', (value) => typeof value === 'string' && value.length <= MAX_TEXT)
const identifier = define<string>('identifier of at most 64 characters', isIdentifier)
const uuid = define<string>('UUID', isUuid)
const date = define<string>('ISO date', (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)))
const seconds = define<number>('number of seconds above 0', (value) => typeof value === 'number' && value > 0)

const maybe = <T>(struct: Struct<T, never>) => optional(nullable(struct as Struct<T, unknown>))
const short = <T>(struct: Struct<T, never>) =>
  define<T[]>(`list of at most ${MAX_PATH}`, (value) => Array.isArray(value) && value.length <= MAX_PATH && is(value, array(struct)))

// Structs are made on first use: importing the library runs nothing.
let structs: { fields: Record<string, Struct<unknown>>; record: Struct<EventRecord> } | undefined

function recordStructs() {
  if (structs) return structs
  const outcome = type({
    handler_id: text,
    handler_name: text,
    bus_id: uuid,
    bus_name: text,
    status: text,
    result: optional(unknown()),
    error: maybe(type({ name: text, message: text }) as never),
    started_at: maybe(date as never),
    completed_at: maybe(date as never),
  })
  const fields = {
    event_type: identifier,
    event_id: uuid,
    event_schema: maybe(text as never),
    event_timeout: maybe(seconds as never),
    event_parent_id: maybe(uuid as never),
    event_path: maybe(short(identifier as never) as never),
    event_created_at: maybe(date as never),
    event_processed_at: maybe(date as never),
    event_result_type: maybe(unknown() as never),
    event_bus_ids: maybe(short(uuid as never) as never),
    event_started_at: maybe(date as never),
    event_completed_at: maybe(date as never),
    event_replay_of: maybe(uuid as never),
    event_outcomes: maybe(array(outcome) as never),
  }
  structs = { fields: fields as never, record: type(fields) as never }
  return structs
}

/** A record's own fields and its payload, checked. @throws WireError naming what is wrong */
export function readRecord(value: unknown): { record: EventRecord; payload: Record<string, unknown> } {
  const { fields, record } = recordStructs()
  const [error] = record.validate(value)
  if (error) throw new WireError(`Expected an event's record; ${error.message}`)
  const payload: Record<string, unknown> = { ...(value as EventRecord) }
  for (const key of Object.keys(fields)) delete payload[key]
  checkSize(payload)
  return { record: value as EventRecord, payload }
}

/** @throws WireError for a payload that is nested too deeply (or cyclic) or has too many values. */
function checkSize(payload: unknown): void {
  let left = MAX_VALUES
  let level: unknown[] = [payload]
  for (let depth = 0; level.length; depth++) {
    if (depth > MAX_DEPTH) throw new WireError(`Expected a payload at most ${MAX_DEPTH} levels deep`)
    const inner: unknown[] = []
    for (const value of level) {
      if (typeof value !== 'object' || !value || ArrayBuffer.isView(value)) continue
      for (const item of Object.values(value)) {
        if (--left < 0) throw new WireError(`Expected a payload of at most ${MAX_VALUES} values`)
        inner.push(item)
      }
    }
    level = inner
  }
}

const cap = (value: unknown) => String(value).slice(0, MAX_TEXT)

/** What was thrown, as a record: `cause` at most three deep. */
export function errorRecord(error: unknown, depth = 0): ErrorRecord {
  try {
    const { name, message, stack, cause } = error as Error
    if (typeof message !== 'string') return { name: 'Error', message: show(error) }
    const record: ErrorRecord = { name: cap(name), message: cap(message) }
    if (stack) record.stack = cap(stack)
    if (cause !== undefined && depth < 3) record.cause = errorRecord(cause, depth + 1)
    return record
  } catch {
    return { name: 'Error', message: '(unreadable error)' }
  }
}

/** The error of a record: a plain Error with its name. The inverse of `errorRecord`. */
export function errorOf({ name, message, stack, cause }: ErrorRecord, depth = 0): Error {
  const error = new Error(cap(message))
  error.name = cap(name)
  if (typeof stack === 'string') error.stack = cap(stack)
  if (cause && typeof cause === 'object' && depth < 3) error.cause = errorOf(cause, depth + 1)
  return error
}

export const isoDate = (date: Date | null): string | null => date && date.toISOString()
/** As this page's clock would have read it, which may be long before the page was opened; 0 for none. */
export const timeOf = (date: string | null | undefined): number => (date ? Date.parse(date) - wallTime(0) : 0)
