import { after } from '../timers.js'
import type { EventLog } from './event-log.js'
import type { Ends, LogDb, Summary } from './log-db.js'
import { FORMAT, type Line } from './segment.js'
import { type OpenSegment, SegmentCache } from './segment-cache.js'

/** ms from a segment to the write of what is known of it, and how many of them do not wait so long. */
const IDLE = 200
const BATCH = 256

/** How many rows are read at once to see what is finished. */
const STEP = 64

/** How far from each other the two segments of a write in doubt may be. */
const NEAR = 16

/** A segment, with what is known of it. */
export interface Row {
  seq: number
  summary: Summary
}

/** Makes the summary of a segment from its events, one by one. */
export class SummaryBuilder {
  readonly #bus: string
  readonly #types = new Set<string>()
  #events = 0
  #from = Infinity
  #to = -Infinity
  #least = ''
  #most = ''

  constructor(bus: string) {
    this.#bus = bus
  }

  /** `created` in ms. */
  add(type: string, id: string, created: number): void {
    this.#types.add(type)
    this.#from = Math.min(this.#from, created)
    this.#to = Math.max(this.#to, created)
    if (!this.#events++ || id < this.#least) this.#least = id
    if (id > this.#most) this.#most = id
  }

  /** Of `n` lines with so many characters. */
  done(n: number, size = 0): Summary {
    return {
      n,
      events: this.#events,
      open: this.#events,
      ended: 0,
      until: 0,
      size,
      bus: this.#bus,
      from: this.#from,
      to: this.#to,
      types: [...this.#types],
      least: this.#least,
      most: this.#most,
      keep: false,
    }
  }
}

/** The summary of a segment as it lies there, without what only other segments tell. */
export function summaryOf(opened: OpenSegment): Summary {
  const { v, bus, body, seq } = opened.segment
  const builder = new SummaryBuilder(bus)
  const first = new Map<string, number>()
  const twins: number[] = []
  let keep = v !== FORMAT
  let ended = 0
  for (const [index, line] of opened.lines.entries()) {
    const accepted = opened.accepted(index)
    if (accepted) {
      const { event_type: type, event_id: id, event_created_at: created } = accepted
      builder.add(type, id, Date.parse(created ?? ''))
      const twin = first.get(id)
      if (twin === undefined) first.set(id, index)
      else twins.push(index, seq, twin)
    } else if (!line || !'ASRCX'.includes(line.event_entry)) keep = true
    else if (isHistory(line)) ended++
  }
  const summary = { ...builder.done(opened.lines.length, String(body).length), keep, ended }
  return twins.length ? { ...summary, twins } : summary
}

/** Ends that a bus has in its history after a reload. */
const isHistory = (line: Line) => line.event_entry === 'C' && !line.superseded && !line.imported

export const isEnd = (line: Line | null): line is Line =>
  line?.event_entry === 'C' || line?.event_entry === 'X'

/** What is to be written. */
interface Batch {
  summaries: Map<number, Summary>
  ended: Map<number, Ends>
}

const newBatch = (): Batch => ({ summaries: new Map(), ended: new Map() })

function push(ended: Map<number, Ends>, seq: number, end: Ends): void {
  const ends = ended.get(seq)
  if (ends) ends.push(...end)
  else ended.set(seq, [...end])
}

/**
 * What is known of segments without reading them. It is written some time after them, in batches, and makes no promise: what
 * it lacks is made from the segments when somebody needs it.
 */
export class LogIndex {
  readonly #log: EventLog
  #batch = newBatch()
  /** On its way. */
  #out = newBatch()
  /** Takes the next write back. */
  #stop: (() => void) | null = null
  #writing: Promise<void> = Promise.resolve()
  #catching: Promise<void> | null = null

  constructor(log: EventLog) {
    this.#log = log
  }

  /** A segment is durable, with the ends that it has, by the segment where their events were accepted. */
  note(seq: number, summary: Summary, ended: ReadonlyMap<number, Ends>): void {
    let count = 0
    for (const [at, ends] of ended) {
      count += ends.length / 3
      if (at) push(this.#batch.ended, at, ends)
    }
    this.#add(seq, { ...summary, ended: count })
  }

  #add(seq: number, summary: Summary): void {
    const { summaries } = this.#batch
    summaries.set(seq, summary)
    if (summaries.size >= BATCH) void this.flush().catch(() => {})
    else this.#stop ??= after(IDLE, () => this.flush().catch(() => {}))
  }

  /** Writes what is known. */
  flush(): Promise<void> {
    this.#stop?.()
    this.#stop = null
    this.#writing = this.#writing.catch(() => {}).then(() => this.#write())
    return this.#writing
  }

  async #write(): Promise<void> {
    const { summaries, ended } = this.#batch
    if (!summaries.size && !ended.size) return
    this.#out = this.#batch
    this.#batch = newBatch()
    try {
      const db = await this.#log.db()
      // Cleared meanwhile.
      for (const map of [summaries, ended]) {
        for (const seq of map.keys()) if (seq < db.meta.low) map.delete(seq)
      }
      await db.index(summaries, ended)
      await advance(db)
    } catch (error) {
      // What is newer is better.
      this.#batch.summaries = new Map([...summaries, ...this.#batch.summaries])
      for (const [seq, ends] of ended) push(this.#batch.ended, seq, ends)
      throw error
    } finally {
      this.#out = newBatch()
    }
  }

  /** Reads what dead or other writers have written, and nobody has indexed. */
  catchUp(): Promise<void> {
    this.#catching ??= this.#catchUp().finally(() => {
      this.#catching = null
    })
    return this.#catching
  }

  async #catchUp(): Promise<void> {
    const db = await this.#log.db()
    const last = await db.head()
    for await (const _ of this.rows(db.meta.indexed + 1, last)) {
      // Whoever passes a segment makes its summary.
    }
    await this.flush()
    await advance(db)
  }

