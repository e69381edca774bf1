// The page that the shop is: in any width, by keys, for ears, in the dark.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { clickOn, shopForTests } from './shop-page.mjs'

const shop = shopForTests()

describe('the page', () => {
  for (const width of [320, 360, 800, 1600]) {
    it(`fits into ${width} pixels`, async () => {
      const visitor = await shop.visit({ width, height: 900 })
      const wide = await visitor.page.evaluate(() => document.documentElement.scrollWidth)
      assert.ok(wide <= width, `${wide} px wide`)
      await visitor.sees('bus-inspector', /Events/)
    })
  }

  it('keeps room for what is not there yet: next to nothing moves while it loads', async () => {
    const watch = () => {
      window.moved = 0
      const add = (list) => {
        for (const { value } of list.getEntries()) window.moved += value
      }
      new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true })
    }
    const visitor = await shop.visit({ width: 390, height: 844, before: watch })
    await visitor.sees('store-panel', /\d+ events?,/)
    const moved = await visitor.page.evaluate(() => window.moved)
    assert.ok(moved < 0.1, `${moved} of 0.1`)
  })

  it('can be used by keys alone: an order, and a way to the tree past all of it', async () => {
    const visitor = await shop.visit({ width: 1280 })
    const { keyboard } = visitor.page
    await visitor.tabTo('Add Wool socks to the cart')
    await keyboard.press('Enter')
    await visitor.sees('checkout-form', /Order for/)
    await visitor.tabTo('One Wool socks less')
    await keyboard.press('Enter')
    await visitor.sees('cart-panel', /Nothing here yet/)
    assert.equal(await visitor.focused(), 'title')
    await keyboard.down('Shift')
    await visitor.tabTo('Add Wool socks to the cart')
    await keyboard.up('Shift')
    await keyboard.press('Enter')
    await visitor.sees('checkout-form', /Order for/)
    await visitor.tabTo('card')
    await visitor.tabTo('Order for €16.90')
    await keyboard.press('Enter')
    await visitor.stop('ORD-1001', 'door', 'done', /^Delivered$/)
    await visitor.tabTo('Skip to the event tree')
    await keyboard.press('Enter')
    await keyboard.press('Tab')
    assert.match(await visitor.focused(), /^Events/)
  })

  it('keeps the place of who uses keys: what was pressed may go, the focus stays near it', async () => {
    const visitor = await shop.visit({ width: 1600 })
    const { keyboard } = visitor.page
    const pressKey = async (name) => {
      await visitor.tabTo(name)
      await keyboard.press('Enter')
    }
    await visitor.add('Enamel mug')
    await visitor.sees('cart-panel', /1 item/)
    await visitor.order('tortoise')
    await visitor.stop('ORD-1001', 'carrier', 'failed', /Timed out/)
    await pressKey('Ship with Swift Post')
    await visitor.stop('ORD-1001', 'door', 'done', /Delivered/)
    assert.equal(await visitor.focused(), 'ORD-1001')
    await pressKey('Invoice')
    await visitor.sees('order-list', /^(?!.*Invoice)/)
    assert.equal(await visitor.focused(), 'ORD-1001')
    await pressKey('Export')
    await visitor.sees('store-panel', /Export: .*kB in shop\.jsonl/)
    assert.equal(await visitor.focused(), 'Export')
    await pressKey('Load the sample')
    await visitor.sees('import-panel', /dispatched, [1-9]/)
    assert.equal(await visitor.focused(), 'Load the sample')
    await keyboard.press('Enter')
    await pressKey('Cancel')
    await visitor.sees('import-panel', /Cancelled after [1-9]\d* of \d+ events/)
    assert.equal(await visitor.focused(), 'title')
  })

  it('reads out what is settled, not each step on the way', async () => {
    const visitor = await shop.visit()
    const { page } = visitor
    const heard = await visitor.listen()
    await visitor.add('Enamel mug')
    await visitor.sees('cart-panel', /1 item/)
    await visitor.order('swift')
    await visitor.stop('ORD-1001', 'door', 'done', /^Delivered$/)
    await visitor.press('import-panel', 'Load the sample')
    await visitor.sees('import-panel', /\d+ events of the sample handled/)
    const texts = await page.evaluate((said) => said, heard)
    assert.ok(texts.includes('ORD-1001, Payment: Paid, receipt R-1001'), texts.join())
    assert.ok(
      texts.some((text) => /^\d+ events of the sample handled$/.test(text)),
      texts.join(),
    )
    assert.deepEqual(
      texts.filter((text) => /Asking|dispatched,|in progress/.test(text)),
      [],
    )
  })

  it('tells the states of an order apart where colours are the reader’s', async () => {
    const visitor = await shop.visit()
    const devtools = await visitor.page.createCDPSession()
    await devtools.send('Emulation.setEmulatedMedia', {
      features: [{ name: 'forced-colors', value: 'active' }],
    })
    await visitor.add('Enamel mug')
    await visitor.sees('cart-panel', /1 item/)
    await visitor.order('swift', '0002')
    await visitor.stop('ORD-1001', 'payment', 'failed', /declined/)
    const looks = await visitor.page.$$eval('order-list >>> .stop', (stops) =>
      stops.map((stop) => {
        const { backgroundImage, borderTopColor } = getComputedStyle(stop, '::before')
        return `${backgroundImage} ${borderTopColor}`
      }),
    )
    // Stock is done, payment has failed, carrier and door wait.
    assert.equal(new Set(looks).size, 3, looks.join('\n'))
  })

  it('is dark for whom asks the system for it, and light for whom asks the page', async () => {
    const visitor = await shop.visit({ scheme: 'dark' })
    const ground = () =>
      visitor.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const dark = await ground()
    assert.equal(dark, 'rgb(18, 20, 23)')
    await clickOn(visitor.page, 'theme-switch >>> label ::-p-text(Light)')
    await visitor.page.waitForFunction(
      (before) => getComputedStyle(document.documentElement).backgroundColor !== before,
      {},
      dark,
    )
    assert.equal(await ground(), 'rgb(244, 243, 238)')
  })
})
