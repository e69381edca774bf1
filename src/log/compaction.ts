import { lockManager, take } from '../locks.js'
import { change } from './change.js'
import type { EventLog } from './event-log.js'
import type { LogDb, Summary } from './log-db.js'
import { rowsOf, turnOf, unnamed } from './log-queries.js'
import { othersFrom } from './reader.js'
import { IMPORTED, indexed } from './reading.js'

/** So many events are kept where nothing is said, and so far back a history reaches: a bus that is seldom used would keep everything. */
const MOST = 10_000

/** What a bus restores of its past, at most. */
const HISTORY = 1000

/** How many segments are looked at in one go. */
const STEP = 64

/**
 * Removes the oldest segments, as far as nobody needs them: no unfinished event, no reader, no rule of retention, no history.
 * Gives the number of the first one that is left. One at a time for all tabs: it only saves work, since the decision
 * looks again.
 */
export async function compact(log: EventLog): Promise<number> {
  await log.flush()
  return tidy(log)
}

/** The same without what waits to be written, which may wait for this: where the disk is full. */
export async function tidy(log: EventLog): Promise<number> {
  const release = await take(`bubus:compact:${log.name}`)
  if (!release && lockManager()) return (await log.db()).meta.low
  try {
    return await remove(log)
  } finally {
    release?.()
  }
}

async function remove(log: EventLog): Promise<number> {
  const db = await log.db()
  const last = await db.head()
  // Where the disk is full, what is known by now has to do.
  await indexed(log, last).catch(() => {})
  const turn = await turnOf(db)
  const others = await othersFrom(log)
  const free = () => Math.min(last, db.meta.settled + 1, others, ...Array.from(log.readers, ({ seq }) => seq))
  const end = free() > db.meta.low ? await unneeded(db, await wanted(log, db, last), free()) : 0
  if (end > db.meta.low) {
    // Whoever has decided something meanwhile may have built on what was there.
    await change(db, (meta) =>
      meta.turn === turn && free() >= end ? { meta: { turn: turn + 1, low: end }, removeTo: end - 1 } : null,
    )
  }
  return db.meta.low
}

/** What must stay: everything from a segment on, and of each bus what has ended from some segment on. */
interface Wanted {
  from: number
  history: ReadonlyMap<string, { left: number; from: number }>
}

/** Goes through the log backwards: each rule wants the newest, until it has enough. */
async function wanted(log: EventLog, db: LogDb, last: number): Promise<Wanted> {
  const isKept = rules(log)
  const history = new Map<string, { left: number; from: number }>()
  let from = last
  let events = 0
  for (let next = last; next >= db.meta.low; next -= STEP) {
    const rows = await rowsOf(db, Math.max(next - STEP + 1, db.meta.low), next, STEP)
    for (const { seq, summary } of rows.reverse()) {
      if (!summary || isKept(summary)) from = seq
      if (!summary || summary.bus === IMPORTED || events >= MOST) continue
      events += summary.events
      if (!summary.ended || unnamed.test(summary.bus)) continue
      const past = history.get(summary.bus) ?? { left: HISTORY, from: seq }
      history.set(summary.bus, past)
      if (past.left > 0) past.from = seq
      past.left -= summary.ended
    }
  }
  return { from, history }
}

/** Told of segments from the newest on: whether some rule wants to keep it. */
function rules({ retain }: EventLog): (summary: Summary) => boolean {
  const said = Object.values(retain).some((limit) => limit !== undefined)
  const { events, bytes, ageMs } = said ? retain : { events: MOST }
  const most = (limit: number | null | undefined) => (limit === null ? Infinity : (limit ?? 0))
  let [eventsLeft, bytesLeft, newest] = [most(events), most(bytes), -Infinity]
  return (summary) => {
    if (summary.to > newest) newest = summary.to
    // A clock that is ahead makes nothing old, nor does an event from one.
    const since = Math.min(Date.now(), newest) - most(ageMs)
    const kept = eventsLeft > 0 || bytesLeft > 0 || (ageMs !== undefined && !(summary.to < since))
    eventsLeft -= summary.events
    bytesLeft -= summary.size
    return kept
  }
}

/** The first segment that somebody needs, not behind `free`. */
async function unneeded(db: LogDb, { from, history }: Wanted, free: number): Promise<number> {
  const end = Math.min(free, from, ...Array.from(history.values(), (past) => past.from))
  for (let next = db.meta.low; next < end; next += STEP) {
    const last = Math.min(next + STEP, end) - 1
    for (const { seq, summary } of await rowsOf(db, next, last, STEP)) {
      const past = history.get(summary?.bus ?? '')?.from ?? Infinity
      if (!summary || summary.keep || summary.until >= past) return seq
    }
  }
  return end
}
