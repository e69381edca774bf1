import type { BaseEvent } from '../../src/index.js'
import { shop } from '../buses.js'
import {
  type Carrier,
  ChargePayment,
  CheckoutRequested,
  type Line,
  ParcelDelivered,
  PickupFailed,
  ReserveStock,
  ShipOrder,
} from '../events.js'
import { inWords } from '../words.js'
import { carrierNames } from './carriers.js'

export const stops = ['stock', 'payment', 'carrier', 'door'] as const
export type Stop = (typeof stops)[number]

export interface Progress {
  state: 'waiting' | 'running' | 'done' | 'failed'
  note: string
}

export interface Order {
  readonly id: string
  readonly lines: readonly Line[]
  readonly amount: number
  carrier: Carrier
  readonly progress: Record<Stop, Progress>
}

type StopEvent = ReserveStock | ChargePayment | ShipOrder

const waiting = (): Progress => ({ state: 'waiting', note: '' })

/**
 * What a customer may know of an order. It only watches: nothing here is a handler, so nothing here can delay or
 * reorder what happens. Tells of every change with a `change` event.
 */
class OrderBook extends EventTarget {
  readonly #orders = new Map<string, Order>()

  /** Newest first. */
  get orders(): Order[] {
    return [...this.#orders.values()].reverse()
  }

  /** Counts on where earlier pages have stopped. */
  nextId(): string {
    const numbers = [...this.#orders.keys()].map((id) => Number(id.slice(4)) || 0)
    return `ORD-${Math.max(1000, ...numbers) + 1}`
  }

  async watch(): Promise<void> {
    for await (const event of shop.events('*')) this.#note(event)
  }

  /** What earlier pages have done for their customers, in order. */
  restore(events: Iterable<BaseEvent>): void {
    for (const event of events) this.#note(event)
  }

  #note(event: BaseEvent): void {
    if (event instanceof CheckoutRequested) this.#open(event)
    else if (event instanceof ReserveStock) void this.#follow('stock', event, 'Reserving')
    else if (event instanceof ChargePayment) void this.#follow('payment', event, 'Asking the bank')
    else if (event instanceof ShipOrder) void this.#ship(event)
    else if (event instanceof PickupFailed) {
      const note = `Attempt ${event.attempt} failed: ${event.reason}. Trying again`
      this.#set(event.orderId, 'carrier', { state: 'running', note })
    }
  }

  #open({ orderId, lines, amount, carrier }: CheckoutRequested): void {
    const progress = { stock: waiting(), payment: waiting(), carrier: waiting(), door: waiting() }
    this.#orders.set(orderId, { id: orderId, lines, amount, carrier, progress })
    this.#changed()
  }

  /** `eventCompletion` is for observers: other than `await event` it never makes an event jump the queue. */
  async #follow(stop: Stop, event: StopEvent, doing: string): Promise<boolean> {
    this.#set(event.orderId, stop, { state: 'running', note: doing })
    await event.eventCompletion
    try {
      const answer = await event.eventResult()
      this.#set(event.orderId, stop, { state: 'done', note: receiptFor(stop, answer) })
      return true
    } catch (error) {
      this.#set(event.orderId, stop, { state: 'failed', note: inWords(error) })
      return false
    }
  }

  async #ship(event: ShipOrder): Promise<void> {
    const order = this.#orders.get(event.orderId)
    if (!order) return
    order.carrier = event.carrier
    if (!(await this.#follow('carrier', event, `Waiting for ${carrierNames[event.carrier]}`))) return
    this.#set(order.id, 'door', { state: 'running', note: 'On its way' })
    try {
      const where = (it: ParcelDelivered) => it.orderId === order.id
      const arrived = await shop.find(ParcelDelivered, { where })
      if (!arrived) await shop.expect(ParcelDelivered, { where, timeout: 15_000 })
      this.#set(order.id, 'door', { state: 'done', note: 'Delivered' })
    } catch {
      this.#set(order.id, 'door', { state: 'running', note: 'Later than promised, still on its way' })
    }
  }

  #set(orderId: string, stop: Stop, progress: Progress): void {
    const order = this.#orders.get(orderId)
    if (!order) return
    order.progress[stop] = progress
    this.#changed()
  }

  #changed(): void {
    this.dispatchEvent(new Event('change'))
  }
}

function receiptFor(stop: Stop, answer: unknown): string {
  const { receipt, tracking } = Object(answer) as { receipt?: string; tracking?: string }
  if (receipt) return `Paid, receipt ${receipt}`
  if (tracking) return `Handed over, ${tracking}`
  return stop === 'stock' ? 'Reserved' : 'Done'
}

export const orderBook = new OrderBook()
