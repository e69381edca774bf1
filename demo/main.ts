// The services come first: an element may ask for something as soon as it is in the page.
import './open-shop.js'
import '../src/inspector/define.js'
import './elements/cart-panel.js'
import './elements/checkout-form.js'
import './elements/import-panel.js'
import './elements/notice-bar.js'
import './elements/order-list.js'
import './elements/product-grid.js'
import './elements/store-panel.js'
import './elements/theme-switch.js'
import { shop } from './buses.js'
import { NoticeShown } from './events.js'
import { restore } from './restore.js'

// Docked below the page there is little room: whoever wants to look opens it.
const inspector = document.querySelector('bus-inspector')
if (inspector && matchMedia('(width < 44rem)').matches) inspector.open = false

// Last, when everything listens: what earlier pages have left, and what a crash has interrupted.
try {
  await restore()
} catch (error) {
  console.error(error)
  const text = `What was left here is not back: ${(error as Error).message}. Reload to try again`
  shop.dispatch(new NoticeShown({ text, tone: 'bad' }))
}
