// The shop and its orders, by the server of `npm start`.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { shopForTests } from './shop-page.mjs'

const shop = shopForTests({ isBuilt: false })

describe('the shop', () => {
  it('opens with products, the quotes of three carriers from another bus, and the tree of that', async () => {
    const visitor = await shop.visit()
    assert.equal(await visitor.page.$$eval('product-grid >>> product-card', (cards) => cards.length), 6)
    await visitor.seesTree(
      /\[completed\] QuotesRequested#.*warehouse\.Swift\.quote.*warehouse\.Moody\.quote.* → \[/,
    )
    await visitor.sees('checkout-form', /The cart is empty/)
  })

  it('puts into the cart what is clicked, and the click is the cause in the tree', async () => {
    const visitor = await shop.visit()
    await visitor.add('Enamel mug')
    await visitor.add('Enamel mug')
    await visitor.sees('cart-panel', /2 items .*Enamel mug.* 2 .*€28\.00/)
    await visitor.click('cart-panel', 'button[aria-label="One Enamel mug less"]')
    await visitor.sees('cart-panel', /1 item .*Subtotal ?€14\.00/)
    await visitor.seesTree(/ItemRemoved#.*Cart\.remove.*CartChanged#/)
    const [added, veto, handled, changed] = (await visitor.tree()).filter(({ text }) =>
      /Add|veto|Cart\b|CartChanged/.test(text),
    )
    assert.match(added.text, /^\[completed\] ItemAdded#/)
    assert.equal(added.depth, 1)
    assert.match(veto.text, /^\[completed\] shop\.vetoWhatWeDoNotHave /)
    assert.match(handled.text, /^\[completed\] shop\.Cart\.add /)
    assert.equal(handled.depth, 2)
    assert.match(changed.text, /^\[completed\] CartChanged#/)
    assert.equal(changed.depth, 3)
  })

  it('lets stock veto the second last lamp', async () => {
    const visitor = await shop.visit()
    await visitor.add('Reading lamp')
    await visitor.sees('cart-panel', /1 item .*Reading lamp/)
    await visitor.add('Reading lamp')
    await visitor.sees('notice-bar', /No more Reading lamp left/)
    await visitor.seesTree(/NoticeShown#/)
    assert.match(await visitor.text('cart-panel'), /^Cart 1 item /)
    const tree = (await visitor.tree()).map(({ text }) => text)
    assert.equal(tree.filter((text) => /^\S+ ItemAdded#/.test(text)).length, 2)
    assert.equal(tree.filter((text) => /Cart\.add /.test(text)).length, 1)
    await visitor.click('notice-bar', 'button')
    await visitor.sees('notice-bar', /^$/)
  })
})

describe('an order', () => {
  it('goes from stop to stop, its events nested under the click on the button', async () => {
    const visitor = await shop.visit()
    await visitor.add('Enamel mug')
    await visitor.add('Wool socks')
    await visitor.sees('checkout-form', /Order for €30\.90/)
    await visitor.order('swift')
    await visitor.stop('ORD-1001', 'stock', 'done', /^Reserved$/)
    await visitor.stop('ORD-1001', 'payment', 'done', /^Paid, receipt R-1001$/)
    await visitor.stop('ORD-1001', 'carrier', 'done', /^Handed over, SP-1001$/)
    await visitor.stop('ORD-1001', 'door', 'done', /^Delivered$/)
    await visitor.sees('cart-panel', /0 items/)
    await visitor.seesCard('Enamel mug', /23 left/)

    await visitor.seesTree(/\[completed\] CheckoutRequested#/)
    const tree = await visitor.tree()
    const depthOf = (pattern) => tree.find(({ text }) => pattern.test(text)).depth
    const depth = depthOf(/\[completed\] CheckoutRequested#/)
    assert.equal(depthOf(/\[completed\] shop\.Checkout\.run /), depth + 1)
    for (const step of ['ReserveStock', 'ChargePayment', 'ShipOrder']) {
      assert.equal(depthOf(new RegExp(`\\[completed\\] ${step}#`)), depth + 2)
    }
    assert.equal(depthOf(/\[completed\] BankAnswered#/), depth + 6)
    assert.equal(depthOf(/\[completed\] SwiftPickup#/), depth + 4)
  })

  it('is undone when the bank declines the card', async () => {
    const visitor = await shop.visit()
    await visitor.add('Enamel mug')
    await visitor.sees('cart-panel', /1 item/)
    await visitor.order('swift', '0002')
    await visitor.stop('ORD-1001', 'payment', 'failed', /^The bank declined the card ending 0002$/)
    await visitor.sees('notice-bar', /ORD-1001: The bank declined the card/)
    await visitor.stop('ORD-1001', 'carrier', 'waiting', /^$/)
    await visitor.seesTree(/\[completed\] ReleaseStock#.*StockChanged#/)
    await visitor.seesCard('Enamel mug', /24 left/)
    assert.match(await visitor.text('cart-panel'), /1 item/)
    await visitor.sees('checkout-form', /Order for €18\.90/)
  })

  it('tells of the slow carrier’s time-out, and goes with another one', async () => {
    const visitor = await shop.visit()
    await visitor.add('Field notebook')
    await visitor.sees('cart-panel', /1 item/)
    await visitor.order('tortoise')
    await visitor.stop('ORD-1001', 'carrier', 'failed', /^Timed out: no answer within 1\.5 seconds$/)
    await visitor.sees('notice-bar', /ORD-1001: Timed out/)
    await visitor.seesTree(/\[timeout\] warehouse\.Tortoise\.pickup .*EventTimeoutError/)
    await visitor.press('order-list', 'Ship with Swift Post')
    await visitor.stop('ORD-1001', 'door', 'done', /^Delivered$/)
    await visitor.sees('order-list', /ORD-1001 .*Swift Post/)
  })

  it('is delivered by the flaky carrier at the third attempt', async () => {
    const visitor = await shop.visit()
    await visitor.add('Pocket radio')
    await visitor.sees('cart-panel', /1 item/)
    await visitor.order('moody')
    await visitor.stop('ORD-1001', 'door', 'done', /^Delivered$/)
    const seen = (await visitor.history('order-list')).join('\n')
    assert.match(seen, /Attempt 1 failed: the driver is having a coffee\. Trying again/)
    assert.match(seen, /Attempt 2 failed: the van would not start\. Trying again/)
    await visitor.stop('ORD-1001', 'carrier', 'done', /^Handed over, MC-1001$/)
    await visitor.seesTree(/\[completed\] warehouse\.Moody\.pickup .*PickupFailed#/)
  })

  it('does not keep the cart waiting', async () => {
    const visitor = await shop.visit()
    await visitor.add('Field notebook')
    await visitor.sees('cart-panel', /1 item/)
    // In the page: from here, a click may come after the time-out on a slow machine.
    const states = visitor.page.evaluate(async () => {
      const until = async (tag, pattern) => {
        while (!pattern.test(window.textOf(tag, ':host'))) await new Promise(requestAnimationFrame)
      }
      await until('order-list', /Waiting for Tortoise Freight/)
      const card = document.querySelector('product-grid').shadowRoot.querySelectorAll('product-card')[4]
      card.shadowRoot.querySelector('button').click()
      await until('cart-panel', /1 item .*Fern in a pot/)
      return window.textOf('order-list', '[data-stop=carrier]')
    })
    await visitor.order('tortoise')
    assert.match(await states, /in progress.*Waiting for Tortoise Freight/)
    await visitor.stop('ORD-1001', 'carrier', 'failed', /Timed out/)
  })
})
