/** What is asked of the database only by those who are loaded when they are needed. */
import type { Entry, Journal, Mark } from '../bus/journal.js'
import { LogError } from '../errors.js'
import { payloadJSON } from '../events/payload-json.js'
import { DURABLE } from '../events/status.js'
import { warn } from '../warnings.js'
import { begin, change } from './change.js'
import type { EventLog } from './event-log.js'
import { sleep } from './in-time.js'
import { hush, type LogDb, META, type Summary } from './log-db.js'
import type { LogWriter } from './writer.js'

/** Names that nobody has given are not met again. */
export const unnamed = /^EventBus_[\dA-Za-z]{8}$/

/** How many decisions were taken. */
export async function turnOf(db: LogDb): Promise<number> {
  return (await db.stored())?.turn ?? 0
}

/** The numbers of the segments that are there. */
export const seqsOf = (db: LogDb, first: number, last: number, limit?: number): Promise<number[]> =>
  db.look('wal', (store) => store.getAllKeys(IDBKeyRange.bound(first, last), limit))

/** Segments from a number on, with what is known of them. */
export async function rowsOf(
  db: LogDb,
  first: number,
  last: number,
  limit: number,
): Promise<{ seq: number; summary: Summary | undefined }[]> {
  if (first > last) return []
  const summaries = new Map(
    (await db.read('summaries', first, last, limit)).map((summary) => [summary.seq, summary]),
  )
  const keys = [...summaries.keys()]
  // Of segments an engine reads more than their keys, so they are asked for only where summaries are not all that can be there.
  const all = keys.length === Math.min(limit, last - first + 1) && keys.at(-1) === first + keys.length - 1
  const seqs = all ? keys : await seqsOf(db, first, last, limit)
  return seqs.map((seq) => ({ seq, summary: summaries.get(seq) }))
}

/** Up to here everything is indexed, and finished. */
export async function noteProgress(db: LogDb, indexed: number, settled: number): Promise<void> {
  const tx = begin(db, ['meta'])
  const { store } = tx
  const meta = (await store.get(META)) ?? db.meta
  Object.assign(db.meta, meta, {
    indexed: Math.max(meta.indexed, indexed),
    settled: Math.max(meta.settled, settled),
  })
  hush(store.put(db.meta, META))
  tx.commit()
  await tx.done
}

/** Removes everything that was accepted so far. */
export async function clear(log: EventLog): Promise<void> {
  await log.flush()
  const db = await log.db()
  const head = await db.head()
  const done = { indexed: head, settled: head }
  // Another tab may have cleared more: of that this one knows nothing.
  await change(db, ({ turn, low, clearedBelow = 0 }) => ({
    meta: {
      ...done,
      low: Math.max(low, head + 1),
      clearedBelow: Math.max(clearedBelow, head + 1),
      turn: turn + 1,
    },
    removeTo: head,
    clearQuarantine: true,
  }))
}

/** A segment that cannot be read is kept apart, and told of. */
export async function quarantine(log: EventLog, seq: number, reason: string, value: unknown): Promise<void> {
  const db = await log.db()
  if (await db.look('quarantine', (store) => store.count(`${seq}:`))) return
  const keep = (db: LogDb) => change(db, () => ({ quarantine: [{ seq, reason, value }] }))
  await write(log, keep).finally(() => tellLoss(log, seq, seq, reason))
}

/**
 * What somebody has to write before he can go on. Again, with the next connection, where his page went to rest meanwhile.
 * @throws LogError where the disk is full, and the platform's errors
 */
export async function write<T>(log: EventLog, act: (db: LogDb) => Promise<T>): Promise<T> {
  for (;;) {
    const db = await log.db()
    try {
      return await act(db)
    } catch (error) {
      const { name } = Object(error)
      if (name === 'QuotaExceededError')
        throw new LogError(
          `The log ${log.name} cannot be written: the disk, or the part of it that this site may use, is full. Make room (\`clear()\`, \`retain\`), and try again`,
          { cause: error },
        )
      if (!/^(InvalidState|Abort)Error$/.test(name) || (await log.db()) === db) throw error
    }
  }
}

/** The ranges that were told of, by log. */
const losses = new WeakMap<EventLog, Set<string>>()

