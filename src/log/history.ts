import { stateOf } from '../brands.js'
import type { EventState } from '../events/event-state.js'
import { with1 } from '../fifo.js'
import type { EventRecord } from '../protocol.js'
import { RunPromise } from '../running-handler.js'
import { after } from '../timers.js'
import { warn } from '../warnings.js'
import type { LogDb, Summary } from './log-db.js'
import { fault, type Line, linesOf, type Placed, type RecordLine } from './segment.js'
import type { LogWriter } from './writer.js'

const MOST = 1000
/** How many segments are read at first, and then. */
const FEW = 8
const MANY = 16

/** Of how many segments the lines wait for a recovery, which reads the same ones, and ms. */
const KEPT = 32
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
  if (core.cleared) return
  let states: readonly EventState[] | null = null
  core.restored = () => {
    if (!states) {
      const refused: Error[] = []
      states = revive(past, (record) => core.revive(record), refused)
      core.wireErrors += refused.length
      if (refused[0])
        warn(
          `${name} has ${refused.length} events less in its history than in its log. The first: ${refused[0].message}`,
        )
    }
    return states
  }
}

/** Reads backwards until enough ends were met, and their beginnings with them. */
async function newest(db: LogDb, bus: string, limit: number, self: LogWriter): Promise<Past[]> {
  /** Of those whose beginnings are not found yet. */
  const ends = new Map<string, Line>()
  const found: Past[] = []
  const { read } = self.log
  const isEnough = () => found.length + ends.size >= limit
  const lines = (segment: Placed) => {
    const { seq, writer } = segment
    // What this page has written is in its own history.
    if (writer === self.id) return
    const all = linesOf(segment)
    if (read.size < KEPT) read.set(seq, { ...segment, body: '', lines: all })
    for (const [index, line] of [...all.entries()].reverse()) {
      if (!line) continue
      const kind = line.event_entry
      // The line of an event has the payload's keys beside its own.
      const name = `${(kind !== 'E' && line.writer) || writer} ${line.event_id}`
      const end = ends.get(name)
      if (kind === 'E' && end) {
        ends.delete(name)
        found.push({ line: line as RecordLine, end, seq, index })
      } else if (
        kind === 'C' &&
        !line.superseded &&
        segment.bus === bus &&
        !isEnough() &&
        // Else its beginning was cleared.
        (line.at?.[0] || seq) >= db.meta.low
      )
        ends.set(name, line)
    }
  }
  for (
    let last = await db.head(), chunk = FEW;
    last >= db.meta.low && (ends.size || found.length < limit);
    last -= chunk, chunk = MANY
  ) {
    const range = [Math.max(last - chunk + 1, db.meta.low), last, chunk] as const
    // The newest are worth reading anyhow: what is not finished in them is what a recovery reads.
    const known = chunk === FEW ? [] : await db.read('summaries', ...range)
    // A beginning may be anywhere, an end is known to be there.
    const wanted = (it: Summary) => (ends.size && it.events) || (!isEnough() && it.ended && it.bus === bus)
    if (known.length > last - range[0] && !known.some(wanted)) continue
    const segments = await db.read('wal', ...range)
    for (const segment of segments.reverse()) if (!fault(segment)) lines(segment)
  }
  return found.sort((a, b) => a.seq - b.seq || a.index - b.index)
}

function revive(past: Past[], make: (record: EventRecord) => object, refused: Error[]): EventState[] {
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
      state.persisted = RunPromise.resolve()
      byId.set(state.id, state)
      const parent = byId.get(state.parentId ?? '')
      if (parent) link(state, parent, event_by?.[1])
    } catch (error) {
      refused.push(error as Error)
    }
  }
  return [...byId.values()]
}

/** Below the run that dispatched it, as far as that is known. */
function link(state: EventState, parent: EventState, by: string | undefined): void {
  state.parent = parent
  const run = parent.runs.find(({ handler }) => handler.name === by) ?? parent.runs[0]
  if (run) run.dispatched = with1(run.dispatched, state)
}
