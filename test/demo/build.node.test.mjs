// The demo as `vite build` makes it, from one folder of static files, under a strict policy.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import puppeteer from 'puppeteer-core'
import { build } from 'vite'
import { chromiumArgs, engines } from '../support/engines.mjs'
import { clickOn, there } from './shop-page.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
].join('; ')

let folder
let server
let url
let browser

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-build-'))
  await build({
    root,
    configFile: `${root}vite.config.ts`,
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true },
  })
  server = createServer(async ({ url: asked }, answer) => {
    const { pathname } = new URL(asked, url)
    const file = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    const body = await readFile(join(folder, file)).catch(() => null)
    answer.writeHead(body ? 200 : 404, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': policy,
    })
    answer.end(body)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${server.address().port}/`
  browser = await puppeteer.launch({
    executablePath: engines.chromium.find().executablePath,
    // A name that is not localhost's: plain http, where the platform gives less.
    args: [...chromiumArgs, '--host-resolver-rules=MAP shop.test 127.0.0.1'],
  })
})

after(async () => {
  await browser?.close()
  server?.closeAllConnections()
  server?.close()
  await rm(folder, { recursive: true, force: true })
})

/** A page, and what its console says of errors and of what the policy refuses. */
async function open(address) {
  const page = await browser.newPage()
  // Wide enough for the tree to stand beside the page, not over what is clicked.
  await page.setViewport({ width: 1600, height: 1000 })
  const complaints = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error?.stack ?? error)))
  const response = await page.goto(address)
  return { page, complaints, status: response.status() }
}

describe('the built demo', () => {
  it('sells under a strict policy, draws the invoice in its worker and has its sample', async () => {
    const { page, complaints } = await open(url)
    const click = (selector) => clickOn(page, selector)
    const sees = (selector) => there(page, selector)
    await click('product-grid >>> button[aria-label="Add Enamel mug to the cart"]')
    await click('checkout-form >>> button.primary')
    await sees('order-list >>> [data-stop=payment].done')
    await click('order-list >>> .again button')
    await sees('order-list >>> img.invoice')
    await click('import-panel >>> #slow')
    await click('import-panel >>> button')
    await sees('import-panel >>> [role=status][aria-live=polite]')
    const said = await page.$eval('import-panel >>> [role=status]', ({ textContent }) => textContent)
    assert.match(said, /^\d\d+ events of the sample handled$/)
    assert.deepEqual(complaints, [])
  })

  it('shows every status on plain http, too', async () => {
    const { page, complaints } = await open(`${url.replace('127.0.0.1', 'shop.test')}demo/inspector.html`)
    assert.equal(await page.evaluate(() => isSecureContext), false)
    await page.locator('[data-load=statuses]').click()
    await page.waitForFunction(() => !/Nothing runs/.test(document.querySelector('output').textContent))
    assert.match(await page.$eval('output', ({ textContent }) => textContent), /^One of each/)
    // There is no clipboard here.
    await clickOn(page, 'bus-inspector >>> .row')
    await clickOn(page, 'bus-inspector >>> [data-action=copy]')
    const message = await page.waitForFunction(
      () =>
        document
          .querySelector('bus-inspector')
          .shadowRoot.querySelector('.message:has([data-action=dismiss])')?.textContent,
      { polling: 50, timeout: 60_000 },
    )
    assert.match(
      await message.jsonValue(),
      /did not work: only a page on https or localhost may use the clipboard/,
    )
    assert.deepEqual(complaints, [])
  })

  it('has every page that it links to', async () => {
    const { page } = await open(url)
    const links = await page.$$eval('a[href]:not([href^="#"])', (all) => all.map(({ href }) => href))
    assert.ok(links.length > 0)
    for (const link of links) {
      const { page: other, complaints, status } = await open(link)
      assert.equal(status, 200, link)
      await there(other, 'bus-inspector >>> [role=treegrid]')
      assert.deepEqual(complaints, [], link)
    }
  })
})
