import { stateOf } from '../brands.js'
import type { EventState } from '../events/event-state.js'
import { with1 } from '../fifo.js'
import type { EventRecord } from '../protocol.js'
import { after } from '../timers.js'
import type { LogDb } from './log-db.js'
import { fault, type Line, linesOf, type Placed, type RecordLine } from './segment.js'
import type { LogWriter } from './writer.js'

const MOST = 1000
const CHUNK = 16

/** How many characters' worth of lines wait for a recovery, which reads the same segments, and ms. */
const KEPT = 8_000_000
const KEPT_FOR = 10_000

/** A finished event of the log. */
interface Past {
  line: RecordLine
  end: Line
  seq: number
  index: number
}

/** Restores the newest finished events of a bus, of all its writers; they are revived when somebody first looks. */
export async function restore(writer: LogWriter): Promise<void> {
  const { log, journal } = writer
  const { core, name } = journal
  const limit = Math.min(core.maxHistorySize, MOST)
  if (!limit) return
  const db = await log.db()
  const past = await newest(db, name, limit, writer)
  after(KEPT_FOR, () => log.read.clear())
  let states: readonly EventState[] | null = null
  core.restored = () => {
    states ??= revive(
      past,
      (record) => core.revive(record),
      () => core.wireErrors++,
    )
    return states
  }
}

/** Reads backwards until enough ends were met, and their beginnings with them. */
async function newest(db: LogDb, bus: string, limit: number, self: LogWriter): Promise<Past[]> {
  const ends = new Map<string, Line>()
  const found: Past[] = []
  let room = KEPT
  const lines = (segment: Placed) => {
    // What this page has written is in its own history.
    if (segment.writer === self.id) return
    const { seq, body } = segment
    const all = linesOf(segment)
    room -= body.length
    if (room > 0) self.log.read.set(seq, { ...segment, body: '', lines: all })
    for (const [index, line] of [...all.entries()].reverse()) {
      if (!line) continue
      const kind = line.event_entry
      // The line of an event has the payload's keys beside its own.
      const name = `${(kind !== 'E' && line.writer) || segment.writer} ${line.event_id}`
      if (kind === 'C' && !line.superseded && segment.bus === bus && ends.size < limit) ends.set(name, line)
      const end = kind === 'E' ? ends.get(name) : undefined
      if (!end || found.length >= limit) continue
      found.push({ line: line as RecordLine, end, seq, index })
    }
  }
  for (
    let last = await db.head();
    last >= db.meta.low && (ends.size < limit || found.length < ends.size);
    last -= CHUNK
  ) {
    const segments = await db.read('wal', Math.max(last - CHUNK + 1, db.meta.low), last, CHUNK)
    for (const segment of segments.reverse()) if (!fault(segment)) lines(segment)
  }
  return found.sort((a, b) => a.seq - b.seq || a.index - b.index)
}

function revive(past: Past[], make: (record: EventRecord) => object, bad: () => void): EventState[] {
  const byId = new Map<string, EventState>()
  for (const { line, end } of past) {
    const { event_entry, event_by, ...record } = line
    const { event_started_at, event_completed_at, event_outcomes } = end as Partial<EventRecord>
    try {
      const event = make({
        ...record,
        event_started_at,
        event_completed_at,
        event_outcomes,
        event_processed_at: event_started_at,
      })
      const state = stateOf(event) as EventState
      byId.set(state.id, state)
      const parent = byId.get(state.parentId ?? '')
      if (parent) link(state, parent, event_by?.[1])
    } catch {
      bad()
    }
  }
  return [...byId.values()]
}

/** Below the run that dispatched it, as far as that is known. */
function link(state: EventState, parent: EventState, by: string | undefined): void {
  state.parent = parent
  const run = parent.runs.find(({ handler }) => handler.name === by) ?? parent.runs[0]
  if (run) run.children = with1(run.children, state)
}
