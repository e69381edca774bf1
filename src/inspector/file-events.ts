import type { ErrorRecord, EventRecord, OutcomeRecord } from '../protocol.js'
import type { InspectedEvent, InspectedResult } from './subjects.js'

/** Longer lines are not read: no event is that big. */
const LONGEST = 16_000_000

/** An outcome as we write it: beside the record's own keys, what the handler dispatched. */
export interface WrittenOutcome extends OutcomeRecord {
  event_children?: string[]
}

const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 10_000) : '')
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value.slice(0, 10_000) : [])
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const date = (value: unknown): Date | null => {
  const time = Date.parse(text(value))
  return Number.isNaN(time) ? null : new Date(time)
}

function errorRecord(value: unknown, deep = 3): ErrorRecord {
  const error = isObject(value) ? value : { message: value }
  const { name, message, stack, cause } = error as Record<string, unknown>
  return {
    name: text(name) || 'Error',
    message: text(message),
    stack: text(stack),
    ...(isObject(cause) && deep ? { cause: errorRecord(cause, deep - 1) } : {}),
  }
}

function errorOf({ name, message, stack, cause }: ErrorRecord): Error {
  const error = new Error(message, cause ? { cause: errorOf(cause) } : undefined)
  return Object.assign(error, { name, stack })
}

/** A handler's outcome in a file. */
class FileResult implements InspectedResult {
  readonly handlerId: string
  readonly handlerName: string
  readonly busId: string
  readonly busName: string
  readonly status: 'pending' | 'started' | 'completed' | 'error'
  result: unknown
  readonly error: unknown
  readonly startedAt: Date | null
  readonly completedAt: Date | null
  readonly timeout = null
  readonly forwards: boolean
  readonly childIds: ReadonlySet<string>
  readonly eventChildren: InspectedEvent[] = []
  readonly record: WrittenOutcome

  constructor(outcome: Record<string, unknown>, index: number) {
    this.handlerId = text(outcome.handler_id) || `?.${index}`
    this.handlerName = text(outcome.handler_name) || '(unknown)'
    this.busId = text(outcome.bus_id)
    this.busName = text(outcome.bus_name)
    const { status } = outcome
    this.status = status === 'pending' || status === 'started' || status === 'error' ? status : 'completed'
    this.forwards = status === 'forwarded'
    this.result = outcome.result
    const error = this.status === 'error' ? errorRecord(outcome.error) : null
    this.error = error ? errorOf(error) : undefined
    this.startedAt = date(outcome.started_at)
    this.completedAt = date(outcome.completed_at)
    this.childIds = new Set(list(outcome.event_children).map(text))
    this.record = { ...(outcome as unknown as WrittenOutcome), handler_id: this.handlerId, error }
  }
}

/** An event in a file: it was never on a bus of this page, and cannot be dispatched. */
export class FileEvent implements InspectedEvent {
  readonly eventType: string
  readonly eventId: string
  readonly eventSchema: string
  readonly eventCreatedAt: Date
  readonly eventPath: readonly string[]
  readonly eventParentId: string | null
  eventParent: InspectedEvent | null = null
  readonly eventStatus: 'pending' | 'started' | 'completed'
  readonly eventStartedAt: Date | null
  readonly eventCompletedAt: Date | null
  readonly eventTimeout: number | null
  readonly eventPayload: Readonly<Record<string, unknown>>
  readonly eventReplayOf: string | null
  readonly eventResults: ReadonlyMap<string, FileResult>
  readonly defaultPrevented = false
  readonly #record: Record<string, unknown>

