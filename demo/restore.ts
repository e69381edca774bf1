import type { BaseEvent } from '../src/index.js'
import { log, shop, warehouse } from './buses.js'
import { catalogue } from './catalogue.js'
import { classes, did } from './classes.js'
import {
  CartChanged,
  CartCleared,
  ChargePayment,
  CheckoutRequested,
  ItemAdded,
  ItemRemoved,
  ParcelDelivered,
  ReleaseStock,
  ReserveStock,
  ShipOrder,
  StockChanged,
} from './events.js'
import { driveOn } from './services/carriers.js'
import { cart } from './services/cart.js'
import { orderBook } from './services/orders.js'
import { stock } from './services/stock.js'

/**
 * The services keep their state in memory. What it was, the log says, which remembers more than the history of a bus does; then what
 * a crash has interrupted goes on.
 */
export async function restore(): Promise<void> {
  await Promise.all([shop.ready, warehouse.ready])
  const shipped = new Set<string>()
  const delivered = new Set<string>()
  const events = await past()
  for (const event of events) {
    remember(event)
    await orderBook.note(event)
    if (event instanceof ShipOrder && did(event, 'Warehouse.pack')) shipped.add(event.orderId)
    else if (event instanceof ParcelDelivered) delivered.add(event.orderId)
  }
  for (const event of [...(await shop.recover()), ...(await warehouse.recover())]) {
    // Handlers that are spared have had their turn before the crash.
    remember(event)
    // It hands its parcel over anew.
    if (event instanceof CheckoutRequested && !did(event, 'Checkout.run')) shipped.delete(event.orderId)
  }
  driveOn(shipped, delivered)
  if (events.length) await announce()
}

function remember(event: BaseEvent): void {
  stock.remember(event)
  cart.remember(event)
}

/** What there is to remember of. */
const memorable = new Set(
  [
    CartCleared,
    ChargePayment,
    CheckoutRequested,
    ItemAdded,
    ItemRemoved,
    ParcelDelivered,
    ReleaseStock,
    ReserveStock,
    ShipOrder,
  ].map(({ eventType }) => eventType),
)

/**
 * What the shop has finished, and every order. What is dispatched anew after a crash has left its old event unfinished: it counts
 * once. In the order of their ids, which is that of their times: an export has children before their parents, and may be imported.
 */
async function past(): Promise<BaseEvent[]> {
  const events: BaseEvent[] = []
  try {
    for await (const record of log.records({ busName: shop.name })) {
      const { event_type: type, event_completed_at: completed } = record
      const told = completed ? memorable.has(type) : type === CheckoutRequested.eventType
      const event = told ? revived(type, record) : null
      if (event) events.push(event)
    }
  } catch (error) {
    // Without a database there is no past. The panel tells of that.
    if (log.state === 'ok') throw error
  }
  return events.sort((a, b) => (a.eventId < b.eventId ? -1 : 1))
}

/** Null for what a file has brought in and no shop has sold. */
function revived(type: string, record: object): BaseEvent | null {
  try {
    return classes.get(type)?.fromJSON(record) ?? null
  } catch {
    return null
  }
}

/** The page shows what it is told. */
async function announce(): Promise<void> {
  for (const product of catalogue) {
    const left = stock.left(product.sku)
    if (left === product.stock) continue
    await shop.whenRoom()
    shop.dispatch(new StockChanged({ sku: product.sku, left }))
  }
  await shop.whenRoom()
  shop.dispatch(new CartChanged({ lines: cart.lines }))
}
