import { EventCancelledError, EventTimeoutError } from '../errors.js'
import type { EventHold, EventState } from '../events/event-state.js'
import { errorRecord } from '../protocol.js'
import { after } from '../timers.js'
import { hopsOf, waitsElsewhere } from './awaited.js'
import type { Exchange } from './exchange.js'
import type { Sent } from './messages.js'
import { failEntry, type Peer, takeOutcomes } from './records.js'

/**
 * One event that a bridge has taken: like a visit to a bus it keeps the event open, but it has no lane, history or path.
 *
 * Invariant: while it is not `over`, it is in the exchange's `holds` and counted in its event's `open`.
 */
export class Hold implements EventHold {
  readonly exchange: Exchange
  readonly state: EventState
  readonly item: Sent
  /** What goes with it and is then no longer here. */
  readonly moved: Transferable[]
  /** Who has not answered yet; null while it was not sent. */
  open: Map<string, Peer> | null = null
  over = false
  #waits = false
  #stopTimer: (() => void) | undefined

  constructor(exchange: Exchange, state: EventState, item: Sent, moved: Transferable[]) {
    this.exchange = exchange
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

  /** Its peers are to know that somebody's handler waits, here or where it came from. */
  urge(): void {
    if (this.over || this.item.hops) return
    const hops = hopsOf(this.state)
    this.item.hops = hops
    if (hops && this.open) this.exchange.post('urgent', { n: this.item.n, hops })
  }

  /** It goes out now, and these are to answer, at most in `timeout` ms. */
  sent(audience: Iterable<Peer>, timeout: number | null): void {
    const { silent } = this.exchange
    this.urge()
    this.open = new Map()
    for (const peer of audience) {
      if (silent.has(peer.id))
        this.#fail(peer, new EventTimeoutError(`${peer.id} has not answered for a while`))
      else this.open.set(peer.id, peer)
    }
    if (timeout && this.open.size) this.#stopTimer = after(timeout, () => this.expire(timeout))
  }

  /** Nobody is waited for, or nobody is left. */
  endIfAnswered(): void {
    if (!this.open?.size) this.end()
  }

  answered(id: string, outcomes: readonly unknown[]): void {
    const peer = this.open?.get(id)
    if (!peer) return
    this.open?.delete(id)
    takeOutcomes(this.state, peer, this.exchange.carrier.where(peer), outcomes)
    this.endIfAnswered()
  }

  /** A peer will not answer any more. */
  lost(id: string, error: Error): void {
    const peer = this.open?.get(id)
    if (!peer) return
    this.open?.delete(id)
    this.#fail(peer, error)
    this.endIfAnswered()
  }

  /** Whoever has not answered will not be waited for. */
  fail(error: Error): void {
    if (this.over) return
    for (const peer of this.open?.values() ?? []) this.#fail(peer, error)
    this.end()
  }

  expire(timeout: number): void {
    for (const { id } of this.open?.values() ?? []) this.exchange.silent.add(id)
    this.fail(new EventTimeoutError(`${this.state.label} was not answered in ${timeout} ms`))
  }

  cancel(cause: Error): void {
    if (this.over) return
    if (this.open?.size) this.exchange.post('cancel', { n: this.item.n, error: errorRecord(cause) })
    this.fail(new EventCancelledError(`${this.state.label} was cancelled: ${cause.message}`, { cause }))
  }

  /** It cannot even be sent. */
  refuse(peer: Peer, error: Error): void {
    if (this.over) return
    this.#fail(peer, error)
    this.end()
  }

  #fail(peer: Peer, error: Error): void {
    failEntry(this.state, peer, this.exchange.carrier.where(peer), error)
  }

  end(): void {
    if (this.over) return
    this.over = true
    this.#stopTimer?.()
    if (this.#waits) waitsElsewhere(-1)
    this.exchange.holds.delete(this.item.n)
    this.state.release()
  }
}