/** Once for each range. */
function tellLoss(log: EventLog, from: number, to: number, reason: string): void {
  const told = losses.get(log) ?? new Set()
  losses.set(log, told)
  const range = `${from} to ${to}`
  if (told.has(range)) return
  told.add(range)
  log.tellLoss(from, to, reason)
  warn(`the log ${log.name} has lost segments ${range}: ${reason}`)
}

/** The newest segments are not there, or the whole database: what this page knows of that is forgotten, and what is open written again. */
export function tellOfLoss(log: EventLog, head: number, seen: number, vanished: boolean): void {
  const { witness, index, read, writers } = log
  witness.forget()
  tellLoss(
    log,
    vanished ? 1 : head + 1,
    seen,
    vanished ? 'the database has vanished' : 'the newest segments have vanished',
  )
  index.forget()
  read.clear()
  for (const writer of writers) acceptAgain(writer, vanished ? 0 : head)
}

/** Further entries of events that are here, to be ended with them. */
const twins = new WeakMap<Journal, Set<Mark>>()
export function twinsOf(journal: Journal): Set<Mark> {
  const known = twins.get(journal) ?? new Set()
  twins.set(journal, known)
  return known
}

/** What stood behind a segment is no more: what of it is not finished is accepted again. */
function acceptAgain(writer: LogWriter, head: number): void {
  const { journal, flight, left } = writer
  const again: Entry[] = []
  const isGone = ({ seq }: Mark) => seq > head
  for (const [id, mark] of left) if (isGone(mark)) left.delete(id)
  for (const visit of journal.core.history.unfinished.newest()) {
    const { mark } = visit
    // With a text it waits already: somebody has missed the database before.
    if (mark?.status !== DURABLE || mark.text || !isGone(mark)) continue
    try {
      mark.text = payloadJSON(visit.state)
      // Whoever accepts it now.
      mark.writer = ''
      journal.unpersisted++
      journal.chars += mark.text.length
      again.push(mark)
    } catch (error) {
      // A handler has put into it what cannot be written.
      warn(`${journal.name} goes on without the log with ${visit.state.label}: ${(error as Error).message}`)
      visit.mark = null
    }
    mark.seq = 0
  }
  // The places of the others are those of other events now.
  for (const { mark } of [...writer.unwritten, ...twinsOf(journal)]) if (isGone(mark)) mark.seq = 0
  // Before what is on its way: the order of a writer is that of its dispatches.
  if (flight) Object.assign(flight, writer.build([...again, ...flight.entries]))
  else writer.putBack(again)
  writer.wake()
}

/** How long the database may be busy with a step of the search for holes, and what it has for others between two, in ms. */
const BUSY = 4
const REST = 20

/**
 * Tells of the segments that are missing between one, or the first, and the last. An engine reads the segments themselves to tell
 * their numbers (100 ms for a million events): so it is done in steps, which hold nobody up.
 */
export async function findHoles(log: EventLog, db: LogDb, from = 1): Promise<void> {
  const lowest = async () => Math.max(from, (await db.stored())?.low ?? 1)
  const last = await db.head()
  const holes: [from: number, to: number][] = []
  let next = await lowest()
  for (let first = next, step = 64; first <= last; ) {
    const end = Math.min(last, first + step - 1)
    const start = performance.now()
    for (const seq of await seqsOf(db, first, end)) {
      if (seq > next) holes.push([next, seq - 1])
      next = seq + 1
    }
    first = end + 1
    step = performance.now() - start < BUSY ? step * 2 : Math.max(16, step >> 1)
    if (first <= last) await sleep(REST)
  }
  // What is below was removed by somebody meanwhile.
  const low = await lowest()
  for (const [from, to] of holes)
    if (to >= low) tellLoss(log, Math.max(from, low), to, 'segments are missing')
}

/** Who looks for holes at the moment. */
const looking = new WeakSet<EventLog>()

/** Beside what goes on: whoever reads the log looks whether it is all there. */
export function lookForHoles(log: EventLog): void {
  if (looking.has(log)) return
  looking.add(log)
  hush(
    log
      .db()
      .then((db) => findHoles(log, db))
      .finally(() => looking.delete(log)),
  )
}
