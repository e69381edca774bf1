// Promises of the log that need real tabs: who takes over what from whom, and when.

import assert from 'node:assert/strict'
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
const sorted = (/** @type {number[]} */ list) => [...list].sort((a, b) => a - b)

/** A tab that has accepted this many events and finishes none. */
async function busyTab(count) {
  const tab = await room.tab(name)
  await tab.evaluate(async (most) => {
    lab.hold(true)
    await lab.sendMany(0, most)
  }, count)
  const [writer] = await tab.evaluate(() => lab.mine())
  return { tab, writer }
}

const free = (tab, writer) =>
  tab.evaluate(
    (id) => lab.eventually('the lock is free', async () => !(await lab.writers()).includes(id)),
    writer,
  )

const ends = (tab) =>
  tab.evaluate(async () => (await lab.lines()).filter(({ kind }) => kind === 'C').map(({ id }) => id))

describe('tabs and their dead', { skip, timeout: 300_000 }, () => {
  it('what a dead tab left is taken over exactly once, by one of five', async () => {
    name = room.freshName()
    const { tab, writer } = await busyTab(30)
    const others = []
    for (let n = 0; n < 5; n++) others.push(await room.tab(name))
    await room.crash(tab)
    await free(others[0], writer)
    const taken = await Promise.all(others.map((other) => other.evaluate(() => lab.recover())))
    await Promise.all(others.map((other) => other.evaluate(() => lab.idle())))
    const runs = await Promise.all(others.map((other) => other.evaluate(() => lab.seen.runs)))
    assert.deepEqual(sorted(taken.flat()), numbers(30))
    assert.deepEqual(sorted(runs.flat().map(([n]) => n)), numbers(30))
    assert.deepEqual(new Set(runs.flat().map(([, attempt]) => attempt)), new Set([2]))
    assert.equal(taken.filter(({ length }) => length).length, 1, 'one took it all')
    await others[0].evaluate(() => lab.flush())
    const left = await Promise.all(others.map((other) => other.evaluate(() => lab.recover())))
    assert.deepEqual(left.flat(), [])
  })

  it('what a living tab has accepted is not taken by five others', async () => {
    name = room.freshName()
    const { tab } = await busyTab(10)
    const others = []
    for (let n = 0; n < 5; n++) others.push(await room.tab(name))
    const taken = await Promise.all(others.map((other) => other.evaluate(() => lab.recover())))
    assert.deepEqual(taken.flat(), [])
    await tab.evaluate(async () => {
      lab.release()
      await lab.idle()
      await lab.flush()
    })
    assert.deepEqual(sorted((await tab.evaluate(() => lab.seen.runs)).map(([n]) => n)), numbers(10))
    assert.equal(new Set(await ends(tab)).size, 10)
    assert.equal((await ends(tab)).length, 10)
  })

  it('after a crash of its renderer the lock of a tab is free, and the next page recovers', async () => {
    name = room.freshName()
    const { tab, writer } = await busyTab(10)
    await room.crash(tab)
    const next = await room.tab(name)
    await free(next, writer)
    assert.deepEqual(await next.evaluate(() => lab.recover()), numbers(10))
    await next.evaluate(() => lab.idle())
    assert.deepEqual(
      await next.evaluate(() => lab.seen.runs),
      numbers(10).map((n) => [n, 2]),
    )
  })

  it('a tab that is closed over its work leaves it to the next', async () => {
    name = room.freshName()
    const { tab, writer } = await busyTab(10)
    const next = await room.tab(name)
    await tab.close()
    await free(next, writer)
    assert.deepEqual(await next.evaluate(() => lab.recover()), numbers(10))
  })

  it('a frozen tab holds nobody up, keeps what is its own, and goes on when it thaws', async () => {
    name = room.freshName()
    const { tab } = await busyTab(5)
    const next = await room.tab(name)
    const devtools = await tab.createCDPSession()
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
    assert.deepEqual(await next.evaluate(() => lab.recover()), [])
    await next.evaluate(() => lab.sendMany(100, 20))
    assert.deepEqual(await next.evaluate(() => lab.seen.acks), numbers(20, 100))
    await devtools.send('Page.setWebLifecycleState', { state: 'active' })
    await tab.evaluate(async () => {
      lab.release()
      await lab.idle()
      await lab.flush()
    })
    assert.deepEqual(sorted((await tab.evaluate(() => lab.seen.runs)).map(([n]) => n)), numbers(5))
    await next.evaluate(() => lab.idle())
    await next.evaluate(() => lab.flush())
    assert.equal((await ends(next)).length, 25)
  })

  it('what another tab writes while a log is opened is no loss', async () => {
    name = room.freshName()
    const tab = await room.tab(name)
    await tab.evaluate(() => {
      globalThis.sending = (async () => {
        for (let n = 0; !globalThis.enough; n++) {
          await lab.sendSingly(n, 1)
          // With every segment, not every 100 ms.
          lab.log().witness.write()
        }
      })()
    })
    const next = await room.tab(name)
    const losses = await next.evaluate(async (log) => {
      const found = []
      for (let n = 0; n < 100; n++) {
        const one = new lab.EventLog(log)
        one.addEventListener('dataloss', ({ from, to, reason }) => found.push({ from, to, reason }))
        await new lab.EventBus({ name: `Opens${n}`, log: one }).ready
        await one.close()
      }
      return found
    }, name)
    await tab.evaluate(() => {
      globalThis.enough = true
      return globalThis.sending
    })
    assert.deepEqual(losses, [])
  })

  it('a log whose outcomes wait for another log goes on when that has written', async () => {
    const tab = await room.tab(room.freshName())
    const outcome = await tab.evaluate(async () => {
      const { EventBus, EventLog, BaseEvent } = lab
      const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
      const here = new EventBus({ name: 'Here', log: new EventLog('here') })
      const there = new EventBus({ name: 'There', log: new EventLog('there') })
      const dispatching = (_, { bus, via }) => {
        via(there).dispatch(new BaseEvent('Child'))
        bus.dispatch(new BaseEvent('Child'))
      }
      here.on('Parent', dispatching, { name: 'dispatching' })
      here.on('Parent', () => pause(1000))
      for (const bus of [here, there]) bus.on('Child', () => {})
      for (const bus of [here, there]) await bus.dispatch(new BaseEvent('Child')).eventPersisted
      // The write of the other log takes its time.
      const db = await new Promise((resolve) => {
        const request = indexedDB.open('bubus:there')
        request.onsuccess = () => resolve(request.result)
      })
      const store = db.transaction('wal', 'readwrite').objectStore('wal')
      let held = true
      const spin = () => {
        if (held) store.get(-1).onsuccess = spin
      }
      spin()
      here.dispatch(new BaseEvent('Parent'))
      await pause(200)
      held = false
      await pause(200)
      const late = here.dispatch(new BaseEvent('Child'))
      return Promise.race([late.eventPersisted.then(() => 'durable'), pause(10_000).then(() => 'stuck')])
    })
    assert.equal(outcome, 'durable')
  })
})
