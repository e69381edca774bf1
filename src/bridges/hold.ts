import { EventCancelledError, EventTimeoutError } from '../errors.js'
import type { EventHold, EventState } from '../events/event-state.js'
import { errorRecord } from '../protocol.js'
import { after } from '../timers.js'
import { hopsOf, waitsElsewhere } from './awaited.js'
import type { Exchange } from './exchange.js'
import type { Item } from './messages.js'
import { failEntry, takeOutcomes, type Who } from './records.js'

/**
 * One event that a bridge has taken: like a visit to a bus it keeps the event open, but it has no lane, history or path.
 *
 * Invariant: until it is `over` it counts in its event's `open`; once it is sent, it is in the exchange's `holds` meanwhile.
 */
export class Hold implements EventHold {
  readonly #exchange: Exchange
  declare readonly state: EventState
  declare readonly item: Item
  /** What goes with it and is then no longer here. */
  declare readonly moved: Transferable[]
  /** Who has not answered yet. */
  readonly asked = new Map<string, Who>()
  over = false
  #waits = false
  #stopTimer: (() => void) | undefined

  constructor(exchange: Exchange, state: EventState, item: Item, moved: Transferable[]) {
    this.#exchange = exchange
    this.state = state
    this.item = item
    this.moved = moved
    state.open++
    if (state.urgent) this.jump()
  }

  /** A handler here waits for it. */
  jump(): void {
    if (this.over || this.#waits) return
    this.#waits = true
    waitsElsewhere(1)
    this.urge()
  }

  /** Peers that are to answer are to know that somebody's handler waits, here or where it came from. */
  urge(): void {
    const { item } = this
    const exchange = this.#exchange
    if (this.over || item.hops || !exchange.carrier.gather) return
    const hops = hopsOf(this.state)
    if (!hops) return
    item.hops = hops
    // It is sent, and somebody has not answered.
    if (this.asked.size) exchange.post('urgent', [{ ...item, value: null }])
  }

  /** It goes out now, and these are to answer in time. */
  sent(): void {
    const { unheard, carrier } = this.#exchange
    const { gather, timeout } = carrier
    this.urge()
    // All of them, before one that is unheard of is counted out: it may be the only one.
    for (const peer of gather ? carrier.audience() : []) this.asked.set(peer.id, peer)
    for (const id of this.asked.keys())
      if (unheard.has(id)) this.answered(id, new EventTimeoutError(`${id} has not answered for a while`))
    if (!timeout || !this.asked.size) return
    this.#stopTimer = after(timeout, () => {
      for (const id of this.asked.keys()) unheard.add(id)
      this.fail(new EventTimeoutError(`${this.state.label} was not answered in ${timeout} ms`))
    })
  }

  /** A peer has answered, or why it will not. */
  answered(id: string, answer: readonly unknown[] | Error): void {
    const peer = this.asked.get(id)
    if (!peer) return
    this.asked.delete(id)
    const where = this.#exchange.carrier.where(peer)
    if (Array.isArray(answer)) takeOutcomes(this.state, peer, where, answer)
    else failEntry(this.state, peer, where, answer as Error)
    this.end()
  }

  /** Whoever has not answered is not waited for. */
  fail(error: Error): void {
    for (const id of this.asked.keys()) this.answered(id, error)
    this.end()
  }

  cancel(cause: Error): void {
    if (this.asked.size)
      this.#exchange.post('cancel', [{ ...this.item, value: errorRecord(cause) }], this.state.abandoned)
    this.fail(new EventCancelledError(`${this.state.label} was cancelled: ${cause.message}`, { cause }))
  }

  /** Once nobody was asked, or nobody is left. */
  end(): void {
    if (this.over || this.asked.size) return
    this.over = true
    this.#stopTimer?.()
    if (this.#waits) waitsElsewhere(-1)
    this.#exchange.holds.delete(this.item.n)
    // A history keeps the event, and need not keep what was sent of it.
    this.state.holds = this.state.holds.filter((hold) => hold !== this)
    this.state.release()
  }
}
