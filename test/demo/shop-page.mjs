// The demo as a visitor meets it, in Chromium, with real clicks: as `npm start` serves it, or as it is built, which loads quicker.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import puppeteer from 'puppeteer-core'
import { createServer, preview } from 'vite'
import { chromiumArgs, engines } from '../support/engines.mjs'
import { buildShop, buses, common, root } from './built-shop.mjs'

// Of this process: the tests of the demo run side by side.
const folder = `${root}node_modules/.vite-demo-test-${process.pid}`
const address = { host: '127.0.0.1', port: 0, strictPort: false }

/** A dev server without a warm cache, as on a clean clone. */
async function startServer() {
  const server = await createServer({ ...common, cacheDir: folder, server: address })
  await server.listen()
  return { server, buses: '/demo/buses.ts' }
}

async function previewServer() {
  const { DEMO_BUILT: outDir = folder } = process.env
  if (outDir === folder) await buildShop(folder)
  const server = await preview({ ...common, build: { outDir }, preview: address })
  return { server, buses: `/${buses}` }
}

/** The demo, and a browser with these settings of its owner's. */
export async function openShop({ preferences = {}, isBuilt = true } = {}) {
  await rm(folder, { recursive: true, force: true })
  const { server, buses } = await (isBuilt ? previewServer() : startServer())
  const userDataDir = await mkdtemp(join(tmpdir(), 'demo-profile-'))
  await mkdir(join(userDataDir, 'Default'))
  await writeFile(join(userDataDir, 'Default/Preferences'), JSON.stringify(preferences))
  const browser = await puppeteer.launch({
    executablePath: engines.chromium.find().executablePath,
    args: [...chromiumArgs],
    userDataDir,
  })
  const url = `http://127.0.0.1:${server.httpServer.address().port}/`
  return {
    url,
    /** A visitor of their own, with an empty cart and a log of their own. */
    visit: async (options) =>
      new Visitor(await (await browser.createBrowserContext()).newPage(), buses).open(url, options),
    /** The same visitor's second tab, beside the first. */
    secondTab: async ({ page }, options) =>
      new Visitor(await page.browserContext().newPage(), buses).open(url, options),
    /** A page of the demo that is no shop. */
    openPage: async (path) =>
      (await browser.newPage()).goto(url + path).then(async (response) => response.frame().page()),
    async close() {
      await browser.close()
      await server.close()
      await Promise.all([folder, userDataDir].map((it) => rm(it, { recursive: true, force: true })))
    },
  }
}

/**
 * The shop of a test file, for tests with one visitor each. Whatever a test does, the console stays clean: errors that the demo shows are
 * errors that it has read.
 */
export function shopForTests(options) {
  let shop
  let visitor
  before(async () => {
    shop = await openShop(options)
  })
  after(() => shop?.close())
  afterEach(async () => {
    assert.deepEqual(await visitor?.leave(), [])
    visitor = undefined
  })
  return {
    async visit(settings) {
      visitor = await shop.visit(settings)
      return visitor
    },
  }
}

/**
 * Resolves once there is something of this selector. Puppeteer's own waiting looks again when the document changes, and hears nothing of
 * what changes in shadow roots.
 */
export async function there(page, selector, signal) {
  for (const end = Date.now() + 60_000; !(await page.$(selector)); await pause(50)) {
    if (signal?.aborted || Date.now() > end) throw new Error(`There is no ${selector}`)
  }
}

/** A real click: scrolled to, aimed at, and only once nothing moves. */
export async function clickOn(page, selector, { signal } = {}) {
  await there(page, selector, signal)
  await page.locator(selector).setTimeout(60_000).click({ signal })
}

class Visitor {
  /** What a visitor's console would show in red. */
  complaints = []

  constructor(page, buses) {
    this.buses = buses
    this.look(page)
  }

  look(page) {
    this.page = page
    page.setDefaultTimeout(60_000)
    page.on('console', (message) => {
      if (['error', 'assert'].includes(message.type())) this.complaints.push(message.text())
    })
    page.on('pageerror', (error) => this.complaints.push(String(error?.stack ?? error)))
    page.on('requestfailed', (request) => this.complaints.push(`${request.url()} failed`))
    page.on('response', (response) => {
      if (response.status() >= 400) this.complaints.push(`${response.url()}: ${response.status()}`)
    })
  }

