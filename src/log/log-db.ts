import { type DBSchema, deleteDB, type IDBPDatabase, type IDBPObjectStore, openDB } from 'idb'
import { LogError } from '../errors.js'
import { inTime } from './in-time.js'
import { FORMAT, type Segment } from './segment.js'

/** What is known of a segment without reading it; makes no promise that the segment does not. */
export interface Summary {
  /** How many lines, how many of them accept an event, and how many of those are not finished. */
  n: number
  events: number
  open: number
  /** How many events of a history it finishes, and the last segment that finishes one of its own. */
  ended: number
  until: number
  /** How many characters. */
  size: number
  bus: string
  /** The creation times of its events, in ms. */
  from: number
  to: number
  /** Their types, and the smallest and the largest of their ids. */
  types: string[]
  least: string
  most: string
  /** Something in it is not known to this code: it is never removed. */
  keep: boolean
  /**
   * Lines that accept what one before has accepted, and where that is; flat, as line, segment, line. They were written twice,
   * after a write in doubt, and do not count.
   */
  twins?: number[]
}

/** For each line of a segment that accepts an event: where its end is, as line, segment, line. Flat, in order of completion. */
export type Ends = number[]

export interface Meta {
  /** Made with the database: another one means that the old one has vanished. */
  epoch: string
  /** Counts decisions that only one may take: whoever decides has read it in a transaction before. */
  turn: number
  /** The first segment that is not removed. */
  low: number
  /** What was there before was cleared by somebody. */
  clearedBelow?: number
  /** Up to here every segment has its summary. */
  indexed: number
  /** Up to here every event is finished. */
  settled: number
  /** The format that a writer must know. */
  format: number
}

export interface Schema extends DBSchema {
  wal: { key: number; value: Segment }
  summaries: { key: number; value: Summary }
  ends: { key: number; value: Ends }
  quarantine: { key: string; value: Quarantined }
  meta: { key: string; value: Meta }
}

export type StoreName = 'wal' | 'summaries' | 'ends' | 'quarantine' | 'meta'
export const stores: StoreName[] = ['wal', 'summaries', 'ends', 'quarantine', 'meta']
export const META = 'log'

/** Another page has a version of the log that this code cannot write. */
export class NewerLog extends LogError {}

/** What could not be read: a segment, or a line of one. */
export interface Quarantined {
  seq: number
  index?: number
  reason: string
  value: unknown
}

/** Of the deadlines of writes, those of a read: many may wait for one big write. */
const SLOW = 5

/** No log has such a name. */
const SCRATCH = 'bubus scratch'
const databaseName = (name: string) => `bubus:${name}`

/** The database of one log. Nobody but it and `log-queries.ts` knows idb, or the names of stores, or waits inside a transaction. */
export class LogDb {
  /** Of the queries, too. @internal */
  idb!: IDBPDatabase<Schema>
  meta!: Meta
  /** The connection is lost, or has made way for an upgrade. */
  gone = false
  /** Nobody is to have it any more, perhaps before it is open. */
  closed = false
  /** Called when it is gone. */
  onGone: () => void = () => {}
  /** Gives the connection that has come after this one; this one while there is none. */
  next: () => Promise<LogDb> = async () => this
  readonly #deadline: number

  constructor(deadline: number) {
    this.#deadline = deadline
  }

  /**
   * Opens without a version: an old page goes on with a newer page's database as long as it knows the format.
   * @throws NewerLog, and the platform's errors
   */
  async open(name: string): Promise<void> {
    const gone = () => {
      this.gone = true
      this.close()
      this.onGone()
    }
    this.idb = await openDB<Schema>(databaseName(name), undefined, {
      upgrade(db) {
        for (const store of stores)
          db.createObjectStore(store, {
            autoIncrement: store === 'wal',
          })
      },
      blocking: gone,
      terminated: gone,
    })
    if (this.closed) this.close()
    const { format } = (this.meta = await readMeta(this.idb))
    if (format > FORMAT)
      throw new NewerLog(
        `The log ${name} was written by a newer version (format ${format}, this one knows ${FORMAT})`,
      )
  }

  static destroy(name: string): Promise<void> {
    return deleteDB(databaseName(name))
  }

  /**
   * After a crash of the browser: Chromium writes on in LevelDB's journal where that ends. If it ends in the midst of a record, the
   * start after this one finds it corrupt and deletes all databases of the origin. To delete one makes it begin a new journal.
   */
  static async settle(): Promise<void> {
    ;(await openDB(SCRATCH)).close()
    await deleteDB(SCRATCH)
  }

  close(): void {
    this.closed = true
    this.idb?.close()
  }

