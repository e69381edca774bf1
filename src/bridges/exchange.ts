import { stateOf } from '../brands.js'
import type { PatternClass } from '../bus/subscriptions.js'
import {
  BusFullError,
  BusStoppedError,
  checkType,
  EventCancelledError,
  EventLoopError,
  WireError,
} from '../errors.js'
import { BaseEvent } from '../events/base-event.js'
import type { EventState } from '../events/event-state.js'
import { COMPLETED, NEW, PENDING } from '../events/status.js'
import { with1 } from '../fifo.js'
import { newId } from '../ids.js'
import { MAX_LIST } from '../limits.js'
import { microtask } from '../page.js'
import { checkSize, type EventRecord, errorOf, errorRecord, type OutcomeRecord } from '../protocol.js'
import { RecentIds } from '../recent-ids.js'
import { currentRun } from '../running-handler.js'
import { isRecord } from '../values-in.js'
import { MAX_HOPS, shared } from './awaited.js'
import { Hold } from './hold.js'
import { type Answer, Incoming } from './incoming.js'
import { type Item, isList, isMessage, type Kind, type Message, VERSION } from './messages.js'
import { headOf, movedApart, recordOut, refusalOf, type Who } from './records.js'
import { coreBehind, Routes } from './routes.js'

/** Since the bridge was made. */
export interface BridgeStats {
  /** Events that went out. */
  readonly sent: number
  /** Events that came in and went to somebody. */
  readonly received: number
  /** Messages and records that were refused: hostile, damaged, of another version, without end, or more than there is room for. */
  readonly wireErrors: number
}

/** What carries the messages of an exchange: a channel, a worker. */
export interface Carrier {
  /** As errors call the bridge. */
  readonly name: string
  start(exchange: Exchange): void
  close(): void
  /** What is sent now reaches those who are there. */
  readonly open: boolean
  /** Why there is nobody to send to, and will not be for now. */
  readonly lost?: Error | null
  /** Something waits until it is open. */
  delayed?(): void
  /** Whether events wait for their peers' answers, and how long, in ms. */
  readonly gather: boolean
  readonly timeout: number | null
  /** Who is there to answer, or is not although somebody should be. */
  audience(): Iterable<Who>
  /** How trees name a peer's place. */
  where(peer: Who): string
  /** Whether they may be in another agent cluster, which can take less. */
  readonly far: boolean
  /** What of an event, or of a handler's result, is moved. */
  moves(what: unknown, isResult: boolean): Transferable[]
  /** To everybody, or to one. May throw, or reject. */
  post(message: Message, to: string | null, moved: Transferable[]): Promise<unknown> | undefined
  /** These went out. */
  sent?(holds: readonly Hold[]): void
  /** Another bridge has said this, or something of this kind. */
  heard(message: Message): void
  /** Buses or patterns have changed. */
  changed(): void
}

/**
 * What every bridge does: events out, with a hold for each; their answers in; events in, to the buses in order; their answers out.
 * Events and answers that come in one synchronous stretch go in one message.
 */
export class Exchange {
  declare readonly carrier: Carrier
  stats = { sent: 0, received: 0, wireErrors: 0 }
  readonly routes = new Routes()
  /** What is sent and not answered, by number. */
  readonly holds = new Map<number, Hold>()
  /** Peers that let an event run out, until they are heard again. */
  readonly unheard = new Set<string>()
  /** Another one in each life of its page. */
  declare id: string
  /** Of the events so far: their numbers. */
  count = 0
  #closed = false
  #outbox: Hold[] = []
  /** What came and waits for room on its buses, in order; and what peers wait for. */
  readonly #inbox = new Set<Incoming>()
  #pumping = false
  #incoming = new Map<string, Incoming>()
  readonly #answers = new Map<string, Item[]>()
  /** What went to others than buses. */
  readonly #handedOn = new RecentIds()

  constructor(carrier: Carrier) {
    this.carrier = carrier
    this.routes.changed = () => carrier.changed()
  }

