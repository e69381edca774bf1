// WebKit has only WebDriver: one command at a time, to one window at a time. Here its windows are pages with those of puppeteer's
// methods that the tests use.

import { setTimeout as pause } from 'node:timers/promises'
import { miniBrowserCapabilities, startWebKitDriver } from '../support/engines.mjs'

export class WebKitBrowser {
  /** @type {import('node:child_process').ChildProcess[]} */
  #children = []
  #session = ''
  /** The last command: the next one waits for it. @type {Promise<unknown>} */
  #last = Promise.resolve()
  /** @type {Set<WebKitPage>} */
  #pages = new Set()
  /** The window that comes with the session, which stays, and with it the session. */
  #first = ''

  static async start(found) {
    const browser = new WebKitBrowser()
    const port = await startWebKitDriver(found, browser.#children)
    const alwaysMatch = miniBrowserCapabilities(found.browser)
    const origin = `http://127.0.0.1:${port}/session`
    const { sessionId } = await ask('POST', origin, { capabilities: { alwaysMatch } })
    browser.#session = `${origin}/${sessionId}`
    browser.#first = await ask('GET', `${browser.#session}/window`)
    return browser
  }

  /** Commands to one window, with no other one in between. */
  inWindow(/** @type {string} */ handle, /** @type {(command: typeof ask) => Promise<any>} */ use) {
    const turn = this.#last.then(async () => {
      await ask('POST', `${this.#session}/window`, { handle })
      return use((method, path, body) => ask(method, `${this.#session}/${path}`, body))
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  async newPage() {
    const { handle } = await this.inWindow(this.#first, (command) =>
      command('POST', 'window/new', { type: 'tab' }),
    )
    const page = new WebKitPage(this, handle)
    this.#pages.add(page)
    return page
  }

  /** All that a test has opened. */
  async closePages() {
    for (const page of this.#pages) await page.close().catch(() => {})
    this.#pages.clear()
  }

  close() {
    for (const child of this.#children.splice(0).reverse()) child.kill()
  }
}

class WebKitPage {
  #browser
  #handle

  constructor(/** @type {WebKitBrowser} */ browser, /** @type {string} */ handle) {
    this.#browser = browser
    this.#handle = handle
  }

  #command(method, path, body) {
    return this.#browser.inWindow(this.#handle, (command) => command(method, path, body))
  }

  #run(script, ...args) {
    return this.#command('POST', 'execute/sync', { script, args })
  }

  /** What takes its time is begun, and asked for again and again: meanwhile others have their turns. */
  async evaluate(/** @type {Function} */ callback, ...args) {
    const number = await this.#run(
      `const asked = (globalThis.asked ??= [])
       const number = asked.push(null) - 1
       const done = (answer) => { asked[number] = answer }
       new Promise((resolve) => resolve((${callback})(...arguments)))
         .then((value = null) => done({ value }), (error) => done({ error: String(error) }))
       return number`,
      ...args,
    )
    for (;;) {
      const answer = await this.#run('return globalThis.asked?.[arguments[0]] ?? null', number)
      if (answer?.error) throw new Error(answer.error)
      if (answer) return answer.value
      await pause(5)
    }
  }

  async waitForFunction(/** @type {string} */ condition) {
    while (!(await this.#run(`return !!(${condition})`))) await pause(10)
  }

  goto(/** @type {string} */ url) {
    return this.#command('POST', 'url', { url })
  }

  reload() {
    return this.#command('POST', 'refresh', {})
  }

  goBack() {
    return this.#command('POST', 'back', {})
  }

  close() {
    return this.#command('DELETE', 'window')
  }
}

/** One command of the protocol. */
async function ask(
  /** @type {string} */ method,
  /** @type {string} */ url,
  /** @type {object} */ body = undefined,
) {
  const answer = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) })
  const { value } = await answer.json()
  if (!answer.ok) throw new Error(`${method} ${new URL(url).pathname}: ${value.error}, ${value.message}`)
  return value
}
