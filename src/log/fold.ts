import type { EventLog } from './event-log.js'
import type { LogDb } from './log-db.js'
import { fault, linesOf, type Placed, type RecordLine } from './segment.js'

/** What the log says of one accepted event. */
export interface Fate {
  readonly line: RecordLine
  /** Who accepted it, on which bus, and where that stands. */
  readonly writer: string
  readonly bus: string
  readonly seq: number
  readonly index: number
  /** Who is to finish it: the writer of its last `A`, else of its `E`. */
  owner: string
  /** How many attempts were started after crashes. */
  attempts: number
  /** Outcomes of named handlers that had their turn, by pattern and name. */
  readonly settled: Map<string, unknown>
  ended: boolean
}

/** How a log knows a handler from one page to the next. */
export const handlerKey = (pattern: unknown, name: unknown) => `${pattern} ${name}`

const CHUNK = 16

/** The log from some segment on, folded into the fates of its events, in log order. */
export class Fold {
  readonly fates = new Map<string, Fate>()
  /** All entries of an event, on whatever bus. */
  readonly byId = new Map<string, Fate[]>()
  /** What each event's handlers dispatched. */
  readonly byParent = new Map<string, Fate[]>()
  #next: number

  constructor(first: number) {
    this.#next = first
  }

  /** Reads on to the end of the log. A segment that cannot be read is kept apart. */
  async read(log: EventLog, db: LogDb): Promise<void> {
    for (;;) {
      const segments = await db.read('wal', this.#next, Infinity, CHUNK)
      if (!segments.length) return
      for (const segment of segments) {
        this.#next = segment.seq + 1
        const reason = fault(segment)
        if (reason) await log.quarantine(segment.seq, reason, segment)
        else this.#add(segment)
      }
    }
  }

  #add(segment: Placed): void {
    const { writer, bus, seq } = segment
    for (const [line, index] of linesOf(segment)) {
      if (!line) continue
      const { event_entry: kind, event_id: id } = line
      const name = `${line.writer ?? writer} ${id}`
      const fate = this.fates.get(name)
      if (kind !== 'E') {
        if (fate) follow(fate, kind, line, writer)
      } else if (!fate) {
        // Written twice, after a write in doubt, the first counts.
        const accepted = {
          line: line as RecordLine,
          writer,
          bus,
          seq,
          index,
          owner: writer,
          attempts: 0,
          settled: new Map(),
          ended: false,
        }
        this.fates.set(name, accepted)
        push(this.byId, id, accepted)
        const { event_parent_id: parent } = accepted.line
        if (parent) push(this.byParent, parent, accepted)
      }
    }
  }
}

function follow(fate: Fate, kind: string, line: { [key: string]: unknown }, writer: string): void {
  if (kind === 'A') fate.owner = writer
  else if (kind === 'S') fate.attempts += line.undo ? -1 : 1
  else if (kind === 'R') fate.settled.set(handlerKey(line.pattern, line.name), line.outcome)
  else if (kind === 'C' || kind === 'X') fate.ended = true
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
