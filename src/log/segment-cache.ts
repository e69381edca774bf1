import type { EventLog } from './event-log.js'
import type { Ends } from './log-db.js'
import { quarantine } from './log-queries.js'
import { fault, type Line, linesOf, type Placed, type RecordLine } from './segment.js'
import { endAt } from './write-index.js'

/** How many segments are kept. */
const KEPT = 12

/** Small segments are read some at once; a big one takes a task for itself. */
const AHEAD = 8
const SMALL = 50_000

/** How many are read at once after these. */
export const aheadOf = (segments: readonly Placed[]): number =>
  segments.every(({ body }) => String(body).length < SMALL) ? AHEAD : 1

/** A sound segment; its lines are read when somebody first asks. */
export class OpenSegment {
  readonly segment: Placed
  readonly #ends: Ends
  #lines: (Line | null)[] | null = null
  /** It was looked at and found sound. */
  sound = false

  constructor(segment: Placed, ends: Ends = []) {
    this.segment = segment
    this.#ends = ends
  }

  /** Null stands for what is no entry. */
  get lines(): readonly (Line | null)[] {
    this.#lines ??= linesOf(this.segment)
    return this.#lines
  }

  /** The line if it accepts an event. */
  accepted(index: number): RecordLine | undefined {
    const line = this.lines[index]
    return line?.event_entry === 'E' ? (line as RecordLine) : undefined
  }

  /** All lines that accept one. */
  events(): RecordLine[] {
    return this.lines.filter((line): line is RecordLine => line?.event_entry === 'E')
  }

  /** Where the event of a line has its end. */
  endOf(index: number): [seq: number, index: number] | undefined {
    return endAt(this.#ends, index)
  }
}

/** The segments that one reader has met last: an event's end is mostly near its beginning. */
export class SegmentCache {
  readonly #log: EventLog
  readonly #kept = new Map<number, OpenSegment>()
  #ahead = 1

  constructor(log: EventLog) {
    this.#log = log
  }

  /** Null for one that is not there or cannot be read, which is kept apart. */
  async open(seq: number): Promise<OpenSegment | null> {
    if (!this.#kept.has(seq)) await this.#read(seq)
    const found = this.#kept.get(seq)
    if (!found) return null
    this.#keep(found)
    if (found.sound) return found
    const reason = fault(found.segment)
    if (reason) {
      await quarantine(this.#log, seq, reason, found.segment)
      return null
    }
    found.sound = true
    return found
  }

  /** One that was read in another way; without the ends of its events. */
  add(segment: Placed): void {
    this.#keep(new OpenSegment(segment))
  }

  /** With those behind it: whoever reads one mostly reads on. */
  async #read(seq: number): Promise<void> {
    const db = await this.#log.db()
    const last = seq + this.#ahead - 1
    // First: it may be written meanwhile.
    const { batch, out } = this.#log.index
    const [segments, ends] = await Promise.all([db.read('wal', seq, last), db.read('ends', seq, last)])
    for (const segment of segments) {
      if (this.#kept.has(segment.seq)) continue
      const its = ends.find((it) => it.seq === segment.seq)
      const all = [its, out.ended.get(segment.seq), batch.ended.get(segment.seq)].flatMap(
        (some) => some ?? [],
      )
      this.#keep(new OpenSegment(segment, all))
    }
    this.#ahead = aheadOf(segments)
  }

  #keep(opened: OpenSegment): void {
    const { seq } = opened.segment
    this.#kept.delete(seq)
    this.#kept.set(seq, opened)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) return
      this.#kept.delete(oldest)
    }
  }
}
