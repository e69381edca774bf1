// A laboratory: Chromium on a profile of its own, with pages that do what a test says.

import { rm } from 'node:fs/promises'
import { engines } from '../support/engines.mjs'
import { bundlePage } from './bundles.mjs'
import { closePages, crashRenderer, killBrowser, launchOn, newProfile } from './drivers.mjs'
import { Recorder } from './recorder.mjs'

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms))

export class Laboratory {
  /** @type {import('puppeteer-core').Browser} */
  browser
  profile = ''
  /** @type {Recorder} */
  #recorder
  #names = 0

  static async open() {
    const lab = new Laboratory()
    lab.#recorder = await new Recorder({ lab: await bundlePage('lab') }).listen()
    lab.profile = await newProfile('lab')
    await lab.launch()
    return lab
  }

  get origin() {
    return this.#recorder.origin
  }

  /** A log that no other test has. */
  freshName() {
    return `log${this.#names++}`
  }

  async launch() {
    this.browser = await launchOn('chromium', engines.chromium.find(), this.profile, {
      protocolTimeout: 60_000,
    })
  }

  /** Ends the browser as its user would; `meanwhile` may do to the profile what it likes. */
  async restart(meanwhile = async () => {}) {
    // Chromium writes the localStorage, in which the log's witness is, seconds after the page did; at the end it does it in time.
    await this.browser.close()
    await meanwhile()
    await this.launch()
  }

  /** A tab with the bus `Lab` on this log. */
  async tab(/** @type {string} */ log, options = {}) {
    const page = await this.browser.newPage()
    await page.goto(`${this.origin}/lab`)
    await page.waitForFunction(() => 'lab' in globalThis)
    await page.evaluate((name, more) => lab.open(name, more), log, options)
    return page
  }

  /** The renderer of a tab ends. */
  async crash(/** @type {import('puppeteer-core').Page} */ page) {
    await crashRenderer(page)
    await Promise.race([page.close().catch(() => {}), pause(3000)])
  }

  async closeTabs() {
    await closePages(this.browser)
  }

  async close() {
    await killBrowser(this.browser)
    this.#recorder.close()
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
