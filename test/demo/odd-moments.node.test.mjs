// What a visitor may run into beside the way: no network, a file too many, paper.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { shopForTests } from './shop-page.mjs'

const shop = shopForTests()

it('says of an order that never got as far as the stock that it has failed, and why', async () => {
  const visitor = await shop.visit()
  await visitor.add('Enamel mug')
  await visitor.sees('cart-panel', /1 item/)
  await visitor.page.setOfflineMode(true)
  // What waits for a till is loaded with the first order.
  await visitor.order('swift')
  await visitor.sees('notice-bar', /ORD-1001: Failed to fetch/)
  await visitor.stop('ORD-1001', 'stock', 'failed', /^Failed to fetch/)
  await visitor.page.setOfflineMode(false)
  // The network's own.
  visitor.complaints = visitor.complaints.filter((text) => !/failed$|ERR_INTERNET_DISCONNECTED/.test(text))
})

it('takes no file that is dropped while another is read, and says so beforehand', async () => {
  const visitor = await shop.visit()
  const { page } = visitor
  await visitor.press('import-panel', 'Load the sample')
  await visitor.sees('import-panel', /dispatched, [1-9]/)
  const [effect, taken] = await page.evaluate(() => {
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File(['{}'], 'another.jsonl'))
    dataTransfer.dropEffect = 'copy'
    const drag = (type) => new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true })
    const over = drag('dragover')
    document.body.dispatchEvent(over)
    // Else the browser would leave the page for the file.
    return [over.dataTransfer.dropEffect, over.defaultPrevented]
  })
  assert.deepEqual([effect, taken], ['none', true])
  await visitor.sees('import-panel', /One file at a time/, '.drop')
  await page.evaluate(() => document.body.dispatchEvent(new DragEvent('dragleave', { bubbles: true })))
  await visitor.press('import-panel', 'Cancel')
  await visitor.sees('import-panel', /Cancelled after/)
})

it('lies on paper without the tree over the page', async () => {
  const visitor = await shop.visit({ width: 800 })
  await visitor.page.emulateMediaType('print')
  const [above, top] = await visitor.page.evaluate(() =>
    ['import-panel', 'bus-inspector'].map((tag, i) => {
      const { top, bottom } = document.querySelector(tag).getBoundingClientRect()
      return i ? top : bottom
    }),
  )
  assert.ok(top >= above, `the tree begins at ${top}, the page ends at ${above}`)
})
