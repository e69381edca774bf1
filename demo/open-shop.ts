import { shop, warehouse } from './buses.js'
import {
  CheckoutRequested,
  ItemAdded,
  ItemRemoved,
  QuotesRequested,
  ReshipRequested,
  ShipOrder,
} from './events.js'
import { openCarriers } from './services/carriers.js'
import { openCart } from './services/cart.js'
import { openCheckout } from './services/checkout.js'
import { openInvoices } from './services/invoices.js'
import { orderBook } from './services/orders.js'
import { openPayment } from './services/payment.js'
import { openSession } from './services/session.js'
import { openStock } from './services/stock.js'
import { openTabs } from './services/tabs.js'

// The bus is one more place that events from a click bubble up to.
shop.attach(document, ItemAdded, ItemRemoved, CheckoutRequested, ReshipRequested)

// What concerns parcels goes on to the warehouse, as the same event, and is awaited like any other.
shop.on(ShipOrder, warehouse.dispatch)
shop.on(QuotesRequested, warehouse.dispatch)

openStock()
openCart()
openPayment()
openCarriers()
openCheckout()
openSession()
openTabs()
openInvoices()
void orderBook.watch()
