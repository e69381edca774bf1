// Browsers with a profile that outlives them, and the ways in which they and their tabs end.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer from 'puppeteer-core'
import { chromiumArgs, engines } from '../support/engines.mjs'
import { inTree, killAll, treeOf, unlockProfile } from './processes.mjs'

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * What a driver asks for, again if that fails: on a busy machine Firefox has been seen not to open its first page, and puppeteer to
 * put a profile in order while the next start was reading it.
 *
 * @template T
 * @param {() => Promise<T>} ask
 * @returns {Promise<T>}
 */
async function patiently(ask, tries = 4) {
  try {
    return await ask()
  } catch (error) {
    if (tries === 1) throw error
    await pause(1000)
    return patiently(ask, tries - 1)
  }
}

/** What a dying browser is asked for is never answered: nobody waits for long. */
const within = (/** @type {number} */ ms, /** @type {Promise<unknown>} */ promise) =>
  Promise.race([promise.catch(() => {}), pause(ms)])

export const newProfile = (/** @type {string} */ engine) => mkdtemp(join(tmpdir(), `bubus-crash-${engine}-`))

/**
 * @typedef {object} Driver
 * @property {Record<string, number>} kills  ways to end something, and how often each is chosen
 * @property {boolean} [asks]  its pages must ask for commands
 * @property {() => Promise<void>} launch
 * @property {(tabs: [tab: string, url: string][]) => Promise<void>} open
 * @property {(kind: string, tab: string, url: string) => Promise<void>} kill
 * @property {() => string[]} tabs  those that are open
 * @property {() => Promise<void>} quit  ends the browser and takes its profile away
 */

/** @returns {Promise<Driver>} */
export async function driverOf(
  /** @type {string} */ engine,
  /** @type {import('./recorder.mjs').Recorder} */ recorder,
) {
  const found = engines[engine].find()
  if (!found)
    throw new Error(`${engine} is not installed: apt-get install ${engines[engine].packages.join(' ')}`)
  const profile = await newProfile(engine)
  if (engine !== 'webkit') return new PuppeteerDriver(engine, found, profile)
  const { WebKitDriver } = await import('./webkit-driver.mjs')
  return new WebKitDriver(found, profile, recorder)
}

const optionsOf = {
  chromium: (found) => ({
    executablePath: found.executablePath,
    args: [...chromiumArgs, '--disable-breakpad'],
  }),
  firefox: (found) => ({
    browser: /** @type {const} */ ('firefox'),
    executablePath: found.executablePath,
    env: { ...process.env, MOZ_CRASHREPORTER_DISABLE: '1' },
    // After some kills it would start in safe mode, with a question.
    extraPrefsFirefox: {
      'toolkit.startup.max_resumed_crashes': -1,
      'browser.sessionstore.resume_from_crash': false,
    },
  }),
}

/** Starts a browser on a profile, whatever the last one has left there. */
export function launchOn(engine, found, profile, more = {}) {
  unlockProfile(profile)
  return puppeteer.launch({
    headless: true,
    userDataDir: profile,
    ...optionsOf[engine](found),
    ...more,
  })
}

/** SIGKILL for a browser and all its processes. */
export async function killBrowser(browser) {
  await killAll(treeOf(browser.process()))
  await within(1000, browser.disconnect())
}

/** The renderer of a page ends by itself, without a word. Chromium only. */
export async function crashRenderer(/** @type {import('puppeteer-core').Page} */ page, ms = 5000) {
  const dead = new Promise((resolve) => page.once('error', resolve))
  const devtools = await page.createCDPSession()
  devtools.send('Page.crash').catch(() => {})
  await within(ms, dead)
}

/** All pages but one, which is left blank: a browser without a page would end. */
export async function closePages(/** @type {import('puppeteer-core').Browser} */ browser) {
  const [first, ...others] = await browser.pages()
  await first?.goto('about:blank').catch(() => {})
  for (const page of others) await within(3000, page.close())
}

/** @implements {Driver} */
class PuppeteerDriver {
  /** @type {Map<string, import('puppeteer-core').Page>} */
  #pages = new Map()
  /** @type {import('puppeteer-core').Browser} */
  #browser

  constructor(engine, found, profile) {
    this.engine = engine
    this.found = found
    this.profile = profile
    const common = { close: 2, reload: 2, away: 2, back: 2, sigkill: 3, renderers: 1 }
    this.kills = engine === 'chromium' ? { crash: 4, ...common } : { ...common, renderers: 3 }
  }

  async launch() {
    this.#pages.clear()
    // Firefox may stand still over a new page: to ask again helps, if it comes before the wait for the page is over.
    const more = { protocolTimeout: 30_000 }
    this.#browser = await patiently(() => launchOn(this.engine, this.found, this.profile, more))
  }

  tabs() {
    return [...this.#pages.keys()]
  }

  async open(tabs) {
    for (const [tab, url] of tabs) {
      const page = await patiently(() => this.#browser.newPage())
      this.#pages.set(tab, page)
      await patiently(() => page.goto(url))
    }
  }

  async kill(kind, tab, url) {
    await this[kind](this.#pages.get(tab), tab, url)
  }

  /** The renderer of one tab ends by itself. */
  async crash(page, tab) {
    await crashRenderer(page, 2000)
    await this.#forget(page, tab)
  }

  async close(page, tab) {
    await this.#forget(page, tab)
  }

  async reload(page) {
    await within(10_000, page.reload())
  }

  async away(page, _tab, url) {
    await page.goto('about:blank')
    await page.goto(url)
  }

  /** To another page, which goes back by itself: perhaps out of the back/forward cache. */
  async back(page, _tab, url) {
    await within(10_000, page.goto(new URL('/away', url).href))
    await pause(600)
  }

  /** All renderers at once; the browser stays. */
  async renderers() {
    await killAll(inTree(this.#browser.process(), /--type=renderer|-contentproc.* tab\s*$/))
    for (const [tab, page] of this.#pages) await this.#forget(page, tab)
  }

  async sigkill() {
    await killBrowser(this.#browser)
    await this.launch()
  }

  async #forget(page, tab) {
    this.#pages.delete(tab)
    await within(3000, page.close())
  }

  async quit() {
    if (this.#browser) await killBrowser(this.#browser)
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
