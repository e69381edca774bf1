import puppeteer from 'puppeteer-core'
import { chromiumArgs, engines } from '../../support/engines.mjs'

const options = {
  chromium: { args: [...chromiumArgs, '--js-flags=--expose-gc'] },
  firefox: {
    browser: 'firefox',
    extraPrefsFirefox: {
      // Gives pages a `TestUtils.gc()`.
      'dom.testing.testutils.enabled': true,
      // WebDriver has it on in every page that it sees: a stack is kept of each promise, which makes it twice as dear. Nobody has it
      // without developer tools.
      'javascript.options.asyncstack': false,
    },
  },
}

/** Starts an installed engine, 'chromium' or 'firefox'. */
export async function launch(engine) {
  const found = engines[engine].find()
  if (!found)
    throw new Error(
      `${engine} is not installed; on Debian: apt-get install ${engines[engine].packages.join(' ')}`,
    )
  // One evaluation is a sample of a case; whoever asks for it knows how long that may take.
  return puppeteer.launch({
    headless: true,
    protocolTimeout: 600_000,
    executablePath: found.executablePath,
    ...options[engine],
  })
}

/** A fresh page with the cases loaded. What its script throws, or the end of its process, rejects whatever is asked of it. */
export async function openBench(browser, url) {
  const page = await browser.newPage()
  const broken = new Promise((_, reject) => {
    page.once('pageerror', reject)
    page.once('error', reject)
  })
  broken.catch(() => {})
  const unlessBroken = (promise) => Promise.race([broken, promise])
  await page.goto(url)
  await unlessBroken(page.waitForFunction(() => 'benchPage' in globalThis, { timeout: 30_000 }))
  return {
    page,
    list: () => unlessBroken(page.evaluate(() => globalThis.benchPage.list())),
    sample: (name) => unlessBroken(page.evaluate((name) => globalThis.benchPage.sample(name), name)),
    close: () => page.close(),
  }
}
