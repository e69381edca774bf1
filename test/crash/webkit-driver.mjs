// WebKit keeps a profile only without automation: MiniBrowser on a display of its own, with pages that drive themselves.

import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { inTree, killAll, killNow, treeOf } from './processes.mjs'

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** @implements {import('./drivers.mjs').Driver} */
export class WebKitDriver {
  // A tab cannot be closed from outside: its web process can.
  kills = { sigkill: 4, renderers: 2, reload: 2, back: 2 }
  asks = true
  #display = ''
  /** @type {import('node:child_process').ChildProcess | null} */
  #xvfb = null
  /** One browser, with a tab for each address that it is started with. @type {import('node:child_process').ChildProcess | null} */
  #browser = null
  /** @type {Map<string, string>} */
  #urls = new Map()

  constructor(found, profile, recorder) {
    this.found = found
    this.profile = profile
    this.recorder = recorder
    for (const name of ['data', 'cache', 'config', 'home']) mkdirSync(join(profile, name))
    process.once('exit', this.#leave)
  }

  /** Nothing outlives this process. */
  #leave = () => {
    for (const child of [this.#browser, this.#xvfb]) killNow(treeOf(child))
  }

  /** The browser starts with its tabs, in `open`. */
  async launch() {
    if (this.found.xvfb && !this.#xvfb) await this.#startDisplay()
    this.#urls.clear()
  }

  tabs() {
    return [...this.#urls.keys()]
  }

  /** To the tabs that it has none can be added: it starts again with all of them. */
  async open(tabs) {
    for (const [tab, url] of tabs) this.#urls.set(tab, url)
    for (let tries = 0; tries < 3; tries++) {
      await this.#end()
      const loaded = this.recorder.next(
        'any page is there',
        (line) => line.loaded && this.tabs().some((tab) => line.session.startsWith(`${tab}-`)),
        15_000,
      )
      this.#start()
      // Once in some thirty kills it comes up without its pages.
      if (await loaded.catch(() => null)) return
    }
    throw new Error('MiniBrowser has loaded no page, three times')
  }

  async #startDisplay() {
    const args = ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp']
    const child = spawn(this.found.xvfb, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
    this.#xvfb = child
    this.#display = await new Promise((resolve) => {
      child.stdio[3]?.on('data', (number) => resolve(`:${String(number).trim()}`))
    })
  }

  #start() {
    const at = (/** @type {string} */ name) => join(this.profile, name)
    const env = {
      ...process.env,
      ...(this.#display && { DISPLAY: this.#display }),
      HOME: at('home'),
      XDG_DATA_HOME: at('data'),
      XDG_CACHE_HOME: at('cache'),
      XDG_CONFIG_HOME: at('config'),
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    }
    this.#browser = spawn(this.found.browser, [...this.#urls.values()], { env, stdio: 'ignore' })
  }

  async #end() {
    await killAll(treeOf(this.#browser))
    this.#browser = null
  }

  async kill(kind, tab) {
    await this[kind](tab)
  }

  async sigkill() {
    await this.#end()
    this.#urls.clear()
  }

  /** The web processes only: what the network process has of them goes on. */
  async renderers() {
    await killAll(inTree(this.#browser, /WebKitWebProcess/))
    await pause(200)
    await this.sigkill()
  }

  async reload(tab) {
    await this.#command(tab, 'reload')
  }

  async back(tab) {
    await this.#command(tab, 'away')
    await pause(600)
  }

  async #command(tab, command) {
    this.recorder.commands.set(tab, command)
    await pause(400)
  }

  async quit() {
    process.off('exit', this.#leave)
    await this.#end()
    await killAll(treeOf(this.#xvfb))
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
