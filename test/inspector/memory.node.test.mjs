// What only the browser itself can tell: what stays in memory. In the engines that collect garbage when they are told to.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { labEngines, openLab } from '../support/lab.mjs'
import { prepare, scripts } from './lab-page.mjs'

/** Firefox takes three times as long for as many. */
const EVENTS = { chromium: 1_000_000, firefox: 300_000 }

for (const engine of labEngines)
  describe(engine, () => {
    let lab
    let page

    before(async () => {
      lab = await openLab(scripts, engine)
    })

    after(() => lab?.close())

    /** A fresh page with both in it; `gone(ref)` says whether what it refers to was collected. */
    async function open() {
      await page?.close()
      page = await lab.newPage()
      await prepare(page)
      await page.evaluate(() => {
        window.gone = async (ref) => {
          for (let i = 0; i < 100 && ref.deref(); i++) {
            await new Promise((resolve) => setTimeout(resolve, 20))
            await (window.gc ?? window.TestUtils.gc)()
          }
          return !ref.deref()
        }
      })
    }

    /** Firefox keeps every EventTarget that a WeakRef refers to: there only what is none can be seen to go. */
    async function keepsTargets(t) {
      await open()
      const collected = await page.evaluate(() => gone((() => new WeakRef(new EventTarget()))()))
      if (!collected) t.skip('no EventTarget is collected here while a WeakRef refers to it')
      return !collected
    }

    test('a bus that was dropped can be collected while the inspector is open', async (t) => {
      if (await keepsTargets(t)) return
      const found = await page.evaluate(async () => {
        const inspector = await mount({})
        const ref = (() => new WeakRef(new bubus.EventBus({ name: 'Dropped' })))()
        const other = new bubus.EventBus({ name: 'Kept' })
        const listed = () => inspector.shadowRoot.querySelectorAll('.bus-button').length
        await until(() => listed() === 3)
        return [listed(), await gone(ref), other.name]
      })
      assert.deepEqual(found, [3, true, 'Kept'])
    })

    test('a bus whose events were shown can be collected once the rows are forgotten', async (t) => {
      if (await keepsTargets(t)) return
      const found = await page.evaluate(async () => {
        const inspector = await mount({})
        const ref = await (async () => {
          const bus = new bubus.EventBus({ name: 'Dropped' })
          await bus.dispatch(new bubus.BaseEvent('Seen'))
          await until(() => rows(inspector).length > 0)
          return new WeakRef(bus)
        })()
        const shown = rows(inspector).length
        inspector.purge()
        await frames2()
        return [shown, await gone(ref)]
      })
      assert.deepEqual(found, [1, true])
    })

    test('what was evicted from the screen can be collected, and the rows stay within max-rows', async () => {
      await open()
      const found = await page.evaluate(async (events) => {
        const bus = new bubus.EventBus({ maxHistorySize: 1000, maxPending: null })
        const inspector = await mount({ buses: [bus] })
        const ref = await (async () => {
          const payload = { big: { text: 'x'.repeat(1000) } }
          const event = bus.dispatch(new bubus.BaseEvent('First', payload))
          await event
          await until(() => rows(inspector).length > 0)
          inspector.select(event.eventId)
          const summary = () => inspector.shadowRoot.querySelector('.detail summary')
          await until(summary)
          summary().click()
          await frames2()
          return new WeakRef(payload.big)
        })()
        const before = !!ref.deref()
        for (let i = 0; i < events; ) {
          for (const end = i + 10_000; i < end; i++) bus.dispatch(new bubus.BaseEvent('Many', { i }))
          await bus.waitUntilIdle()
          if (i % 100_000 === 0) await frames2(8)
        }
        const dropped = () => inspector.shadowRoot.querySelector('.dropped').textContent.trim()
        await until(() => dropped().startsWith(`${events / 1000 - 10},001`))
        const { model } = inspector.tree
        return [before, await gone(ref), model.size <= 10_000, model.size > 1000, dropped()]
      }, EVENTS[engine])
      assert.deepEqual(found.slice(0, 4), [true, true, true, true])
      assert.equal(found[4], `${EVENTS[engine] / 1000 - 10},001 older events dropped`)
    })

    test('an inspector that was taken out can be collected, though its buses live on', async (t) => {
      if (await keepsTargets(t)) return
      const found = await page.evaluate(async () => {
        window.bus = new bubus.EventBus({ name: 'Lives' })
        const ref = await (async () => {
          const inspector = await mount({})
          await bus.dispatch(new bubus.BaseEvent('Seen'))
          await until(() => rows(inspector).length > 0)
          rows(inspector)[0].click()
          await inspector.updateComplete
          inspector.remove()
          return new WeakRef(inspector)
        })()
        await bus.dispatch(new bubus.BaseEvent('Unseen'))
        return gone(ref)
      })
      assert.equal(found, true)
    })
  })
