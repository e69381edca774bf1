// What stays in memory, in Chromium, with garbage collected on demand over the DevTools protocol.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { buildMinified } from '../support/bundle.mjs'
import { engines } from '../support/engines.mjs'
import { openLab } from '../support/lab.mjs'

const megabyte = 1024 * 1024

const chromium = engines.chromium.find()
let lab
let page
let devtools

before(async () => {
  lab = await openLab({
    '/bubus.js': (await buildMinified('src/index.ts')).code,
    '/all.js': (await buildMinified('src/script-tag.ts')).code,
  })
})

after(() => lab?.close())

/** A fresh page with the library in it, as `bubus`. */
async function open(script = '/bubus.js') {
  await page?.close()
  page = await lab.newPage()
  await page.evaluate(async (script) => {
    window.bubus = await import(script)
  }, script)
  devtools = await page.createCDPSession()
  await devtools.send('HeapProfiler.enable')
}

async function usedHeap() {
  for (let i = 0; i < 3; i++) await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await devtools.send('Runtime.getHeapUsage')
  return usedSize
}

/** How many of `window.refs` are alive, once that number no longer falls. Idle timers may hold a bus for about a second. */
async function survivors() {
  let alive = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < 100 && alive > 0; attempt++) {
    await devtools.send('HeapProfiler.collectGarbage')
    alive = await page.evaluate(
      () =>
        new Promise((resolve) => {
          setTimeout(() => resolve(window.refs.filter((ref) => ref.deref()).length), 50)
        }),
    )
  }
  return alive
}

const options = { skip: chromium ? false : 'Chromium is not installed', timeout: 600_000 }

test('two hundred buses that were used and dropped are collectable', options, async () => {
  await open()
  await page.evaluate(async () => {
    const { BaseEvent, EventBus } = window.bubus
    window.refs = []
    const use = async (i) => {
      const bus = new EventBus({ name: `Dropped${i}` })
      bus.on('X', () => 'sync')
      bus.on('X', async () => 'async')
      bus.on('*', async (event, context) => {
        if (event.eventType === 'X') await context.bus.dispatch(new BaseEvent('Child'))
      })
      bus.addEventListener('X', () => 'listener')
      const expected = bus.expect('X')
      await bus.dispatch(new BaseEvent('X'))
      await expected
      await bus.waitUntilIdle()
      window.refs.push(new WeakRef(bus))
    }
    for (let i = 0; i < 200; i++) await use(i)
  })
  assert.equal(await page.evaluate(() => window.refs.length), 200)
  assert.equal(await survivors(), 0)
  const left = await page.evaluate(() => [...window.bubus.EventBus.instances].length)
  assert.equal(left, 0, 'buses that are still listed')
  const name = await page.evaluate(() => new window.bubus.EventBus({ name: 'Dropped7' }).name)
  assert.equal(name, 'Dropped7', 'the name of a collected bus is free')
})

test('buses that forward in a circle, and one that was never used, are collectable', options, async () => {
  await open()
  await page.evaluate(async () => {
    const { BaseEvent, EventBus } = window.bubus
    window.refs = []
    const use = async () => {
      const buses = Array.from({ length: 4 }, () => new EventBus())
      for (const [i, bus] of buses.entries()) bus.on('*', buses[(i + 1) % 3].dispatch)
      await buses[0].dispatch(new BaseEvent('X'))
      for (const bus of buses) window.refs.push(new WeakRef(bus))
    }
    for (let i = 0; i < 50; i++) await use()
  })
  assert.equal(await survivors(), 0)
})

test('a bus with a subscription or a listener that is held elsewhere is alive', options, async () => {
  await open()
  await page.evaluate(async () => {
    const { BaseEvent, EventBus } = window.bubus
    window.refs = []
    const make = () => {
      const bus = new EventBus()
      bus.attach(document, 'Attached')
      bus.on('Attached', () => 'still here')
      window.refs.push(new WeakRef(bus))
    }
    make()
    window.send = () => {
      const event = new BaseEvent('Attached')
      document.dispatchEvent(event)
      return event.eventResult()
    }
  })
  for (let i = 0; i < 3; i++) await usedHeap()
  assert.equal(await page.evaluate(() => window.send()), 'still here')
})

