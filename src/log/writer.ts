import type { BusLog, Entry, Journal, Mark } from '../bus/journal.js'
import type { Visit } from '../bus/visit.js'
import { LogError } from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import type { HandlerRun } from '../events/handler-run.js'
import { DURABLE, FAILED, OPEN, SHUT, WAITING } from '../events/status.js'
import { after } from '../timers.js'
import { completedEntry, settledEntry } from './entries.js'
import type { EventLog } from './event-log.js'
import { build, type Flight, load } from './flight.js'
import { restore } from './history.js'
import { inTime, sleep } from './in-time.js'
import { Living } from './living.js'
import { type Ends, hush, type LogDb } from './log-db.js'
import { Rest } from './rest.js'
import type { Segment } from './segment.js'

/** ms before a failed write is tried again, at first. */
const RETRY = 50

/** In the place of a segment's number: it is to be tried again. */
const LATER = -1

/**
 * Writes what one bus has to say: one segment at a time, and all that comes meanwhile is the next one. So no timer is
 * needed, an idle log writes at once, and a busy one writes much with each transaction.
 *
 * Nothing is written under an id whose lock is not held, or was given back.
 */
export class LogWriter extends Living implements BusLog {
  readonly log: EventLog
  readonly journal: Journal
  readonly ready: Promise<void>
  /** The newest segment of its own that is durable. */
  #seq = 0
  #running = false
  /** Nothing is written before it is over: when the page comes back, what it had may have been taken. */
  readonly rest = new Rest()
  /** The segment on its way. @internal */
  flight: Flight | null = null
  /** It is tried again, now or in a while. */
  #failing = false
  /** Settles when it is placed, or is known to have failed. */
  #placed: unknown
  /** What went out when the page went to rest. */
  readonly #sent: Flight[] = []
  /** Who waits for something to be written, and for all before it. */
  #idlers: { last: Entry | undefined; resolve: () => void }[] = []
  /** It resigns once this is written, which is the last that is its own; undefined while it does not. */
  #last: Entry | null | undefined
  /** `recover` was called, and the bus has not been stopped since: it calls itself again. */
  recovers = false
  /** By id, what the stop of another bus has ended here: it is to come again, and its entry is still this bus's. @internal */
  readonly left = new Map<string, Mark>()

  constructor(log: EventLog, journal: Journal) {
    super()
    this.log = log
    this.journal = journal
    this.ready = restore(this).catch(() => {})
  }

  /** Not before all is written that is its own. */
  #resignSoon(): void {
    this.wake()
    if (!this.#running) return this.resign()
    this.#last = this.unwritten.at(-1) ?? null
  }

  override resign(): void {
    this.#last = undefined
    this.left.clear()
    super.resign()
  }

  /** Neither does it rest, nor is it about to give its id up: what it claims is its own. */
  get steady(): boolean {
    return !this.rest.now && this.#last === undefined
  }

  async whenSteady(): Promise<void> {
    for (;;) {
      await this.rest.over()
      if (this.steady) return
      await this.flush()
    }
  }

  /** It cannot be told by it whether the log works: it writes, or its page is not all back from a rest. */
  get busy(): boolean {
    return this.#running || !!this.rest.now
  }

  wake(): void {
    if (this.#running) return
    if (this.journal.waiting.length) return void this.#run()
    this.journal.idle = true
    this.log.rest()
  }

  /** @throws LogError */
  check(): void {
    const { name, state, whenDegraded } = this.log
    if (state !== 'ok' && whenDegraded === 'refuse') {
      throw new LogError(`The log ${name} is ${state}, and \`whenDegraded: 'refuse'\` lets nothing in`)
    }
  }

  starting(mark: Mark): void {
    const { journal } = this
    mark.gate = journal.degraded || journal.lost ? OPEN : SHUT
    this.#add({ kind: 'S', mark, text: '' })
  }

  settled(run: HandlerRun): void {
    this.#add(settledEntry(run))
  }

  completed(visit: Visit): void {
    const { mark, state } = visit
    // The first of several, durable or not: the others are to be it.
    if (mark && state.abandoned && !this.left.has(state.id)) this.left.set(state.id, mark)
    this.#add(completedEntry(visit))
  }

  #add(entry: Entry | null): void {
    if (entry && !this.journal.lost) this.journal.add(entry)
  }

