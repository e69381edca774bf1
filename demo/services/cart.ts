import { shop } from '../buses.js'
import { CartChanged, CartCleared, ItemAdded, ItemRemoved, type Line } from '../events.js'

class Cart {
  readonly #quantities = new Map<string, number>()

  get lines(): Line[] {
    return [...this.#quantities].map(([sku, quantity]) => ({ sku, quantity }))
  }

  quantityOf(sku: string): number {
    return this.#quantities.get(sku) ?? 0
  }

  change(sku: string, by: number): void {
    const quantity = this.quantityOf(sku) + by
    if (quantity > 0) this.#quantities.set(sku, quantity)
    else this.#quantities.delete(sku)
  }

  /** As an earlier page has left it. */
  restore(lines: readonly Line[]): void {
    this.clear()
    for (const { sku, quantity } of lines) this.#quantities.set(sku, quantity)
  }

  clear(): void {
    this.#quantities.clear()
  }
}

export const cart = new Cart()

export function openCart(): void {
  shop.on(
    ItemAdded,
    ({ sku }, { bus }) => {
      cart.change(sku, +1)
      bus.dispatch(new CartChanged({ lines: cart.lines }))
    },
    { name: 'Cart.add' },
  )

  shop.on(
    ItemRemoved,
    ({ sku }, { bus }) => {
      cart.change(sku, -1)
      bus.dispatch(new CartChanged({ lines: cart.lines }))
    },
    { name: 'Cart.remove' },
  )

  shop.on(
    CartCleared,
    (_, { bus }) => {
      cart.clear()
      bus.dispatch(new CartChanged({ lines: [] }))
    },
    { name: 'Cart.clear' },
  )
}
