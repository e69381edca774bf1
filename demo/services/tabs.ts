import { TabBridge } from '../../src/bridges/tab-bridge.js'
import { shop } from '../buses.js'
import { CartCleared, ItemAdded, ItemRemoved, StockChanged } from '../events.js'

/** The shop is one, in however many tabs: a cart and a stock for all of them. */
export function openTabs(): void {
  const tabs = new TabBridge('shop')
  for (const type of [ItemAdded, ItemRemoved, CartCleared, StockChanged]) {
    shop.on(type, tabs.dispatch)
    tabs.on(type, shop.dispatch)
  }
}
