// What only the browser itself can tell: what stays in memory, and how it looks in forced colours, in Chromium.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { buildMinified, root } from '../support/bundle.mjs'
import { openLab } from '../support/chromium-lab.mjs'

let lab
let page

before(async () => {
  lab = await openLab({
    '/bubus.js': (await buildMinified('src/script-tag.ts')).code,
    '/inspector.js': (await buildMinified('src/inspector/define.ts')).code,
    '/axe.js': readFileSync(`${root}node_modules/axe-core/axe.min.js`, 'utf8'),
  })
})

after(() => lab?.close())

/** A fresh page with both in it; `gone(ref)` says whether what it refers to was collected. */
async function open() {
  await page?.close()
  page = await lab.newPage()
  await page.evaluate(async () => {
    window.bubus = await import('/bubus.js')
    await import('/inspector.js')
    window.frames2 = async (count = 3) => {
      for (let i = 0; i < count; i++) await new Promise((resolve) => requestAnimationFrame(resolve))
    }
    window.gone = async (ref) => {
      for (let i = 0; i < 100 && ref.deref(); i++) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        window.gc()
      }
      return !ref.deref()
    }
    window.mount = async (properties) => {
      const inspector = Object.assign(document.createElement('bus-inspector'), properties)
      document.body.append(inspector)
      await inspector.updateComplete
      await window.frames2()
      return inspector
    }
  })
}

test('a bus that was dropped can be collected while the inspector is open', async () => {
  await open()
  const found = await page.evaluate(async () => {
    const inspector = await mount({})
    const ref = (() => new WeakRef(new bubus.EventBus({ name: 'Dropped' })))()
    const other = new bubus.EventBus({ name: 'Kept' })
    await frames2()
    const listed = inspector.shadowRoot.querySelectorAll('.bus-button').length
    return [listed, await gone(ref), other.name]
  })
  assert.deepEqual(found, [3, true, 'Kept'])
})

test('a bus whose events were shown can be collected once the rows are forgotten', async () => {
  await open()
  const found = await page.evaluate(async () => {
    const inspector = await mount({})
    const ref = await (async () => {
      const bus = new bubus.EventBus({ name: 'Dropped' })
      await bus.dispatch(new bubus.BaseEvent('Seen'))
      await frames2(12)
      return new WeakRef(bus)
    })()
    const shown = inspector.shadowRoot.querySelectorAll('.row').length
    inspector.purge()
    await frames2()
    return [shown, await gone(ref)]
  })
  assert.deepEqual(found, [1, true])
})

test('what was evicted from the screen can be collected, and the rows stay within max-rows over a million events', async () => {
  await open()
  const found = await page.evaluate(async () => {
    const bus = new bubus.EventBus({ maxHistorySize: 1000, maxPending: null })
    const inspector = await mount({ buses: [bus] })
    const ref = await (async () => {
      const payload = { big: { text: 'x'.repeat(1000) } }
      const event = bus.dispatch(new bubus.BaseEvent('First', payload))
      await event
      await frames2(12)
      inspector.select(event.eventId)
      await inspector.updateComplete
      inspector.shadowRoot.querySelector('.detail summary').click()
      await frames2()
      return new WeakRef(payload.big)
    })()
    const before = !!ref.deref()
    for (let i = 0; i < 1_000_000; ) {
      for (const end = i + 10_000; i < end; i++) bus.dispatch(new bubus.BaseEvent('Many', { i }))
      await bus.waitUntilIdle()
      if (i % 100_000 === 0) await frames2(8)
    }
    // Where there is a lot to show, it is shown less often.
    const dropped = () => inspector.shadowRoot.querySelector('.dropped').textContent.trim()
    for (let i = 0; i < 120 && !dropped().startsWith('990,001'); i++) await frames2(1)
    const { model } = inspector.tree
    return [before, await gone(ref), model.size <= 10_000, model.size > 1000, dropped()]
  })
  assert.deepEqual(found.slice(0, 4), [true, true, true, true])
  assert.equal(found[4], '990,001 older events dropped')
})

test('an inspector that was taken out can be collected, though its buses live on', async () => {
  await open()
  const found = await page.evaluate(async () => {
    window.bus = new bubus.EventBus({ name: 'Lives' })
    const ref = await (async () => {
      const inspector = await mount({})
      await bus.dispatch(new bubus.BaseEvent('Seen'))
      await frames2(12)
      inspector.shadowRoot.querySelector('.row').click()
      await inspector.updateComplete
      inspector.remove()
      return new WeakRef(inspector)
    })()
    await bus.dispatch(new bubus.BaseEvent('Unseen'))
    return gone(ref)
  })
  assert.equal(found, true)
})

test('axe-core finds nothing in forced colours, empty, live and in error, light and dark', async () => {
  for (const scheme of ['light', 'dark']) {
    await open()
    const session = await page.createCDPSession()
    await session.send('Emulation.setEmulatedMedia', {
      features: [
        { name: 'forced-colors', value: 'active' },
        { name: 'prefers-color-scheme', value: scheme },
      ],
    })
    const found = await page.evaluate(async () => {
      await import('/axe.js')
      document.documentElement.style.colorScheme = 'light dark'
      const bus = new bubus.EventBus({ name: 'Main' })
      bus.on('Fails', function refuse() {
        throw new Error('no')
      })
      const inspector = await mount({ buses: [bus] })
      inspector.style.height = '500px'
      const violations = []
      const check = async (state) => {
        await frames2()
        const { violations: all } = await axe.run(inspector, { resultTypes: ['violations'] })
        for (const { id, nodes } of all)
          for (const { html } of nodes) violations.push(`${state}: ${id} ${html.slice(0, 120)}`)
      }
      await check('empty')
      for (let i = 0; i < 5; i++) await bus.dispatch(new bubus.BaseEvent('Works', { i }))
      await frames2(12)
      inspector.shadowRoot.querySelector('.row').click()
      await check('live')
      await bus.dispatch(new bubus.BaseEvent('Fails'))
      await frames2(12)
      inspector.nextError()
      inspector.filter = 'status:banana'
      await check('in error')
      return [matchMedia('(forced-colors: active)').matches, violations]
    })
    assert.deepEqual(found, [true, []], scheme)
  }
})

test('what is selected and what is pressed can be told apart in forced colours', async () => {
  await open()
  const session = await page.createCDPSession()
  await session.send('Emulation.setEmulatedMedia', { features: [{ name: 'forced-colors', value: 'active' }] })
  const [selected, other, pressed, plain] = await page.evaluate(async () => {
    const bus = new bubus.EventBus({ name: 'Main' })
    const inspector = await mount({ buses: [bus], paused: false })
    for (let i = 0; i < 2; i++) await bus.dispatch(new bubus.BaseEvent('Works', { i }))
    await frames2(12)
    const [one, two] = inspector.shadowRoot.querySelectorAll('.row')
    one.click()
    inspector.paused = true
    await inspector.updateComplete
    const button = (action) =>
      getComputedStyle(inspector.shadowRoot.querySelector(`[data-action=${action}]`)).borderTopColor
    return [
      getComputedStyle(one).backgroundColor,
      getComputedStyle(two).backgroundColor,
      button('pause'),
      button('expand'),
    ]
  })
  assert.notEqual(selected, other)
  assert.notEqual(pressed, plain)
})
