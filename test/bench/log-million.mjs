// A log of a million events: `node test/bench/log-million.mjs [--firefox] [--events <n>]`, by hand: it takes minutes.
// Prints how long the index, the first page, a rare type, a whole export, an import and compaction take, and their longest task.

import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { launch } from './support/browser.mjs'
import { servePage } from './support/serve.mjs'

const { values: options } = parseArgs({
  options: {
    firefox: { type: 'boolean', default: false },
    events: { type: 'string', default: '1000000' },
  },
})

const code = await build({
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2023',
  minify: true,
  write: false,
  entryPoints: [fileURLToPath(new URL('log-million-page.ts', import.meta.url))],
})
const server = await servePage(code.outputFiles[0].text)
const browser = await launch(options.firefox ? 'firefox' : 'chromium')
const page = await browser.newPage()
page.on('console', (message) => console.log('  ', message.text()))
page.on('pageerror', (error) => console.error(error))
await page.goto(server.url)
await page.waitForFunction(() => 'million' in globalThis)

const heap = async () => {
  if (options.firefox) return 'not known'
  await page.evaluate(() => globalThis.gc())
  return `${((await page.metrics()).JSHeapUsedSize / 1e6).toFixed(1)} MB`
}

for (const step of ['fill', 'catchUp', 'firstPage', 'lastPage', 'rareType', 'count']) {
  console.log(
    step,
    await page.evaluate((step, n) => globalThis.million[step](n), step, Number(options.events)),
  )
}
for (const name of ['Shop', 'Other'])
  console.log('start of', name, await page.evaluate((name) => globalThis.million.start(name), name))
console.log('heap before the export', await heap())
for (let last = false; !last; ) {
  const { ended, ...told } = await page.evaluate(() => globalThis.million.exportPart(0.2))
  console.log('export', told, 'heap', await heap())
  last = ended
}
console.log('import', await page.evaluate(() => globalThis.million.importAgain()))
console.log('compaction', await page.evaluate(() => globalThis.million.compact()))

await browser.close()
await server.close()
