import { expose, type Remote, releaseProxy, transfer, wrap } from 'comlink'
import type { EventBus } from '../bus/event-bus.js'
import type { Subscription } from '../bus/types.js'
import { EventCancelledError, EventTimeoutError, isIdentifier } from '../errors.js'
import { microtask } from '../page.js'
import { onRest } from '../resting.js'
import { after } from '../timers.js'
import { FilteredEndpoint, placeOf, type Target, type WindowTarget } from './endpoint.js'
import type { Carrier, Exchange } from './exchange.js'
import { type Hello, isList, type Kind, kinds, type Message } from './messages.js'
import { isHeld, OwnLock, watch } from './presence.js'
import type { Who } from './records.js'

type Verbs = Record<Kind, (message: Message) => void>

export interface LinkOptions {
  transfer?: ((value: never) => Transferable[]) | undefined
  timeout?: number | null | undefined
}

const nobody: Who = { id: 'nobody', busNames: [] }

const lockOf = (id: string) => `bubus:k:${id}`

/** How long a worker may take to say hello, in ms, where no time-out is given. */
const PATIENCE = 10_000

/** Two contexts that know each other: a page and its worker, its frame, or whoever has the other end of a port. */
export class WorkerLink implements Carrier {
  declare readonly name: string
  readonly gather = true
  declare readonly far: boolean
  declare readonly timeout: number | null
  readonly #target: Target
  /** The bus on the exposing side: what the other side wants of it goes there. */
  readonly #bus: EventBus | null
  readonly #transfer: LinkOptions['transfer']
  readonly #place: string
  readonly #ended = new AbortController()
  readonly #lock = new OwnLock()
  #exchange!: Exchange
  #endpoint!: FilteredEndpoint
  #remote!: Remote<Verbs>
  /** comlink makes a proxy for each member that is read, and keeps the endpoint, which leads to here, until that proxy is collected. */
  #calls: Partial<Record<Kind, (message: Message) => Promise<void>>> = {}
  #peer: Who | null = null
  #unwatch = new AbortController()
  /** Null while somebody is there, or may still come. */
  lost: Error | null = null
  #stopPatience: (() => void) | null = null
  #wanted = new Map<string, Subscription>()
  #resting = false
  #looks = false
  /** The other side rests, and what is here was told so. */
  #tellsRest = false
  /** The bridge's, on the exposing side. */
  declare dispatch: EventBus['dispatch']
  /** Where pages come and go: in a shared worker. */
  declare onLost?: (forGood: boolean) => void

  constructor(
    name: string,
    target: Target,
    bus: EventBus | null,
    { transfer: moves, timeout = null }: LinkOptions,
  ) {
    this.name = name
    this.timeout = timeout
    this.#target = target
    this.#bus = bus
    this.#transfer = moves
    // A shared worker is in none of its pages' clusters.
    const { origin } = globalThis
    this.far =
      'port' in Object(target) || 'onconnect' in globalThis || (Object(target).origin ?? origin) !== origin
    this.#place = bus ? 'page' : placeOf(target)
  }

