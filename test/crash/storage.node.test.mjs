// The storage under a log: full, cleared while it is open, damaged while nobody looked.

import assert from 'node:assert/strict'
import { open, readdir, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { engines } from '../support/engines.mjs'
import { Laboratory } from './lab.mjs'

const skip = engines.chromium.find() ? false : 'Chromium is not installed'

/** @type {Laboratory} */
let room
let name

before(async () => {
  if (!skip) room = await Laboratory.open()
})
after(() => room?.close())
afterEach(() => room?.closeTabs())

const numbers = (count, first = 0) => Array.from({ length: count }, (_, n) => n + first)

describe('a full disk', { skip, timeout: 120_000 }, () => {
  it('degrades the log and rejects the acknowledgement; once there is room all is durable', async () => {
    name = room.freshName()
    // Chromium asks for the quota seldom, but for the first write of a session.
    await room.restart()
    const blank = await room.browser.newPage()
    const devtools = await blank.createCDPSession()
    const { origin } = room
    const quota = (quotaSize) => devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize })
    const { usage } = await devtools.send('Storage.getUsageAndQuota', { origin })
    await quota(usage + 100_000)
    const tab = await room.tab(name)
    await tab.evaluate(() => lab.sendMany(0, 3))
    // What compresses well may still fit.
    const random = () => Array.from({ length: 30_000 }, () => Math.random().toString(36)).join('')
    await tab.evaluate(async (source) => {
      const noise = new Function(`return (${source})()`)
      for (let n = 3; n < 6; n++) lab.send(n, { noise: noise() })
      await lab.eventually('it is degraded', () => lab.state() === 'degraded')
      await lab.eventually('all are refused', () => lab.seen.nacks.length === 3)
      await lab.idle()
    }, String(random))
    const full = await tab.evaluate(() => lab.seen)
    assert.deepEqual(full.acks, [0, 1, 2])
    for (const nack of full.nacks) assert.match(nack, /Quota|Not durable within/)
    assert.deepEqual(
      full.runs,
      numbers(6).map((n) => [n, 1]),
      'the bus goes on',
    )
    await quota()
    await tab.evaluate(async () => {
      await lab.eventually('it is well again', () => lab.state() === 'ok', 30_000)
      await lab.flush()
    })
    const lines = await tab.evaluate(() => lab.lines())
    assert.deepEqual(
      lines.filter(({ kind }) => kind === 'E').map(({ n }) => n),
      numbers(6),
    )
    assert.equal(lines.filter(({ kind }) => kind === 'C').length, 6)
    assert.deepEqual((await tab.evaluate(() => lab.seen)).losses, [])
    assert.equal(await tab.evaluate(() => lab.unpersisted()), 0)
  })

  it('is read all the same, without an index; what would write says what to do', async () => {
    name = room.freshName()
    const first = await room.tab(name)
    await first.evaluate(async () => {
      await lab.sendSingly(0, 20)
      lab.hold(true)
      await lab.sendMany(20, 1)
      await lab.flush()
    })
    // Before its index is written.
    await room.crash(first)
    await room.restart()
    const blank = await room.browser.newPage()
    const devtools = await blank.createCDPSession()
    const { origin } = room
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 })
    const tab = await room.tab(name)
    const found = await tab.evaluate(async () => {
      const log = lab.log()
      const text = (/** @type {object[]} */ records) => records.map((it) => JSON.stringify(it)).join('\n')
      const records = []
      for await (const record of log.records()) records.push(record)
      const exported = (await new Response(log.exportJSONL()).text()).trim().split('\n')
      const copies = []
      const bus = new lab.EventBus({ maxPending: null })
      bus.on('Work', ({ eventPayload: { n } }) => void copies.push(n))
      await log.replay(bus)
      await bus.waitUntilIdle()
      const [{ event_log_position, ...one }] = records
      const other = { ...one, event_id: `${one.event_id.slice(0, -4)}0000` }
      return {
        ended: records.map(({ n, event_completed_at }) => [n, !!event_completed_at]),
        exported: exported.map((line) => JSON.parse(line).n),
        copies,
        count: await log.count(),
        known: await log.importJSONL(text([one])),
        refused: await log.importJSONL(text([other])).catch(String),
      }
    })
    await devtools.send('Storage.overrideQuotaForOrigin', { origin })
    assert.match(String(found.refused), /^LogError: The log .* is full/)
    assert.deepEqual(found, {
      ended: numbers(21).map((n) => [n, n < 20]),
      exported: numbers(21),
      copies: numbers(21),
      count: 21,
      known: { done: 1, failed: [] },
      refused: found.refused,
    })
  })
})

