// A page that dies in the middle of an order: the next page finishes it, and the bank is paid once.

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { openShop } from './shop-page.mjs'

let shop
let visitor

before(async () => {
  shop = await openShop()
})

after(() => shop?.close())

afterEach(async () => {
  assert.deepEqual(await visitor?.leave(), [])
  visitor = undefined
})

/** Every event of a checkout, from the first to the last. */
const steps = [
  'CheckoutRequested',
  'ReserveStock',
  'StockChanged',
  'ChargePayment',
  'BankAsked',
  'BankAnswered',
  'CartCleared',
  'ShipOrder',
  'SwiftPickup',
]

async function placeOrder() {
  visitor = await shop.visit()
  await visitor.add('Enamel mug')
  await visitor.add('Wool socks')
  await visitor.sees('cart-panel', /2 items/)
}

/** As if nothing had happened: paid once, delivered once, and nothing is counted twice. */
async function allIsWell() {
  await visitor.stop('ORD-1001', 'payment', 'done', /^Paid, receipt R-1001$/)
  await visitor.stop('ORD-1001', 'door', 'done', /^Delivered$/)
  await visitor.sees('cart-panel', /0 items/)
  await visitor.seesCard('Enamel mug', /23 left/)
  assert.deepEqual(await visitor.charges(), [{ orderId: 'ORD-1001', amount: 30.9, approved: true }])
  assert.equal(await visitor.countOf('ParcelDelivered'), 1)
}

describe('an order whose page dies', () => {
  for (const type of steps) {
    for (const step of ['queued', 'completed']) {
      it(`with ${type} ${step} is finished by the next page, and paid once`, async () => {
        await placeOrder()
        const { there } = await visitor.freezesAt(type, step)
        // The click is never answered by a page that hangs.
        visitor.order('swift').catch(() => {})
        await there
        await visitor.crash()
        await allIsWell()
      })
    }
  }
})
