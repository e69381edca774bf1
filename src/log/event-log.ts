import type { EventBus } from '../bus/event-bus.js'
import type { BusLog, Journal, LogLike } from '../bus/journal.js'
import { logChecks } from '../bus/log-options.js'
import type { LogOptions } from '../bus/types.js'
import { anIdentifier, checkOptions, LogError } from '../errors.js'
import { releaseAll, take } from '../locks.js'
import { warn } from '../warnings.js'
import { inTime, sleep } from './in-time.js'
import type { Outcome, Source, TransferOptions } from './lines.js'
import { hush, LogDb, NewerLog } from './log-db.js'
import { LogIndex } from './log-index.js'
import type { LogRecord, RecordsFilter } from './reading.js'
import type { ReplayOptions } from './replay.js'
import { Rest } from './rest.js'
import type { Read } from './segment.js'
import { lookForLoss, Witness } from './witness.js'
import { LogWriter } from './writer.js'

export type { Outcome, Progress, Source, TransferOptions } from './lines.js'
export type { LogRecord, RecordsFilter } from './reading.js'
export type { ReplayOptions } from './replay.js'
export type { LogOptions }

export type LogState = 'ok' | 'degraded' | 'memory' | 'closed'

/** Something that was durable is not there any more, or cannot be read: segments `from` to `to`. */
export class DataLossEvent extends Event {
  readonly from: number
  readonly to: number
  readonly reason: string

  constructor(from: number, to: number, reason: string) {
    super('dataloss')
    this.from = from
    this.to = to
    this.reason = reason
  }
}

/** So many segments, of all writers, from one compaction to the next: in a quiet moment, or else at last. */
const COMPACT_EVERY = 64
const COMPACT_AT_LAST = 1024

/** How often opening is tried again before the log lives without a database, and the first of the waits between, in ms. */
const TRIES = 5
const FIRST_WAIT = 100

type LossListener = ((loss: DataLossEvent) => void) | { handleEvent(loss: DataLossEvent): void }

/** Types only: its listeners are the platform's. */
export interface EventLog {
  addEventListener(
    type: 'dataloss',
    listener: LossListener,
    options?: AddEventListenerOptions | boolean,
  ): void
  addEventListener(...args: Parameters<EventTarget['addEventListener']>): void
  removeEventListener(
    type: 'dataloss',
    listener: LossListener,
    options?: EventListenerOptions | boolean,
  ): void
  removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void
}

