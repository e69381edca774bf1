// A tab that goes to rest in the back/forward cache in the midst of something. What it has begun to ask its log WebKit keeps open for
// as long as it rests, and whoever writes in another tab waits for that; what it has posted to itself WebKit may never deliver.
// (Chromium ends a page that others wait for, and Firefox keeps none that is driven from outside.)

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { engines } from '../support/engines.mjs'
import { pause, Tabs } from './tabs.mjs'

const skip = engines.webkit.find() ? false : 'webkit is not installed'
const works = ['open', 'head', 'stored', 'count', 'read', 'rows', 'change', 'progress', 'index', 'clear']

describe('a tab that went to rest at work', { skip, timeout: 120_000 }, () => {
  /** @type {Tabs} */
  let tabs
  before(async () => {
    tabs = await Tabs.open('webkit', 'test/two-tabs/page/working.ts')
  })
  after(() => tabs.close())
  afterEach(() => tabs.closeTabs())

  for (const work of works)
    it(`keeps no other tab from writing: ${work}`, async () => {
      const [resting, other] = [await tabs.tab(), await tabs.tab()]
      const name = `resting_${work}`
      await resting.evaluate((...all) => globalThis.page.open(...all), name, work)
      await other.evaluate((...all) => globalThis.page.open(...all), name)
      const look = () => ({ errors: globalThis.page.errors, state: globalThis.page.state() })
      await tabs.rest(resting, 1, async () => {
        for (let n = 0; n < 3; n++)
          assert.equal(await other.evaluate(() => globalThis.page.send()), 'done', 'it is handled')
        await other.evaluate(() => globalThis.page.clear())
        assert.deepEqual(await other.evaluate(look), { errors: [], state: 'ok' })
      })
      assert.equal(await resting.evaluate(() => globalThis.page.send()), 'done', 'it goes on')
      assert.deepEqual(await resting.evaluate(look), { errors: [], state: 'ok' })
    })

  // What it was about to open is open while it rests, and none of our code runs then.
  for (const work of works.filter((it) => it !== 'open'))
    it(`keeps no other tab from deleting the log: ${work}`, async () => {
      const [resting, other] = [await tabs.tab(), await tabs.tab()]
      await resting.evaluate((...all) => globalThis.page.open(...all), `deleted_${work}`, work)
      await other.evaluate((name) => globalThis.page.open(name), `deleted_${work}`)
      await tabs.rest(resting, 1, () => other.evaluate(() => globalThis.page.destroy()))
      assert.equal(await resting.evaluate(() => globalThis.page.send()), 'done', 'it goes on')
    })

  it('writes what was on its way when it is back, and its log has not failed', async () => {
    const tab = await tabs.tab()
    await tab.evaluate(() => globalThis.page.open('on_its_way'))
    for (let rest = 1; rest <= 4; rest++) {
      await tab.evaluate(() => globalThis.page.write())
      await tabs.rest(tab, rest)
      await tab.waitForFunction('page.durable[0] === page.durable[1]')
    }
    assert.deepEqual(await tab.evaluate(() => globalThis.page.errors), [])
  })

  for (const work of ['fill', 'slices'])
    it(`goes on with what is under way, however often it rests: ${work}`, async () => {
      const tab = await tabs.tab()
      await tab.evaluate((its) => void globalThis.page[its](300), work)
      for (let rest = 1; rest <= 6; rest++) await tabs.rest(tab, rest)
      for (let last = -1; ; ) {
        const handled = await tab.evaluate(() => globalThis.page.handled)
        if (handled === 300) break
        assert.notEqual(handled, last, 'it is at work')
        last = handled
        await pause(2000)
      }
    })
})
