import type { BaseEvent } from '../../src/index.js'
import { shop } from '../buses.js'
import { did } from '../classes.js'
import { CartChanged, CartCleared, ItemAdded, ItemRemoved, type Line } from '../events.js'

/**
 * An event that is recovered keeps its id, and an order that is recovered keeps its own: what counts is counted once, however often
 * it is told.
 */
class Cart {
  readonly #quantities = new Map<string, number>()
  readonly #counted = new Set<string>()

  get lines(): Line[] {
    return [...this.#quantities].map(([sku, quantity]) => ({ sku, quantity }))
  }

  quantityOf(sku: string): number {
    return this.#quantities.get(sku) ?? 0
  }

  change(by: number, { eventId, sku }: ItemAdded | ItemRemoved): void {
    if (!this.#once(eventId)) return
    const quantity = this.quantityOf(sku) + by
    if (quantity > 0) this.#quantities.set(sku, quantity)
    else this.#quantities.delete(sku)
  }

  clear({ orderId }: CartCleared): void {
    if (this.#once(orderId)) this.#quantities.clear()
  }

  /** What an earlier page has done counts here, too. */
  remember(event: BaseEvent): void {
    if (event instanceof ItemAdded && did(event, 'Cart.add')) this.change(+1, event)
    else if (event instanceof ItemRemoved && did(event, 'Cart.remove')) this.change(-1, event)
    else if (event instanceof CartCleared && did(event, 'Cart.clear')) this.clear(event)
  }

  #once(id: string): boolean {
    if (this.#counted.has(id)) return false
    this.#counted.add(id)
    return true
  }
}

export const cart = new Cart()

export function openCart(): void {
  shop.on(
    ItemAdded,
    (event, { bus }) => {
      cart.change(+1, event)
      bus.dispatch(new CartChanged({ lines: cart.lines }))
    },
    { name: 'Cart.add' },
  )

  shop.on(
    ItemRemoved,
    (event, { bus }) => {
      cart.change(-1, event)
      bus.dispatch(new CartChanged({ lines: cart.lines }))
    },
    { name: 'Cart.remove' },
  )

  shop.on(
    CartCleared,
    (event, { bus }) => {
      cart.clear(event)
      bus.dispatch(new CartChanged({ lines: cart.lines }))
    },
    { name: 'Cart.clear' },
  )
}
