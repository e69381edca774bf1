// Chromium with a garbage collector on demand, and a server of nothing but the given scripts.

import { createServer } from 'node:http'
import puppeteer from 'puppeteer-core'
import { chromiumArgs, engines } from './engines.mjs'

const page = '<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>lab</title>'

/** Serves `scripts` by their paths, and an empty page everywhere else. */
export async function openLab(/** @type {Record<string, string>} */ scripts) {
  const server = createServer(({ url }, response) => {
    const script = scripts[url ?? '']
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html')
    response.end(script ?? page)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const browser = await puppeteer.launch({
    executablePath: engines.chromium.find()?.executablePath,
    args: [...chromiumArgs, '--js-flags=--expose-gc'],
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
