// A page that dies in the middle of an order: the next page finishes it, and the bank is paid once.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openShop } from './shop-page.mjs'

let shop

before(async () => {
  shop = await openShop()
})

after(() => shop?.close())

/** Where the page dies: at this step of an event of this type, with nothing done behind it. */
const moments = [
  ['CheckoutRequested', 'persisted'],
  ['ReserveStock', 'queued'],
  ['StockChanged', 'completed'],
  ['ChargePayment', 'queued'],
  ['BankAsked', 'queued'],
  ['BankAsked', 'completed'],
  ['BankAnswered', 'queued'],
  ['CartCleared', 'queued'],
  ['CartCleared', 'completed'],
  ['ShipOrder', 'queued'],
  ['SwiftPickup', 'queued'],
  ['SwiftPickup', 'completed'],
]

/** A visitor whose page dies when they have ordered two things for 30.90 euros. */
async function orderAndDie(type, step) {
  const visitor = await shop.visit()
  await visitor.add('Enamel mug')
  await visitor.add('Wool socks')
  await visitor.sees('cart-panel', /2 items/)
  const frozen = await visitor.freezesAt(type, step)
  // A page that hangs never answers to the click.
  visitor.order('swift').catch(() => {})
  await frozen.there
  await visitor.crash()
  return visitor
}

/** As if nothing had happened: paid once, delivered once, and nothing is counted twice. */
async function isDone(visitor) {
  await visitor.stop('ORD-1001', 'door', 'done', /^Delivered$/)
  await visitor.stop('ORD-1001', 'stock', 'done', /^Reserved$/)
  await visitor.stop('ORD-1001', 'payment', 'done', /^Paid, receipt R-1001$/)
  await visitor.stop('ORD-1001', 'carrier', 'done', /^Handed over, SP-1001$/)
  await visitor.sees('cart-panel', /0 items/)
  await visitor.seesCard('Enamel mug', /23 left/)
  assert.deepEqual(await visitor.charges(), [{ orderId: 'ORD-1001', amount: 30.9, approved: true }])
  assert.equal(await visitor.countOf('CheckoutRequested'), 1)
  assert.equal(await visitor.countOf('ParcelDelivered'), 1)
}

// Most of the time is waiting: for couriers, and for a browser to notice that a page is gone.
describe('an order whose page dies', { concurrency: 3 }, () => {
  for (const [type, step] of moments) {
    it(`when ${type} is ${step}, is finished by the next page and paid once`, async () => {
      const visitor = await orderAndDie(type, step)
      await isDone(visitor)
      assert.deepEqual(await visitor.leave(), [])
    })
  }

  it('before it is durable, was never placed: the cart is as it was, and nothing is taken', async () => {
    const visitor = await orderAndDie('CheckoutRequested', 'queued')
    await visitor.sees('cart-panel', /2 items/)
    await visitor.sees('order-list', /Place an order/)
    await visitor.seesCard('Enamel mug', /24 left/)
    assert.deepEqual(await visitor.charges(), [])
    await visitor.order('swift')
    await visitor.stop('ORD-1002', 'door', 'done', /^Delivered$/)
    assert.equal((await visitor.charges()).length, 1)
    assert.deepEqual(await visitor.leave(), [])
  })

  it('twice, is finished by the third page and paid once', async () => {
    const visitor = await orderAndDie('BankAnswered', 'queued')
    const frozen = await visitor.freezesAt('CartCleared', 'queued')
    await frozen.there
    await visitor.crash()
    await isDone(visitor)
    assert.deepEqual(await visitor.leave(), [])
  })
})
