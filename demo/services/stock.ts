import type { BaseEvent } from '../../src/index.js'
import { shop } from '../buses.js'
import { catalogue, productOf } from '../catalogue.js'
import { did } from '../classes.js'
import { ItemAdded, type Line, NoticeShown, ReleaseStock, ReserveStock, StockChanged } from '../events.js'
import { pause } from '../pause.js'
import { cart } from './cart.js'

export class OutOfStock extends Error {
  override name = 'OutOfStock'
}

class Stock {
  readonly #left = new Map(catalogue.map(({ sku, stock }) => [sku, stock]))
  readonly #reserved = new Map<string, readonly Line[]>()

  left(sku: string): number {
    return this.#left.get(sku) ?? 0
  }

  /** What an earlier page has done counts here, too. Told twice, it counts once. */
  remember(event: BaseEvent): void {
    if (event instanceof ReserveStock && did(event, 'Stock.reserve')) this.#take(event.orderId, event.lines)
    else if (event instanceof ReleaseStock && did(event, 'Stock.release')) this.release(event.orderId)
  }

  /** What another tab's stock says. */
  follow({ sku, left }: StockChanged): void {
    this.#left.set(sku, left)
  }

  /** Takes everything or nothing; for an order that has its share already, nothing more. */
  reserve(orderId: string, lines: readonly Line[]): number {
    if (this.#reserved.has(orderId)) return lines.length
    const short = lines.find(({ sku, quantity }) => this.left(sku) < quantity)
    if (short) throw new OutOfStock(`Only ${this.left(short.sku)} × ${productOf(short.sku).name} left`)
    this.#take(orderId, lines)
    return lines.length
  }

  #take(orderId: string, lines: readonly Line[]): void {
    if (this.#reserved.has(orderId)) return
    for (const { sku, quantity } of lines) this.#left.set(sku, this.left(sku) - quantity)
    this.#reserved.set(orderId, lines)
  }

  release(orderId: string): readonly Line[] {
    const lines = this.#reserved.get(orderId) ?? []
    this.#reserved.delete(orderId)
    for (const { sku, quantity } of lines) this.#left.set(sku, this.left(sku) + quantity)
    return lines
  }
}

export const stock = new Stock()

/** Listeners come before handlers, so this one can keep the last lamp from being sold twice. */
function vetoWhatWeDoNotHave(event: ItemAdded): void {
  if (cart.quantityOf(event.sku) < stock.left(event.sku)) return
  event.preventDefault()
  const { name } = productOf(event.sku)
  const text =
    stock.left(event.sku) > 0 ? `No more ${name} left: you have the last one` : `${name} is sold out`
  shop.dispatch(new NoticeShown({ text, tone: 'warn' }))
}

export function openStock(): void {
  shop.addEventListener(ItemAdded, vetoWhatWeDoNotHave)
  shop.on(StockChanged, (event) => stock.follow(event), { name: 'Stock.follow' })

  shop.on(
    ReserveStock,
    async ({ orderId, lines }, { bus, signal }) => {
      await pause(350, signal)
      const reserved = stock.reserve(orderId, lines)
      for (const { sku } of lines) bus.dispatch(new StockChanged({ sku, left: stock.left(sku) }))
      return { reserved }
    },
    { name: 'Stock.reserve' },
  )

  shop.on(
    ReleaseStock,
    ({ orderId }, { bus }) => {
      for (const { sku } of stock.release(orderId)) {
        bus.dispatch(new StockChanged({ sku, left: stock.left(sku) }))
      }
    },
    { name: 'Stock.release' },
  )
}