  /** Resolves when all that was accepted so far is durable, or is known not to be. */
  flush(): Promise<void> {
    this.wake()
    if (!this.#running) return Promise.resolve()
    return new Promise((resolve) => this.#idlers.push({ last: this.unwritten.at(-1), resolve }))
  }

  /** Everything, the oldest first. @internal */
  get unwritten(): Entry[] {
    const flying = [...this.#sent, this.flight].flatMap((flight) => flight?.entries ?? [])
    return flying.concat(this.journal.waiting)
  }

  async end(): Promise<void> {
    this.recovers = false
    this.#resignSoon()
    await this.flush()
    const { journal, log, rest } = this
    if (!journal.core.cleared) return
    // What it had when its page went to rest may be somebody else's by now.
    const left = rest.over().then(() => log.leave(this))
    if (!rest.now) await left
  }

  async #run(): Promise<void> {
    this.#running = true
    this.journal.idle = false
    let landed: Flight | null = null
    for (;;) {
      if (landed && !this.steady) {
        this.land(landed)
        landed = null
      }
      await this.rest.over()
      const { waiting } = this.journal
      if (this.#last !== undefined && !this.unwritten.includes(this.#last as Entry)) this.resign()
      if (!this.held && waiting.length) {
        // Nobody else waits for the lock for longer than the deadline.
        const stop = this.#limit()
        await this.alive()
        stop()
      }
      const flight = this.held ? this.#take() : null
      this.flight = flight
      // The next one is on its way before anybody hears of the last.
      const placed = flight && this.#fly(flight).then((seq) => this.place(flight, seq))
      this.#placed = placed
      // Whoever hears of it now may have something to say.
      this.journal.idle = !flight
      if (landed) this.land(landed)
      if (!flight) break
      this.#tellIdlers()
      landed = (await placed) ? flight : null
    }
    this.#running = false
    if (this.#last !== undefined) {
      this.resign()
      this.wake()
    }
    this.#tellIdlers(true)
    this.log.rest()
  }

  #limit(): () => void {
    const { log } = this
    return after(log.deadline, () => log.failed(new LogError(`Not durable within ${log.deadline} ms`)))
  }

  #tellIdlers(all = false): void {
    this.#idlers = this.#idlers.filter(({ last, resolve }) => {
      const waits = !all && last && this.unwritten.includes(last)
      if (!waits) resolve()
      return waits
    })
  }

  /** The next segment's worth of what waits; null if there is none. */
  #take(beside = false): Flight | null {
    const { now, later } = load(this, beside, this.#last)
    if (later) deferring.add(this)
    return now.length ? this.build(now) : null
  }

  /** @internal */
  build(entries: Entry[]): Flight {
    return build(entries, this.id, this.nextSegment(), this.journal.name, this.#seq)
  }

  /** Writes a segment, again and again if need be; gives its number, or 0 when the log has given up. */
  async #fly(flight: Flight): Promise<number> {
    const { log } = this
    const stop = this.#limit()
    try {
      for (let wait = RETRY; !log.lost; wait = Math.min(wait * 2, log.deadline)) {
        const seq = await this.#try(flight)
        if (seq !== LATER) return seq
        this.#failing = true
        await sleep(wait)
      }
      return 0
    } finally {
      this.#failing = false
      stop()
    }
  }

  /** One attempt. Where one before it may have been committed without our knowing, it is looked for first. */
  async #try(flight: Flight): Promise<number> {
    const { log } = this
    let db = log.open
    try {
      db ??= await log.db()
      const found = this.#failing && (await db.find(flight.segment, flight.seq + 1))
      // Its writer is no more: another one has to see first what is still its own.
      if (!found && !(this.held && flight.segment.writer === this.id)) {
        // Before what was sent beside it, when the page went.
        if (this.rest.now) this.#sent.unshift(flight)
        else this.putBack(flight.entries)
        return 0
      }
      const seq = found || (await (flight.done = this.#append(db, flight.segment)))
      log.written(db, seq)
      return seq
    } catch (error) {
      // What WebKit has ended with its page is none of the log's failures.
      const full = !this.rest.now && this.#failed(error)
      if (db && !full) log.drop(db)
      return LATER
    }
  }

  /** True where the disk is full: what nobody needs is removed, and nobody waits for that. */
  #failed(error: unknown): boolean {
    const { log } = this
    log.failed(error)
    const full = (error as Error | null)?.name === 'QuotaExceededError'
    if (full) log.tidy()
    return full
  }

  /** Before all that waits: it is older. @internal */
  putBack(entries: readonly Entry[]): void {
    this.journal.waiting = [...entries, ...this.journal.waiting]
  }

  /** A transaction that never ends is given up with its connection. */
  #append(db: LogDb, segment: Segment): Promise<number> {
    const { deadline, durability } = this.log
    return inTime(db.append(segment, durability), 3 * deadline, 'The database did not write')
  }

  /** It is durable: from here on, entries know where it is. */
  place(flight: Flight, seq: number): boolean {
    const { entries, segment } = flight
    if (this.flight === flight) this.flight = null
    if (!seq) return false
    this.#seq = flight.seq = seq
    for (const { kind, mark } of entries) {
      if (kind !== 'E') continue
      mark.seq = seq
      mark.writer = segment.writer
    }
    return true
  }

  /** Tells everybody. */
  land({ entries, summary, seq }: Flight): void {
    const { journal, log } = this
    const { core } = journal
    const ended = new Map<number, Ends>()
    for (let i = 0; i < entries.length; i++) {
      const { kind, mark, text } = entries[i]
      journal.chars -= text.length
      if (kind === 'E') {
        mark.text = ''
        journal.unpersisted--
        mark.settle(DURABLE)
        if (core.inspected) core.tell('persisted', mark.visit.state)
      } else if (kind === 'S') mark.release()
      else if (kind === 'C' || kind === 'X') {
        const ends = ended.get(mark.seq) ?? []
        ended.set(mark.seq, ends)
        ends.push(mark.index, seq, i)
      }
    }
    log.index.note(seq, summary, ended)
    core.letIn()
    for (const writer of deferring) if (writer !== this && deferring.delete(writer)) writer.wake()
  }

  /** The log cannot be written now: nobody waits for it any longer. What waits is still written when it can be. */
  release(error: unknown): void {
    this.journal.degraded = true
    for (const { kind, mark } of this.unwritten) {
      if (kind === 'E' && mark.status === WAITING) mark.settle(FAILED, error)
      else mark.release()
    }
    this.#tellIdlers(true)
  }

  lose(error: unknown): void {
    this.release(error)
    this.journal.lose(error)
    this.journal.core.letIn()
    this.#resignSoon()
    this.rest.end()
  }

  /** Now or never: what waits goes out beside what is on its way. Then the lock, since a page that rests may not hold one. */
  hide(): void {
    const db = this.log.open
    // What it has not adopted since its last rest is not its own, and nothing overtakes what is to be sent, for the first time or again.
    const isLate = this.#failing || (this.flight && !this.flight.done)
    const mine = db && this.held && !this.rest.now && !isLate
    for (let flight = mine && this.#take(!!this.flight); flight; flight = this.#take(true)) {
      flight.done = hush(this.#append(db as LogDb, flight.segment))
      this.#sent.push(flight)
    }
    this.resign()
    this.rest.begin()
  }

  #back: Promise<void> = Promise.resolve()

  /** Back from the cache as another writer: it goes on with what nobody has taken meanwhile. */
  show(): void {
    const rest = this.rest.now
    this.#back = this.#back.then(() => this.#comeBack(rest))
  }

  /** One at a time: a page may go to rest again, and come back, before this is over. */
  async #comeBack(rest: Promise<void> | null): Promise<void> {
    const stop = this.#limit()
    while (this.rest.now === rest && !this.journal.lost) {
      try {
        await (await import('./come-back.js')).comeBack(this, this.#placed, this.#sent)
        break
      } catch (error) {
        // Nothing is written before: nobody waits for it.
        this.#failed(error)
        await sleep(RETRY)
      }
    }
    stop()
    if (this.rest.now !== rest) return
    this.rest.end()
    this.wake()
    this.recoverAgain()
  }

  /** Once it was asked for, it is done whenever the page comes back. */
  recoverAgain(): void {
    if (this.recovers) this.recover().catch((error) => console.error('bubus:', error))
  }

  async recover(): Promise<BaseEvent[]> {
    this.recovers = true
    try {
      return await (await import('./recovery.js')).recover(this)
    } catch (error) {
      if (this.journal.lost) return []
      throw error
    }
  }
}

/** Those whose outcomes wait for what another writer writes. */
const deferring = new Set<LogWriter>()
