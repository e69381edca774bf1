import type { Entry, Journal, Mark } from '../bus/journal.js'
import { COMPLETED, DURABLE, FAILED, WAITING } from '../events/status.js'
import { lineOf } from './entries.js'
import type { Summary } from './log-db.js'
import { type Segment, seal } from './segment.js'
import { newSummary } from './summary.js'
import type { LogWriter } from './writer.js'

/** What one segment holds at most: a bad one costs so much, and building one holds the page so long. */
const MAX_ENTRIES = 1000
const MAX_CHARS = 1_000_000

/** One segment on its way to the disk. */
export interface Flight {
  entries: Entry[]
  segment: Segment
  summary: Summary
  /** The segment's number; until it is durable, one that is below it. */
  seq: number
  /** Once it was sent, the last time that it was. */
  done?: Promise<number>
}

/**
 * Takes the next segment's worth of what waits, at most up to `last`. `later` tells whether some of it waits for another log.
 * `beside`: an earlier segment is on its way, and may fail alone.
 */
export function load(
  writer: LogWriter,
  beside: boolean,
  last?: Entry | null,
): { now: Entry[]; later: boolean } {
  const { journal, left } = writer
  const { waiting } = journal
  const now: Entry[] = []
  const later: Entry[] = []
  let at = 0
  let chars = 0
  for (const entry of waiting) {
    at++
    const { mark } = entry
    const old = left.size ? earlier(writer, entry) : undefined
    // Nothing of an event goes before its own entry.
    const waits = old ? !old.seq : left.size && later.includes(mark)
    const when = waits ? 'later' : old ? 'never' : whenToWrite(entry, journal, beside, last)
    if (when === 'later') later.push(entry)
    else if (when === 'never') journal.chars -= entry.text.length
    else {
      chars += entry.text.length
      now.push(entry)
    }
    if (old && !waits) goOn(writer, mark, old)
    if (entry === last || now.length === MAX_ENTRIES || chars >= MAX_CHARS) break
  }
  waiting.splice(0, at, ...later)
  return { now, later: later.length > 0 }
}

/** The entry that an event has already, which a stop has ended here and which comes again. */
function earlier({ left, log }: LogWriter, { kind, mark }: Entry): Mark | undefined {
  const { id } = mark.visit.state
  const old = kind === 'E' ? left.get(id) : undefined
  const cleared = old?.seq && old.seq < (log.open?.meta.low ?? 0)
  if (cleared) left.delete(id)
  return cleared || old === mark ? undefined : old
}

/** The earlier entry goes on as this one's. */
function goOn({ journal, left }: LogWriter, mark: Mark, { seq, index, writer }: Mark): void {
  const { state } = mark.visit
  // Unless it was ended once more meanwhile.
  if (!state.abandoned) left.delete(state.id)
  Object.assign(mark, { text: '', seq, index, writer })
  journal.unpersisted--
  mark.settle(DURABLE)
  if (journal.core.inspected) journal.core.tell('persisted', state)
}

/** What a run dispatched must be durable before its outcome is: else it would be lost with a handler that is spared. */
function whenToWrite(
  { kind, run }: Entry,
  journal: Journal,
  beside: boolean,
  last?: Entry | null,
): 'now' | 'later' | 'never' {
  if (kind !== 'R') return 'now'
  // The `C` that follows says the same; what a stop has ended has none.
  if (!run || (run.state.status === COMPLETED && !run.state.abandoned)) return 'never'
  // Where the writer is about to give its id up, later is under another one's, when others may have taken the event.
  const later = last === undefined ? 'later' : 'never'
  let when: 'now' | typeof later = 'now'
  for (const state of [run.state, ...run.dispatched]) {
    for (const { mark } of state.visits) {
      // Its own event may have been passed on, too; here it was first.
      if (state === run.state && mark?.journal === journal) continue
      if (mark?.status === FAILED) return 'never'
      if (mark?.status === WAITING && (mark.journal !== journal || (beside && !mark.seq))) when = later
    }
  }
  return when
}

export function build(entries: Entry[], writer: string, wseq: number, bus: string, seq: number): Flight {
  const summary = newSummary(bus)
  const lines = entries.map((entry, i) => lineOf(entry, i, summary))
  const segment = seal(writer, wseq, bus, lines)
  Object.assign(summary, { n: lines.length, size: segment.body.length })
  return { entries, segment, summary, seq }
}