  dispatch<E extends BaseEvent>(event: E): E {
    const { carrier } = this
    const state = stateOf(event)
    checkType(state, 'event', 'an event', event)
    if (state.pendingRun()) state.hideThen()
    if (state.ways.includes(this)) return event
    if (this.#closed) throw new BusStoppedError(`${carrier.name} is closed: make a new one`)
    if (state.status === COMPLETED) throw new TypeError(`${state.label} is completed; dispatch a copy`)
    const run = currentRun()
    run?.checkAlive(state)
    if (this.#outbox.length >= MAX_OUTBOX)
      throw new BusFullError(`${MAX_OUTBOX} events wait for the other side of ${carrier.name}`)
    const moved = carrier.moves(event, false)
    const value = recordOut(state, moved.length > 0, carrier.far)
    this.routes.learn(state.meta.type, event.constructor as PatternClass)
    state.ways = with1(state.ways, this)
    if (state.status === NEW) {
      if (run) state.adopt(run)
      state.status = PENDING
    }
    const hold = new Hold(this, state, { n: ++this.count, value, head: headOf(state) }, moved)
    state.holds = with1(state.holds, hold)
    const waiting = this.#outbox.push(hold)
    if (moved.length || waiting >= BATCH) this.flush()
    else if (waiting === 1) microtask(() => this.flush())
    return event
  }

  /** Sends what waits, but the `last` so many; where it is `lost`, entries say why. */
  flush(last = 0, lost = this.carrier.lost): void {
    const { open } = this.carrier
    if (!open && !lost) return this.#outbox.length ? this.carrier.delayed?.() : undefined
    const outbox = this.#outbox.splice(0, this.#outbox.length - last).filter(({ over }) => !over)
    if (lost)
      for (const hold of outbox.splice(0)) {
        hold.sent()
        hold.fail(lost)
      }
    while (outbox.length) {
      // What moves goes alone: if it cannot, nobody else is concerned.
      const moving = outbox.findIndex(({ moved }) => moved.length)
      const count = moving < 0 ? outbox.length : moving || 1
      this.#send(outbox.splice(0, Math.min(count, BATCH)))
    }
  }

  #send(batch: Hold[]): void {
    const { carrier } = this
    const { gather } = carrier
    for (const hold of batch) {
      this.holds.set(hold.item.n, hold)
      hold.sent()
    }
    this.stats.sent += batch.length
    const items = batch.map(({ item }) => item)
    this.post('events', items, gather, null, batch[0].moved, (cause) => {
      const error = new WireError(`${carrier.name} could not send: ${errorRecord(cause).message}`, { cause })
      for (const hold of batch) hold.fail(error)
    })
    carrier.sent?.(batch)
    for (const hold of batch) hold.end()
  }

  post(
    kind: Kind,
    items: Item[],
    flag = false,
    to: string | null = null,
    moved: Transferable[] = [],
    // A peer that cannot be reached is noticed otherwise.
    failed: (error: unknown) => void = () => {},
  ): void {
    try {
      const message: Message = { bubus: VERSION, from: this.id, kind, items, flag }
      this.carrier.post(message, to, moved)?.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  /** Whatever came. Never throws. */
  receive(value: unknown): void {
    try {
      if (!isMessage(value)) throw new TypeError()
      const { from, to = this.id, kind, items, flag } = value
      if (from === this.id || to !== this.id || this.#closed) return
      this.unheard.delete(from)
      if (kind === 'hello' || kind === 'close') this.carrier.heard(value)
      else for (const item of items) this.#hear(from, kind, item, flag)
    } catch {
      this.stats.wireErrors++
    }
    void this.#pump()
  }

  #hear(from: string, kind: Kind, item: Item, flag: boolean): void {
    const { n, value, hops = 0 } = item
    if (kind === 'events') return this.#take(from, item, flag)
    if (kind === 'results') {
      const hold = this.holds.get(n)
      if (isList(value)) return hold?.answered(from, value)
      this.stats.wireErrors++
      return hold?.answered(from, new WireError(`Expected a list of at most ${MAX_LIST} outcomes`))
    }
    const incoming = this.#incoming.get(keyOf(from, n))
    if (kind === 'urgent') incoming?.urge(hops)
    else incoming?.cancel(causeOf(value), flag)
  }

  #take(from: string, { n, value, head, hops = 0 }: Item, gather: boolean): void {
    const record = { ...(isRecord(value) ? (value as EventRecord) : null), ...head } as EventRecord
    const key = gather ? keyOf(from, n) : ''
    // Nobody waits for the others.
    const answer: Answer | null = gather
      ? (outcomes, moved = []) => {
          this.#incoming.delete(key)
          this.#answer(from, { n, value: outcomes }, moved)
        }
      : null
    const { event_type: type = '' } = record
    const plan = this.routes.plan(type)
    try {
      if (!plan.length) return answer?.([])
      const eventClass = (this.routes.classOf(type) ?? BaseEvent) as unknown as typeof BaseEvent
      const state = stateOf(eventClass.fromJSON(record)) as EventState
      // It will be answered. Of another event with this number somebody else may have said that it comes from there.
      if (this.#incoming.get(key)?.state.id === state.id) return
      if (answer && hops > MAX_HOPS)
        throw new EventLoopError(`${type} ends a chain of ${hops} events that wait for each other`)
      if (state.runs.length || state.status !== NEW)
        throw new WireError('Expected an event that is to be handled, got what came of one')
      // Whoever asks for what was here need not wait.
      if (answer && plan.every((handler) => coreBehind(handler)?.wasHere(state))) return answer([])
      // What somebody's handler waits for may have gone on without room.
      if (Math.max(this.#inbox.size, shared().awaited.size) >= MAX_INBOX)
        throw new BusFullError(`${MAX_INBOX} events wait for room on ${this.routes.busNames}`)
      this.stats.received++
      state.ways = with1(state.ways, this)
      const incoming = new Incoming(this, state, plan, answer)
      if (answer) this.#incoming.set(key, incoming)
      this.#inbox.add(incoming)
      if (answer && hops) incoming.urge(hops)
    } catch (error) {
      this.stats.wireErrors++
      answer?.([this.refusal(error)])
    }
  }

  /** What came goes on, in order, as its buses have room. A bus that refuses says so when it is given the event. */
  async #pump(): Promise<void> {
    if (this.#pumping) return
    this.#pumping = true
    for (const next of this.#inbox) {
      for (let full = next.full; full; full = next.full) await full.catch(() => next.deliver())
      next.deliver()
      this.#inbox.delete(next)
    }
    this.#pumping = false
  }

  /** Whether this event went to others than buses before; from now on it did. */
  isAgain(id: string): boolean {
    const again = this.#handedOn.has(id)
    this.#handedOn.add(id)
    return again
  }

  /** An outcome that says why nothing came of an event here. */
  refusal(error: unknown): OutcomeRecord {
    return refusalOf({ id: this.id, busNames: this.routes.busNames }, error)
  }

  #answer(to: string, answer: Item, moved: Transferable[], apart = false): void {
    if (moved.length)
      return this.post('results', [answer], false, to, moved, (error) => {
        const again: Transferable[] = []
        const value = apart
          ? [this.refusal(error)]
          : movedApart(answer.value as OutcomeRecord[], this.carrier, again)
        this.#answer(to, { ...answer, value }, again, true)
      })
    if (!this.#answers.size) microtask(() => this.#sendAnswers())
    const waiting = this.#answers.get(to) ?? []
    this.#answers.set(to, waiting)
    waiting.push(answer)
  }

  #sendAnswers(): void {
    for (const [to, items] of this.#answers)
      while (items.length) this.post('results', items.splice(0, BATCH), false, to)
    this.#answers.clear()
  }

  /** A peer is gone. */
  lost(id: string, error: Error): void {
    this.unheard.delete(id)
    for (const hold of this.holds.values()) hold.answered(id, error)
  }

  /** This side goes: what waits is sent, and nobody is waited for any more. `ends`: for good. */
  leave(why: string, ends = false): void {
    const error = new EventCancelledError(`${this.carrier.name} ${why}`)
    this.#sendAnswers()
    this.flush()
    if (ends) this.flush(0, error)
    for (const hold of this.holds.values()) hold.fail(error)
    this.#closed ||= ends
  }

  /** Back from rest, as somebody new. */
  renew(): void {
    this.id = newId()
    this.#incoming = new Map()
  }
}

/** A message holds at most so many events or answers. */
const BATCH = MAX_LIST / 2
/** So many events may wait for somebody to be there. */
const MAX_OUTBOX = 10_000
/**
 * And so many that came for room on their buses: senders are not slowed down, so one that is faster for long would fill the memory. Of
 * more, each is refused and counted, and who waits for its answer is told. Far more than bursts have, at about 1 kB each.
 */
export const MAX_INBOX = 100_000

/** Ids are equally long. */
const keyOf = (from: string, n: number) => from + n

/** Why a peer has cancelled an event. Shown, so whatever it is must not throw. */
function causeOf(value: unknown): Error {
  try {
    checkSize(value)
    return errorOf(Object(value))
  } catch {
    return new Error('cancelled')
  }
}