  start(exchange: Exchange): void {
    this.#exchange = exchange
    const { signal } = this.#ended
    const refused = () => exchange.stats.wireErrors++
    this.#endpoint = new FilteredEndpoint(this.#target, kinds, signal, refused)
    const verbs = Object.create(null)
    for (const kind of kinds) {
      verbs[kind] = (message?: Message) => exchange.receive(message?.kind === kind && message)
    }
    expose(verbs, this.#endpoint.requests)
    this.#remote = wrap<Verbs>(this.#endpoint.replies)
    const worker = this.#target as Partial<Worker>
    worker.addEventListener?.('error', (event) => this.#failed(event), { signal })
    onRest(
      () => this.#rest(true),
      () => this.#resting && this.#wake(),
      signal,
    )
    this.#wake()
  }

  get open(): boolean {
    return !!this.#peer && !this.#removed
  }

  /** Such a window says nothing, and the lock of one of another origin does not tell. */
  get #removed(): boolean {
    return !!(this.#target as WindowTarget).window?.closed
  }

  /** While a window is to answer, it is looked after. */
  sent(): void {
    if (this.#looks || !(this.#target as WindowTarget).window) return
    this.#looks = true
    after(1000, () => {
      this.#looks = false
      if (this.#removed) this.delayed()
      else if (this.#exchange.holds.size) this.sent()
    })
  }

  /** There is something to send, and nobody has said hello yet. */
  delayed(): void {
    if (this.#removed) return this.#lose(new EventCancelledError(`The window of ${this.name} is gone`))
    if (this.#resting) return
    const ms = this.timeout ?? PATIENCE
    this.#stopPatience ??= after(ms, () =>
      this.#lose(
        new EventTimeoutError(`Nobody said hello to ${this.name} in ${ms} ms: call \`exposeBus(bus)\` there`),
      ),
    )
  }

  audience(): Iterable<Who> {
    return [this.#peer ?? nobody]
  }

  where(): string {
    return this.#place
  }

  /** The exposing side moves results, the other one events. */
  moves(what: unknown, isResult: boolean): Transferable[] {
    return [...((isResult === !!this.#bus && this.#transfer?.(what as never)) || [])]
  }

  /** Two bridges of a page to one worker hear the same: what is for one of them says so. */
  post(message: Message, to: string | null, moved: Transferable[]): Promise<unknown> | undefined {
    const { kind } = message
    this.#calls[kind] ??= this.#remote[kind] as never
    if (to) message.to = to
    return this.#calls[kind]?.(moved.length ? transfer(message, moved) : message)
  }

  heard(message: Message): void {
    const { kind, from, items, flag } = message
    if (kind === 'hello') {
      this.#tellRest(false)
      this.#meet({ id: from, ...helloOf(items[0]?.value) }, flag)
    } else if (from === this.#peer?.id) {
      this.#lose(
        new EventCancelledError(`The other side of ${this.name} has ${flag ? 'gone to rest' : 'closed'}`),
        !flag,
      )
      this.#tellRest(flag)
      // There may be another one, that was there before.
      if (!flag) void this.#hello(true)
    }
  }

  changed(): void {
    if (this.#peer) microtask(() => this.#hello(false))
  }

  #meet({ wanted, locked, exposes, ...peer }: Who & Hello, asks: boolean): void {
    const { id } = peer
    // One that goes the other way over the same endpoint: each is heard by both.
    if (exposes === !!this.#bus) return
    if (this.#peer && this.#peer.id !== id)
      this.#lose(new EventCancelledError(`The other side of ${this.name} has started anew`))
    const known = !!this.#peer
    this.#peer = peer
    this.lost = null
    this.#stopWaiting()
    if (!known) void this.#watch(id, locked && (this.#place === 'worker' || !!this.onLost))
    this.#forward(wanted)
    // What was registered since it was asked is not known there.
    if (asks || !known) void this.#hello(false)
    this.#exchange.flush()
  }

  /** A lock that cannot be seen is none, of another origin, or on plain http: unless `mine`, a worker or its page, says it has it. */
  async #watch(id: string, mine: boolean): Promise<void> {
    this.#unwatch = new AbortController()
    const { signal } = this.#unwatch
    if (!(mine || (await isHeld(lockOf(id)))) || signal.aborted) return
    watch(lockOf(id), signal, () =>
      this.#lose(new EventCancelledError(`The other side of ${this.name} is gone`)),
    )
  }

  /** On the exposing side: events that the other one delivers go there. */
  #forward(wanted: readonly string[]): void {
    for (const [pattern, subscription] of this.#wanted) {
      if (wanted.includes(pattern)) continue
      subscription()
      this.#wanted.delete(pattern)
    }
    for (const pattern of this.#bus ? wanted : []) {
      if (this.#wanted.has(pattern)) continue
      this.#wanted.set(pattern, (this.#bus as EventBus).on(pattern, this.dispatch))
    }
  }

  #stopWaiting(): void {
    this.#stopPatience?.()
    this.#stopPatience = null
  }

  /** The other side will not answer any more. */
  #lose(error: Error, forGood = false): void {
    const peer = this.#peer
    this.#unwatch.abort()
    this.#stopWaiting()
    this.#forward([])
    this.#peer = null
    this.lost = error
    if (peer) this.#exchange.lost(peer.id, error)
    this.#exchange.flush()
    this.onLost?.(forGood)
  }

  #failed({ message }: ErrorEvent): void {
    // One that runs may throw whatever it likes: its lock tells whether it lives.
    if (!this.#peer)
      this.#lose(
        new EventCancelledError(
          `The worker of ${this.name} failed: ${message ?? 'its script could not be loaded'}`,
        ),
      )
  }

  async #hello(asks: boolean): Promise<void> {
    const exchange = this.#exchange
    const { id } = exchange
    // With what else is registered in this stretch.
    await null
    const locked = !this.#resting && (await this.#lock.hold(lockOf(id)))
    if (id !== exchange.id || this.#resting) return
    const { busNames, wanted } = exchange.routes
    exchange.post('hello', [{ n: 0, value: { busNames, wanted, locked, exposes: !!this.#bus } }], asks)
  }

  #wake(): void {
    this.#resting = false
    this.#exchange.renew()
    this.lost = null
    void this.#hello(true)
    this.#exchange.flush()
  }

  /** A page at rest may hold no lock that others wait for; it comes back as somebody new. */
  #rest(rests: boolean): void {
    const exchange = this.#exchange
    exchange.leave(rests ? 'went to rest with its page' : 'was closed', !rests)
    if (this.#peer) exchange.post('close', [], rests)
    this.#resting = true
    this.#forward([])
    this.#unwatch.abort()
    this.#stopWaiting()
    this.#lock.release()
    this.#peer = null
  }

  /** A worker has no `pagehide` of its own: what it holds locks for learns from its page's. */
  #tellRest(rests: boolean): void {
    if (rests === this.#tellsRest || !this.#bus || this.#target !== (globalThis as never)) return
    this.#tellsRest = rests
    const event = new Event(rests ? 'pagehide' : 'pageshow')
    globalThis.dispatchEvent(Object.assign(event, { persisted: true }))
  }

  close(): void {
    if (this.#ended.signal.aborted) return
    this.#rest(false)
    this.#ended.abort()
    this.#remote[releaseProxy]()
    this.#calls = {}
    this.#endpoint.close()
  }
}

/** What is said of whoever is there; what is wrong in it is left out. */
function helloOf(value: unknown): Hello {
  const { busNames, wanted, locked, exposes } = Object(value)
  const texts = (list: unknown, isText: (one: unknown) => unknown) =>
    (isList(list) ? list.filter(isText) : []) as string[]
  return {
    locked: locked === true,
    exposes: exposes === true,
    busNames: texts(busNames, isIdentifier),
    wanted: texts(wanted, (one) => one === '*' || isIdentifier(one)),
  }
}
