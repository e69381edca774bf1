import { aTimeout, checkOptions, checkType, EventCancelledError, oneOf } from '../errors.js'
import { microtask } from '../page.js'
import { onRest } from '../resting.js'
import { Bridge } from './bridge.js'
import type { Carrier, Exchange } from './exchange.js'
import type { Hold } from './hold.js'
import type { Message } from './messages.js'
import type { Missed } from './missed.js'
import { type Known, lockOfPeer, OwnLock, query, usableLocks, watch } from './presence.js'
import type { Peer, Who } from './records.js'
import { coreBehind } from './routes.js'

export type { BridgeStats } from './exchange.js'
export type { Peer } from './records.js'
export type { Receiver, ReceiverOptions } from './routes.js'

export interface TabBridgeOptions {
  /**
   * 'none': events go to the other tabs and are done here. 'gather': they complete when every tab that is there has handled them, and
   * have its results; needs Web Locks. @default 'none'
   */
  results?: 'none' | 'gather'
  /** ms for the answers to one event; null for no limit. @default 5000 */
  timeout?: number | null
}

/** Without them nobody can tell who is there. */
const checkLocks = (what: string) =>
  checkType(
    usableLocks(),
    what,
    'used on https: plain http and sandboxed frames have no Web Locks',
    undefined,
  )

/**
 * The buses of all tabs, frames and workers of the origin that have a bridge of the same channel: `bus.on(CartChanged, tabs.dispatch)`
 * sends, `tabs.on('*', bus.dispatch)` receives. The BroadcastChannel has the name of the channel, and `<channel>:<id>` for answers.
 */
export class TabBridge extends Bridge {
  declare readonly channel: string
  readonly #tab: Tab

  /** @throws TypeError, RangeError for wrong arguments; TypeError for `results: 'gather'` where there are no Web Locks */
  constructor(channel: string, options: TabBridgeOptions = {}) {
    checkType(typeof channel === 'string' && channel, 'channel', 'a name', channel)
    checkOptions(options, { results: oneOf(['none', 'gather']), timeout: aTimeout })
    const tab = new Tab(channel, options)
    super(tab)
    this.channel = channel
    this.#tab = tab
  }

  /** Resolves when this bridge can be seen by the others, and knows those that were there before it and how far its buses' logs are. */
  get ready(): Promise<void> {
    return this.#tab.ready
  }

  /** The other bridges of the channel that are there now: a crashed tab's is gone within a moment. Rejects with a TypeError where there are no Web Locks. */
  async peers(): Promise<Peer[]> {
    checkLocks('peers()')
    await this.ready
    await this.#tab.look()
    return this.#tab.audience()
  }
}

/** What a bridge has of one life of its page: from the bfcache it comes back as somebody new. */
class Tab implements Carrier {
  declare readonly name: string
  declare readonly gather: boolean
  declare readonly timeout: number | null
  // What each life of the page has anew, see `#wake`.
  declare open: boolean
  declare ready: Promise<void>
  #exchange!: Exchange
  readonly #channelName: string
  readonly #lock = new OwnLock()
  readonly #ended = new AbortController()
  #channel: BroadcastChannel | null = null
  #inbox: BroadcastChannel | null = null
  #since!: number
  /** Who is there; their locks are watched. */
  #peers = new Map<string, Known>()
  #life!: AbortController
  /** The look that is under way or over, and the one after it. */
  #looking = Promise.resolve()
  #next: Promise<void> | null = null
  /** Once there is a log behind it; settles when it knows that. */
  #missed: Missed | null = null
  #logged: Promise<void> | undefined

  constructor(channel: string, { results = 'none', timeout = 5000 }: TabBridgeOptions) {
    this.name = `TabBridge ${channel}`
    this.#channelName = channel
    this.gather = results === 'gather'
    this.timeout = timeout
    if (this.gather) checkLocks("results: 'gather'")
  }

  start(exchange: Exchange): void {
    this.#exchange = exchange
    this.#wake()
    // A page that got messages while it rests would be thrown out of the back/forward cache.
    onRest(
      () => this.#rest(),
      () => this.#wake(),
      this.#ended.signal,
    )
  }

