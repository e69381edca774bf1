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
  ['ReserveStock', 'completed'],
  ['ChargePayment', 'persisted'],
  ['BankAsked', 'started'],
  ['BankAnswered', 'queued'],
  ['ChargePayment', 'completed'],
  ['CartCleared', 'queued'],
  ['ShipOrder', 'persisted'],
  ['SwiftPickup', 'completed'],
]

/** The page dies when one mug was ordered, and perhaps the next one when it goes on. Gives the order's number. */
async function orderAndDie(here, ...moments) {
  await here.add('Enamel mug')
  await here.sees('cart-panel', /1 item/)
  await here.diesAt(moments, 'checkout-form', 'button.primary')
  here.orders = (here.orders ?? 0) + 1
  return `ORD-${1000 + here.orders}`
}

/** As if nothing had happened: paid once, delivered once, and nothing is counted twice. */
async function isDone(here, order) {
  const { orders } = here
  await here.stop(order, 'door', 'done', /^Delivered$/)
  await here.stop(order, 'stock', 'done', /^Reserved$/)
  await here.stop(order, 'payment', 'done', /^Paid, receipt R-/)
  await here.stop(order, 'carrier', 'done', /^Handed over, SP-/)
  await here.sees('cart-panel', /0 items/)
  await here.seesCard('Enamel mug', new RegExp(`${24 - orders} left`))
  const charges = (await here.charges()).filter(({ orderId }) => orderId === order)
  assert.deepEqual(charges, [{ orderId: order, amount: 18.9, approved: true }])
  assert.equal((await here.charges()).length, orders)
  assert.equal(await here.countOf('CheckoutRequested'), orders)
  assert.equal(await here.countOf('ParcelDelivered'), orders)
}

/** Tests with one visitor for all orders, as long as nothing fails: pages take longer to load than orders to be finished. */
function oneVisitor() {
  let visitor
  return (body) => async () => {
    const here = visitor ?? (await shop.visit())
    visitor = undefined
    await body(here)
    assert.deepEqual(here.complaints, [])
    visitor = here
  }
}

// Two visitors at a time: most of an order is waiting for banks and carriers.
describe('an order whose page dies', { concurrency: 2 }, () => {
  for (const lane of [0, 1]) {
    const withVisitor = oneVisitor()
    describe(`visitor ${lane + 1}`, () => {
      for (const moment of moments.filter((_, i) => i % 2 === lane)) {
        it(
          `when ${moment.join(' is ')}, is finished by the next page and paid once`,
          withVisitor(async (here) => isDone(here, await orderAndDie(here, moment))),
        )
      }
      if (lane) return
      it(
        'twice, is finished by the third page and paid once',
        withVisitor(async (here) => {
          const order = await orderAndDie(here, ['BankAnswered', 'queued'], ['CartCleared', 'queued'])
          await isDone(here, order)
        }),
      )
    })
  }

  it('before it is durable, was never placed: the cart is as it was, and nothing is taken', async () => {
    const here = await shop.visit()
    await orderAndDie(here, ['CheckoutRequested', 'queued'])
    await here.sees('cart-panel', /1 item/)
    await here.sees('order-list', /Place an order/)
    await here.seesCard('Enamel mug', /24 left/)
    assert.deepEqual(await here.charges(), [])
    assert.deepEqual(await here.leave(), [])
  })
})
