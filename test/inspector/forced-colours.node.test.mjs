// How it looks in forced colours, which only the browser itself can turn on. WebKit has none.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { labEngines, openLab } from '../support/lab.mjs'
import { prepare, scripts } from './lab-page.mjs'

/** 2: the reader's colours are used, always; the stand-in for them has white on light blue, which no reader would choose. */
const FORCED = {
  'browser.display.document_color_use': 2,
  'ui.highlight': '#1aebff',
  'ui.highlighttext': '#000000',
}
const SCHEME = 'layout.css.prefers-color-scheme.content-override'

let lab

afterEach(() => lab?.close())

/** A fresh page in forced colours, with both in it. */
async function open(engine, scheme) {
  lab = await openLab(scripts, engine, { ...FORCED, [SCHEME]: scheme === 'dark' ? 0 : 1 })
  const page = await lab.newPage()
  if (engine === 'chromium') {
    const session = await page.createCDPSession()
    await session.send('Emulation.setEmulatedMedia', {
      features: [
        { name: 'forced-colors', value: 'active' },
        { name: 'prefers-color-scheme', value: scheme },
      ],
    })
  }
  await prepare(page)
  return page
}

for (const engine of labEngines)
  for (const scheme of ['light', 'dark']) {
    test(`axe-core finds nothing in forced colours, empty, live and in error: ${engine}, ${scheme}`, async () => {
      const page = await open(engine, scheme)
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
        await until(() => rows(inspector).length === 5)
        rows(inspector)[0].click()
        await check('live')
        await bus.dispatch(new bubus.BaseEvent('Fails'))
        await until(() => rows(inspector).some((row) => row.textContent.includes('refuse')))
        inspector.nextError()
        inspector.filter = 'status:banana'
        await check('in error')
        return [matchMedia('(forced-colors: active)').matches, violations]
      })
      assert.deepEqual(found, [true, []])
    })
  }

for (const engine of labEngines)
  test(`what is selected and what is pressed can be told apart in forced colours: ${engine}`, async () => {
    const page = await open(engine, 'light')
    const [selected, other, pressed, plain] = await page.evaluate(async () => {
      const bus = new bubus.EventBus({ name: 'Main' })
      const inspector = await mount({ buses: [bus], paused: false })
      for (let i = 0; i < 2; i++) await bus.dispatch(new bubus.BaseEvent('Works', { i }))
      await until(() => rows(inspector).length === 2)
      const [one, two] = rows(inspector)
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
