import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { openShop } from './shop-page.mjs'

const sample = await readFile(new URL('../../demo/events.jsonl', import.meta.url), 'utf8')
const recorded = sample
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))

let shop
let visitor
let folder

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-'))
  shop = await openShop({ isBuilt: false })
})

after(async () => {
  await shop?.close()
  await rm(folder, { recursive: true, force: true })
})

async function fileWith(name, lines) {
  const file = join(folder, name)
  await writeFile(file, lines.join('\n'))
  return file
}

/** Whatever a test does, the console stays clean: errors that the demo shows are errors that it has read. */
afterEach(async () => {
  assert.deepEqual(await visitor?.leave(), [])
  visitor = undefined
})

describe('the shop', () => {
  it('opens with products, the quotes of three carriers from another bus, and the tree of that', async () => {
    visitor = await shop.visit()
    assert.equal(await visitor.page.$$eval('product-grid >>> product-card', (cards) => cards.length), 6)
    await visitor.seesTree(
      /\[completed\] QuotesRequested#.*warehouse\.Swift\.quote.*warehouse\.Moody\.quote.* → \[/,
    )
    await visitor.sees('checkout-form', /The cart is empty/)
  })

  it('puts into the cart what is clicked, and the click is the cause in the tree', async () => {
    visitor = await shop.visit()
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
    visitor = await shop.visit()
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
    visitor = await shop.visit()
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
    visitor = await shop.visit()
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
    visitor = await shop.visit()
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
    visitor = await shop.visit()
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
    visitor = await shop.visit()
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

describe('a recorded session', () => {
  it('goes through the bus, twice if asked to', async () => {
    visitor = await shop.visit()
    await visitor.click('import-panel', '#slow')
    for (let round = 0; round < 2; round++) {
      await visitor.press('import-panel', 'Load the sample')
      await visitor.sees('import-panel', new RegExp(`${recorded.length} events of the sample handled`))
    }
    const progress = await visitor.page.$eval('import-panel >>> progress', ({ value, max }) => ({
      value,
      max,
    }))
    assert.deepEqual(progress, { value: recorded.length, max: recorded.length })
    assert.doesNotMatch(await visitor.text('import-panel'), /left out/)
    await visitor.seesTree(/^(?!.*\[(?:pending|started)\]).*\[completed\] BrowserStoppedEvent#/)
    const tree = (await visitor.tree()).map(({ text }) => text)
    assert.ok(tree.some((text) => /Session\.visit .* → "bus-stop\.example"/.test(text)))
    assert.ok(tree.some((text) => /Session\.step .* → "1\. Open \/"/.test(text)))
    assert.ok(tree.length > recorded.length)
    assert.ok(tree.every((text) => /^\[(?:completed|forwarded|replayed)\]/.test(text)))
  })

  it('can be watched, and cancelled on the way', async () => {
    // Long enough not to be over before somebody gets to the button.
    const many = Array.from({ length: 5000 }, (_, index) => {
      const id = randomUUID().replace(/^(.{14})4/, '$17')
      return JSON.stringify({ ...recorded[index % recorded.length], event_id: id, event_parent_id: null })
    })
    const file = await fileWith('long.jsonl', many)
    visitor = await shop.visit()
    await visitor.openFile(file)
    await visitor.sees('import-panel', /\d+ of 5000 dispatched, [1-9]\d* handled/)
    await visitor.press('import-panel', 'Cancel')
    await visitor.sees('import-panel', /Cancelled after \d+ of 5000 events/)
    const [, count] = /after (\d+) of/.exec(await visitor.text('import-panel'))
    assert.ok(Number(count) > 0 && Number(count) < 5000)
    await visitor.add('Enamel mug')
    await visitor.sees('cart-panel', /1 item/)
  })

  it('may have bad lines: they are named, the others go on', async () => {
    const [first, second] = recorded
    const ran = { ...second, event_processed_at: second.event_created_at }
    const foreign = { ...second, event_id: 'not-an-id' }
    const [one, two, three] = [first, ran, foreign].map((record) => JSON.stringify(record))
    const file = await fileWith('torn.jsonl', [one, '', '[1, 2]', two, three, one.slice(0, 40)])
    visitor = await shop.visit()
    await visitor.openFile(file)
    await visitor.sees('import-panel', /2 events of torn\.jsonl handled.*3 lines left out/)
    const text = await visitor.text('import-panel')
    assert.match(text, /line 3: Expected an object, got \[1,2\]/)
    assert.match(text, /line 5: .*event_id/)
    assert.match(text, /line 6: .*JSON/)
    await visitor.seesTree(
      new RegExp(`\\[completed\\] ${first.event_type}#.*\\[(?:completed|replayed)\\] ${second.event_type}#`),
    )
  })

  it('may be broken nearly everywhere: the first lines are named, the others counted', async () => {
    const torn = Array.from({ length: 20_000 }, () => '{"torn":')
    const file = await fileWith('broken.jsonl', [...torn, JSON.stringify(recorded[0])])
    visitor = await shop.visit()
    await visitor.openFile(file)
    await visitor.sees('import-panel', /1 event of broken\.jsonl handled.*20000 lines left out/)
    const lines = await visitor.page.$$eval('import-panel >>> li', (all) =>
      all.map(({ textContent }) => textContent),
    )
    assert.equal(lines.length, 101)
    assert.match(lines[0], /^line 1: /)
    assert.equal(lines[100], 'and 19900 more')
  })

  it('can be dropped onto the page', async () => {
    const file = await fileWith('dropped.jsonl', [JSON.stringify(recorded[0])])
    visitor = await shop.visit()
    const devtools = await visitor.page.createCDPSession()
    const drag = (type) =>
      devtools.send('Input.dispatchDragEvent', {
        type,
        x: 300,
        y: 400,
        data: { items: [], files: [file], dragOperationsMask: 1 },
      })
    await drag('dragEnter')
    await drag('dragOver')
    await visitor.sees('import-panel', /Drop the log to send its events through the bus/)
    await drag('drop')
    await visitor.sees('import-panel', /1 event of dropped\.jsonl handled/)
    assert.doesNotMatch(await visitor.text('import-panel'), /Drop the log/)
  })
})

describe('the page', () => {
  for (const width of [320, 360, 800, 1600]) {
    it(`fits into ${width} pixels`, async () => {
      visitor = await shop.visit({ width, height: 900 })
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
    visitor = await shop.visit({ width: 390, height: 844, before: watch })
    await visitor.sees('store-panel', /\d+ events?,/)
    const moved = await visitor.page.evaluate(() => window.moved)
    assert.ok(moved < 0.1, `${moved} of 0.1`)
  })

  it('can be used by keys alone: an order, and a way to the tree past all of it', async () => {
    visitor = await shop.visit({ width: 1280 })
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
    visitor = await shop.visit({ width: 1600 })
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
    visitor = await shop.visit()
    const { page } = visitor
    const heard = await visitor.listen()
    await visitor.add('Enamel mug')
    await visitor.sees('cart-panel', /1 item/)
    await visitor.order('swift')
    await visitor.stop('ORD-1001', 'door', 'done', /^Delivered$/)
    await visitor.press('import-panel', 'Load the sample')
    await visitor.sees('import-panel', new RegExp(`${recorded.length} events of the sample handled`))
    const texts = await page.evaluate((said) => said, heard)
    assert.ok(texts.includes('ORD-1001, Payment: Paid, receipt R-1001'), texts.join())
    assert.ok(texts.includes(`${recorded.length} events of the sample handled`), texts.join())
    assert.deepEqual(
      texts.filter((text) => /Asking|dispatched,|in progress/.test(text)),
      [],
    )
  })

  it('tells the states of an order apart where colours are the reader’s', async () => {
    visitor = await shop.visit()
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
    visitor = await shop.visit({ scheme: 'dark' })
    const ground = () =>
      visitor.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const dark = await ground()
    assert.equal(dark, 'rgb(18, 20, 23)')
    await visitor.page.locator('theme-switch >>> label ::-p-text(Light)').click()
    await visitor.page.waitForFunction(
      (before) => getComputedStyle(document.documentElement).backgroundColor !== before,
      {},
      dark,
    )
    assert.equal(await ground(), 'rgb(244, 243, 238)')
  })
})
