import type { EventLog } from './event-log.js'
import type { Ends, LogDb, Summary } from './log-db.js'
import { noteProgress, rowsOf } from './log-queries.js'
import { FORMAT, type Line } from './segment.js'
import { type OpenSegment, SegmentCache } from './segment-cache.js'
import { addEvent, newSummary } from './summary.js'

/** How many rows are read at once: for whoever goes through all, and to see what is finished. */
const BATCH = 256
const STEP = 64

/** How far from each other the two segments of a write in doubt may be. */
const NEAR = 16

/** A segment, with what is known of it. */
export interface Row {
  seq: number
  summary: Summary
}

/** The summary of a segment as it lies there, without what only other segments tell. */
export function summaryOf(opened: OpenSegment): Summary {
  const { v, bus, body, seq } = opened.segment
  const summary = newSummary(bus)
  Object.assign(summary, { n: opened.lines.length, size: String(body).length, keep: v !== FORMAT })
  const first = new Map<string, number>()
  const twins: number[] = []
  for (const [index, line] of opened.lines.entries()) {
    const accepted = opened.accepted(index)
    if (accepted) {
      const { event_type: type, event_id: id, event_created_at: created } = accepted
      addEvent(summary, type, id, Date.parse(created ?? ''))
      const twin = first.get(id)
      if (twin === undefined) first.set(id, index)
      else twins.push(index, seq, twin)
    } else if (!line || !'ASRCXB'.includes(line.event_entry)) summary.keep = true
    else if (isHistory(line)) summary.ended++
  }
  return twins.length ? { ...summary, twins } : summary
}

/** Ends that a bus has in its history after a reload. */
const isHistory = (line: Line) => line.event_entry === 'C' && !line.superseded && !line.imported

export const isEnd = (line: Line | null): line is Line =>
  line?.event_entry === 'C' || line?.event_entry === 'X'

/** What is known of a segment, and not written yet. */
function pending({ index: { batch, out } }: EventLog, seq: number): Summary | undefined {
  return batch.summaries.get(seq) ?? out.summaries.get(seq)
}

/** Segments from `first` to `last`. Whoever passes one without a summary makes it. */
export async function* rows(log: EventLog, first: number, last: number): AsyncGenerator<Row, void, void> {
  const cache = new SegmentCache(log)
  for (let next = first; ; ) {
    const db = await log.db()
    const known = await rowsOf(db, next, last, BATCH)
    if (!known.length) return
    for (const { seq, summary } of known) {
      next = seq + 1
      yield { seq, summary: summary ?? pending(log, seq) ?? (await make(log, seq, cache)) }
    }
  }
}

async function make(log: EventLog, seq: number, cache: SegmentCache): Promise<Summary> {
  const opened = await cache.open(seq)
  // What cannot be read is in quarantine, and holds nobody up.
  const summary = opened ? summaryOf(opened) : newSummary('')
  const ends: [number, Ends][] = []
  if (opened) {
    if (summary.events) await findTwins(log, opened, summary, cache)
    for (const [index, line] of opened.lines.entries()) {
      const place = isEnd(line) && (await placeOf(log, line, opened, cache))
      if (place) ends.push([place[0], [place[1], seq, index]])
    }
  }
  // In one stretch: whoever has the summary has the ends.
  log.index.add(seq, summary)
  for (const [at, end] of ends) log.index.end(at, end)
  return summary
}

/** A write in doubt may have come twice, in segments of one writer that are close to each other. */
async function findTwins(
  log: EventLog,
  opened: OpenSegment,
  summary: Summary,
  cache: SegmentCache,
): Promise<void> {
  const { seq, writer } = opened.segment
  const db = await log.db()
  for (const near of await rowsOf(db, seq - NEAR, seq + NEAR, 2 * NEAR + 1)) {
    const known = pending(log, near.seq) ?? near.summary
    if (near.seq === seq || !known || known.most < summary.least || known.least > summary.most) continue
    const other = await cache.open(near.seq)
    if (other?.segment.writer !== writer) continue
    const [first, last] = near.seq < seq ? [other, opened] : [opened, other]
    const twins = twinsOf(first, last)
    if (!twins.length) continue
    const twice = last === opened ? summary : known
    Object.assign(twice, { twins: [...(twice.twins ?? []), ...twins] })
    if (last === other) log.index.add(near.seq, twice)
  }
}

/** Where the event of an entry was accepted. */
export async function placeOf(
  log: EventLog,
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
  const inside = (there: OpenSegment | null) =>
    there?.segment.writer === owner ? there.lines.findIndex((_, i) => there.accepted(i)?.event_id === id) : -1
  // Its own summary may be in the making.
  const here = inside(opened)
  if (here >= 0) return [segment.seq, here]
  for await (const { seq, summary } of rows(log, 1, segment.seq - 1)) {
    if (id < summary.least || id > summary.most) continue
    const index = inside(await cache.open(seq))
    if (index >= 0) return [seq, index]
  }
  return undefined
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
    const rows = await rowsOf(db, next, Infinity, STEP)
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
  if (indexed > before || settled > db.meta.settled) await db.ask(noteProgress(db, indexed, settled))
}

/** Who catches up, and when that is done: one at a time in a log. */
const catching = new WeakMap<EventLog, Promise<void>>()

/** Reads what dead or other writers have written and nobody has indexed, and notes how far everything is finished. */
export function catchUp(log: EventLog): Promise<void> {
  const now = catching.get(log) ?? catchUpNow(log).finally(() => catching.delete(log))
  catching.set(log, now)
  return now
}

async function catchUpNow(log: EventLog): Promise<void> {
  const db = await log.db()
  const last = await db.head()
  for await (const _ of rows(log, db.meta.indexed + 1, last)) {
    // Whoever passes a segment makes its summary.
  }
  // What cannot be written, for want of room or since the page rests, is known here all the same.
  await log.index
    .flush()
    .then(() => advance(db))
    .catch(() => {})
}
