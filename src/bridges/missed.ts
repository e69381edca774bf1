import { CORE } from '../brands.js'
import type { BusCore } from '../bus/bus-core.js'
import type { Entry } from '../bus/journal.js'
import { livingBuses } from '../bus/page-buses.js'
import type { EventState } from '../events/event-state.js'
import { isUuid } from '../ids.js'
import { MAX_LIST, SEEN_IDS } from '../limits.js'
import { broadcasts } from '../log/broadcasts.js'
import type { EventLog } from '../log/event-log.js'
import type { EventRecord } from '../protocol.js'
import { RecentIds } from '../recent-ids.js'
import { after } from '../timers.js'
import { type Exchange, MAX_INBOX } from './exchange.js'
import { type Item, isMessage, type Message, VERSION } from './messages.js'
import { headOf, recordOut } from './records.js'
import { coreBehind } from './routes.js'

/** ms after which nobody can be about to tell the log of what was sent before. */
const LATE = 1000
/** ms that what comes over the channel waits at most for a log that does not answer. */
const PATIENCE = 2000
/** How far the logs are is looked at after so many ms, or so many events, that came: fewer than are remembered. */
const PERIOD = 30_000
const MANY = SEEN_IDS / 4
/** So many senders are remembered. */
const SENDERS = 1000

/** How far a log was when it was looked at last, and the time before that: up to there, everything was heard. */
type Cursor = [heard: number, newest: number]

/**
 * A channel forgets: who rests with its page hears nothing. Senders tell their logs what they have sent; so where the buses behind a
 * bridge have a log, what did not come is found there, once, and goes to them before what came later. Looked for when the page is
 * back, and where a sender's numbers have a gap; not further back than a look or two, see `PERIOD`. What is in no log yet its sender
 * sends again, when one of the two is back.
 */
export class Missed {
  readonly #channel: string
  readonly #exchange: Exchange
  /** All ids that the bridge has had. */
  readonly #own = new Set<string>()
  /** The next number of each sender. */
  readonly #next = new Map<string, number>()
  /** What came over the channel, and what was found in a log. */
  readonly #heard = new RecentIds()
  readonly #found = new RecentIds()
  readonly #cursors = new Map<EventLog, Cursor>()
  #looked = 0
  #count = 0
  /** The logs are being read, and are to be read once more. What comes meanwhile waits, unless somebody waits for it. */
  #reading = false
  #again = false
  #stash: Message[] | null = null
  #stashed = 0
  /** Where in it belongs what is sent again: behind what came before the page rested. */
  #stashedAgain = 0
  #stop = () => {}
  /** Counts the page's rests: what was begun before is given up. */
  #rests = 0

  constructor(channel: string, exchange: Exchange) {
    this.#channel = channel
    this.#exchange = exchange
    this.#own.add(exchange.id)
  }

  /** Buses have come or gone: logs that are new are followed from now on. */
  async follow(): Promise<void> {
    await Promise.all(this.#cores.map((core) => core.journal?.loaded))
    await this.#look([...this.#logs].filter((log) => !this.#cursors.has(log)))
  }

  async #look(logs: Iterable<EventLog>): Promise<void> {
    const rests = this.#rests
    const look = async (log: EventLog) => {
      const head = await inTime(lastOf(log))
      if (rests === this.#rests) this.#note(log, head)
    }
    await Promise.all([...logs].map((log) => look(log).catch(() => {})))
  }

  /** A log that was deleted begins anew. */
  #note(log: EventLog, head: number): void {
    const [, newest = head] = this.#cursors.get(log) ?? []
    this.#cursors.set(log, [Math.min(newest, head), head])
  }

