// One run: a browser on one profile, killed again and again under load; then a last, quiet page, and the judge.

import { bundlePage, segmentCode } from './bundles.mjs'
import { driverOf } from './drivers.mjs'
import { judge } from './judge.mjs'
import { randomFrom } from './random.mjs'
import { Recorder } from './recorder.mjs'

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * @typedef {object} Options
 * @property {string} engine
 * @property {number} kills
 * @property {number} seed
 * @property {number} [seconds]  no further kill after so long
 * @property {import('./bundles.mjs').Mutation[]} [mutations]
 * @property {number} [patience]  seconds for the last page to finish what is left
 * @property {(text: string) => void} [tell]
 */

/** @param {Options} options */
export async function campaign(options) {
  const [main, code] = await Promise.all([bundlePage('main', options.mutations), segmentCode()])
  const recorder = await new Recorder({ main }).listen()
  const driver = await driverOf(options.engine, recorder)
  const run = new Campaign(options, recorder, driver)
  try {
    await run.kills()
    await run.last()
    const verdict = judge(recorder.history, code)
    return { ...run.summary(), ...verdict, history: recorder.history }
  } finally {
    await driver.quit()
    recorder.close()
  }
}

class Campaign {
  #random
  /** @type {Record<string, number>} */
  #done = {}
  #opened = 0
  #start = performance.now()

  /**
   * @param {Options} options
   * @param {Recorder} recorder
   * @param {import('./drivers.mjs').Driver} driver
   */
  constructor(options, recorder, driver) {
    this.options = options
    this.recorder = recorder
    this.driver = driver
    this.#random = randomFrom(options.seed)
  }

  get #seconds() {
    return (performance.now() - this.#start) / 1000
  }

  async kills() {
    const { kills, seconds = Number.POSITIVE_INFINITY, tell } = this.options
    await this.driver.launch()
    let wanted = 1 + this.#random.below(3)
    for (let n = 0; n < kills && this.#seconds < seconds; n++) {
      await this.#openTabs(wanted)
      // Most of them while it works, some while it starts and recovers.
      await pause(this.#random.next() < 0.2 ? this.#random.below(30) : 50 + this.#random.below(700))
      const kind = this.#chooseKill()
      tell?.(`${n + 1}/${kills} ${kind}`)
      await this.#kill(kind)
      if (!this.driver.tabs().length) wanted = 1 + this.#random.below(3)
    }
  }

  async #openTabs(wanted) {
    const missing = wanted - this.driver.tabs().length
    const tabs = Array.from({ length: Math.max(0, missing) }, () => `t${this.#opened++}`)
    if (!tabs.length) return
    const started = Promise.all(tabs.map((tab) => this.#started(tab)))
    // An early kill does not wait: the end may come before it has begun.
    started.catch(() => {})
    const settled = this.recorder.next(
      'it has recovered',
      (line) => line.settled && line.tab === tabs[0],
      20_000,
    )
    settled.catch(() => {})
    await this.driver.open(tabs.map((tab) => [tab, this.#url(tab)]))
    const roll = this.#random.next()
    if (roll > 0.2) await started
    // Where nobody lives long enough to recover, ever more is left to recover.
    if (roll > 0.8) await settled.catch(() => {})
  }

  #started(tab) {
    return this.recorder.next(`${tab} has started`, (line) => line.started && line.tab === tab, 150_000)
  }

  #url(tab, more = '') {
    const ask = this.driver.asks ? '&ask' : ''
    return `${this.recorder.origin}/main?tab=${tab}&seed=${this.#random.below(2 ** 31)}${ask}${more}`
  }

  #chooseKill() {
    const kinds = Object.entries(this.driver.kills).flatMap(([kind, weight]) => Array(weight).fill(kind))
    return this.#random.pick(kinds)
  }

  async #kill(kind) {
    const tab = this.#random.pick(this.driver.tabs())
    const stays = ['reload', 'away', 'back'].includes(kind)
    const heard =
      stays && this.recorder.next(`${tab} is back`, ({ session }) => session?.startsWith(`${tab}-`))
    await this.driver.kill(kind, tab, this.#url(tab))
    await heard
    this.#done[kind] = (this.#done[kind] ?? 0) + 1
  }

  /** All others die, the last one finishes what is left. */
  async last() {
    // What the killed pages have left piles up: thousands of events, some of them slow.
    const { kills, patience = 120 + 2 * kills } = this.options
    await this.driver.kill('sigkill', this.driver.tabs()[0], '')
    const tab = `t${this.#opened++}`
    const started = this.recorder.next(
      'the last page has started',
      (line) => line.started && line.tab === tab,
    )
    const dumped = this.recorder.next(
      'it has read the log',
      ({ dumped }) => dumped,
      patience * 1000 + 300_000,
    )
    await this.driver.open([[tab, this.#url(tab, `&quiet&patience=${patience * 1000}`)]])
    this.recorder.history.last = (await started).session
    await dumped
  }

  summary() {
    const { engine, seed } = this.options
    const kills = Object.values(this.#done).reduce((all, one) => all + one, 0)
    return { engine, seed, kills, kinds: this.#done, seconds: Math.round(this.#seconds) }
  }
}
