// A browser with tabs of one origin, each of which runs a script of ours: what iframes cannot show.

import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { bundle } from '../crash/bundles.mjs'
import { closePages, crashRenderer, killBrowser, launchOn, newProfile } from '../crash/drivers.mjs'
import { engines } from '../support/engines.mjs'
import { WebKitBrowser } from './webkit-browser.mjs'

export const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Serves a page with this script, and one without. */
async function serve(/** @type {string} */ script) {
  const html = (/** @type {string} */ text) => `<!doctype html><link rel="icon" href="data:,">${text}`
  const server = createServer((request, response) => {
    const isScript = request.url === '/script.js'
    response.writeHead(200, { 'content-type': `text/${isScript ? 'javascript' : 'html'}; charset=utf-8` })
    if (isScript) response.end(script)
    else
      response.end(html(request.url === '/blank' ? '' : '<script type="module" src="/script.js"></script>'))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() }
}

/** @typedef {import('puppeteer-core').Page} Page */

/** Chromium or Firefox, on a profile of its own. */
async function startPuppeteer(/** @type {string} */ engine, found) {
  const profile = await newProfile(engine)
  const browser = await launchOn(engine, found, profile, { protocolTimeout: 60_000 })
  return {
    newPage: () => browser.newPage(),
    closePages: () => closePages(browser),
    async close() {
      await killBrowser(browser)
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** A browser whose tabs all run the script of `entry`, which sets `globalThis.page`. */
export class Tabs {
  /** @type {{ newPage(): Promise<any>, closePages(): Promise<void>, close(): unknown }} */
  #browser
  origin = ''
  #stopServing = () => {}

  static async open(/** @type {string} */ engine, /** @type {string} */ entry) {
    const tabs = new Tabs()
    const { origin, close } = await serve(await bundle(entry, 'browser'))
    tabs.origin = origin
    tabs.#stopServing = close
    const found = engines[engine].find()
    tabs.#browser =
      engine === 'webkit' ? await WebKitBrowser.start(found) : await startPuppeteer(engine, found)
    return tabs
  }

  async tab() {
    const page = await this.#browser.newPage()
    await this.go(page)
    return page
  }

  async go(/** @type {Page} */ page) {
    await page.goto(`${this.origin}/`)
    await page.waitForFunction("'page' in globalThis")
  }

  /** The renderer of a tab ends, without a word. Chromium only. */
  async crash(/** @type {Page} */ page) {
    await crashRenderer(page)
  }

  /** @param {Page} page @param {'frozen' | 'active'} state */
  async life(page, state) {
    const devtools = await page.createCDPSession()
    await devtools.send('Page.setWebLifecycleState', { state })
    await devtools.detach()
  }

  /** Away and back, out of the back/forward cache for the `nth` time, which the tab's script counts; `meanwhile` happens while it rests. */
  async rest(/** @type {Page} */ page, nth = 1, meanwhile = async () => {}) {
    await page.goto(`${this.origin}/blank`)
    await meanwhile()
    await page.goBack()
    await page.waitForFunction("'page' in globalThis")
    assert.equal(await page.evaluate(() => globalThis.page.cameBack), nth, 'it came out of the cache')
  }

  async closeTabs() {
    await this.#browser.closePages()
  }

  async close() {
    await this.#browser.close()
    this.#stopServing()
  }
}
