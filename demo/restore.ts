import type { BaseEvent } from '../src/index.js'
import { shop, warehouse } from './buses.js'
import {
  CartChanged,
  type Line,
  ParcelDelivered,
  ReleaseStock,
  ReserveStock,
  ShipOrder,
  StockChanged,
} from './events.js'
import { drive } from './services/carriers.js'
import { cart } from './services/cart.js'
import { orderBook } from './services/orders.js'
import { stock } from './services/stock.js'

/** The services keep their state in memory: the history that the log has restored says what it was. */
export async function restore(): Promise<void> {
  await Promise.all([shop.ready, warehouse.ready])
  const events = [...shop.eventHistory.values()].filter((event) => event.eventStatus === 'completed')
  orderBook.restore(events)
  restoreStock(events)
  restoreCart(events)
  deliver(events)
}

function restoreStock(events: BaseEvent[]): void {
  const left = new Map<string, number>()
  const reserved = new Map<string, readonly Line[]>()
  for (const event of events) {
    if (event instanceof StockChanged) left.set(event.sku, event.left)
    else if (event instanceof ReserveStock && succeeded(event)) reserved.set(event.orderId, event.lines)
    else if (event instanceof ReleaseStock) reserved.delete(event.orderId)
  }
  stock.restore(left, reserved)
  for (const [sku, count] of left) shop.dispatch(new StockChanged({ sku, left: count }))
}

function restoreCart(events: BaseEvent[]): void {
  const [last] = events.filter((event) => event instanceof CartChanged).slice(-1)
  if (!last) return
  cart.restore(last.lines)
  shop.dispatch(new CartChanged({ lines: cart.lines }))
}

/** The vans of a page that is gone are on the road no more. */
function deliver(events: BaseEvent[]): void {
  const arrived = new Set(events.flatMap((event) => (event instanceof ParcelDelivered ? event.orderId : [])))
  for (const event of events) {
    if (event instanceof ShipOrder && succeeded(event) && !arrived.has(event.orderId))
      drive(event.orderId, 900)
  }
}

const succeeded = ({ eventResults }: BaseEvent) =>
  [...eventResults.values()].every(({ status }) => status === 'completed')
