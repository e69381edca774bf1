// The back/forward cache: a page that rests there is dead for others, and comes back as another writer.

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { engines } from '../support/engines.mjs'
import { Laboratory } from './lab.mjs'

const skip = engines.chromium.find() ? false : 'Chromium is not installed'

/** @type {Laboratory} */
let room

before(async () => {
  if (!skip) room = await Laboratory.open()
})
after(() => room?.close())
afterEach(() => room?.closeTabs())

const numbers = (/** @type {number} */ count) => Array.from({ length: count }, (_, n) => n)
const once = numbers(5).map((n) => [n, 1])

/** A tab with five unfinished events; and the same after a rest, in which `meanwhile` happens. */
async function rested(name, meanwhile = async () => {}, beforehand = () => {}) {
  const tab = await room.tab(name)
  await tab.evaluate(async () => {
    addEventListener('pageshow', ({ persisted }) => {
      lab.seen.persisted = persisted
    })
    lab.hold(true)
    await lab.sendMany(0, 5)
    await lab.eventually('the first one runs', () => lab.seen.runs.length)
  })
  await tab.evaluate(beforehand)
  const [writer] = await tab.evaluate(() => lab.mine())
  await tab.goto(`${room.origin}/blank`)
  await meanwhile()
  await tab.goBack()
  const why = await tab.evaluate(async () => {
    const [entry] = performance.getEntriesByType('navigation')
    if (globalThis.lab) await new Promise((resolve) => setTimeout(resolve, 100))
    return globalThis.lab?.seen.persisted ? null : JSON.stringify(entry?.notRestoredReasons)
  })
  assert.equal(why, null, 'the page came out of the cache')
  return { tab, writer }
}

async function finish(tab) {
  await tab.evaluate(async () => {
    lab.release()
    await lab.eventually('a new writer', () => lab.mine()[0])
    await lab.idle()
    await lab.flush()
  })
  const lines = await tab.evaluate(() => lab.lines())
  return { lines, seen: await tab.evaluate(() => lab.seen), ends: lines.filter(({ kind }) => kind === 'C') }
}

describe('a page that comes back from the back/forward cache', { skip, timeout: 120_000 }, () => {
  it('is a new writer, which adopts what it had and completes it once', async () => {
    const { tab, writer } = await rested(room.freshName())
    const { seen, lines, ends } = await finish(tab)
    assert.deepEqual(seen.runs, once, 'no handler runs again')
    assert.deepEqual(seen.cancelled, [])
    assert.equal(ends.length, 5)
    const [now] = await tab.evaluate(() => lab.mine())
    assert.notEqual(now, writer)
    assert.deepEqual(new Set(ends.map((end) => end.writer)), new Set([now]))
    const adopted = lines.filter(({ kind }) => kind === 'A')
    assert.deepEqual(new Set(adopted.map(({ id }) => id)), new Set(ends.map(({ id }) => id)))
    assert.ok(adopted[4].seq < ends[0].seq, 'adopted first')
    assert.deepEqual(await tab.evaluate(() => lab.recover()), [])
  })

  it('gives up what another tab has taken meanwhile', async () => {
    const name = room.freshName()
    const other = await room.tab(name)
    const { tab } = await rested(name, async () => {
      assert.deepEqual(await other.evaluate(() => lab.recover()), numbers(5))
      await other.evaluate(() => lab.idle())
      await other.evaluate(() => lab.flush())
    })
    // Its end is not taken any more: it may come before the page has read who has its events, or after.
    await tab.evaluate(() => lab.eventually('the running one is given up', () => lab.seen.cancelled.length))
    const { seen, ends } = await finish(tab)
    assert.equal(ends.length, 5, 'each is completed once')
    assert.deepEqual(seen.cancelled, [0], 'the one that was running')
    assert.deepEqual(seen.runs, [[0, 1]], 'none of the others starts')
    const [theirs] = await other.evaluate(() => lab.mine())
    assert.deepEqual(new Set(ends.map((end) => end.writer)), new Set([theirs]))
  })

  it('says nothing of what ended between its `pagehide` and its rest, if another tab has taken it', async () => {
    const name = room.freshName()
    const other = await room.tab(name)
    const { tab } = await rested(
      name,
      async () => {
        assert.deepEqual(await other.evaluate(() => lab.recover()), numbers(5))
        await other.evaluate(() => lab.idle())
        await other.evaluate(() => lab.flush())
      },
      () => addEventListener('pagehide', () => lab.release()),
    )
    const { ends } = await finish(tab)
    assert.equal(ends.length, 5, 'each is completed once')
  })

  it('adopts what ended between its `pagehide` and its rest before it says so', async () => {
    const { tab } = await rested(room.freshName(), undefined, () =>
      addEventListener('pagehide', () => lab.release()),
    )
    const { lines, ends } = await finish(tab)
    assert.equal(ends.length, 5)
    for (const { id, seq, writer } of ends) {
      const owner = lines
        .filter((line) => line.id === id && 'EA'.includes(line.kind) && line.seq <= seq)
        .at(-1)
      assert.equal(owner?.writer, writer, 'only its owner says that an event is completed')
    }
  })

  it('does not keep another tab waiting for a lock', async () => {
    const name = room.freshName()
    const other = await room.tab(name)
    await rested(name, async () => {
      const start = performance.now()
      assert.equal((await other.evaluate(() => lab.writers())).length, 0)
      await other.evaluate(() => lab.sendMany(100, 1))
      assert.ok(performance.now() - start < 5000)
    })
  })
})