  /** The buses that the bridge delivers to. */
  get #cores(): BusCore[] {
    return this.#exchange.routes.all.flatMap((handler) => coreBehind(handler) ?? [])
  }

  get #logs(): Set<EventLog> {
    const writers = this.#cores.map((core) => core.journal?.log as { log?: EventLog } | null | undefined)
    return new Set(writers.flatMap((writer) => writer?.log ?? []))
  }

  /** Something came over the channel. */
  hear(value: unknown): void {
    let message = value as Message
    try {
      if (!isMessage(value)) throw value
    } catch {
      // That says so.
      return this.#exchange.receive(value)
    }
    const { kind, from, flag } = message
    if (kind === 'hello' && flag) this.#sendAgain()
    // Copied: one from outside may have a property of its own where its methods are.
    const items = [...message.items]
    if (kind === 'events') {
      const again = items.at(0)?.n === 0
      const isNew = ({ value }: Item) => !this.#heard.has(idOf(value) ?? '')
      message = this.#newOf({ ...message, items: again ? items.filter(isNew) : items })
      if (!again && this.#gap(from, items)) this.#read()
      else this.#lookNowAndThen(items.length)
      this.#stashed += items.length
      // Too much goes on before what is still looked for: there it is bounded, and counted.
      if (this.#stash && this.#stashed < MAX_INBOX && !items.some(({ hops }) => hops)) {
        // What is sent again, and did not come before, is older.
        this.#stash.splice(again ? this.#stashedAgain++ : this.#stash.length, 0, message)
        return
      }
    }
    // A handler elsewhere waits for it, or for what came before it: what is urgent goes before what is in order.
    if (kind !== 'results' && kind !== 'hello') this.#release()
    this.#exchange.receive(message)
  }

  /** Without what was found. Who waits for an answer gets one, also to what is here already. */
  #newOf(message: Message): Message {
    const items = message.items.filter(({ value }) => {
      const id = idOf(value)
      if (id) this.#heard.add(id)
      return !id || !this.#found.has(id) || message.flag
    })
    return { ...message, items }
  }

  /** Whether something of a sender did not come, as far as can be told. */
  #gap(from: string, items: readonly Item[]): boolean {
    const next = this.#next.get(from)
    const [first, last] = [items.at(0)?.n ?? 0, items.at(-1)?.n ?? 0]
    this.#next.delete(from)
    this.#next.set(from, last + 1)
    const [oldest] = this.#next.keys()
    if (this.#next.size > SENDERS) this.#next.delete(oldest)
    return next !== undefined && first > next
  }

  #lookNowAndThen(more: number): void {
    this.#count += more
    const now = performance.now()
    if (this.#reading || (now - this.#looked < PERIOD && this.#count < MANY)) return
    this.#looked = now
    this.#count = 0
    void this.#look(this.#logs)
  }

  /** The page goes to rest; `ends`: the bridge is closed, and what is here need not wait. */
  rest(ends: boolean): void {
    this.#stop()
    this.#rests++
    this.#reading = false
    if (ends) return this.#release()
    // What waits for what did not come still does, and is looked for with it: the log has the order.
    const waiting = this.#stash ?? []
    for (const { items } of waiting) for (const { value } of items) this.#heard.delete(idOf(value) ?? '')
    this.#stashedAgain = waiting.length
  }

  /** It is back, as somebody new. */
  back(): void {
    this.#sendAgain()
    this.#own.add(this.#exchange.id)
    this.#exchange.post('hello', [], true)
    this.#read()
  }

  /** What is in no log yet, nobody who rested can find: it goes, in its order, before anything new. */
  #sendAgain(): void {
    const items = livingBuses().flatMap(({ [CORE]: { journal } }) => {
      const { unwritten = [] } = (journal?.log ?? {}) as { unwritten?: Entry[] }
      return unwritten
        .filter((entry) => this.#hasSent(entry))
        .flatMap(({ mark }) => itemOf(mark.visit.state) ?? [])
    })
    while (items.length) this.#exchange.post('events', items.splice(0, MAX_LIST))
  }

  #hasSent({ kind, text }: Entry): boolean {
    if (kind !== 'B') return false
    const { channel, bridge } = JSON.parse(`{${text.slice(1)}}`)
    return channel === this.#channel && this.#own.has(bridge)
  }

  #release(): void {
    const stash = this.#stash ?? []
    this.#stash = null
    this.#stashed = this.#stashedAgain = 0
    for (const message of stash) this.#exchange.receive(this.#newOf(message))
  }

  /** Reads the logs, and once more when all that was sent before is told. */
  #read(again = true): void {
    this.#again ||= again
    if (this.#reading) return
    this.#stop()
    this.#reading = true
    this.#stash ??= []
    void this.#readAll().then((rests) => {
      if (rests !== this.#rests) return
      this.#reading = false
      this.#release()
      if (this.#again) this.#stop = after(LATE, () => this.#read(false))
      this.#again = false
    })
  }

  async #readAll(): Promise<number> {
    const rests = this.#rests
    for (const log of this.#logs) await this.#find(log, rests).catch(() => {})
    return rests
  }

  async #find(log: EventLog, rests: number): Promise<void> {
    const head = await inTime(lastOf(log))
    const [heard = head] = this.#cursors.get(log) ?? []
    const lists = broadcasts(log, this.#channel, heard, head)
    try {
      for (let next = await inTime(lists.next()); !next.done; next = await inTime(lists.next())) {
        for (const { from, record } of next.value) {
          if (rests !== this.#rests) return
          if (!this.#own.has(from)) await this.#deliver(from, record, rests)
        }
      }
      // Up to there everything was seen, not only told: it is not gone through again.
      if (rests === this.#rests) this.#cursors.set(log, [head, head])
    } finally {
      // Not awaited: it may never answer.
      void lists.return().catch(() => {})
    }
  }

  async #deliver(from: string, record: EventRecord, rests: number): Promise<void> {
    const { event_id: id, event_type: type } = record
    for (const handler of this.#exchange.routes.plan(type)) {
      const core = coreBehind(handler)
      if (core && !core.hasRoom(true)) await core.whenRoom(undefined, true).catch(() => {})
    }
    if (rests !== this.#rests || this.#heard.has(id) || this.#found.has(id)) return
    this.#found.add(id)
    this.#exchange.receive({
      ...{ bubus: VERSION, kind: 'events', from, flag: false },
      items: [{ n: 0, value: record }],
    } satisfies Message)
  }
}

function idOf(value: unknown): string | undefined {
  const id = (value as Partial<EventRecord> | null | undefined)?.event_id
  return isUuid(id) ? id : undefined
}

/** To be sent again; undefined where it cannot be any more, as it is now. */
function itemOf(state: EventState): Item | undefined {
  try {
    return { n: 0, value: recordOut(state, false, true), head: headOf(state) }
  } catch {
    return undefined
  }
}

const lastOf = async (log: EventLog): Promise<number> => (await log.db()).head()

/** Rejects where there is no answer. */
function inTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = after(PATIENCE, () => reject(new Error('no answer')))
    answer.then(resolve, reject).finally(stop)
  })
}