  audience(): Peer[] {
    return [...this.#peers.values()].map(({ peer }) => peer)
  }

  where({ id }: Who): string {
    return `tab ${id.slice(-4)}`
  }

  readonly far = true

  // Nothing can be moved over a channel.
  moves(): Transferable[] {
    return []
  }

  post(message: Message, to: string | null): undefined {
    if (!to) return this.#channel?.postMessage(message) as undefined
    const post = () => {
      const known = this.#peers.get(to)
      // Whoever cannot be seen may be anybody, and is not answered.
      if (!known) return
      known.inbox ??= new BroadcastChannel(`${this.#channelName}:${to}`)
      known.inbox.postMessage(message)
    }
    if (this.#peers.has(to)) post()
    else void this.look().then(post)
  }

  heard({ kind }: Message): void {
    if (kind !== 'hello') return
    // Whoever says so is to answer what is sent from now on: that waits until it is known.
    if (this.gather) this.open = false
    void this.look()
  }

  changed(): void {
    if (this.#channel) microtask(() => this.#enter())
    const { routes } = this.#exchange
    if (this.#missed || routes.all.some((handler) => coreBehind(handler)?.journal)) this.#follow()
  }

  /** What is not heard is to be found in the logs: from now on. */
  #follow(): void {
    this.#logged = import('./missed.js')
      .then(({ Missed }) => {
        this.#missed ??= new Missed(this.#channelName, this.#exchange)
        return this.#missed.follow()
      })
      .catch(console.error)
  }

  /** Their logs know: whoever does not hear it now finds it there. */
  sent(holds: readonly Hold[]): void {
    const text = `,"channel":${JSON.stringify(this.#channelName)},"bridge":"${this.#exchange.id}"`
    for (const { state } of holds)
      for (const { mark } of state.visits)
        if (mark?.journal && !mark.journal.lost) {
          mark.journal.add({ kind: 'B', mark, text })
          // It sends again what the logs are told too late.
          if (!this.#logged) this.#follow()
        }
  }

  #wake(): void {
    if (this.#channel) return
    const exchange = this.#exchange
    exchange.renew()
    this.#since = Date.now()
    // Before it can be answered, it asks nobody.
    this.open = !this.gather
    this.#life = new AbortController()
    this.#channel = this.#listen(this.#channelName)
    this.#inbox = this.#listen(`${this.#channelName}:${exchange.id}`)
    this.#missed?.back()
    this.ready = this.#begin()
  }

  #listen(name: string): BroadcastChannel {
    const channel = new BroadcastChannel(name)
    channel.onmessage = ({ data }) => (this.#missed ? this.#missed.hear(data) : this.#exchange.receive(data))
    channel.onmessageerror = () => this.#exchange.stats.wireErrors++
    return channel
  }

  /** Listening before it can be seen, seen before it looks: so two that start at once find each other. */
  async #begin(): Promise<void> {
    await null
    await this.#enter()
    await this.look()
    await this.#logged
  }

  /** Others can see it, under the names of its buses as they are now. */
  async #enter(): Promise<void> {
    if (!this.#channel) return
    const { id, routes } = this.#exchange
    const lock = lockOfPeer(this.#channelName, { id, since: this.#since, busNames: routes.busNames })
    if (lock === this.#lock.name) return
    await this.#lock.hold(lock)
    // Who it is, its lock tells.
    this.#exchange.post('hello', [])
  }

  /** Who is there now: one look at a time, and one for all who ask meanwhile. */
  look(): Promise<void> {
    const look = () => {
      this.#next = null
      this.#looking = this.#look()
      return this.#looking
    }
    this.#next ??= this.#looking.then(look, look)
    return this.#next
  }

  async #look(): Promise<void> {
    const exchange = this.#exchange
    const { count } = exchange
    const found = await query(this.#channelName)
    if (found && this.#channel) {
      found.delete(exchange.id)
      for (const [id, now] of found) {
        const known = this.#peers.get(id)
        if (known?.lock === now.lock) continue
        now.inbox = known?.inbox
        this.#peers.set(id, now)
        // Whose lock is free is gone, or has another name now.
        watch(now.lock, this.#life.signal, () => {
          now.lock = ''
          void this.look()
        })
      }
      for (const id of this.#peers.keys()) if (!found.has(id)) this.#lose(id)
    }
    this.open = !!this.#channel
    // What came meanwhile waits for whoever has said hello meanwhile; the rest must not, or hellos without end would keep it for ever.
    exchange.flush(this.#next ? exchange.count - count : 0)
    if (this.#next && this.gather) this.open = false
  }

  #lose(id: string): void {
    this.#peers.get(id)?.inbox?.close()
    this.#peers.delete(id)
    this.#exchange.lost(id, new EventCancelledError(`The tab ${id} is gone`))
  }

  #rest(why = 'went to rest with its page', ends = false): void {
    this.#missed?.rest(ends)
    this.open = !!this.#channel
    this.#exchange.leave(why, ends)
    this.#lock.release()
    this.#life.abort()
    for (const id of this.#peers.keys()) this.#lose(id)
    this.#channel?.close()
    this.#inbox?.close()
    this.#channel = null
    this.open = false
  }

  close(): void {
    this.#rest('was closed', true)
    this.#ended.abort()
  }
}
