import puppeteer from 'puppeteer-core'
import { chromiumArgs, engines } from '../../support/engines.mjs'

const options = {
  chromium: { args: [...chromiumArgs, '--js-flags=--expose-gc'] },
  firefox: {
    browser: 'firefox',
    // Gives pages a `TestUtils.gc()`.
    extraPrefsFirefox: { 'dom.testing.testutils.enabled': true },
  },
}

/** Starts an installed engine, 'chromium' or 'firefox'. */
export async function launch(engine) {
  const found = engines[engine].find()
  if (!found)
    throw new Error(
      `${engine} is not installed; on Debian: apt-get install ${engines[engine].packages.join(' ')}`,
    )
  // One evaluation is a whole round, which takes its time on a busy machine.
  return puppeteer.launch({
    headless: true,
    protocolTimeout: 600_000,
    executablePath: found.executablePath,
    ...options[engine],
  })
}

/** A fresh page with the cases loaded; what its script throws rejects the next evaluation at the latest. */
export async function openBench(browser, url) {
  const page = await browser.newPage()
  const errors = []
  page.on('pageerror', (error) => errors.push(error))
  await page.goto(url)
  await page
    .waitForFunction(() => 'benchPage' in globalThis, { timeout: 30_000 })
    .catch((error) => {
      throw errors[0] ?? error
    })
  return {
    page,
    list: () => page.evaluate(() => globalThis.benchPage.list()),
    async round(names) {
      const samples = await page.evaluate((names) => globalThis.benchPage.round(names), names)
      if (errors.length > 0) throw errors[0]
      return samples
    },
    close: () => page.close(),
  }
}
