// A tab that reads its log when it goes to rest in the back/forward cache. (Chromium ends some of the pages that rest so, and Firefox
// keeps none that is driven from outside.)

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { engines } from '../support/engines.mjs'
import { Tabs } from './tabs.mjs'

const RESTS = 3

const skip = engines.webkit.find() ? false : 'webkit is not installed'

describe('a tab that rests while it reads', { skip, timeout: 120_000 }, () => {
  /** @type {Tabs} */
  let tabs
  before(async () => {
    tabs = await Tabs.open('webkit', 'test/two-tabs/page/reading.ts')
  })
  after(() => tabs.close())
  afterEach(() => tabs.closeTabs())

  for (const kind of ['records', 'count', 'export', 'entries', 'replay', 'import'])
    it(`goes on where it was: ${kind}`, async () => {
      const tab = await tabs.tab()
      await tab.evaluate(() => globalThis.page.fill())
      await tab.evaluate((its) => void globalThis.page.go(its), kind)
      for (let rest = 1; rest <= RESTS; rest++) {
        await tab.waitForFunction(`page.rounds >= ${rest - 1}`)
        await tabs.rest(tab, rest)
      }
      await tab.evaluate(() => {
        globalThis.page.stopped = true
      })
      await tab.waitForFunction('page.over')
      assert.deepEqual(await tab.evaluate(() => globalThis.page.errors), [])
    })
})
