import { nanoid } from 'nanoid'
import { anIdentifier, checkOptions } from '../errors.js'
import { hold } from '../locks.js'
import { type EventRecord, parse, readRecord } from '../protocol.js'
import { isPlain } from '../values-in.js'
import type { EventLog } from './event-log.js'
import {
  linesFrom,
  type Outcome,
  piecesOf,
  type Source,
  type TransferOptions,
  transferChecks,
} from './lines.js'
import type { LogDb } from './log-db.js'
import { write } from './log-queries.js'
import { IMPORTED } from './reading.js'
import { rows } from './rows.js'
import { lineHead, seal } from './segment.js'
import { SegmentCache } from './segment-cache.js'
import { addEvent, newSummary } from './summary.js'

/** What one segment of imported events holds at most. */
const MAX_EVENTS = 500
const MAX_CHARS = 1_000_000

/** ms that one import waits for another's segment, at most. */
const PATIENCE = 60_000

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
  const from = typeof source === 'string' ? new Blob([source]) : source
  const total = (from as Partial<Blob> | null)?.size
  const writer = new Importer(log)
  let bytes = 0
  const write = async () => {
    signal?.throwIfAborted()
    await writer.write()
    const { done, failed } = writer.outcome
    onProgress?.({ done, failed: failed.length, bytes, total })
  }
  const lines = linesFrom(piecesOf(from), signal, (more) => {
    bytes += more
  })
  for await (const { line, text } of lines) if (text !== '' && writer.add(line, text)) await write()
  await write()
  return writer.outcome
}

/** Writes what it is given in segments, as a writer of its own. */
class Importer {
  readonly outcome: Outcome = { done: 0, failed: [] }
  readonly #log: EventLog
  readonly #id = nanoid()
  #wseq = 0
  #events = new Map<string, Incoming>()
  #chars = 0
  #cache!: SegmentCache
  /** Of each segment that the log has: which ids may be there. */
  #ranges!: { seq: number; least: string; most: string }[]
  #next!: number
  /** Which database that is, and where it begins. */
  #begins = ''

  constructor(log: EventLog) {
    this.#log = log
  }

  /** True when it is time to write. */
  add(line: number, text: string | undefined): boolean {
    this.#orRefuse(line, () => {
      if (text === undefined) throw new RangeError('Expected a line of at most 64 million characters')
      const { record, payload } = readRecord(parse(text))
      const { event_id: id, event_type: type } = record
      anIdentifier('event_type', type)
      const incoming = { line, record, payload }
      const before = this.#events.get(id)
      if (before) return this.#again(incoming, before.record)
      this.#events.set(id, incoming)
      this.#chars += text.length
    })
    return this.#events.size >= MAX_EVENTS || this.#chars >= MAX_CHARS
  }

  #orRefuse(line: number, take: () => void): void {
    try {
      take()
    } catch (error) {
      this.outcome.failed.push({ line, message: (error as Error).message })
    }
  }

  /** Of an event that is known: it is done if it is the same. @throws TypeError, RangeError */
  #again({ record, payload }: Incoming, known: EventRecord): void {
    if (record.event_type !== known.event_type || !isEqual(payload, readRecord(known).payload))
      throw new TypeError(`The log has another event with the id ${record.event_id}`)
    this.outcome.done++
  }

  /** Writes what it has, and the log has not. One at a time, over all tabs: or two would add the same. */
  async write(): Promise<void> {
    const events = this.#events
    this.#events = new Map()
    this.#chars = 0
    await write(this.#log, async (db) => {
      const release = await hold(`bubus:import:${this.#log.name}`, PATIENCE)
      try {
        await this.#write(events, db)
      } finally {
        release?.()
      }
    })
  }

  /** May be done again: what was written before is known then. */
  async #write(events: Map<string, Incoming>, db: LogDb): Promise<void> {
    for (const [incoming, known] of await this.#known(events)) {
      events.delete(known.event_id)
      this.#orRefuse(incoming.line, () => this.#again(incoming, known))
    }
    if (!events.size) return
    const summary = newSummary(IMPORTED)
    const lines: string[] = []
    for (const { record } of events.values()) {
      addEvent(summary, record.event_type, record.event_id, Date.parse(record.event_created_at ?? ''))
      lines.push(...closed(record, lines.length))
    }
    const { durability, index } = this.#log
    const segment = seal(this.#id, this.#wseq++, IMPORTED, lines)
    const seq = await db.ask(db.append(segment, durability))
    this.#log.written(db, seq)
    const ends = lines.flatMap((_, i) => (i % 2 ? [i - 1, seq, i] : []))
    Object.assign(summary, { n: lines.length, size: segment.body.length })
    index.note(seq, summary, new Map([[seq, ends]]))
    this.outcome.done += events.size
  }

  /** Those that the log has, or has had added meanwhile, with what it has. */
  async #known(events: ReadonlyMap<string, Incoming>): Promise<Map<Incoming, EventRecord>> {
    const db = await this.#log.db()
    const { epoch, low } = (await db.stored()) ?? db.meta
    const begins = `${epoch} ${low}`
    // At first, and where it was cleared or deleted meanwhile.
    if (this.#begins !== begins) {
      this.#begins = begins
      this.#cache = new SegmentCache(this.#log)
      this.#ranges = []
      this.#next = 1
    }
    for await (const { seq, summary } of rows(this.#log, this.#next, await db.head())) {
      this.#next = seq + 1
      const { events, least, most } = summary
      if (events) this.#ranges.push({ seq, least, most })
    }
    const found = new Map<Incoming, EventRecord>()
    const ids = [...events.keys()]
    for (const { seq, least, most } of this.#ranges) {
      if (!ids.some((id) => id >= least && id <= most)) continue
      for (const line of (await this.#cache.open(seq))?.events() ?? []) {
        const incoming = events.get(line.event_id)
        if (incoming) found.set(incoming, line)
      }
    }
    return found
  }
}

/** The lines of an event that is over: what was said of it at once, and what at the end. */
function closed(record: EventRecord, index: number): [string, string] {
  const {
    event_processed_at = null,
    event_started_at = event_processed_at,
    event_completed_at = null,
    event_outcomes,
    event_log_position,
    event_results,
    ...accepted
  } = record
  const end = { event_started_at, event_completed_at, event_outcomes, imported: true }
  return [
    `${JSON.stringify({ ...accepted, event_entry: 'E', event_by: null })}\n`,
    `${lineHead('C', record.event_id, '', { seq: 0, index })},${JSON.stringify(end).slice(1)}\n`,
  ]
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