  /** What the database has to say, in time: whoever waits for it is told. A log is read in steps that take some ms each. @internal */
  ask<T>(answer: Promise<T>): Promise<T> {
    return inTime(answer, SLOW * this.#deadline, 'The database did not answer')
  }

  /** One question to a store. @internal */
  look<N extends StoreName, T>(name: N, question: (store: Store<N>) => Promise<T>): Promise<T> {
    return this.#reading((idb) => look(idb, name, question))
  }

  /**
   * Questions that are asked at once. Where the log has let go of the connection, as it does when the page goes to rest, the next one is
   * asked; not where it had to make way for somebody, who may be about to delete it.
   */
  #reading<T>(questions: (idb: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
    return this.ask(questions(this.idb)).catch(async (error) => {
      const db = this.gone || error instanceof LogError ? this : await this.next()
      if (db === this) throw error
      return db.#reading(questions)
    })
  }

  /** Adds one segment; resolves with its number once that is durable. One put, and no turn of the loop in between. */
  append(segment: Segment, durability: 'relaxed' | 'strict'): Promise<number> {
    const tx = this.idb.transaction('wal', 'readwrite', { durability })
    const added = tx.store.add(segment)
    tx.commit()
    // A request's success is no commit: over quota the abort comes after it.
    return tx.done.then(
      () => added,
      // The request's own error says more, where it has one.
      (error) =>
        added.then(() => {
          throw error
        }),
    )
  }

  /** The number of the newest segment, even if it was removed; 0 in a new log. */
  async head(): Promise<number> {
    const cursor = await this.look('wal', (store) => store.openKeyCursor(null, 'prev'))
    if (cursor) return cursor.key
    // Another tab may have removed it all since this one was told.
    const { low } = (await this.stored()) ?? this.meta
    return low - 1
  }

  /** What is true of the log now, whoever has changed it. */
  stored(): Promise<Meta | undefined> {
    return this.look('meta', (store) => store.get(META))
  }

  /** The number of a segment that may have been committed without our knowing; 0 if it was not. */
  async find(segment: Segment, first: number): Promise<number> {
    const segments = await this.read('wal', first)
    const found = segments.find((it) => it.writer === segment.writer && it.wseq === segment.wseq)
    const last = segments.at(-1)
    return found || !last ? (found?.seq ?? 0) : this.find(segment, last.seq + 1)
  }

  countFrom(low: number): Promise<number> {
    return this.look('wal', (store) => store.count(IDBKeyRange.lowerBound(low)))
  }

  /** Up to `limit` records of a store from `first` to `last`, with their numbers. */
  async read<N extends 'wal' | 'summaries' | 'ends'>(
    name: N,
    first: number,
    last = Infinity,
    limit = 16,
  ): Promise<(Schema[N]['value'] & { seq: number })[]> {
    if (first > last) return []
    const range = IDBKeyRange.bound(first, last)
    return this.#reading(async (idb) => {
      const numbers = () => look(idb, name, (store) => store.getAllKeys(range, limit))
      const values = () => look(idb, name, (store) => store.getAll(range, limit))
      const [seqs, found, after] = await Promise.all([numbers(), values(), numbers()])
      // Others may have removed or added some between two transactions. A number that is gone does not come back.
      return seqs.every((seq, i) => seq === after[i])
        ? seqs.map((seq, i) => Object.assign(Object(found[i]), { seq }))
        : this.read(name, first, last, limit)
    })
  }
}

/** Why this fails is told elsewhere: by the transaction of a request, by the log's state. */
export function hush<T>(request: Promise<T>): Promise<T> {
  request.catch(() => {})
  return request
}

type Store<N extends StoreName> = IDBPObjectStore<Schema, [N], N>

/**
 * One question to a store, in a transaction of its own that is ended at once. What a page has open when it goes to rest WebKit leaves so,
 * and who writes in another tab waits for that; if a second request was not sent yet, it never ends at all, nor does its connection; and
 * after some that were aborted instead WebKit answers nothing for 10 s and more.
 */
async function look<N extends StoreName, T>(
  idb: IDBPDatabase<Schema>,
  name: N,
  question: (store: Store<N>) => Promise<T>,
): Promise<T> {
  const tx = idb.transaction(name)
  const answer = question(tx.store)
  tx.commit()
  return answer
}

async function readMeta(db: IDBPDatabase<Schema>): Promise<Meta> {
  const made = await look(db, 'meta', (store) => store.get(META))
  if (made) return made
  const tx = db.transaction('meta', 'readwrite', { durability: 'relaxed' })
  const known = await tx.store.get(META)
  const epoch = crypto.getRandomValues(new Uint32Array(3)).join('-')
  const meta = known ?? { epoch, turn: 0, low: 1, indexed: 0, settled: 0, format: FORMAT }
  if (!known) hush(tx.store.put(meta, META))
  await tx.done
  return meta
}