describe('cleared site data', { skip, timeout: 120_000 }, () => {
  it('is told of; the bus goes on, and what is unfinished is accepted again', async () => {
    name = room.freshName()
    const tab = await room.tab(name)
    await tab.evaluate(async () => {
      await lab.sendSingly(0, 5)
      await lab.idle()
      lab.hold(true)
      await lab.sendMany(5, 2)
    })
    const devtools = await tab.createCDPSession()
    await devtools.send('Storage.clearDataForOrigin', { origin: room.origin, storageTypes: 'indexeddb' })
    await tab.evaluate(async () => {
      lab.hold(false)
      await lab.sendMany(7, 2)
      await lab.eventually('the loss is told', () => lab.seen.losses.length)
      lab.release()
      await lab.idle()
      await lab.flush()
    })
    const { runs, losses } = await tab.evaluate(() => lab.seen)
    assert.deepEqual(
      runs,
      numbers(9).map((n) => [n, 1]),
      'every handler ran once',
    )
    assert.equal(losses.length, 1)
    assert.equal(losses[0].from, 1)
    assert.ok(losses[0].to >= 5, JSON.stringify(losses))
    assert.equal(await tab.evaluate(() => lab.state()), 'ok')
    const lines = await tab.evaluate(() => lab.lines())
    assert.deepEqual(
      lines
        .filter(({ kind }) => kind === 'E')
        .map(({ n }) => n)
        .sort(),
      [5, 6, 7, 8],
    )
    assert.equal(lines.filter(({ kind }) => kind === 'C').length, 4)
  })
})

/** Files of LevelDB that belong to the origin, the largest first. */
async function filesOf(extension) {
  const folder = join(room.profile, 'Default', 'IndexedDB')
  const all = await readdir(folder, { recursive: true })
  const files = all.filter((file) => file.endsWith(extension)).map((file) => join(folder, file))
  const sizes = await Promise.all(files.map(async (file) => ({ file, size: (await stat(file)).size })))
  return sizes.sort((a, b) => b.size - a.size)
}

/** A log of many segments. */
async function filled(events) {
  name = room.freshName()
  const tab = await room.tab(name)
  await tab.evaluate(async (count) => {
    const pad = Array.from(crypto.getRandomValues(new Uint32Array(500)), (it) => it.toString(36)).join('')
    await lab.sendSingly(0, count, { pad })
    await lab.idle()
    await lab.flush()
  }, events)
  await tab.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)))
  return tab
}

/** What a page finds of it. */
async function found() {
  const tab = await room.tab(name)
  const ready = await tab.evaluate(async () => {
    const late = new Promise((resolve) => setTimeout(resolve, 20_000, 'late'))
    const first = await Promise.race([lab.ready().then(() => 'ready'), late])
    await lab.sendMany(1000, 1)
    await lab.eventually('it is decided', () => lab.seen.acks.length || lab.seen.nacks.length, 30_000)
    return first
  })
  const lines = await tab.evaluate(() => lab.lines()).catch(() => [])
  const left = lines.filter(({ kind }) => kind === 'E').map(({ n }) => n)
  return {
    tab,
    ready,
    left,
    seen: await tab.evaluate(() => lab.seen),
    state: await tab.evaluate(() => lab.state()),
  }
}

describe('a damaged profile', { skip, timeout: 240_000 }, () => {
  it('a log that was cut short is noticed, and the rest is there', async () => {
    await filled(300)
    await room.restart(async () => {
      const [{ file, size }] = await filesOf('.log')
      await truncate(file, Math.floor(size / 2))
    })
    const { left, seen, state } = await found()
    assert.ok(left.length > 10 && left.length < 300, `${left.length} events are left`)
    assert.equal(seen.losses.length, 1, JSON.stringify(seen.losses))
    assert.equal(state, 'ok')
    assert.deepEqual(seen.acks, [1000], 'it goes on')
  })

  it('garbage in the middle is noticed, and the bus goes on', async () => {
    await filled(300)
    await room.restart(async () => {
      const [{ file, size }] = [...(await filesOf('.ldb')), ...(await filesOf('.log'))].sort(
        (a, b) => b.size - a.size,
      )
      const handle = await open(file, 'r+')
      await handle.write(Buffer.alloc(65_536, 0xa5), 0, 65_536, Math.max(0, Math.floor(size / 2) - 32_768))
      await handle.close()
    })
    const { seen, state, ready, left } = await found()
    assert.equal(ready, 'ready')
    assert.ok(seen.losses.length > 0 || state !== 'ok', `${state}, ${left.length} left, no loss was told of`)
    assert.deepEqual(seen.runs, [[1000, 1]], 'the bus goes on')
  })

  // What a SIGKILL between two writes of one record leaves. LevelDB takes it for the end of its journal and writes on behind it; at the
  // start after that it finds a record without an end, and Chromium deletes all databases of the origin: in some 200 kills once.
  it('a torn write costs what was not written, and not everything two starts later', async () => {
    name = room.freshName()
    const tab = await room.tab(name)
    await tab.evaluate(async () => {
      const pad = Array.from(crypto.getRandomValues(new Uint32Array(500)), (it) => it.toString(36)).join('')
      for (let n = 0; n < 150; n += 15) await lab.sendMany(n, 15, { pad })
      await lab.idle()
    })
    await room.restart(async () => {
      const [{ file, size }] = await filesOf('.log')
      await truncate(file, size - 20_000)
    })
    const first = await found()
    assert.ok(first.left.length > 75, `${first.left.length} events are left`)
    await room.restart()
    const { left, seen, state } = await found()
    assert.equal(state, 'ok')
    assert.deepEqual(left, [...first.left, 1000])
    assert.ok(!seen.losses.some(({ reason }) => /database/.test(reason)), JSON.stringify(seen.losses))
  })
})