  /** @throws TypeError naming what is not an event's */
  constructor(record: unknown) {
    if (!isObject(record)) throw new TypeError('Expected an object')
    this.eventType = text(record.event_type)
    this.eventId = text(record.event_id)
    if (!this.eventType) throw new TypeError('Expected `event_type` to be a text')
    if (!/^[\da-f-]{8,36}$/i.test(this.eventId)) throw new TypeError('Expected `event_id` to be a UUID')
    this.#record = record
    this.eventSchema = text(record.event_schema) || this.eventType
    const completed = date(record.event_completed_at)
    const started = date(record.event_started_at ?? record.event_processed_at)
    this.eventCreatedAt = date(record.event_created_at) ?? started ?? new Date(0)
    this.eventStartedAt = started
    this.eventCompletedAt = completed
    this.eventPath = list(record.event_path).map(text)
    this.eventParentId = text(record.event_parent_id) || null
    this.eventReplayOf = text(record.event_replay_of) || null
    const { event_timeout: seconds } = record
    this.eventTimeout = typeof seconds === 'number' ? seconds * 1000 : null
    this.eventPayload = Object.fromEntries(
      Object.entries(record).filter(([key]) => !key.startsWith('event_')),
    )
    const outcomes = list(record.event_outcomes).filter(isObject)
    this.eventResults = new Map(
      outcomes.map((outcome, i) => new FileResult(outcome, i)).map((result) => [result.handlerId, result]),
    )
    // What only passed the event on has the event itself as its result.
    for (const result of this.eventResults.values()) if (result.forwards) result.result = this
    this.eventStatus = completed ? 'completed' : started || outcomes.length ? 'started' : 'pending'
  }

  toJSON(): EventRecord {
    return {
      ...this.#record,
      event_type: this.eventType,
      event_id: this.eventId,
      event_outcomes: [...this.eventResults.values()]
        .filter(({ forwards, status }) => !forwards && (status === 'completed' || status === 'error'))
        .map(({ record }) => record),
    }
  }
}

/** Ties parents and children of a file together. */
export function connect(events: readonly FileEvent[]): void {
  const known = new Map(events.map((event) => [event.eventId, event]))
  for (const event of events) {
    const parent = known.get(event.eventParentId ?? '')
    if (!parent || parent === event) continue
    event.eventParent = parent
    for (const result of parent.eventResults.values()) {
      if (result.childIds.has(event.eventId)) result.eventChildren.push(event)
    }
  }
}

export interface BadLine {
  line: number
  reason: string
}

export interface ReadOptions {
  signal?: AbortSignal | undefined
  /** Told of how many events have been read so far. */
  onProgress?: ((events: number) => void) | undefined
  /** Lets the page have its turn. */
  breathe: () => Promise<void> | undefined
}

/**
 * Reads events from JSON lines: ours, and those of the Python library and of abxbus. A line that cannot be read is told of, and
 * left out. Of two lines of one event the later holds. @throws the signal's reason
 */
export async function readEvents(
  source: ReadableStream<Uint8Array>,
  { signal, onProgress, breathe }: ReadOptions,
): Promise<{ events: FileEvent[]; bad: BadLine[] }> {
  const events = new Map<string, FileEvent>()
  const bad: BadLine[] = []
  let line = 0
  const take = (one: string) => {
    line++
    if (!one.trim()) return
    try {
      if (one.length > LONGEST)
        throw new RangeError(`Expected at most ${LONGEST} characters, got ${one.length}`)
      const event = new FileEvent(JSON.parse(one))
      events.set(event.eventId, event)
    } catch (error) {
      if (bad.length < 1000) bad.push({ line, reason: (error as Error).message.slice(0, 200) })
    }
  }
  const reader = source.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      rest += decoder.decode(value, { stream: !done })
      const lines = rest.split('\n')
      rest = done ? '' : (lines.pop() as string)
      for (const one of lines) {
        take(one)
        const pause = breathe()
        if (pause) {
          onProgress?.(events.size)
          await pause
          signal?.throwIfAborted()
        }
      }
      signal?.throwIfAborted()
      if (done) break
    }
  } finally {
    reader.cancel().catch(() => {})
  }
  const all = [...events.values()]
  connect(all)
  return { events: all, bad }
}
