/** What is asked of the database only by those who are loaded when they are needed. */
import type { Entry } from '../bus/journal.js'
import { payloadJSON } from '../events/payload-json.js'
import { DURABLE } from '../events/status.js'
import { warn } from '../warnings.js'
import type { EventLog } from './event-log.js'
import { hush, type LogDb, META, type Meta, type Summary } from './log-db.js'
import type { LogWriter } from './writer.js'

/** How many decisions were taken. */
export async function turnOf({ idb }: LogDb): Promise<number> {
  return (await idb.get('meta', META))?.turn ?? 0
}

/** The numbers of the segments that are there. */
export const seqsOf = ({ idb }: LogDb, first: number, last: number): Promise<number[]> =>
  idb.getAllKeys('wal', IDBKeyRange.bound(first, last))

/** Segments from a number on, with what is known of them. */
export async function rowsOf(
  { idb }: LogDb,
  first: number,
  last: number,
  limit: number,
): Promise<{ seq: number; summary: Summary | undefined }[]> {
  if (first > last) return []
  const tx = idb.transaction(['wal', 'summaries'])
  const range = IDBKeyRange.bound(first, last)
  const store = tx.objectStore('summaries')
  const [seqs, keys, values] = await Promise.all([
    tx.objectStore('wal').getAllKeys(range, limit),
    store.getAllKeys(range, limit),
    store.getAll(range, limit),
  ])
  const summaries = new Map(keys.map((key, i) => [key, values[i]]))
  return seqs.map((seq) => ({ seq, summary: summaries.get(seq) }))
}

/** Up to here everything is indexed, and finished. */
export async function noteProgress(db: LogDb, indexed: number, settled: number): Promise<void> {
  const tx = db.idb.transaction('meta', 'readwrite', { durability: 'relaxed' })
  const done = hush(tx.done)
  const meta = (await tx.store.get(META)) ?? db.meta
  Object.assign(db.meta, meta, {
    indexed: Math.max(meta.indexed, indexed),
    settled: Math.max(meta.settled, settled),
  })
  hush(tx.store.put(db.meta, META))
  await done
}

/** Removes everything that was accepted so far. */
export async function clear(log: EventLog): Promise<void> {
  await log.flush()
  const db = await log.db()
  const head = await db.head()
  const done = { low: head + 1, indexed: head, settled: head }
  await db.change(({ turn }) => ({ meta: { ...done, turn: turn + 1 }, removeTo: head }))
}

/** A segment that cannot be read is kept apart, and told of. */
export async function quarantine(log: EventLog, seq: number, reason: string, value: unknown): Promise<void> {
  const db = await log.db()
  if (await db.idb.count('quarantine', `${seq}:`)) return
  await db.change(() => ({ quarantine: [{ seq, reason, value }] }))
  tellLoss(log, seq, seq, reason)
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
  if (!vanished) return
  index.forget()
  read.clear()
  for (const writer of writers) acceptAgain(writer)
}

/** The database has vanished: what is not finished is accepted again. */
function acceptAgain(writer: LogWriter): void {
  const { journal, flight } = writer
  const again: Entry[] = []
  for (const { mark } of journal.core.history.unfinished.newest()) {
    // With a text it waits already: somebody has missed the database before.
    if (mark?.status !== DURABLE || mark.text) continue
    mark.text = payloadJSON(mark.visit.state)
    mark.seq = 0
    journal.unpersisted++
    journal.chars += mark.text.length
    again.push(mark)
  }
  // The places of the others are those of other events now.
  for (const { mark } of writer.unwritten) mark.seq = 0
  // Before what is on its way: the order of a writer is that of its dispatches.
  if (flight) Object.assign(flight, writer.build([...again, ...flight.entries]))
  else writer.putBack(again)
  writer.wake()
}

const CHUNK = 10_000

/** Tells of the segments that are missing between the first and the last, as one transaction sees them: another tab may remove some. */
export async function findHoles(log: EventLog, { idb }: LogDb): Promise<void> {
  const tx = idb.transaction(['meta', 'wal'])
  const wal = tx.objectStore('wal')
  const [meta, last] = await Promise.all([
    tx.objectStore('meta').get(META),
    wal.openKeyCursor(null, 'prev').then((cursor) => cursor?.key ?? 0),
  ])
  const { low } = meta as Meta
  if (last < low || (await wal.count(IDBKeyRange.lowerBound(low))) === last - low + 1) return
  let next = low
  for (let first = low; first <= last; first += CHUNK) {
    for (const seq of await wal.getAllKeys(IDBKeyRange.bound(first, first + CHUNK - 1))) {
      if (seq > next) tellLoss(log, next, seq - 1, 'segments are missing')
      next = seq + 1
    }
  }
}

/** Beside what goes on: whoever reads the log looks whether it is all there. */
export function lookForHoles(log: EventLog): void {
  hush(log.db().then((db) => findHoles(log, db)))
}
