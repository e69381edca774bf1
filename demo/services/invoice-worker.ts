import { exposeBus } from '../../src/bridges/worker-bridge.js'
import { EventBus } from '../../src/index.js'
import { money, productOf } from '../catalogue.js'
import { InvoiceRequested } from '../events.js'

const invoices = new EventBus({ name: 'invoices' })

const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`)

function row(y: number, left: string, right: string, weight = 400): string {
  const text = `font-family="system-ui, sans-serif" font-size="13" font-weight="${weight}" fill="#1c1f24"`
  return (
    `<text x="24" y="${y}" ${text}>${escaped(left)}</text>` +
    `<text x="336" y="${y}" ${text} text-anchor="end">${escaped(right)}</text>`
  )
}

invoices.on(
  InvoiceRequested,
  ({ orderId, lines, amount }) => {
    const bottom = 84 + lines.length * 24
    const rows = lines.map(({ sku, quantity }, i) => {
      const { name, price } = productOf(sku)
      return row(76 + i * 24, `${quantity} × ${name}`, money(quantity * price))
    })
    const svg =
      `<svg xmlns="http://www.w3.org/2000/svg" width="360" height="${bottom + 48}">` +
      `<rect width="100%" height="100%" rx="12" fill="#fffdf7" stroke="#d9d5c8" />` +
      row(38, `Invoice ${orderId}`, 'The Bus Stop', 650) +
      rows.join('') +
      `<path d="M24 ${bottom - 6}h312" stroke="#d9d5c8" />` +
      row(bottom + 20, 'With shipping', money(amount), 650) +
      '</svg>'
    return { svg }
  },
  { name: 'Invoices.draw' },
)

exposeBus(invoices)
