// Bridges between real tabs of real browsers: how they find each other, and how they part.

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { engines } from '../support/engines.mjs'
import { pause, Tabs } from './tabs.mjs'

/** Resolves once `condition` holds, with how long that took. */
async function within(/** @type {number} */ ms, what, condition) {
  const start = performance.now()
  while (!(await condition())) {
    if (performance.now() - start > ms) assert.fail(`not in ${ms} ms: ${what}`)
    await pause(10)
  }
  return performance.now() - start
}

const peersOf = (page) => page.evaluate(() => globalThis.page.peers())
const send = (page, ...args) => page.evaluate((...all) => globalThis.page.send(...all), ...args)
const open = (page, options) => page.evaluate((all) => globalThis.page.open(all), options)
const seenBy = (page) => page.evaluate(() => globalThis.page.seen)
const remote = ({ results }) => results.filter(({ handlerName }) => handlerName !== 'TabBridge real.dispatch')

for (const engine of ['chromium', 'firefox', 'webkit']) {
  const skip = engines[engine].find() ? false : `${engine} is not installed`
  describe(`real tabs in ${engine}`, { skip, timeout: 120_000 }, () => {
    /** @type {Tabs} */
    let tabs
    before(async () => {
      tabs = await Tabs.open(engine, 'test/two-tabs/page/tab.ts')
    })
    after(() => tabs.close())
    afterEach(() => tabs.closeTabs())

    const GATHER = { results: 'gather', sends: true, handles: false, name: 'sender' }

    /** A tab that sends, and some that handle. */
    async function group(count, options = GATHER, others = {}) {
      const sender = await tabs.tab()
      await open(sender, options)
      const rest = []
      for (let i = 0; i < count; i++) {
        const page = await tabs.tab()
        await open(page, { name: `bus${i}`, ...others })
        rest.push(page)
      }
      await within(2000, 'the sender knows them', async () => (await peersOf(sender)).length === count)
      return [sender, ...rest]
    }

    it('know each other by their buses, and gather results and errors', async () => {
      const [sender, one, two] = await group(2)
      const peers = await peersOf(sender)
      assert.deepEqual(peers.flatMap(({ busNames }) => busNames).sort(), ['bus0', 'bus1'])
      assert.ok(peers.every(({ since }) => Math.abs(since - Date.now()) < 60_000))
      const answer = await send(sender, 21)
      assert.deepEqual(
        remote(answer)
          .map(({ result, busName }) => [result, busName])
          .sort(),
        [
          [42, 'bus0'],
          [42, 'bus1'],
        ],
      )
      assert.deepEqual(await one.evaluate(() => globalThis.page.paths), [['sender', 'bus0']])
      assert.deepEqual(
        remote(await send(sender, 1, -1)).map(({ error }) => error),
        ['RangeError', 'RangeError'],
      )
      assert.deepEqual(await seenBy(two), [21, 1])
    })

    it('hear once of each event, in a mesh of buses of one name', async () => {
      const pages = []
      for (let i = 0; i < 3; i++) {
        const page = await tabs.tab()
        await open(page, { name: 'same', sends: true })
        pages.push(page)
      }
      for (const [i, page] of pages.entries()) await send(page, i)
      for (const page of pages)
        await within(2000, 'all have all', async () => (await seenBy(page)).length === 3)
      await pause(100)
      for (const page of pages) assert.deepEqual((await seenBy(page)).sort(), [0, 1, 2])
    })

    it('lose nothing and keep the order, into a bus with little room', async () => {
      const [sender, one] = await group(
        1,
        { sends: true, handles: false, name: 'sender' },
        { maxHistorySize: 50 },
      )
      await sender.evaluate(() => globalThis.page.sendMany(3000))
      await within(10_000, 'all came', async () => (await seenBy(one)).length === 3000)
      assert.ok((await seenBy(one)).every((n, i) => n === i))
    })

    const ends = {
      closes: (page) => page.close(),
      reloads: (page) => page.reload(),
      'goes elsewhere': (page) => page.goto('about:blank'),
      ...(engine === 'chromium' && { crashes: (page) => tabs.crash(page) }),
    }
    for (const [how, end] of Object.entries(ends)) {
      it(`who waits for a tab that ${how} is told within a second, and its peers know`, async () => {
        const [sender, one] = await group(1)
        for (const tab of [sender, one]) await tab.evaluate(() => globalThis.page.pulse())
        const waiting = send(sender, 1, 60_000)
        await within(2000, 'it is being handled', async () => (await seenBy(one)).length === 1)
        await end(one)
        const { results, late } = await waiting
        assert.ok(late < 1000, `${late} ms`)
        assert.equal(results.at(-1).error, 'EventCancelledError')
        assert.equal(results.at(-1).handlerName, 'peer')
        assert.equal(results.at(-1).busName, 'bus0')
        assert.deepEqual(await peersOf(sender), [])
        assert.deepEqual(remote(await send(sender, 2)), [])
      })
    }

    it('who comes later counts for what is sent later', async () => {
      const [sender] = await group(0)
      assert.deepEqual(remote(await send(sender, 1)), [])
      const late = await tabs.tab()
      await open(late, { name: 'late' })
      await within(2000, 'it is known', async () => (await peersOf(sender)).length === 1)
      assert.deepEqual(
        remote(await send(sender, 2)).map(({ busName }) => busName),
        ['late'],
      )
      assert.deepEqual(await seenBy(late), [2])
    })

    /** Away and back; whether the page was kept meanwhile. `meanwhile` happens while it rests. */
    async function rest(page, sender, meanwhile) {
      await page.goto(`${tabs.origin}/blank`)
      await within(1000, 'it is gone', async () => !(await peersOf(sender)).length)
      await meanwhile()
      await page.goBack()
      await within(5000, 'its script has run', () => page.evaluate(() => 'page' in globalThis))
      return page.evaluate(() => globalThis.page.cameBack())
    }
    const notKept = `${engine} does not keep pages that are driven from outside`
    let keeps = true

    it('rest in the back/forward cache without a lock, and are back as somebody new', async (t) => {
      const [sender, one] = await group(1)
      const [before] = await peersOf(sender)
      const kept = await rest(one, sender, async () => {
        assert.equal(await sender.evaluate(() => globalThis.page.locks()), 1)
        assert.deepEqual(remote(await send(sender, 1)), [])
      })
      keeps = kept
      if (!kept) return t.skip(notKept)
      await within(1000, 'it is back', async () => (await peersOf(sender)).length === 1)
      assert.notEqual((await peersOf(sender))[0].id, before.id)
      assert.deepEqual(
        remote(await send(sender, 2)).map(({ result }) => result),
        [4],
      )
      assert.deepEqual(await seenBy(one), [2])
    })

    it('hear from the log what was sent while they rested in the cache', async (t) => {
      if (!keeps) return t.skip(notKept)
      const log = `real${Date.now()}`
      const [sender, one] = await group(1, { ...GATHER, log }, { log })
      await send(sender, 1)
      await rest(one, sender, async () => {
        for (const n of [2, 3]) await send(sender, n)
      })
      await within(3000, 'both came', async () => (await seenBy(one)).length === 3)
      await within(1000, 'it is back', async () => (await peersOf(sender)).length === 1)
      await send(sender, 4)
      assert.deepEqual(await seenBy(one), [1, 2, 3, 4])
    })

    if (engine === 'chromium') {
      it('are not waited for while they are frozen, and hear from the log what was sent meanwhile', async () => {
        const log = `frozen${Date.now()}`
        const [sender, one] = await group(1, { ...GATHER, log }, { log })
        await tabs.life(one, 'frozen')
        await within(1000, 'it is gone', async () => !(await peersOf(sender)).length)
        const { ms } = await send(sender, 1)
        assert.ok(ms < 1000)
        await tabs.life(one, 'active')
        await within(1000, 'it is back', async () => (await peersOf(sender)).length === 1)
        await within(3000, 'it came', async () => (await seenBy(one)).length === 1)
        assert.deepEqual(
          remote(await send(sender, 2)).map(({ result }) => result),
          [4],
        )
        assert.deepEqual(await seenBy(one), [1, 2])
      })
    }
  })
}
