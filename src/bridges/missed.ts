import type { BusCore } from '../bus/bus-core.js'
import { MAX_LIST } from '../limits.js'
import { broadcasts } from '../log/broadcasts.js'
import type { EventLog } from '../log/event-log.js'
import { after } from '../timers.js'
import type { Exchange } from './exchange.js'
import { checkMessage, type Message, VERSION } from './messages.js'
import { coreBehind } from './routes.js'

/** ms until the log has what was sent just now; and until nobody may still be about to tell it. */
const SOON = 50
const LATE = 1000
/** ms that what comes over the channel waits at most for a log that does not answer. */
const PATIENCE = 2000
/** ms between two looks at how far the logs are, while events come. */
const PERIOD = 30_000
/** So many senders are remembered. */
const SENDERS = 1000

/** What was heard of one sender. */
interface Heard {
  /** Its next number. */
  next: number
  /** Numbers below that, which did not come. */
  missing: Set<number>
}

/** How far a log was when it was looked at last, and the time before that: up to there, everything was heard. */
type Cursor = [heard: number, newest: number]

/**
 * A channel forgets: who rests with its page hears nothing. Senders number what they send, and tell their logs what they have sent;
 * so where the buses behind a bridge have a log, what did not come is found there, once, and goes to them before what came later.
 */
export class Missed {
  readonly #channel: string
  readonly #exchange: Exchange
  /** All ids that the bridge has had. */
  readonly #own = new Set<string>()
  readonly #heard = new Map<string, Heard>()
  readonly #cursors = new Map<EventLog, Cursor>()
  /** What came while the logs are read; null while they are not. */
  #stash: Message[] | null = null
  #stop = () => {}
  #looked = 0
  /** Counts the page's rests: whoever was not heard before may have sent meanwhile. */
  #rests = 0

  constructor(channel: string, exchange: Exchange) {
    this.#channel = channel
    this.#exchange = exchange
    this.#own.add(exchange.id)
  }

  /** Notes how far the logs are. */
  async look(): Promise<void> {
    this.#looked = performance.now()
    await Promise.all(this.#cores.map((core) => core.journal?.loaded))
    const look = async (log: EventLog) => this.#note(log, await inTime(headOf(log)))
    await Promise.all([...this.#logs()].map((log) => look(log).catch(() => {})))
  }

  #note(log: EventLog, head: number): void {
    const [, newest = head] = this.#cursors.get(log) ?? []
    this.#cursors.set(log, [newest, head])
  }

  /** The buses that the bridge delivers to. */
  get #cores(): BusCore[] {
    return this.#exchange.routes.all.flatMap((handler) => coreBehind(handler) ?? [])
  }

  #logs(): Set<EventLog> {
    const writers = this.#cores.map((core) => core.journal?.log as { log?: EventLog } | null | undefined)
    return new Set(writers.flatMap((writer) => writer?.log ?? []))
  }

  /** Something came over the channel. */
  hear(value: unknown): void {
    let message: Message
    try {
      message = checkMessage(value)
    } catch {
      // That says so.
      return this.#exchange.receive(value)
    }
    const { kind, from, flag } = message
    if (kind === 'events') {
      if (performance.now() - this.#looked > PERIOD) void this.look()
      // Who waits for an answer gets one, also to what is here already.
      const items = message.items.filter(({ n }) => this.#isNew(from, n, () => this.#read(SOON)) || flag)
      message = { ...message, items }
    }
    if (this.#stash && /^(events|urgent|cancel)$/.test(kind)) this.#stash.push(message)
    else this.#exchange.receive(message)
  }

  /** Notes that an event came; false if it was here before. Tells if one before it is missing. */
  #isNew(from: string, n: number, gap = () => {}): boolean {
    const heard = this.#heard.get(from) ?? { next: this.#rests ? 1 : n, missing: new Set() }
    const { next, missing } = heard
    this.#heard.delete(from)
    this.#heard.set(from, heard)
    for (const oldest of this.#heard.keys()) if (this.#heard.size > SENDERS) this.#heard.delete(oldest)
    if (n < next) return missing.delete(n)
    for (let i = Math.max(next, n - MAX_LIST); i < n; i++) missing.add(i)
    heard.next = n + 1
    if (n > next) gap()
    return true
  }

  /** The page goes to rest: what is here need not wait. */
  rest(): void {
    this.#stop()
    this.#rests++
    this.#release()
  }

  /** It is back. */
  back(): void {
    this.#own.add(this.#exchange.id)
    this.#read(0)
  }

  #release(): void {
    const stash = this.#stash ?? []
    this.#stash = null
    for (const message of stash) this.#exchange.receive(message)
  }

  /** Reads the logs, and once more when all that was sent before is told. */
  #read(wait: number, again = true): void {
    if (this.#stash) return
    this.#stop()
    this.#stash = []
    const rests = this.#rests
    this.#stop = after(wait, async () => {
      for (const log of this.#logs()) await this.#find(log, rests).catch(() => {})
      if (rests !== this.#rests) return
      this.#release()
      if (again) this.#stop = after(LATE, () => this.#read(0, false))
    })
  }

  async #find(log: EventLog, rests: number): Promise<void> {
    const head = await inTime(headOf(log))
    const [heard = head] = this.#cursors.get(log) ?? []
    const found = broadcasts(log, this.#channel, heard, head)
    for (let next = await inTime(found.next()); !next.done; next = await inTime(found.next())) {
      if (rests !== this.#rests) return
      const { from, n, record } = next.value
      if (this.#own.has(from) || !this.#isNew(from, n)) continue
      this.#exchange.receive({
        ...{ bubus: VERSION, kind: 'events', from, flag: false },
        items: [{ n, value: record }],
      } satisfies Message)
      for (const core of this.#cores)
        if (!core.hasRoom(true)) await core.whenRoom(undefined, true).catch(() => {})
    }
    this.#note(log, head)
  }
}

const headOf = async (log: EventLog): Promise<number> => (await log.db()).head()

/** Rejects where there is no answer. */
function inTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = after(PATIENCE, () => reject(new Error('no answer')))
    answer.then(resolve, reject).finally(stop)
  })
}
