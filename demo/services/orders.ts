import type { BaseEvent } from '../../src/index.js'
import { shop } from '../buses.js'
import { shared } from '../drawers.js'
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

const lastId = 'last-order'

type StopEvent = ReserveStock | ChargePayment | ShipOrder

/** `eventCompletion` is for observers: other than `await event` it never makes an event jump the queue. */
async function resultOf(event: StopEvent | CheckoutRequested) {
  await event.eventCompletion
  return event.eventResult()
}

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

  /** A number that no other order has, in no other tab and not after a reload. */
  nextId(): string {
    const used = [...this.#orders.keys(), shared.getItem(lastId)].map((id) => Number(id?.slice(4)))
    const id = `ORD-${Math.max(1000, ...used.filter(Number.isSafeInteger)) + 1}`
    shared.setItem(lastId, id)
    return id
  }

  async watch(): Promise<void> {
    for await (const event of shop.events('*')) void this.note(event)
  }

  /** Resolves when the event has had its effect: of what earlier pages have done, one comes after the other. */
  async note(event: BaseEvent): Promise<void> {
    if (event instanceof CheckoutRequested) void this.#open(event)
    else if (event instanceof ReserveStock) await this.#follow('stock', event, 'Reserving')
    else if (event instanceof ChargePayment) await this.#follow('payment', event, 'Asking the bank')
    else if (event instanceof ShipOrder) await this.#ship(event)
    else if (event instanceof ParcelDelivered) this.#arrived(event)
    else if (event instanceof PickupFailed && event.eventStatus !== 'completed') {
      const note = `Attempt ${event.attempt} failed: ${event.reason}. Trying again`
      this.#set(event.orderId, 'carrier', { state: 'running', note })
    }
  }

  async #open(order: CheckoutRequested): Promise<void> {
    const { orderId, lines, amount, carrier } = order
    // After a crash it is asked for again.
    if (!this.#orders.has(orderId)) {
      const progress = { stock: waiting(), payment: waiting(), carrier: waiting(), door: waiting() }
      this.#orders.set(orderId, { id: orderId, lines, amount, carrier, progress })
      this.#changed()
    }
    try {
      await resultOf(order)
    } catch (error) {
      // What has failed on its way says so where it did.
      if (this.#orders.get(orderId)?.progress.stock.state === 'waiting')
        this.#set(orderId, 'stock', { state: 'failed', note: inWords(error) })
    }
  }

  async #follow(stop: Stop, event: StopEvent, doing: string): Promise<boolean> {
    this.#set(event.orderId, stop, { state: 'running', note: doing })
    try {
      const answer = await resultOf(event)
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
    if (order.progress.door.state === 'done') return
    this.#set(order.id, 'door', { state: 'running', note: 'On its way' })
    setTimeout(() => {
      if (order.progress.door.state !== 'running') return
      this.#set(order.id, 'door', { state: 'running', note: 'Later than promised, still on its way' })
    }, 15_000)
  }

  #arrived({ orderId }: ParcelDelivered): void {
    this.#set(orderId, 'door', { state: 'done', note: 'Delivered' })
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
