// The shop of a visitor whose browser stores nothing for sites: no database, no storage, no locks.

import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { openShop } from './shop-page.mjs'

const BLOCK = 2
let shop

before(async () => {
  shop = await openShop({ preferences: { profile: { default_content_setting_values: { cookies: BLOCK } } } })
})

after(() => shop?.close())

it('sells where nothing may be stored, and says that it keeps nothing', async () => {
  const visitor = await shop.visit()
  const denied = await visitor.page.evaluate(() => {
    try {
      return String(localStorage)
    } catch ({ name }) {
      return name
    }
  })
  assert.equal(denied, 'SecurityError')
  await visitor.sees('store-panel', /No database here: kept in memory only/)
  for (const order of ['ORD-1001', 'ORD-1002']) {
    await visitor.add('Enamel mug')
    await visitor.sees('cart-panel', /1 item/)
    await visitor.order('swift')
    await visitor.stop(order, 'door', 'done', /^Delivered$/)
    await visitor.stop(order, 'payment', 'done', /^Paid, receipt R-/)
    await visitor.sees('cart-panel', /0 items/)
  }
  assert.deepEqual(await visitor.leave(), [])
})
