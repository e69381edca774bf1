import { nanoid } from 'nanoid'
import { LogError } from '../errors.js'
import { hold, lockManager, take } from '../locks.js'
import { onRest } from '../resting.js'
import { after } from '../timers.js'
import type { EventLog } from './event-log.js'
import type { Meta } from './log-db.js'

/** ms without a step, after which a reader has no say in other tabs any more: nobody may ever end it. */
const ABANDONED = 60_000

const prefix = ({ name }: EventLog) => `bubus:read:${name}:`

/** Somebody who reads a log from a segment on. What is there stays: here behind its place, in other tabs behind its beginning. */
export class Reader {
  readonly #log: EventLog
  readonly lock: string
  #seq: number
  #release: (() => void) | null = null
  #stop = () => {}
  /** Where the log began when it did. */
  #low = 1
  readonly #over = new AbortController()

  constructor(log: EventLog, seq: number) {
    this.#log = log
    this.#seq = seq
    this.lock = `${prefix(log)}${seq}:${nanoid()}`
    log.readers.add(this)
  }

  get seq(): number {
    return this.#seq
  }
  set seq(seq: number) {
    this.#seq = seq
    this.#stop()
    this.#stop = after(ABANDONED, () => this.#release?.())
  }

  /** Resolves once no compaction goes on that began before others could see the lock. */
  async begin(): Promise<void> {
    // A page that rests may hold no lock.
    await this.#log.db()
    // One that comes back has given its locks up.
    onRest(
      () => {},
      () => void this.#take(),
      this.#over.signal,
    )
    await this.#take()
    const { name, deadline } = this.#log
    ;(await hold(`bubus:compact:${name}`, deadline))?.()
    this.#low = (await this.#bounds()).low
  }

  async #bounds(): Promise<Meta> {
    const db = await this.#log.db()
    return (await db.stored()) ?? db.meta
  }

  /**
   * What it was to read is not there, from a segment on: it is damaged, or was cleared.
   * @throws LogError where another tab has removed it, which could not know of this reader: its page rested, or it stood still
   */
  async missed(from = this.#seq): Promise<null> {
    const { low, clearedBelow = 0 } = await this.#bounds()
    if (low > Math.max(from, this.#low, clearedBelow))
      throw new LogError(
        `The log ${this.#log.name} was compacted by another tab, up to segment ${low}, while its reader rested at ${from}: read it again`,
      )
    return null
  }

  async #take(): Promise<void> {
    const release = await take(this.lock)
    if (this.#over.signal.aborted) return release?.()
    this.#release = release ?? this.#release
    this.seq = this.#seq
  }

  end(): void {
    this.#log.readers.delete(this)
    this.#over.abort()
    this.#stop()
    this.#release?.()
  }
}

/** Where the first of those began who read by another EventLog, of this page or another. */
export async function othersFrom(log: EventLog): Promise<number> {
  const { held = [] } = (await lockManager()?.query()) ?? {}
  const own = new Set(Array.from(log.readers, ({ lock }) => lock))
  const others = held.flatMap(({ name = '' }) =>
    name.startsWith(prefix(log)) && !own.has(name) ? Number(name.split(':')[3]) : [],
  )
  return Math.min(Infinity, ...others)
}
