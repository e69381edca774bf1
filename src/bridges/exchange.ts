import { BUS, stateOf } from '../brands.js'
import type { PatternClass } from '../bus/subscriptions.js'
import {
  BusFullError,
  BusStoppedError,
  checkType,
  EventCancelledError,
  EventLoopError,
  isIdentifier,
  WireError,
} from '../errors.js'
import { BaseEvent } from '../events/base-event.js'
import type { EventState } from '../events/event-state.js'
import { COMPLETED, NEW, PENDING } from '../events/status.js'
import { with1 } from '../fifo.js'
import { uuidv7 } from '../ids.js'
import { MAX_LIST } from '../limits.js'
import { getPage, microtask, wallTime } from '../page.js'
import { type ErrorRecord, type EventRecord, errorOf, errorRecord, type OutcomeRecord } from '../protocol.js'
import { currentRun } from '../running-handler.js'
import { isRecord } from '../values-in.js'
import { MAX_HOPS } from './awaited.js'
import { Hold } from './hold.js'
import { Inbox } from './inbox.js'
import { Incoming } from './incoming.js'
import {
  type Answer,
  type Bodies,
  checkMessage,
  type Kind,
  type Message,
  type Sent,
  VERSION,
} from './messages.js'
import { outcomesOut, type Peer, recordOut } from './records.js'
import { Routes } from './routes.js'

/** Since the bridge was made. */
export interface BridgeStats {
  /** Events that went out. */
  readonly sent: number
  /** Events that came in and went to somebody. */
  readonly received: number
  /** Messages, records and outcomes that were refused: hostile, damaged, or of another version. */
  readonly wireErrors: number
}

/** What carries the messages of an exchange: a channel, a worker. */
export interface Carrier {
  /** As errors call the bridge. */
  readonly name: string
  /** What is sent now reaches those who are there. */
  readonly open: boolean
  /** Why there is nobody to send to, and will not be for now. */
  readonly lost: Error | null
  /** Something waits until it is open. */
  delayed(): void
  /** Whether events wait for their peers' answers, and how long, in ms. */
  readonly gather: boolean
  readonly timeout: number | null
  /** Who is there to answer. */
  audience(): Iterable<Peer>
  /** How trees name a peer's place. */
  where(peer: Peer): string
  moves(event: BaseEvent): Transferable[]
  movesResult(result: unknown): Transferable[]
  /** To everybody, or to one. May throw, or reject. */
  post(message: Message, to: string | null, moved: Transferable[]): Promise<unknown> | undefined
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
  readonly carrier: Carrier
  readonly stats = { sent: 0, received: 0, wireErrors: 0 }
  readonly routes: Routes
  /** What is not answered, by number. */
  readonly holds = new Map<number, Hold>()
  /** Peers that let an event run out, until they are heard again. */
  readonly silent = new Set<string>()
  /** What peers wait for. */
  readonly incoming = new Map<string, Incoming>()
  id = newId()
  closed = false
  readonly #inbox = new Inbox()
  /** Events that came or went this way: they do so once. */
  readonly #known = new WeakSet<EventState>()
  #sent = 0
  #outbox: Hold[] = []
  #answers = new Map<string, Answer[]>()

  constructor(carrier: Carrier) {
    this.carrier = carrier
    this.routes = new Routes(() => carrier.changed())
  }

  /** The bridge's `dispatch`, bound, and known as one. */
  dispatcher(bridge: object): <E extends BaseEvent>(event: E) => E {
    const dispatch = <E extends BaseEvent>(event: E) => this.dispatch(event)
    return Object.defineProperties(dispatch, {
      name: { value: `${this.carrier.name}.dispatch` },
      [BUS]: { value: bridge },
    })
  }