  async open(url, { width = 1600, height = 1000, scheme = 'light', before = () => {} } = {}) {
    this.url = url
    await this.page.setViewport({ width, height })
    await this.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }])
    await this.page.evaluateOnNewDocument(recordTexts)
    await this.page.evaluateOnNewDocument(before)
    await this.page.goto(url)
    await this.sees('checkout-form', /Swift Post.*Tortoise Freight.*Moody Couriers/)
    return this
  }

  /**
   * A click, of which the page dies: at this step of an event of this type, with nothing done behind it. There are more moments if
   * the next page dies, too. Then the visitor opens the shop once more, in the same browser.
   */
  async diesAt([[type, step], ...moments], element, selector) {
    const { page, url } = this
    const frozen = await this.#frozen()
    await page.evaluate(freezeAt, this.buses, type, step)
    // A page that hangs never answers to a click.
    const given = new AbortController()
    const { signal } = given
    clickOn(page, `${element} >>> ${selector}`, { signal }).catch(() => {})
    await frozen.there
    given.abort()
    await this.#crash()
    for (const moment of moments) {
      const again = await this.#frozen()
      await this.page.evaluateOnNewDocument(freezeAt, this.buses, ...moment)
      this.page.goto(url).catch(() => {})
      await again.there
      await this.#crash()
    }
    await this.open(url)
  }

  async #frozen() {
    const { page } = this
    // Nobody can attach to a page that hangs.
    this.devtools = await page.createCDPSession()
    const there = new Promise((resolve) => {
      page.on('console', (message) => message.text() === 'frozen' && resolve())
    })
    return { there }
  }

  /** The renderer's process is gone; a new page is there, and empty. */
  async #crash() {
    const { page, devtools } = this
    const context = page.browserContext()
    const dead = new Promise((resolve) => {
      page.once('error', resolve)
    })
    devtools.send('Page.crash').catch(() => {})
    await dead
    this.look(await context.newPage())
    await page.close()
  }

  /** What the bank has taken. */
  charges() {
    return this.page.evaluate(() =>
      JSON.parse(localStorage.getItem('bank-ledger') ?? '[]').map(([, charge]) => charge),
    )
  }

  /** How many finished events of this type the log has. */
  countOf(type) {
    return this.page.evaluate(
      async (module, wanted) => {
        const { log } = await import(module)
        let count = 0
        for await (const record of log.records({ type: wanted })) if (record.event_completed_at) count++
        return count
      },
      this.buses,
      type,
    )
  }

  click(element, selector) {
    return clickOn(this.page, `${element} >>> ${selector}`)
  }

  /** By the text on it. */
  press(element, text) {
    return clickOn(this.page, `${element} >>> button ::-p-text(${text})`)
  }

  /** What the element with the focus is called. */
  focused() {
    return this.page.evaluate(() => {
      let { activeElement: element } = document
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
      return (element?.ariaLabel || element?.id || element?.textContent || '').replace(/\s+/g, ' ').trim()
    })
  }

  /** With the Tab key, as far as it takes. */
  async tabTo(name) {
    const passed = []
    for (; passed.length < 80; passed.push(await this.focused())) {
      if (passed.at(-1) === name) return
      await this.page.keyboard.press('Tab')
    }
    throw new Error(`Expected Tab to lead to ${name}, it led to ${passed.join(', ')}`)
  }

  /** What live regions say from now on, in the order in which it is said. */
  listen() {
    return this.page.evaluateHandle(() => {
      const said = []
      const hear = (changes) => {
        for (const { target } of changes) {
          const region = (target.nodeType === 1 ? target : target.parentElement)?.closest(
            '[role=status], [role=alert], [aria-live]',
          )
          const text = region && region.ariaLive !== 'off' && region.textContent.replace(/\s+/g, ' ').trim()
          if (text && said.at(-1) !== text) said.push(text)
        }
      }
      for (const { shadowRoot } of document.querySelectorAll('*'))
        if (shadowRoot)
          new MutationObserver(hear).observe(shadowRoot, {
            subtree: true,
            childList: true,
            characterData: true,
          })
      return said
    })
  }

  add(name) {
    return this.click('product-grid', `button[aria-label="Add ${name} to the cart"]`)
  }

  async order(carrier, card) {
    await this.click('checkout-form', `input[value=${carrier}]`)
    if (card) await (await this.page.$('checkout-form >>> select')).select(card)
    await this.click('checkout-form', 'button.primary')
  }

  /** By the button and the browser's own file chooser. */
  async openFile(file) {
    const [chooser] = await Promise.all([
      this.page.waitForFileChooser(),
      this.press('import-panel', 'Open a file…'),
    ])
    await chooser.accept([file])
  }

  /** Waits until the element's text matches. */
  async sees(element, pattern, selector = ':host') {
    try {
      await this.page.waitForFunction(
        (tag, inner, source) => new RegExp(source).test(window.textOf(tag, inner)),
        { polling: 50 },
        element,
        selector,
        pattern.source,
      )
    } catch (cause) {
      const text = await this.text(element, selector)
      throw new Error(`Expected <${element}> to show ${pattern}, it shows: ${text}`, { cause })
    }
  }

  async seesCard(name, pattern) {
    await this.page.waitForFunction(
      (label, source) => {
        const cards = [...document.querySelector('product-grid').shadowRoot.querySelectorAll('product-card')]
        const card = cards.map(({ shadowRoot }) => shadowRoot.querySelector('article'))
        const text = card.find(({ ariaLabel }) => ariaLabel === label)?.textContent ?? ''
        return new RegExp(source).test(text)
      },
      { polling: 50 },
      name,
      pattern.source,
    )
  }

  text(element, selector = ':host') {
    return this.page.evaluate((tag, inner) => window.textOf(tag, inner), element, selector)
  }

  /** Waits for a stop of an order to be in this state, with this note. */
  stop(order, stop, state, note) {
    return this.sees('order-list', note, `[aria-label=${order}] [data-stop=${stop}].${state} p`)
  }

  /** The lines of the inspector's tree, with their depth. */
  async tree() {
    const text = await this.page.evaluate(() => window.treeText())
    return text
      .trimEnd()
      .split('\n')
      .map((line) => {
        const indent = /^ */.exec(line)[0]
        return { depth: indent.length / 2 + 1, text: line.slice(indent.length) }
      })
  }

  async seesTree(pattern) {
    const { source, flags } = pattern
    const deadline = Date.now() + 15_000
    for (let text = ''; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      text = (await this.page.evaluate(() => window.treeText())).replace(/\s+/g, ' ')
      if (new RegExp(source, flags).test(text)) return
      if (Date.now() > deadline)
        throw new Error(`Expected the tree to match ${pattern}, got ${text.slice(-3000)}`)
    }
  }

  /** Every text that ever stood in this element, however short. */
  history(element) {
    return this.page.evaluate((tag) => window.everyTextOf(tag), element)
  }

  /** The console, once whatever is reported a task later had its chance. */
  async leave() {
    await this.page.evaluate(async () => {
      for (let task = 0; task < 3; task++) await new Promise((resolve) => setTimeout(resolve))
    })
    await this.page.browserContext().close()
    return this.complaints
  }
}

