// A storm over one semaphore of three slots: five tabs with 200 jobs each, which crash, close, reload, freeze, rest in the
// back/forward cache, and are robbed of their locks. WebKit cannot be told to crash or to freeze a tab, nor can Firefox, which
// keeps no page that is driven from outside, and holds the timers of tabs in the background to one a second.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomFrom } from '../crash/random.mjs'
import { engines } from '../support/engines.mjs'
import { pause, Tabs } from '../two-tabs/tabs.mjs'

const TABS = 5
const JOBS = 200
const BLOWS = 24
const seed = Number(process.env.STORM_SEED ?? 1)

const kindsOf = {
  chromium: ['crash', 'close', 'reload', 'freeze', 'rest', 'steal'],
  webkit: ['close', 'reload', 'rest', 'steal'],
}
const state = (page) =>
  page.evaluate(() => ({
    done: globalThis.page.done,
    lost: globalThis.page.lost,
    failed: globalThis.page.failed,
    waiting: globalThis.page.waiting,
  }))
const run = (page) => page.evaluate((count) => void globalThis.page.run(count), JOBS)

for (const [engine, kinds] of Object.entries(kindsOf)) {
  const skip = engines[engine].find() ? false : `${engine} is not installed`
  const name = `never more than three hold, and nobody waits for a free slot, in ${engine}`
  test(name, { skip, timeout: 170_000 }, () => storm(engine, kinds))
}

async function storm(/** @type {string} */ engine, /** @type {string[]} */ kinds) {
  const tabs = await Tabs.open(engine, 'test/semaphores/page/jobs.ts')
  try {
    const random = randomFrom(seed)
    const observer = await tabs.tab()
    await observer.evaluate(() => void globalThis.page.watch())
    const pages = []
    for (let i = 0; i < TABS; i++) pages.push(await tabs.tab())
    for (const page of pages) await run(page)
    const counts = {}
    const blows = {
      async crash(page, i) {
        await tabs.crash(page)
        await blows.close(page, i)
      },
      async close(page, i) {
        await page.close().catch(() => {})
        pages[i] = await tabs.tab()
        await run(pages[i])
      },
      async reload(page) {
        await tabs.go(page)
        await run(page)
      },
      async freeze(page) {
        await tabs.life(page, 'frozen')
        await pause(300)
        await tabs.life(page, 'active')
      },
      async rest(page) {
        await page.goto(`${tabs.origin}/blank`)
        await pause(300)
        await page.goBack()
        await page.waitForFunction("'page' in globalThis")
        // On a busy machine the browser may not have kept it.
        if (await page.evaluate(() => globalThis.page.running)) return
        counts.evicted = (counts.evicted ?? 0) + 1
        await run(page)
      },
      async steal() {
        await observer.evaluate(() => globalThis.page.steal())
      },
    }
    for (let n = 0; n < BLOWS; n++) {
      const kind = kinds[n % kinds.length]
      const i = random.below(TABS)
      counts[kind] = (counts[kind] ?? 0) + 1
      await blows[kind](pages[i], i)
      await pause(20 + random.below(60))
    }
    const end = performance.now() + 60_000
    let states = []
    // A tab in the background has one timer a second: who holds the last slot may hold it for as long.
    const ended = ({ done, lost, failed }) => done + lost + failed.length === JOBS
    do {
      await pause(50)
      states = await Promise.all(pages.map(state))
    } while (!states.every(ended) && performance.now() < end)
    if (!states.every(ended)) {
      const clues = (page) => page.evaluate(() => globalThis.page.clues()).catch(String)
      console.log(JSON.stringify(await Promise.all([observer, ...pages].map(clues)), null, 1))
    }
    await pause(100)
    const seen = await observer.evaluate(() => globalThis.page.seen)
    const left = await observer.evaluate(() => globalThis.page.locks())
    console.log(JSON.stringify({ engine, seed, counts, seen, left, tabs: states }))
    assert.equal(seen.most, 3)
    assert.ok(seen.freeFor < 1000, `a slot was free for ${seen.freeFor} ms while somebody waited`)
    assert.deepEqual(
      states.flatMap(({ failed }) => failed),
      [],
    )
    assert.deepEqual(left, { held: [], pending: 0 })
    for (const { done, lost, waiting } of states) {
      assert.equal(waiting, 0)
      assert.equal(done + lost, JOBS)
    }
  } finally {
    await tabs.close()
  }
}
