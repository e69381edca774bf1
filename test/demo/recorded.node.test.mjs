// Logs of other places, which the shop reads.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { shopForTests } from './shop-page.mjs'

const sample = await readFile(new URL('../../demo/events.jsonl', import.meta.url), 'utf8')
const recorded = sample
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))

/** As an event's is: of version 7. */
const newId = () => randomUUID().replace(/^(.{14})4/, '$17')

let folder

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-'))
})

after(() => rm(folder, { recursive: true, force: true }))

async function fileWith(name, lines) {
  const file = join(folder, name)
  await writeFile(file, lines.join('\n'))
  return file
}

/** Runs in the page: an import goes no further than it was when this was last asked. */
function stalled() {
  const text = document.querySelector('import-panel').shadowRoot.querySelector('[role=status]')?.textContent
  const before = globalThis.lastSeen
  globalThis.lastSeen = text
  return /[1-9]\d* of 300 dispatched/.test(text) && text === before
}

const shop = shopForTests()

describe('a recorded session', () => {
  it('goes through the bus, twice if asked to', async () => {
    const visitor = await shop.visit()
    await visitor.click('import-panel', '#slow')
    for (let round = 0; round < 2; round++) {
      await visitor.press('import-panel', 'Load the sample')
      await visitor.sees('import-panel', new RegExp(`${recorded.length} events of the sample handled`))
    }
    const progress = await visitor.page.$eval('import-panel >>> progress', ({ value, max }) => ({
      value,
      max,
    }))
    assert.deepEqual(progress, { value: recorded.length, max: recorded.length })
    assert.doesNotMatch(await visitor.text('import-panel'), /left out/)
    await visitor.seesTree(/^(?!.*\[(?:pending|started)\]).*\[completed\] BrowserStoppedEvent#/)
    const shown = await visitor.tree()
    const tree = shown.map(({ text }) => text)
    assert.ok(tree.some((text) => /Session\.visit .* → "bus-stop\.example"/.test(text)))
    assert.ok(tree.some((text) => /Session\.step .* → "1\. Open \/"/.test(text)))
    assert.ok(tree.length > recorded.length)
    // Below those that they name as their parents.
    assert.ok(shown.some(({ depth, text }) => depth > 2 && /BrowserConnectedEvent#/.test(text)))
    assert.ok(tree.every((text) => /^\[(?:completed|forwarded|replayed)\]/.test(text)))
  })

  it('can be watched, and cancelled on the way', async () => {
    // Long enough not to be over before somebody gets to the button.
    const many = Array.from({ length: 5000 }, (_, index) => {
      const id = newId()
      return JSON.stringify({ ...recorded[index % recorded.length], event_id: id, event_parent_id: null })
    })
    const file = await fileWith('long.jsonl', many)
    const visitor = await shop.visit()
    await visitor.openFile(file)
    await visitor.sees('import-panel', /\d+ of 5000 dispatched, [1-9]\d* handled/)
    await visitor.press('import-panel', 'Cancel')
    await visitor.sees('import-panel', /Cancelled after \d+ of 5000 events/)
    const [, count] = /after (\d+) of/.exec(await visitor.text('import-panel'))
    assert.ok(Number(count) > 0 && Number(count) < 5000)
    await visitor.add('Enamel mug')
    await visitor.sees('cart-panel', /1 item/)
  })

  it('leaves the bus room for who shops meanwhile', async () => {
    const long = Array.from({ length: 300 }, () => JSON.stringify({ ...recorded[0], event_id: newId() }))
    const file = await fileWith('stuck.jsonl', long)
    const visitor = await shop.visit()
    // None of them ends before the visitor has shopped.
    await visitor.page.evaluate(
      async (buses, type) => {
        const { shop } = await import(buses)
        const held = new Promise((resolve) => Object.assign(globalThis, { letGo: resolve }))
        shop.on(type, () => held)
      },
      visitor.buses,
      recorded[0].event_type,
    )
    await visitor.click('import-panel', '#slow')
    await visitor.openFile(file)
    await visitor.page.waitForFunction(stalled, { polling: 200, timeout: 20_000 })
    await visitor.add('Enamel mug')
    await visitor.sees('cart-panel', /1 item/)
    await visitor.page.evaluate(() => globalThis.letGo())
    await visitor.sees('import-panel', /300 events of stuck\.jsonl handled/)
  })

  it('may have bad lines: they are named, the others go on', async () => {
    const [first, second] = recorded
    const ran = { ...second, event_processed_at: second.event_created_at }
    const foreign = { ...second, event_id: 'not-an-id' }
    const [one, two, three] = [first, ran, foreign].map((record) => JSON.stringify(record))
    const file = await fileWith('torn.jsonl', [one, '', '[1, 2]', two, three, one.slice(0, 40)])
    const visitor = await shop.visit()
    await visitor.openFile(file)
    await visitor.sees('import-panel', /2 events of torn\.jsonl handled.*3 lines left out/)
    const text = await visitor.text('import-panel')
    assert.match(text, /line 3: Expected an object, got \[1,2\]/)
    assert.match(text, /line 5: .*event_id/)
    assert.match(text, /line 6: .*JSON/)
    await visitor.seesTree(
      new RegExp(`\\[completed\\] ${first.event_type}#.*\\[(?:completed|replayed)\\] ${second.event_type}#`),
    )
  })

  it('may be broken nearly everywhere: the first lines are named, the others counted', async () => {
    const torn = Array.from({ length: 20_000 }, () => '{"torn":')
    const file = await fileWith('broken.jsonl', [...torn, JSON.stringify(recorded[0])])
    const visitor = await shop.visit()
    await visitor.openFile(file)
    await visitor.sees('import-panel', /1 event of broken\.jsonl handled.*20000 lines left out/)
    const lines = await visitor.page.$$eval('import-panel >>> li', (all) =>
      all.map(({ textContent }) => textContent),
    )
    assert.equal(lines.length, 101)
    assert.match(lines[0], /^line 1: /)
    assert.equal(lines[100], 'and 19900 more')
  })

  it('can be dropped onto the page', async () => {
    const file = await fileWith('dropped.jsonl', [JSON.stringify(recorded[0])])
    const visitor = await shop.visit()
    const devtools = await visitor.page.createCDPSession()
    const drag = (type) =>
      devtools.send('Input.dispatchDragEvent', {
        type,
        x: 300,
        y: 400,
        data: { items: [], files: [file], dragOperationsMask: 1 },
      })
    await drag('dragEnter')
    await drag('dragOver')
    await visitor.sees('import-panel', /Drop the log to send its events through the bus/)
    await drag('drop')
    await visitor.sees('import-panel', /1 event of dropped\.jsonl handled/)
    assert.doesNotMatch(await visitor.text('import-panel'), /Drop the log/)
  })
})
