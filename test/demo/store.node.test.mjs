// The panel of the write-ahead log: what it tells, and what one can do with the log.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { openShop } from './shop-page.mjs'

let shop
let visitor
let folder

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-'))
  shop = await openShop()
})

after(async () => {
  await shop?.close()
  await rm(folder, { recursive: true, force: true })
})

afterEach(async () => {
  assert.deepEqual(await visitor?.leave(), [])
  visitor = undefined
})

/** Two mugs in the cart, a lamp on its way. */
async function oneOrderAndACart() {
  visitor = await shop.visit()
  await visitor.add('Reading lamp')
  await visitor.sees('cart-panel', /1 item/)
  await visitor.order('swift')
  await visitor.stop('ORD-1001', 'door', 'done', /Delivered/)
  await visitor.add('Enamel mug')
  await visitor.add('Enamel mug')
  await visitor.sees('cart-panel', /2 items/)
}

async function seesOneOrderAndACart() {
  await visitor.stop('ORD-1001', 'payment', 'done', /Paid, receipt R-1001/)
  await visitor.stop('ORD-1001', 'door', 'done', /Delivered/)
  await visitor.sees('cart-panel', /2 items .*Enamel mug.* 2 .*€28\.00/)
  await visitor.seesCard('Reading lamp', /None left/)
}

const download = () =>
  visitor.page.evaluate(async (buses) => {
    const { log } = await import(buses)
    return new Response(log.exportJSONL()).text()
  }, visitor.buses)

async function importFile(text) {
  const file = join(folder, 'shop.jsonl')
  await writeFile(file, text)
  const [chooser] = await Promise.all([
    visitor.page.waitForFileChooser(),
    visitor.press('store-panel', 'Import…'),
  ])
  await chooser.accept([file])
}

async function clear() {
  visitor.page.once('dialog', (dialog) => dialog.accept())
  await visitor.press('store-panel', 'Clear the log…')
  await visitor.sees('store-panel', /the log is empty/)
}

describe('the log', () => {
  it('brings orders, cart and stock back after a reload, and the page says that it is well', async () => {
    await oneOrderAndACart()
    await visitor.sees('store-panel', /Everything is on the disk/)
    for (let round = 0; round < 2; round++) {
      await visitor.page.reload()
      await seesOneOrderAndACart()
    }
    await visitor.add('Field notebook')
    await visitor.sees('cart-panel', /3 items/)
    await visitor.order('swift')
    await visitor.stop('ORD-1002', 'payment', 'done', /Paid/)
    assert.equal((await visitor.charges()).length, 2)
  })

  it('keeps all that it has acknowledged when the page is killed mid-write, and what was before', async () => {
    await oneOrderAndACart()
    for (let round = 0; round < 2; round++) {
      await Promise.all([
        visitor.page.waitForNavigation(),
        visitor.press('store-panel', 'Kill the page mid-write'),
      ])
      await visitor.sees('store-panel', /[1-9]\d+ events were acknowledged, and all of them are here/)
      await seesOneOrderAndACart()
    }
  })

  it('is exported into a file', async () => {
    await oneOrderAndACart()
    const devtools = await visitor.page.createCDPSession()
    await devtools.send('Browser.setDownloadBehavior', {
      behavior: 'allow',
      downloadPath: folder,
      browserContextId: visitor.page.browserContext().id,
      eventsEnabled: true,
    })
    const done = new Promise((resolve) =>
      devtools.on('Browser.downloadProgress', ({ state }) => state === 'completed' && resolve()),
    )
    await visitor.press('store-panel', 'Export')
    await visitor.sees('store-panel', /Export: .*kB in shop\.jsonl/)
    await done
    const lines = (await readFile(join(folder, 'shop.jsonl'), 'utf8')).trimEnd().split('\n')
    const types = lines.map((line) => JSON.parse(line).event_type)
    assert.ok(types.includes('CheckoutRequested') && types.includes('ItemAdded'))
  })

  it('is cleared once that is confirmed, and an export brings it back; bad lines are named', async () => {
    await oneOrderAndACart()
    const text = await download()
    visitor.page.once('dialog', (dialog) => dialog.dismiss())
    await visitor.press('store-panel', 'Clear the log…')
    await clear()
    await visitor.page.reload()
    await visitor.sees('order-list', /Place an order/)
    await visitor.sees('cart-panel', /0 items/)
    await importFile(`{"torn":\n${text}`)
    await visitor.sees('store-panel', /\d+ events imported.*1 line left out.*line 1: /)
    await seesOneOrderAndACart()
    await visitor.page.reload()
    await seesOneOrderAndACart()
  })

  it('is replayed: clicks on the cart once more, orders not', async () => {
    await oneOrderAndACart()
    await visitor.press('store-panel', 'Replay')
    await visitor.sees('store-panel', /Replay: 3 events/)
    await visitor.sees('cart-panel', /4 items/)
    assert.equal(await visitor.countOf('CheckoutRequested'), 1)
    await visitor.press('store-panel', 'Replay')
    await visitor.sees('cart-panel', /6 items/)
  })

  it('is replayed at its own pace, until somebody cancels it', async () => {
    await oneOrderAndACart()
    await (await visitor.page.$('store-panel >>> #speed')).select('1')
    await visitor.press('store-panel', 'Replay')
    await visitor.sees('store-panel', /Replay: 0 of 3 events/)
    await visitor.press('store-panel', 'Cancel')
    await visitor.sees('store-panel', /Replay: cancelled/)
  })

  it('says so when the browser has lost it, and what to do', async () => {
    await oneOrderAndACart()
    await visitor.page.evaluate(async () => {
      for (const { name } of await indexedDB.databases()) {
        await new Promise((resolve) => {
          indexedDB.deleteDatabase(name).onsuccess = resolve
        })
      }
    })
    await visitor.add('Enamel mug')
    await visitor.sees(
      'store-panel',
      /Part of the log is gone .*the database has vanished.*import your last export/,
    )
    await visitor.press('store-panel', 'Understood')
    await visitor.sees('store-panel', /^(?!.*is gone).*Everything is on the disk/)
    await visitor.sees('cart-panel', /3 items/)
  })
})
