import { after } from '../timers.js'
import type { EventLog } from './event-log.js'
import { type Ends, hush, type Summary } from './log-db.js'

/** ms from a segment to the write of what is known of it, and how many of them do not wait so long. */
const IDLE = 200
const BATCH = 256

/** What is to be written. */
interface Batch {
  summaries: Map<number, Summary>
  ended: Map<number, Ends>
}

const newBatch = (): Batch => ({ summaries: new Map(), ended: new Map() })

function push(ended: Map<number, Ends>, seq: number, end: Ends): void {
  const ends = ended.get(seq)
  if (ends) ends.push(...end)
  else ended.set(seq, [...end])
}

/**
 * What is known of segments without reading them. It is written some time after them, in batches, and makes no promise: what
 * it lacks is made from the segments when somebody needs it.
 */
export class LogIndex {
  readonly #log: EventLog
  /** What waits, and what is on its way: who reads looks there, too. @internal */
  batch = newBatch()
  out = newBatch()
  /** Takes the next write back. */
  #stop: (() => void) | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(log: EventLog) {
    this.#log = log
  }

  /** A segment is durable, with the ends that it has, by the segment where their events were accepted. */
  note(seq: number, summary: Summary, ended: ReadonlyMap<number, Ends>): void {
    let count = 0
    for (const [at, ends] of ended) {
      count += ends.length / 3
      if (at) push(this.batch.ended, at, ends)
    }
    this.add(seq, { ...summary, ended: count })
  }

  /** The summary of a segment that somebody has made. */
  add(seq: number, summary: Summary): void {
    const { summaries } = this.batch
    summaries.set(seq, summary)
    if (summaries.size >= BATCH) hush(this.flush())
    else this.#stop ??= after(IDLE, () => hush(this.flush()))
  }

  /** An event of a segment has its end. */
  end(seq: number, end: Ends): void {
    push(this.batch.ended, seq, end)
  }

  /** Its segments are no more. */
  forget(): void {
    this.batch = newBatch()
    this.out = newBatch()
  }

  /** Writes what is known. */
  flush(): Promise<void> {
    this.#stop?.()
    this.#stop = null
    this.#writing = this.#writing.catch(() => {}).then(() => this.#write())
    return this.#writing
  }

  async #write(): Promise<void> {
    if (!this.batch.summaries.size && !this.batch.ended.size) return
    // First: where the database has vanished, there is nothing left to write.
    const db = await this.#log.db()
    const { summaries, ended } = this.batch
    this.out = this.batch
    this.batch = newBatch()
    try {
      const { writeIndex } = await import('./write-index.js')
      await db.ask(writeIndex(db, summaries, ended))
    } catch (error) {
      // What is newer is better.
      this.batch.summaries = new Map([...summaries, ...this.batch.summaries])
      for (const [seq, ends] of ended) push(this.batch.ended, seq, ends)
      throw error
    } finally {
      this.out = newBatch()
    }
  }

  /** Reads what dead or other writers have written, and nobody has indexed. */
  catchUp(): Promise<void> {
    return import('./rows.js').then(({ catchUp }) => catchUp(this.#log))
  }
}
