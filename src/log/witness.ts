import type { EventLog } from './event-log.js'
import { hush, type LogDb } from './log-db.js'

/**
 * The newest segment that was durable, beside the database: what vanishes there, without a word from the engine, is missed here.
 * A witness that lags behind only sees less. Workers and sandboxed frames have none.
 */
export class Witness {
  readonly #key: string
  #text = ''
  #noted = -Infinity

  constructor(name: string) {
    this.#key = `bubus:log:${name}`
  }

  /** Writing to the storage costs more than an event: it is done now and then, and at the end; not of what makes way for its deletion. */
  note(epoch: string, seq: number, gone = false): void {
    this.#text = `${seq}:${epoch}`
    if (!gone && performance.now() - this.#noted > 100) this.write()
  }

  write(): void {
    if (!this.#text) return
    this.#noted = performance.now()
    const [seq, epoch] = this.#text.split(':')
    const [seen, of] = (this.#stored() ?? '').split(':')
    // Another tab may have seen more.
    if (of === epoch && Number(seen) >= Number(seq)) return
    store((storage) => storage.setItem(this.#key, this.#text))
  }

  #stored(): string | null | undefined {
    return store((storage) => storage.getItem(this.#key))
  }

  /**
   * The newest that this page or another has seen. What this page has seen of another database than that of `now` comes first:
   * another tab may have found out before, and have noted what is there now.
   */
  read(now: string): { seq: number; epoch: string } {
    const [stored, own] = [this.#stored() ?? '', this.#text].map((text) => {
      const [seq, epoch = ''] = text.split(':')
      return { seq: Number(seq) || 0, epoch }
    })
    const mine = own.epoch && (own.epoch !== now || (own.epoch === stored.epoch && own.seq > stored.seq))
    return mine || !stored.epoch ? own : stored
  }

  forget(): void {
    this.#text = ''
    store((storage) => storage.removeItem(this.#key))
  }
}

/** Storage may be missing, forbidden or full. */
function store<T>(use: (storage: Storage) => T): T | undefined {
  try {
    return use(localStorage)
  } catch {
    return undefined
  }
}

/** So many segments are looked at before a log counts as open: an engine reads them to count them. The others beside what goes on. */
const NEWEST = 256

/** On opening: is everything there that was durable? Tells of every range that is not. */
export async function lookForLoss(log: EventLog, db: LogDb): Promise<void> {
  const { witness } = log
  const { low, epoch } = db.meta
  // First: another tab may go on writing while this one looks.
  const seen = witness.read(epoch)
  const head = await db.head()
  const from = Math.max(low, head - NEWEST + 1)
  const count = await db.countFrom(from)
  const vanished = !!seen.epoch && seen.epoch !== epoch
  if (vanished || seen.seq > head)
    (await import('./log-queries.js')).tellOfLoss(log, head, seen.seq, vanished)
  if (count < head - from + 1) await (await import('./log-queries.js')).findHoles(log, db, from)
  if (from > low) hush(import('./log-queries.js').then(({ lookForHoles }) => lookForHoles(log)))
  if (head) witness.note(epoch, head)
}