test('a closed bridge and exposed bus keep neither themselves nor their bus', options, async () => {
  await open('/all.js')
  await page.evaluate(async () => {
    const { BaseEvent, EventBus, exposeBus, WorkerBridge } = window.bubus
    window.refs = []
    const use = async () => {
      const [here, there] = [new EventBus(), new EventBus()]
      const { port1, port2 } = new MessageChannel()
      const exposed = exposeBus(there, port2)
      const bridge = new WorkerBridge(port1)
      there.on('X', () => 'there')
      here.on('X', bridge.dispatch)
      await here.dispatch(new BaseEvent('X')).eventResult()
      for (const one of [here, there, exposed, bridge]) window.refs.push(new WeakRef(one))
      bridge.close()
      exposed.close()
    }
    for (let i = 0; i < 20; i++) await use()
  })
  assert.equal(await survivors(), 0)
})

test('semaphores of all tabs keep nothing of the names that they had', options, async () => {
  await open()
  const before = await usedHeap()
  const refused = await page.evaluate(async () => {
    let count = 0
    const signal = AbortSignal.abort()
    for (let i = 0; i < 20_000; i++) {
      const semaphore = new window.bubus.Semaphore(`${i}`.padEnd(1000), { limit: 1, scope: 'multiprocess' })
      await semaphore.acquire({ signal }).catch(() => count++)
    }
    return count
  })
  assert.equal(refused, 20_000)
  const grown = (await usedHeap()) - before
  assert.ok(grown < 4 * megabyte, `${grown} bytes more`)
})

test('a timed-out handler that never settles does not keep its event', options, async () => {
  await open()
  await page.evaluate(async () => {
    const { BaseEvent, EventBus } = window.bubus
    window.refs = []
    window.bus = new EventBus({ maxHistorySize: 0 })
    window.bus.on('X', () => new Promise(() => {}))
    const use = async () => {
      const event = new BaseEvent('X', {}, { timeout: 1 })
      await window.bus.dispatch(event).eventResult({ raiseIfAny: false })
      window.refs.push(new WeakRef(event))
    }
    for (let i = 0; i < 20; i++) await use()
    await window.bus.waitUntilIdle()
  })
  assert.equal(await survivors(), 0)
})

test(
  'after 1 000 000 events with a history of 50 the heap has grown by less than 2 MB',
  options,
  async () => {
    await open()
    await page.evaluate(() => {
      const { BaseEvent, EventBus, defineEvent } = window.bubus
      const Tick = defineEvent('Tick')
      const bus = new EventBus({ maxHistorySize: 50, maxPending: null })
      let handled = 0
      bus.on(Tick, () => ++handled)
      bus.on('Slow', async (_event, context) => {
        const child = await context.bus.dispatch(new Tick())
        return child.eventId
      })
      bus.addEventListener('Listened', () => 'listened')
      // Most are plain; a few of each thousand take the longer ways through the bus.
      window.run = async (thousands) => {
        for (let n = 0; n < thousands; n++) {
          const expected = bus.expect('Listened')
          for (let i = 0; i < 996; i++) bus.dispatch(new Tick({ n: i }))
          await bus.dispatch(new BaseEvent('Slow')).eventResult()
          await bus.dispatch(new BaseEvent('Listened'))
          await expected
          await bus.dispatch(new Tick())
          await bus.waitUntilIdle()
        }
        return handled
      }
    })
    await page.evaluate(() => window.run(20))
    const heapBefore = await usedHeap()
    const handledBefore = await page.evaluate(() => window.run(0))
    await page.evaluate(() => window.run(1000))
    const handled = (await page.evaluate(() => window.run(0))) - handledBefore
    assert.equal(handled, 998_000, 'events that the sync handler has seen')
    const grown = (await usedHeap()) - heapBefore
    assert.ok(grown < 2 * megabyte, `grown by ${(grown / megabyte).toFixed(2)} MB`)
  },
)
