import type { EventLog } from './event-log.js'
import { hush, type LogDb } from './log-db.js'
import { quarantine, seqsOf } from './log-queries.js'
import { fault, type Line, lineHead, linesOf, type Read, type RecordLine } from './segment.js'

/** What the log says of one accepted event. */
export interface Fate {
  readonly line: RecordLine
  /** Who accepted it, on which bus, and where that stands. */
  readonly writer: string
  readonly bus: string
  readonly seq: number
  readonly index: number
  /** The entry of the same event by another writer that came before. */
  readonly twin: Fate | undefined
  /** Who is to finish it: the writer of its last `A`, else of its `E`. */
  owner: string
  /** How many attempts were started after crashes. */
  attempts: number
  /** Outcomes of named handlers that had their turn, by pattern and name. */
  settled: Map<string, unknown> | null
  ended: boolean
  /** Its handlers have dispatched something. */
  parent: boolean
  /** Of one that is recovered: what is over of it on other buses, where handlers have had their turn. */
  others?: Fate[]
}

/** The event whose handlers are to have dispatched it: its parent, unless it was given another one. */
export const whence = ({ event_by, event_parent_id }: RecordLine) => event_by?.[3] ?? event_parent_id

/** How a log knows a handler from one page to the next. */
export const handlerKey = (pattern: unknown, name: unknown) => `${pattern} ${name}`

/** How many segments are read at first, and at most; and the characters that are enough for one read. */
const FEW = 2
const MANY = 256
const ENOUGH = 500_000

/** The log from some segment on, folded into the fates of its events. */
export class Fold {
  /** In log order. */
  readonly fates: Fate[] = []
  /** The newest entry of an event; its twins are behind it. */
  readonly byId = new Map<string, Fate>()
  /** Some event has entries of several writers. */
  twins = false
  /** What each event's handlers dispatched. */
  readonly byParent = new Map<string, Fate[]>()
  #next: number

  constructor(first: number) {
    this.#next = first
  }

  /** Reads on to the end of the log. A segment that cannot be read is kept apart. */
  async read(log: EventLog, db: LogDb): Promise<void> {
    const { read } = log
    log.read = new Map()
    const first = Math.min(...read.keys())
    if (read.size) {
      await this.#readTo(first - 1, log, db)
      // What is not there any more was finished, and removed.
      for (const seq of await seqsOf(db, first, Math.max(...read.keys()))) {
        const known = read.get(seq)
        if (seq < this.#next) continue
        if (known) this.#add(known)
        else await this.#readTo(seq, log, db)
        this.#next = seq + 1
      }
    }
    await this.#readTo(Infinity, log, db)
  }

  async #readTo(end: number, log: EventLog, db: LogDb): Promise<void> {
    let limit = FEW
    let segments = await db.read('wal', this.#next, end, limit)
    while (segments.length) {
      const [last] = segments.slice(-1)
      this.#next = last.seq + 1
      const chars = segments.reduce((all, { body }) => all + String(body).length, 0)
      const full = segments.length === limit
      if (chars < ENOUGH) limit = Math.min(2 * limit, MANY)
      else if (chars > 4 * ENOUGH) limit = Math.ceil(limit / 2)
      // The next come while these are taken apart.
      const more = full ? hush(db.read('wal', this.#next, end, limit)) : []
      for (const segment of segments) {
        const reason = fault(segment)
        if (reason) await quarantine(log, segment.seq, reason, segment)
        else this.#add({ ...segment, lines: linesOf(segment) })
      }
      segments = await more
    }
  }

  find(id: string, writer: string): Fate | undefined {
    return ofWriter(this.byId.get(id), writer)
  }

  /** Every entry of an event. */
  all(id: string): Fate[] {
    const fates: Fate[] = []
    for (let it = this.byId.get(id); it; it = it.twin) fates.push(it)
    return fates
  }

  #add({ seq, writer, bus, lines }: Read): void {
    lines.forEach((line, index) => {
      if (!line) return
      const { event_entry: kind, event_id: id } = line
      // The line of an event has the payload's keys beside its own.
      const newest = this.byId.get(id)
      const fate = ofWriter(newest, (kind !== 'E' && line.writer) || writer)
      if (kind === 'A') this.#adopt(writer, line)
      else if (kind !== 'E') {
        if (fate) follow(fate, kind, line)
      } else if (!fate) this.#accept(line as RecordLine, newest, writer, bus, seq, index)
      // Written twice, after a write in doubt, the first counts.
    })
  }

  #adopt(writer: string, { event_id: id, writer: first = writer, also }: Line): void {
    const fate = this.find(id, first)
    if (fate) fate.owner = writer
    const places: number[] = Array.isArray(also) ? also : []
    for (let i = 0; i < places.length; i += 3) {
      const [seq, from, to] = places.slice(i, i + 3)
      for (let at = this.#indexOf(seq, from); at < this.fates.length; at++) {
        const it = this.fates[at]
        if (it.seq !== seq || !(it.index <= to)) break
        if (it.writer === first) it.owner = writer
      }
    }
  }

  /** Of the first fate that stands there or behind. */
  #indexOf(seq: number, index: number): number {
    let [low, high] = [0, this.fates.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const it = this.fates[middle]
      if (it.seq < seq || (it.seq === seq && it.index < index)) low = middle + 1
      else high = middle
    }
    return low
  }

  #accept(
    line: RecordLine,
    twin: Fate | undefined,
    writer: string,
    bus: string,
    seq: number,
    index: number,
  ): void {
    const { event_id: id } = line
    const above = whence(line)
    const fate: Fate = {
      line,
      writer,
      bus,
      seq,
      index,
      twin,
      owner: writer,
      attempts: 0,
      settled: null,
      ended: false,
      parent: false,
    }
    this.fates.push(fate)
    this.byId.set(id, fate)
    this.twins ||= !!twin
    if (!above) return
    for (const it of this.all(above)) it.parent = true
    const children = this.byParent.get(above)
    if (children) children.push(fate)
    else this.byParent.set(above, [fate])
  }
}

/** Of an event's entries, the newest first, that of one writer. */
function ofWriter(fate: Fate | undefined, writer: string): Fate | undefined {
  let it = fate
  while (it && it.writer !== writer) it = it.twin
  return it
}

function follow(fate: Fate, kind: string, line: Line): void {
  if (kind === 'S') fate.attempts += line.undo ? -1 : 1
  else if (kind === 'R') (fate.settled ??= new Map()).set(handlerKey(line.pattern, line.name), line.outcome)
  else if (kind === 'C' || kind === 'X') fate.ended = true
}

/** A line about the entry of an event. */
export const entry = (kind: string, { line, writer, seq, index }: Fate, tail = '') =>
  `${lineHead(kind, line.event_id, writer, { seq, index })}${tail}}\n`

/**
 * Lines by which events become somebody else's: one for all that one writer accepted, and of those behind the first their places, a
 * row of them at a time, so that a claim is no second log.
 */
export function adoptions(fates: readonly Fate[]): string[] {
  const byWriter = new Map<string, { first: Fate; also: number[] }>()
  for (const fate of fates) {
    const { writer, seq, index } = fate
    const known = byWriter.get(writer)
    if (!known) byWriter.set(writer, { first: fate, also: [] })
    else {
      const { also } = known
      const last = also.length - 1
      if (also[last - 2] === seq && also[last] === index - 1) also[last] = index
      else also.push(seq, index, index)
    }
  }
  return Array.from(byWriter.values(), ({ first, also }) => entry('A', first, `,"also":[${also}]`))
}
