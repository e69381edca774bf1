// Two tabs of the demo, side by side.

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { openShop } from './shop-page.mjs'

let shop
let one
let other

before(async () => {
  shop = await openShop()
})
after(() => shop?.close())
afterEach(async () => {
  assert.deepEqual(one?.complaints ?? [], [])
  assert.deepEqual(await other?.leave(), [])
})

describe('two tabs of the shop', () => {
  it('share a cart and a stock, and say of each event where it has been', async () => {
    one = await shop.visit()
    other = await shop.secondTab(one)
    await one.page.bringToFront()
    await one.add('Enamel mug')
    await one.add('Enamel mug')
    await other.sees('cart-panel', /2 items .*Enamel mug/)
    await other.page.bringToFront()
    await other.click('cart-panel', 'button[aria-label="One Enamel mug less"]')
    await one.sees('cart-panel', /1 item .*Enamel mug/)
    await other.order('swift')
    await other.stop('ORD-1001', 'carrier', 'done', /Handed over, SP-1001/)
    await one.sees('cart-panel', /^Cart (?!1 item)/)
    assert.equal((await one.charges()).length, 1)
    await one.sees('order-list', /Place an order/)
  })

  it('have two tills between them: a third customer waits until one is free', async () => {
    one = await shop.visit()
    other = await shop.secondTab(one)
    await one.page.evaluate(() => {
      for (const slot of [0, 1])
        navigator.locks.request(
          `bubus:s:${JSON.stringify(['shop-tills', slot])}`,
          () => new Promise((resolve) => Object.assign(window, { freeTill: resolve })),
        )
    })
    await other.add('Wool socks')
    await other.order('swift')
    await other.page.waitForFunction(
      async () =>
        (await navigator.locks.query()).pending.filter(({ name }) => name.includes('shop-tills')).length ===
        2,
    )
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.deepEqual(await other.charges(), [])
    await one.page.evaluate(() => window.freeTill())
    await other.stop('ORD-1001', 'payment', 'done', /^Paid/)
  })

  it('take one order of one cart, also where it is asked for twice before the page shows that it is on its way', async () => {
    one = undefined
    other = await shop.visit()
    await other.add('Wool socks')
    await other.sees('cart-panel', /1 item/)
    await other.page.$eval('checkout-form >>> button.primary', (button) => {
      button.click()
      button.click()
    })
    await other.stop('ORD-1001', 'door', 'done', /^Delivered$/)
    await other.sees('checkout-form', /The cart is empty/)
    assert.equal((await other.charges()).length, 1)
    assert.doesNotMatch(await other.text('order-list'), /ORD-1002/)
  })

  it('have their invoices drawn by a worker', async () => {
    one = undefined
    other = await shop.visit()
    await other.add('Wool socks')
    await other.order('swift')
    await other.stop('ORD-1001', 'payment', 'done', /^Paid/)
    await other.press('order-list', 'Invoice')
    await other.page.waitForFunction(() => {
      const image = document.querySelector('order-list').shadowRoot.querySelector('img.invoice')
      return image?.complete && image.naturalWidth === 360
    })
    await other.seesTree(/invoices\.Invoices\.draw/)
  })
})