  /** Segments from `first` to `last`. */
  async *rows(first: number, last: number): AsyncGenerator<Row, void, void> {
    const cache = new SegmentCache(this.#log)
    for (let next = first; ; ) {
      const db = await this.#log.db()
      const rows = await db.rows(next, last, BATCH)
      if (!rows.length) return
      for (const { seq, summary } of rows) {
        next = seq + 1
        yield {
          seq,
          summary: summary ?? this.#pending(seq) ?? (await this.#make(seq, cache)),
        }
      }
    }
  }

  #pending(seq: number): Summary | undefined {
    return this.#batch.summaries.get(seq) ?? this.#out.summaries.get(seq)
  }

  async #make(seq: number, cache: SegmentCache): Promise<Summary> {
    const opened = await cache.open(seq)
    // What cannot be read is in quarantine, and holds nobody up.
    const summary = opened ? summaryOf(opened) : new SummaryBuilder('').done(0)
    this.#add(seq, summary)
    if (!opened) return summary
    if (summary.events) await this.#findTwins(opened, summary, cache)
    for (const [index, line] of opened.lines.entries()) {
      if (!isEnd(line)) continue
      const place = await this.placeOf(line, opened, cache)
      if (place) push(this.#batch.ended, place[0], [place[1], seq, index])
    }
    return summary
  }

  /** A write in doubt may have come twice, in segments of one writer that are close to each other. */
  async #findTwins(opened: OpenSegment, summary: Summary, cache: SegmentCache): Promise<void> {
    const { seq, writer } = opened.segment
    const db = await this.#log.db()
    for (const near of await db.rows(seq - NEAR, seq + NEAR, 2 * NEAR + 1)) {
      const known = this.#pending(near.seq) ?? near.summary
      if (near.seq === seq || !known || known.most < summary.least || known.least > summary.most) continue
      const other = await cache.open(near.seq)
      if (other?.segment.writer !== writer) continue
      const [first, last] = near.seq < seq ? [other, opened] : [opened, other]
      const twins = twinsOf(first, last)
      const twice = last === opened ? summary : known
      if (twins.length)
        this.#add(last.segment.seq, Object.assign(twice, { twins: [...(twice.twins ?? []), ...twins] }))
    }
  }

  /** Where the event of an entry was accepted. */
  async placeOf(
    { event_id: id, writer, at }: Line,
    opened: OpenSegment,
    cache: SegmentCache,
  ): Promise<[seq: number, index: number] | undefined> {
    const { segment } = opened
    const owner = writer ?? segment.writer
    if (at) {
      const seq = at[0] || segment.seq
      const there = seq === segment.seq ? opened : await cache.open(seq)
      if (there?.segment.writer === owner && there.accepted(at[1])?.event_id === id) return [seq, at[1]]
    }
    for await (const { seq, summary } of this.rows(1, segment.seq)) {
      if (id < summary.least || id > summary.most) continue
      const there = await cache.open(seq)
      if (there?.segment.writer !== owner) continue
      const index = there.lines.findIndex((_, i) => there.accepted(i)?.event_id === id)
      if (index >= 0) return [seq, index]
    }
    return undefined
  }
}

function twinsOf(first: OpenSegment, last: OpenSegment): number[] {
  const places = new Map<string, number>()
  for (const i of [...first.lines.keys()].reverse()) places.set(first.accepted(i)?.event_id ?? '', i)
  return [...last.lines.keys()].flatMap((i) => {
    const place = places.get(last.accepted(i)?.event_id ?? '-')
    return place === undefined ? [] : [i, first.segment.seq, place]
  })
}

/** Tells the log how far everything is indexed, and finished. */
async function advance(db: LogDb): Promise<void> {
  const before = db.meta.indexed
  let { indexed, settled } = db.meta
  let open = false
  for (let next = settled + 1; ; ) {
    const rows = await db.rows(next, Infinity, STEP)
    const missing = rows.findIndex(({ summary }) => !summary)
    for (const { seq, summary } of missing < 0 ? rows : rows.slice(0, missing)) {
      indexed = Math.max(indexed, seq)
      open ||= !summary || summary.open > 0 || summary.keep
      if (!open) settled = seq
    }
    if (missing >= 0 || !rows.length) break
    // Behind what is open only new ones are of interest.
    next = Math.max(rows[rows.length - 1].seq, open ? before : 0) + 1
  }
  if (indexed > before || settled > db.meta.settled) await db.advance(indexed, settled)
}
