// The page that shows the inspector under load: each of its buttons, with what it has to show.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openShop, there } from './shop-page.mjs'

let shop
let page
const complaints = []

before(async () => {
  shop = await openShop()
  page = await shop.openPage('demo/inspector.html')
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  await there(page, 'bus-inspector >>> .scroller')
})

after(() => shop?.close())

const amount = () =>
  page.$eval('bus-inspector >>> .amount', ({ textContent }) =>
    Number(/^[\d,]+/.exec(textContent)?.[0].replaceAll(',', '')),
  )
const load = (name) => page.click(`[data-load=${name}]`)
const seen = (count) =>
  page.waitForFunction(
    (least) =>
      Number(
        /^[\d,]+/
          .exec(document.querySelector('bus-inspector').shadowRoot.querySelector('.amount').textContent)?.[0]
          .replaceAll(',', ''),
      ) >= least,
    { timeout: 60_000 },
    count,
  )

test('every status, and odd values', async () => {
  await load('statuses')
  await seen(9)
  await load('odd')
  await seen(10)
  await page.waitForFunction(() =>
    [...document.querySelector('bus-inspector').shadowRoot.querySelectorAll('.row')].some((row) =>
      row.textContent.includes('Odd'),
    ),
  )
})

test('200 random trees, and 100 000 events', async () => {
  const before = await amount()
  await load('trees')
  await seen(before + 200)
  await load('rows')
  await seen(100_000)
  const rows = await page.$$eval('bus-inspector >>> .row', ({ length }) => length)
  assert.ok(rows < 80, `${rows} row elements`)
})

test('10 000 events a second, until it is stopped', async () => {
  const before = await amount()
  await load('stream')
  await page.waitForFunction(() => / a second/.test(document.querySelector('output').textContent))
  await seen(before + 10_000)
  await load('stream')
  await page.waitForFunction(() => /events\.$/.test(document.querySelector('output').textContent))
  assert.deepEqual(complaints, [])
})
