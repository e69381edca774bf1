import type { EventLog } from './event-log.js'
import type { LogDb } from './log-db.js'

/**
 * The newest segment that was durable, beside the database: what vanishes there, without a word from the engine, is missed here.
 * A witness that lags behind only sees less. Workers and sandboxed frames have none.
 */
const key = (name: string) => `bubus:log:${name}`

let storage: Storage | null | undefined

function witnesses(): Storage | null {
  if (storage !== undefined) return storage
  try {
    storage = globalThis.localStorage ?? null
  } catch {
    storage = null
  }
  return storage
}

/** ms between two notes: writing to the storage costs more than an event. */
const PERIOD = 100
const noted = new Map<
  string,
  { at: number; text: string; timer: ReturnType<typeof setTimeout> | undefined }
>()

export function noteHead(name: string, epoch: string, seq: number): void {
  if (!witnesses()) return
  const note = noted.get(name) ?? { at: 0, text: '', timer: undefined }
  noted.set(name, note)
  note.text = `${seq}:${epoch}`
  const wait = note.at + PERIOD - performance.now()
  if (wait <= 0) write(name)
  else note.timer ??= setTimeout(write, wait, name)
}

/** Another tab may have seen more. */
function write(name: string): void {
  const note = noted.get(name)
  if (!note) return
  clearTimeout(note.timer)
  note.timer = undefined
  note.at = performance.now()
  const [seq, epoch] = note.text.split(':')
  const seen = read(name)
  if (seen.epoch === epoch && seen.seq >= Number(seq)) return
  try {
    witnesses()?.setItem(key(name), note.text)
  } catch {
    // Full, or forbidden.
  }
}

function read(name: string): { seq: number; epoch: string } {
  const [seq = '', epoch = ''] = (witnesses()?.getItem(key(name)) ?? '').split(':')
  return { seq: Number(seq) || 0, epoch }
}

export const noteNow = write

export function forget(name: string): void {
  clearTimeout(noted.get(name)?.timer)
  noted.delete(name)
  witnesses()?.removeItem(key(name))
}

/** On opening: is everything there that was durable? Tells of every range that is not. */
export async function lookForLoss(log: EventLog, db: LogDb): Promise<void> {
  const { low, epoch } = db.meta
  const [head, count] = await Promise.all([db.head(), db.countFrom(low)])
  const seen = read(log.name)
  if (seen.epoch && seen.epoch !== epoch) {
    log.tellLoss(1, seen.seq, 'the database has vanished')
    forget(log.name)
    for (const writer of log.writers) writer.again()
  } else if (seen.seq > head) {
    log.tellLoss(head + 1, seen.seq, 'the newest segments have vanished')
    forget(log.name)
  }
  if (head >= low && count < head - low + 1) await findHoles(log, db, low, head)
  if (head) noteHead(log.name, epoch, head)
}

const CHUNK = 10_000

async function findHoles(log: EventLog, db: LogDb, low: number, head: number): Promise<void> {
  let next = low
  for (let first = low; first <= head; first += CHUNK) {
    for (const seq of await db.keys(first, Math.min(head, first + CHUNK - 1))) {
      if (seq > next) log.tellLoss(next, seq - 1, 'segments are missing')
      next = seq + 1
    }
  }
}
