import { nanoid } from 'nanoid'
import { anIdentifier, checkOptions } from '../errors.js'
import { type EventRecord, parse, readRecord } from '../protocol.js'
import { isPlain } from '../values-in.js'
import type { EventLog } from './event-log.js'
import {
  linesFrom,
  type Outcome,
  piecesOf,
  type Source,
  type SourceLine,
  sizeOf,
  type TransferOptions,
  transferChecks,
} from './lines.js'
import { SummaryBuilder } from './log-index.js'
import { IMPORTED } from './reading.js'
import { lineHead, seal } from './segment.js'
import { SegmentCache } from './segment-cache.js'

/** What one segment of imported events holds at most. */
const MAX_EVENTS = 500
const MAX_CHARS = 1_000_000

interface Incoming {
  readonly line: number
  readonly record: EventRecord
  readonly payload: Record<string, unknown>
}

/**
 * Adds the events of a file of JSON lines, written by this library or the Python one. They are the past: finished, whatever the
 * file says, never recovered and in no bus's history. What the log has already is done; what cannot be read, or is another
 * event under an id that the log knows, is refused and reported.
 * @throws TypeError, the signal's reason, LogError; what is done by then is durable
 */
export async function importJSONL(
  log: EventLog,
  source: Source,
  options: TransferOptions = {},
): Promise<Outcome> {
  checkOptions(options, transferChecks)
  const { signal, onProgress } = options
  const pieces = piecesOf(source)
  const total = sizeOf(source)
  const outcome: Outcome = { done: 0, failed: [] }
  let bytes = 0
  const into = new Importer(log, outcome)
  for await (const line of linesFrom(pieces, signal, (more) => {
    bytes += more
  })) {
    if (!into.add(line)) continue
    signal?.throwIfAborted()
    await into.write()
    onProgress?.({ done: outcome.done, failed: outcome.failed.length, bytes, total })
  }
  signal?.throwIfAborted()
  await into.write()
  onProgress?.({ done: outcome.done, failed: outcome.failed.length, bytes, total })
  return outcome
}

/** Writes what it is given in segments, as a writer of its own. */
class Importer {
  readonly #log: EventLog
  readonly #outcome: Outcome
  readonly #writer = nanoid()
  #wseq = 0
  #events = new Map<string, Incoming>()
  #chars = 0
  readonly #known: Known

  constructor(log: EventLog, outcome: Outcome) {
    this.#log = log
    this.#outcome = outcome
    this.#known = new Known(log)
  }

  /** True when it is time to write. */
  add({ line, text }: SourceLine): boolean {
    try {
      if (text === undefined) throw new RangeError('Expected a line of at most a million characters')
      const incoming = { line, ...recordOf(text) }
      const id = incoming.record.event_id
      const before = this.#events.get(id)
      if (before) this.#again(incoming, before.record)
      else {
        this.#events.set(id, incoming)
        this.#chars += text.length
      }
    } catch (error) {
      this.#refuse(line, (error as Error).message)
    }
    return this.#events.size >= MAX_EVENTS || this.#chars >= MAX_CHARS
  }

  #refuse(line: number, message: string): void {
    this.#outcome.failed.push({ line, message })
  }

  /** Of an event that is known: it is done if it is the same. @throws TypeError, RangeError */
  #again({ record, payload }: Incoming, known: EventRecord): void {
    if (record.event_type !== known.event_type || !isEqual(payload, readRecord(known).payload))
      throw new TypeError(`The log has another event with the id ${record.event_id}`)
    this.#outcome.done++
  }

  async write(): Promise<void> {
    const { durability, index } = this.#log
    const events = this.#events
    this.#events = new Map()
    this.#chars = 0
    for (const [incoming, known] of await this.#known.among(events)) {
      events.delete(known.event_id)
      try {
        this.#again(incoming, known)
      } catch (error) {
        this.#refuse(incoming.line, (error as Error).message)
      }
    }
    if (!events.size) return
    const summary = new SummaryBuilder(IMPORTED)
    const lines: string[] = []
    const ends: number[] = []
    for (const { record } of events.values()) {
      const { event_type: type, event_id: id } = record
      summary.add(type, id, Date.parse(record.event_created_at ?? ''))
      ends.push(lines.length, 0, lines.length + 1)
      lines.push(acceptedAs(record), endedAs(record, lines.length))
    }
    const segment = seal(this.#writer, this.#wseq++, IMPORTED, lines)
    const db = await this.#log.db()
    const seq = await db.append(segment, durability)
    this.#log.written(db, seq)
    for (let i = 1; i < ends.length; i += 3) ends[i] = seq
    index.note(seq, summary.done(lines.length, segment.body.length), new Map([[seq, ends]]))
    this.#outcome.done += events.size
  }
}

