// What the tests that see a page from outside have in it.

import { readFileSync } from 'node:fs'
import { buildMinified, root } from '../support/bundle.mjs'

/** For `openLab`. */
export const scripts = {
  '/bubus.js': (await buildMinified('src/script-tag.ts')).code,
  '/inspector.js': (await buildMinified('src/inspector/define.ts')).code,
  '/axe.js': readFileSync(`${root}node_modules/axe-core/axe.min.js`, 'utf8'),
}

/**
 * Gives a page `bubus`, `frames2(count)`, `until(holds)`, `rows(inspector)` and `mount(properties)`. Rows are waited for by
 * `until`: an inspector commits them less often where the machine is busy.
 */
export async function prepare(/** @type {import('puppeteer-core').Page} */ page) {
  await page.evaluate(async () => {
    const global = /** @type {any} */ (globalThis)
    const [library, inspector] = ['/bubus.js', '/inspector.js']
    global.bubus = await import(library)
    await import(inspector)
    global.frames2 = async (count = 3) => {
      for (let i = 0; i < count; i++) await new Promise((resolve) => requestAnimationFrame(resolve))
    }
    global.until = async (/** @type {() => unknown} */ holds) => {
      const end = performance.now() + 20_000
      while (!holds()) {
        if (performance.now() > end) throw new Error(`It did not come: ${holds}`)
        await global.frames2(1)
      }
    }
    global.rows = (/** @type {Element} */ inspector) => [
      .../** @type {ShadowRoot} */ (inspector.shadowRoot).querySelectorAll('.row'),
    ]
    global.mount = async (/** @type {object} */ properties) => {
      const element = Object.assign(document.createElement('bus-inspector'), properties)
      document.body.append(element)
      await /** @type {any} */ (element).updateComplete
      await global.frames2()
      return element
    }
  })
}
