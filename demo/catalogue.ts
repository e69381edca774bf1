import type { Line } from './events.js'

export interface Product {
  sku: string
  name: string
  about: string
  price: number
  stock: number
}

export const catalogue: readonly Product[] = [
  { sku: 'mug', name: 'Enamel mug', about: 'Survives falls and meetings', price: 14, stock: 24 },
  { sku: 'notebook', name: 'Field notebook', about: '96 pages, dotted', price: 9.5, stock: 40 },
  { sku: 'lamp', name: 'Reading lamp', about: 'The last of its kind', price: 68, stock: 1 },
  { sku: 'radio', name: 'Pocket radio', about: 'Finds the local stations', price: 39, stock: 6 },
  { sku: 'fern', name: 'Fern in a pot', about: 'Likes shade and patience', price: 21, stock: 3 },
  { sku: 'socks', name: 'Wool socks', about: 'A pair, mostly', price: 12, stock: 18 },
]

const bySku = new Map(catalogue.map((product) => [product.sku, product]))

export function productOf(sku: string): Product {
  const product = bySku.get(sku)
  if (!product) throw new RangeError(`Expected \`sku\` to be in the catalogue, got \`${sku}\``)
  return product
}

export const totalOf = (lines: readonly Line[]): number =>
  lines.reduce((sum, { sku, quantity }) => sum + productOf(sku).price * quantity, 0)

export function itemsOf(lines: readonly Line[]): string {
  const count = lines.reduce((sum, { quantity }) => sum + quantity, 0)
  return count === 1 ? '1 item' : `${count} items`
}

const euros = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' })

export const money = (amount: number): string => euros.format(amount)