/** Runs in the page. The module is the page's own: no other copy of it is made. */
async function freezeAt(module, type, step) {
  const { inspect, shop, warehouse } = await import(module)
  const freeze = (at, event) => {
    if (at !== step || event.eventType !== type) return
    console.log('frozen')
    for (;;);
  }
  for (const bus of [shop, warehouse]) inspect(bus, freeze)
}

/** Runs in the page, before its own scripts. */
function recordTexts() {
  const seen = new Map()
  window.textOf = (tag, selector) => {
    const root = document.querySelector(tag)?.shadowRoot
    const found = selector === ':host' ? root : root?.querySelector(selector)
    return (found?.textContent ?? '').replace(/\s+/g, ' ').trim()
  }
  window.treeText = () =>
    new Response(document.querySelector('bus-inspector').export({ events: 'shown', format: 'text' })).text()
  window.everyTextOf = (tag) => [...(seen.get(tag) ?? [])]
  const watch = (tag) => {
    const texts = new Set()
    seen.set(tag, texts)
    customElements.whenDefined(tag).then(() => {
      const root = document.querySelector(tag).shadowRoot ?? document.querySelector(tag).renderRoot
      const note = () => texts.add(window.textOf(tag, ':host'))
      new MutationObserver(note).observe(root, { subtree: true, childList: true, characterData: true })
    })
  }
  for (const tag of ['order-list', 'notice-bar', 'import-panel']) watch(tag)
}
