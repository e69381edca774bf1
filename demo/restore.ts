import type { BaseEvent } from '../src/index.js'
import { log, shop, warehouse } from './buses.js'
import { catalogue } from './catalogue.js'
import { classes, did } from './classes.js'
import { CartChanged, CheckoutRequested, ParcelDelivered, ShipOrder, StockChanged } from './events.js'
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
  let empty = true
  for await (const event of past()) {
    empty = false
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
  if (!empty) await announce()
}

function remember(event: BaseEvent): void {
  stock.remember(event)
  cart.remember(event)
}

/** What the shop has finished, and every order. What a recovered handler has dispatched anew is not finished: it counts once. */
async function* past(): AsyncGenerator<BaseEvent> {
  try {
    for await (const record of log.records({ busName: shop.name })) {
      const { event_type: type, event_completed_at: completed } = record
      const event = completed || type === CheckoutRequested.eventType ? revived(type, record) : null
      if (event) yield event
    }
  } catch (error) {
    // Without a database there is no past. The panel tells of that.
    if (log.state === 'ok') throw error
  }
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