  dispatch<E extends BaseEvent>(event: E): E {
    const state = stateOf(event)
    checkType(state, 'event', 'an event', event)
    if (state.pendingRun()) state.hideThen()
    if (this.#known.has(state)) return event
    if (this.closed) throw new BusStoppedError(`${this.carrier.name} is closed: make a new one`)
    if (state.status === COMPLETED) throw new TypeError(`${state.label} is completed; dispatch a copy`)
    const run = currentRun()
    run?.checkAlive(state)
    if (this.#outbox.length >= MAX_OUTBOX)
      throw new BusFullError(
        `${this.carrier.name} has ${MAX_OUTBOX} events to send and nobody to send them to`,
      )
    const moved = this.carrier.moves(event)
    const record = recordOut(state, moved.length > 0)
    this.routes.learn(state.meta.type, event.constructor as PatternClass)
    this.#known.add(state)
    if (state.status === NEW) {
      if (run) state.adopt(run)
      state.status = PENDING
    }
    const hold = new Hold(this, state, { n: ++this.#sent, record, hops: 0 }, moved)
    state.holds = with1(state.holds, hold)
    this.#outbox.push(hold)
    if (moved.length || this.#outbox.length >= BATCH) this.flush()
    else if (this.#outbox.length === 1) microtask(() => this.flush())
    return event
  }

  /** Sends what waits. */
  flush(): void {
    const { open, lost } = this.carrier
    if (lost) return this.#refuseAll(lost)
    if (!open) return this.#outbox.length ? this.carrier.delayed() : undefined
    const outbox = this.#outbox.splice(0).filter(({ over }) => !over)
    while (outbox.length) {
      // What moves goes alone: if it cannot, nobody else is concerned.
      const moving = outbox.findIndex(({ moved }) => moved.length)
      const count = moving < 0 ? outbox.length : moving || 1
      this.#send(outbox.splice(0, Math.min(count, BATCH)))
    }
  }

  #send(batch: Hold[]): void {
    const { carrier } = this
    const { gather, timeout } = carrier
    for (const hold of batch) {
      this.holds.set(hold.item.n, hold)
      hold.sent(gather ? carrier.audience() : [], timeout)
    }
    this.stats.sent += batch.length
    const failed = (cause: unknown) => {
      const error = new WireError(`${carrier.name} could not send: ${errorRecord(cause).message}`, { cause })
      for (const hold of batch) hold.fail(error)
    }
    const items = batch.map(({ item }) => item)
    this.post('events', { items, gather }, null, batch[0].moved, failed)
    for (const hold of batch) hold.endIfAnswered()
  }

  post<K extends Kind>(
    kind: K,
    body: Bodies[K],
    to: string | null = null,
    moved: Transferable[] = [],
    // A peer that cannot be reached is noticed otherwise.
    failed: (error: unknown) => void = () => {},
  ): void {
    try {
      const message = { bubus: VERSION, from: this.id, kind, body } as Message
      this.carrier.post(message, to, moved)?.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  /** Whatever came. Never throws. */
  receive(value: unknown): void {
    let message: Message
    try {
      message = checkMessage(value)
    } catch {
      this.stats.wireErrors++
      return
    }
    const { from, kind, body } = message
    if (from === this.id || this.closed) return
    this.silent.delete(from)
    this.carrier.heard(message)
    if (kind === 'events') for (const item of body.items) this.#take(from, item, body.gather)
    else if (kind === 'results')
      for (const { n, outcomes } of body.items) this.holds.get(n)?.answered(from, outcomes)
    else if (kind === 'urgent') this.incoming.get(keyOf(from, body.n))?.urge(body.hops)
    else if (kind === 'cancel') this.incoming.get(keyOf(from, body.n))?.cancel(cancelled(body.error))
  }

  #take(from: string, { n, record, hops }: Sent, gather: boolean): void {
    const key = keyOf(from, n)
    if (this.incoming.has(key)) return
    const answer = (outcomes: OutcomeRecord[], moved: Transferable[] = []) => {
      this.incoming.delete(key)
      if (gather) this.#answer(from, { n, outcomes }, moved)
    }
    try {
      const type = isRecord(record) && record.event_type
      const plan = isIdentifier(type) ? this.routes.plan(type) : null
      if (plan && !plan.length) return answer([])
      if (hops > MAX_HOPS)
        throw new EventLoopError(`${type} is the ${hops}th of a chain of events that wait for each other`)
      const event = this.#eventOf(record as EventRecord, plan ?? [])
      const state = stateOf(event) as EventState
      if (plan?.every(({ core }) => core?.wasHere(state))) return answer([])
      this.stats.received++
      this.#known.add(state)
      const incoming = new Incoming(this, event, state, plan ?? [], answer)
      if (gather) this.incoming.set(key, incoming)
      this.#inbox.push(incoming)
      if (hops) incoming.urge(hops)
      this.#inbox.pump()
    } catch (error) {
      if (errorRecord(error).name !== 'EventLoopError') this.stats.wireErrors++
      answer([this.refusal(error)])
    }
  }

  /** @throws WireError */
  #eventOf(record: EventRecord, plan: Incoming['plan']): BaseEvent {
    try {
      if (record.event_completed_at || record.event_outcomes)
        throw new WireError(`${record.event_type} is over: bridges carry what is to be handled`)
      const eventClass = this.routes.classOf(record.event_type, plan) ?? BaseEvent
      return (eventClass as unknown as typeof BaseEvent).fromJSON(record)
    } catch (error) {
      const [core] = plan.flatMap((route) => route.core ?? [])
      if (core) core.wireErrors++
      throw error
    }
  }

  /** An outcome that says why nothing came of an event here. */
  refusal(error: unknown): OutcomeRecord {
    return {
      handler_id: `${this.id}.0`,
      handler_name: 'peer',
      bus_id: this.id,
      bus_name: this.routes.busNames[0] ?? 'peer',
      status: 'error',
      error: errorRecord(error),
    }
  }

  outcomes(state: EventState): [outcomes: OutcomeRecord[], moved: Transferable[]] {
    const moved: Transferable[] = []
    const moves = (result: unknown) => {
      const moving = this.carrier.movesResult(result)
      moved.push(...moving)
      return moving.length > 0
    }
    return [outcomesOut(state, moves), moved]
  }

  #answer(to: string, answer: Answer, moved: Transferable[]): void {
    if (moved.length) {
      const failed = (error: unknown) =>
        this.#answer(to, { n: answer.n, outcomes: [this.refusal(error)] }, [])
      return this.post('results', { items: [answer] }, to, moved, failed)
    }
    const waiting = this.#answers.get(to)
    if (waiting) return void waiting.push(answer)
    this.#answers.set(to, [answer])
    microtask(() => this.#sendAnswers(to))
  }

  #sendAnswers(to: string): void {
    const items = this.#answers.get(to) ?? []
    this.#answers.delete(to)
    while (items.length) this.post('results', { items: items.splice(0, BATCH) }, to)
  }

  /** A peer is gone. */
  lost(id: string, error: Error): void {
    for (const hold of this.holds.values()) hold.lost(id, error)
  }

  /** There is nobody to send to: what waits gets this as its answer. */
  #refuseAll(error: Error): void {
    for (const hold of this.#outbox.splice(0)) hold.refuse(nobody, error)
  }

  /** All peers are as good as gone: this page goes to rest, or the bridge is closed. */
  lostAll(error: Error): void {
    for (const to of this.#answers.keys()) this.#sendAnswers(to)
    this.flush()
    for (const hold of [...this.holds.values()]) hold.fail(error)
  }

  /** Back from rest, as somebody new. */
  renew(): void {
    this.id = newId()
    this.incoming.clear()
  }

  /** What waits to be sent is sent, or will not be. */
  close(): void {
    if (this.closed) return
    this.lostAll(new EventCancelledError(`${this.carrier.name} was closed`))
    this.closed = true
    for (const hold of this.#outbox.splice(0))
      hold.fail(new EventCancelledError(`${this.carrier.name} was closed`))
  }
}

/** A message holds at most so many events or answers. */
const BATCH = MAX_LIST / 2
/** So many events may wait for somebody to be there. */
const MAX_OUTBOX = 10_000

const nobody: Peer = { id: 'nobody', busNames: [], since: 0 }

const newId = () => uuidv7(wallTime(performance.now()), getPage().count++)
const keyOf = (from: string, n: number) => `${from}/${n}`

function cancelled(error: unknown): Error {
  const cause = errorOf(isRecord(error) ? (error as unknown as ErrorRecord) : { name: '', message: '' })
  return new EventCancelledError(cause.message, { cause })
}
