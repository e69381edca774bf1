// A kill in each step of a checkout, then recovery: the order is finished, and the bank has taken the money once.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openShop } from './shop-page.mjs'

let shop

before(async () => {
  shop = await openShop()
})

after(() => shop?.close())

/** Events of a checkout, in the order in which they begin: the page dies when the bus tells of this step of one of them. */
const moments = [
  ['CheckoutRequested', 'persisted'],
  ['CheckoutRequested', 'started'],
  ['ReserveStock', 'persisted'],
  ['ReserveStock', 'completed'],
  ['ChargePayment', 'persisted'],
  ['BankAsked', 'started'],
  ['BankAnswered', 'queued'],
  ['BankAnswered', 'completed'],
  ['ChargePayment', 'completed'],
  ['CartCleared', 'persisted'],
  ['ShipOrder', 'persisted'],
  ['SwiftPickup', 'started'],
  ['SwiftPickup', 'completed'],
]

/** Runs in the page: hooks on to every bus by the public symbol, and asks to be killed at the moment. */
async function dieAt(type, step) {
  const { EventBus } = await import('/src/index.ts')
  for (const bus of EventBus.instances) {
    bus[Symbol.for('bubus.inspect')]((told, event) => {
      if (told !== step || event.eventType !== type) return
      window.dying ??= window.kill()
      // Nothing that the page would have done in the same breath is done.
      const end = performance.now() + 2000
      while (performance.now() < end);
    })
  }
}

const ledger = (visitor) =>
  visitor.page.evaluate(() => JSON.parse(localStorage.getItem('bank-ledger') ?? '[]'))

async function crash(page) {
  const session = await page.createCDPSession()
  // It never answers: there is nobody left to.
  session.send('Page.crash').catch(() => {})
}

describe('a checkout in a page that dies', () => {
  for (const [type, step] of moments) {
    it(`when ${type} is ${step}: finished by the next page, paid once`, async () => {
      const visitor = await shop.visit()
      const { page } = visitor
      const died = new Promise((resolve) => page.once('error', resolve))
      await page.exposeFunction('kill', () => crash(page))
      await visitor.add('Field notebook')
      await visitor.sees('cart-panel', /1 item/)
      await page.evaluate(dieAt, type, step)
      await visitor.order('swift')
      await died
      const next = await visitor.again(shop.url)
      await next.sees('order-list', /Paid, receipt/)
      await next.sees('order-list', /Handed over/)
      const charges = await ledger(next)
      assert.equal(charges.length, 1, JSON.stringify(charges))
      assert.equal(charges[0][1].approved, true)
      await next.leave()
    })
  }
})