/**
 * A write-ahead log and history in IndexedDB, shared by all tabs and workers that open it by the same name.
 * Fires `dataloss` (a DataLossEvent) and `statechange`.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: what the interface declares, EventTarget has
export class EventLog extends EventTarget implements LogLike {
  readonly name: string
  readonly durability: 'relaxed' | 'strict'
  readonly mode: 'ahead' | 'behind'
  readonly deadline: number
  readonly whenDegraded: 'release' | 'refuse'
  readonly retain: NonNullable<LogOptions['retain']>
  /** @internal */
  readonly index: LogIndex = new LogIndex(this)
  /** Positions that somebody reads from: nothing behind them is removed. @internal */
  readonly readers = new Set<{ seq: number; lock?: string }>()
  /** By number, what the history has just read: recovery mostly comes next, and takes it. @internal */
  read = new Map<number, Read>()
  /** @internal */
  readonly writers = new Set<LogWriter>()
  /** @internal */
  readonly witness: Witness
  /** Made for the bus that named it, and closed with it. @internal */
  onDemand = false
  /** The open connection. @internal */
  open: LogDb | null = null
  #opening: Promise<LogDb> | null = null
  /** It, or the one that is being opened. */
  #newest: LogDb | null = null
  /** How many connections were let go of. */
  #drops = 0
  /** While the page rests, none is opened: others would wait for it, and what is asked of it may never be answered. */
  readonly #rest = new Rest()
  #state: LogState = 'ok'
  /** Why nothing is written any more. @internal */
  lost: LogError | undefined
  #compacted = 0
  #head = 0
  #ended = new AbortController()

  /** @throws TypeError, RangeError for a wrong name or option */
  constructor(name: string, options: LogOptions = {}) {
    super()
    anIdentifier('name', name)
    checkOptions(options, logChecks)
    this.name = name
    this.witness = new Witness(name)
    this.durability = options.durability ?? 'relaxed'
    this.mode = options.mode ?? 'ahead'
    this.deadline = options.deadline ?? 2000
    this.whenDegraded = options.whenDegraded ?? 'release'
    this.retain = options.retain ?? {}
    const { signal } = this.#ended
    const { document } = globalThis
    const recoverAgain = () => {
      if (!document.hidden) for (const writer of this.writers) writer.recoverAgain()
    }
    document?.addEventListener('visibilitychange', recoverAgain, { signal })
    globalThis.addEventListener?.('pagehide', () => this.#hide(), { signal })
    globalThis.addEventListener?.('pageshow', (event) => event.persisted && this.#show(), { signal })
  }

  /**
   * `ok`; `degraded`: a write has failed or is late, and is tried again; `memory`: nothing can be written, the bus goes on
   * without; `closed`.
   */
  get state(): LogState {
    return this.#state
  }

  /** Resolves when all that was accepted so far is durable, or is known not to be. */
  async flush(): Promise<void> {
    await Promise.all([...this.writers].map((writer) => writer.flush()))
  }

  /** Flushes, gives its writers up and closes the database; buses that use it go on in memory. */
  async close(): Promise<void> {
    // Nobody gives up what he is at while another still writes: others would take it from him.
    await this.flush()
    await this.index.flush().catch(() => {})
    this.#note()
    this.#lose('closed', new LogError(`The log ${this.name} is closed`))
    this.#ended.abort()
    this.#drop()
  }

  /** Removes all that the log holds of the past, for every tab; what is accepted afterwards is kept. */
  async clear(): Promise<void> {
    await (await import('./log-queries.js')).clear(this)
  }

  /** Deletes a log for good. Waits until every tab that has it open has let go of it. */
  static destroy(name: string): Promise<void> {
    anIdentifier('name', name)
    const witness = new Witness(name)
    witness.forget()
    // Once more: those who had it open have written on until they were asked to close it.
    return LogDb.destroy(name).then(() => witness.forget())
  }

  /** @internal */
  openFor(journal: Journal): BusLog {
    const writer = new LogWriter(this, journal)
    this.writers.add(writer)
    if (this.lost) journal.lose(this.lost)
    else hush(this.db())
    return writer
  }

  /** A bus is gone for ever. @internal */
  async leave(writer: LogWriter): Promise<void> {
    this.writers.delete(writer)
    if (!this.onDemand || this.writers.size) return
    await this.close()
    writer.lose(this.lost)
  }

  /** The database, opened when it is first asked for and again when it was lost. @internal */
  db(): Promise<LogDb> {
    if (this.lost) return Promise.reject(this.lost)
    this.#opening ??= this.#open()
    return this.#opening
  }

  async #open(): Promise<LogDb> {
    const drops = this.#drops
    let wait = FIRST_WAIT
    for (let tries = 1; ; ) {
      if (this.#rest.now) await this.#rest.over()
      // Whoever has waited for this one gets the one that came after it, or hears that the log is closed.
      if (drops !== this.#drops) return this.db()
      // At once: until it is done, a crash may cost everything.
      hush(this.#settle())
      const db = new LogDb(this.deadline)
      this.#newest = db
      const opening = db.open(this.name).then(() => lookForLoss(this, db))
      const error = await inTime(opening, this.deadline, 'The database did not open').catch((it) => it)
      // It had to make way for another, or its page went to rest: no failure, but nobody may have it.
      const { closed } = db
      if (!error && !closed) return this.#opened(db)
      db.close()
      if (closed) continue
      if (tries++ === TRIES || isHopeless(error)) throw this.#lose('memory', cannotOpen(this.name, error))
      this.failed(error)
      await sleep(wait)
      wait *= 2
    }
  }

  #opened(db: LogDb): LogDb {
    db.onGone = () => this.drop(db)
    db.next = () => this.db()
    this.open = db
    this.#worksIfIdle()
    // What other pages have written and not indexed.
    hush(db.head().then<unknown>((head) => head > db.meta.indexed && this.index.catchUp()))
    return db
  }

  /** The first page that has a log does it for all that come while it is there. */
  async #settle(): Promise<void> {
    const release = await take('bubus:settled')
    if (!release) return
    const { signal } = this.#ended
    signal.addEventListener('abort', release)
    if (signal.aborted) release()
    await LogDb.settle()
  }

  /** The connection is gone or not to be trusted: the next use opens another. @internal */
  #drop(): void {
    this.#drops++
    this.#newest?.close()
    this.open = null
    this.#opening = null
    this.#rest.end()
  }

  /** @internal */
  drop(db: LogDb): void {
    if (this.open === db) this.#drop()
  }

  /**
   * The accepted events in the log's order, one record for each bus that accepted them, with what is known of their end.
   * @throws TypeError for a wrong filter, at the first `next()`
   */
  async *records(filter?: RecordsFilter): AsyncGenerator<LogRecord, void, void> {
    const { records } = await import('./reading.js')
    yield* records(this, filter)
  }

  /** How many events the log has. */
  async count(): Promise<number> {
    return (await import('./reading.js')).count(this)
  }

  /**
   * The log as JSON lines, as fast as it is read: a flat record for each event, those that are finished first, in the order of
   * that; the Python library reads it. `entries: true` gives every entry as it was written.
   */
  exportJSONL(options?: { entries?: boolean }): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>()
    import('./export-jsonl.js')
      .then(({ exportJSONL }) => exportJSONL(this, options).pipeTo(writable))
      .catch((error) => writable.abort(error).catch(() => {}))
    return readable
  }

  /**
   * Adds the events of a file of JSON lines, this library's or the Python one's, as finished ones: they are never recovered.
   * Lines that cannot be read are reported with their numbers. @throws TypeError, the signal's reason, LogError
   */
  async importJSONL(source: Source, options?: TransferOptions): Promise<Outcome> {
    return (await import('./import-jsonl.js')).importJSONL(this, source, options)
  }

  /**
   * Dispatches copies of the log's events on a bus, with ids of their own and `event_replay_of`. `speed` 1 is the pace at which
   * they came; by default they go as fast as the bus has room. @throws TypeError, RangeError, the signal's reason
   */
  async replay(bus: EventBus, options?: ReplayOptions): Promise<Outcome> {
    return (await import('./replay.js')).replay(this, bus, options)
  }

  /** Removes what nobody needs any more: see `retain`. Done by itself now and then. */
  async compact(): Promise<void> {
    await (await import('./compaction.js')).compact(this)
  }

  /** A write has succeeded. @internal */
  written(db: LogDb, seq: number): void {
    this.witness.note(db.meta.epoch, seq, db.gone)
    this.#head = seq
    if (seq - this.#compacted > COMPACT_AT_LAST) this.tidy()
    this.#works()
  }

  /** A writer has nothing more to do. @internal */
  rest(): void {
    if (this.#head - this.#compacted > COMPACT_EVERY) this.tidy()
    // It was late, and nobody writes anything that could tell that it is not any more.
    if (this.#state === 'degraded') hush(this.db().then(() => this.#worksIfIdle()))
  }

  /** @internal */
  tidy(): void {
    this.#compacted = this.#head
    hush(import('./compaction.js').then(({ tidy }) => tidy(this)))
  }

  #worksIfIdle(): void {
    if (![...this.writers].some(({ busy }) => busy)) this.#works()
  }

  #works(): void {
    if (this.#state !== 'degraded') return
    for (const { journal } of this.writers) journal.degraded = false
    this.#enter('ok')
  }

  /** A write has failed or is late: nobody waits for the log until one succeeds. @internal */
  failed(error: unknown): void {
    if (this.#state === 'ok') this.#enter('degraded')
    for (const writer of this.writers) writer.release(error)
  }

  #lose(state: 'memory' | 'closed', error: LogError): LogError {
    this.lost = error
    this.#enter(state)
    for (const writer of this.writers) writer.lose(error)
    return error
  }

  #enter(state: LogState): void {
    if (this.#state === state) return
    this.#state = state
    if (state === 'memory') warn(`${this.lost?.message}; events are kept in memory only`)
    this.dispatchEvent(new Event('statechange'))
  }

  /** What was durable is not there. @internal */
  tellLoss(from: number, to: number, reason: string): void {
    this.dispatchEvent(new DataLossEvent(from, to, reason))
  }

  /** What this page has seen of a log that somebody has destroyed is nothing to miss. */
  #note(): void {
    if (this.open) this.witness.write()
  }

  /** The page goes away, perhaps into the back/forward cache: no lock and no connection may stay behind. */
  #hide(): void {
    this.#note()
    for (const writer of this.writers) writer.hide()
    releaseAll()
    this.#drop()
    this.#rest.begin()
  }

  /** It came back: as new writers, which take over what nobody else has. */
  #show(): void {
    this.#rest.end()
    for (const writer of this.writers) writer.show()
  }
}

/** No database, or none that may be written: it will not be another time, either. */
const isHopeless = (error: unknown) =>
  error instanceof NewerLog || !globalThis.indexedDB || (error as Error | null)?.name === 'SecurityError'

const cannotOpen = (name: string, cause: unknown) =>
  new LogError(`The log ${name} cannot be opened: ${(cause as Error | null)?.message ?? cause}`, { cause })
