// A browser with a garbage collector on demand, and a server of nothing but the given scripts.

import { createServer } from 'node:http'
import puppeteer from 'puppeteer-core'
import { chromiumArgs, engines, installedEngines } from './engines.mjs'

const page = '<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>lab</title>'

/** What each engine needs to collect garbage when it is told to: pages have `gc()`, or `TestUtils.gc()`. */
const options = {
  chromium: { args: [...chromiumArgs, '--js-flags=--expose-gc'] },
  firefox: { browser: /** @type {const} */ ('firefox') },
}

/** Those that are here. */
export const labEngines = /** @type {(keyof typeof options)[]} */ (
  Object.keys(options).filter((name) => installedEngines().includes(name))
)

/**
 * Serves `scripts` by their paths, and an empty page everywhere else. `prefs` are Firefox's.
 * @param {Record<string, string>} scripts
 * @param {keyof typeof options} [engine]
 * @param {Record<string, unknown>} [prefs]
 */
export async function openLab(scripts, engine = 'chromium', prefs = {}) {
  const server = createServer(({ url }, response) => {
    const script = scripts[url ?? '']
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html')
    response.end(script ?? page)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const browser = await puppeteer.launch({
    executablePath: engines[engine].find()?.executablePath,
    ...options[engine],
    extraPrefsFirefox: { 'dom.testing.testutils.enabled': true, ...prefs },
    protocolTimeout: 600_000,
  })
  return {
    /** A new page of the server. */
    async newPage() {
      const opened = await browser.newPage()
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
      await opened.goto(`http://127.0.0.1:${port}/`)
      return opened
    },
    async close() {
      await browser.close()
      server.close()
    },
  }
}
