// A browser with tabs of one origin, each of which runs a script of ours: what iframes cannot show.

import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { bundle } from '../crash/bundles.mjs'
import { closePages, crashRenderer, killBrowser, launchOn, newProfile } from '../crash/drivers.mjs'
import { engines } from '../support/engines.mjs'

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

/** A browser whose tabs all run the script of `entry`, which sets `globalThis.page`. */
export class Tabs {
  /** @type {import('puppeteer-core').Browser} */
  browser
  origin = ''
  #close = () => {}
  #profile = ''

  static async open(/** @type {string} */ engine, /** @type {string} */ entry) {
    const tabs = new Tabs()
    const { origin, close } = await serve(await bundle(entry, 'browser'))
    tabs.origin = origin
    tabs.#close = close
    tabs.#profile = await newProfile(engine)
    tabs.browser = await launchOn(engine, engines[engine].find(), tabs.#profile, { protocolTimeout: 60_000 })
    return tabs
  }

  async tab() {
    const page = await this.browser.newPage()
    await this.go(page)
    return page
  }

  async go(/** @type {Page} */ page) {
    await page.goto(`${this.origin}/`)
    await page.waitForFunction(() => 'page' in globalThis)
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

  async closeTabs() {
    await closePages(this.browser)
  }

  async close() {
    await killBrowser(this.browser)
    this.#close()
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