/** @throws TypeError, RangeError, SyntaxError */
function recordOf(text: string): Omit<Incoming, 'line'> {
  const value = parse(text)
  if (!isPlain(value) || Array.isArray(value)) throw new TypeError('Expected a JSON object')
  if ('event_entry' in (value as object))
    throw new TypeError(
      'Expected the record of an event, and not an entry of a log: export without `entries`',
    )
  const { event_results, event_log_position, ...own } = value as EventRecord
  const { record, payload } = readRecord(own)
  anIdentifier('event_type', record.event_type)
  return { record, payload }
}

/** What of it is said at once. */
function acceptedAs(record: EventRecord): string {
  const { event_processed_at, event_started_at, event_completed_at, event_outcomes, ...accepted } = record
  return `${JSON.stringify({ ...accepted, event_entry: 'E', event_by: null })}\n`
}

/** And what at the end. */
function endedAs(record: EventRecord, index: number): string {
  const { event_processed_at = null, event_completed_at = null, event_outcomes = [] } = record
  const { event_started_at = event_processed_at } = record
  const end = { event_started_at, event_completed_at, event_outcomes, imported: true }
  return `${lineHead('C', record.event_id, '', { seq: 0, index })},${JSON.stringify(end).slice(1)}\n`
}

/** What the log has had before, and what is added meanwhile. */
class Known {
  readonly #log: EventLog
  readonly #cache: SegmentCache
  /** Of each segment with events: which ids may be there. */
  readonly #ranges: { seq: number; least: string; most: string }[] = []
  #next = 1

  constructor(log: EventLog) {
    this.#log = log
    this.#cache = new SegmentCache(log)
  }

  /** Those that the log has, with what it has. */
  async among(events: ReadonlyMap<string, Incoming>): Promise<Map<Incoming, EventRecord>> {
    await this.#update()
    const found = new Map<Incoming, EventRecord>()
    const ids = [...events.keys()].sort()
    const [first = ''] = ids
    for (const { seq, least, most } of this.#ranges) {
      if (most < first || !ids.some((id) => id >= least && id <= most)) continue
      const opened = await this.#cache.open(seq)
      for (const index of opened?.lines.keys() ?? []) {
        const line = opened?.accepted(index)
        const incoming = events.get(line?.event_id ?? '')
        if (line && incoming) found.set(incoming, line)
      }
    }
    return found
  }

  async #update(): Promise<void> {
    const head = await (await this.#log.db()).head()
    for await (const { seq, summary } of this.#log.index.rows(this.#next, head)) {
      this.#next = seq + 1
      const { events, least, most } = summary
      if (events) this.#ranges.push({ seq, least, most })
    }
  }
}

/** Of values as JSON has them. */
function isEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (!isPlain(one) || !isPlain(other) || Array.isArray(one) !== Array.isArray(other)) return false
  const [ones, others] = [one, other] as Record<string, unknown>[]
  const keys = Object.keys(ones)
  return (
    keys.length === Object.keys(others).length &&
    keys.every((key) => Object.hasOwn(others, key) && isEqual(ones[key], others[key]))
  )
}
