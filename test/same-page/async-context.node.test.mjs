// Where the platform follows asynchronous code by itself (here Node's AsyncLocalStorage), nothing is lost by a foreign await.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { buildMinified } from '../support/bundle.mjs'

let folder
let url
let EventBus
let BaseEvent

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bubus-'))
  const file = join(folder, 'bubus.mjs')
  await buildMinified('src/index.ts', file)
  url = pathToFileURL(file).href
  ;({ EventBus, BaseEvent } = await import(url))
})

after(() => rm(folder, { recursive: true, force: true }))

const make = (type) => new BaseEvent(type)

/** The parents of what `body`, a handler of Root, returns. */
async function parentsOf(body) {
  const bus = new EventBus()
  const root = make('Root')
  bus.on('Root', () => body(bus, root))
  const events = await bus.dispatch(root).eventResult()
  return events.map((event) => (event.eventParentId === root.eventId ? 'Root' : event.eventParentId))
}

test('a bare dispatch after a foreign await keeps its parent', async () => {
  const parents = await parentsOf(async (bus) => {
    await sleep(1)
    const first = bus.dispatch(make('Child'))
    await new Promise((resolve) => setImmediate(resolve))
    return [first, bus.dispatch(make('Child'))]
  })
  assert.deepEqual(parents, ['Root', 'Root'])
})

test('it keeps it after Promise.all, in async helpers, and on another bus', async () => {
  const other = new EventBus()
  const parents = await parentsOf(async (bus) => {
    const helper = async () => {
      await sleep(1)
      return [bus.dispatch(make('Child')), other.dispatch(make('Child'))]
    }
    const [a, b] = await Promise.all([helper(), helper(), bus.dispatch(make('Child'))])
    return [...a, ...b, other.dispatch(make('Child'))]
  })
  assert.deepEqual(parents, Array(5).fill('Root'))
})

test('after a foreign await an awaited event still jumps the queue', async () => {
  const bus = new EventBus()
  const log = []
  for (const type of ['Queued', 'Child']) bus.on(type, () => void log.push(type))
  bus.on('Root', async () => {
    await sleep(1)
    await bus.dispatch(make('Child'))
    log.push('Root')
  })
  bus.dispatch(make('Root'))
  bus.dispatch(make('Queued'))
  await bus.waitUntilIdle()
  assert.deepEqual(log, ['Child', 'Root', 'Queued'])
})

test('`event.eventBus` is known after a foreign await, beside other handlers of the event', async () => {
  const bus = new EventBus({ parallelHandlers: true })
  for (let i = 0; i < 2; i++) {
    bus.on('Root', async (event) => {
      await sleep(1)
      return event.eventBus.dispatch(make('Child')).eventParentId === event.eventId
    })
  }
  const results = await bus.dispatch(make('Root')).eventResultsList()
  assert.deepEqual(results, [true, true])
})

test('handlers that run at the same time keep their own parents, and code outside has none', async () => {
  const buses = [new EventBus(), new EventBus()]
  for (const bus of buses) {
    bus.on('Root', async (root) => {
      for (let i = 0; i < 3; i++) {
        await sleep(1)
        assert.equal(bus.dispatch(make('Child')).eventParentId, root.eventId)
      }
    })
  }
  const roots = buses.map((bus) => bus.dispatch(make('Root')))
  await sleep(1)
  assert.equal(buses[0].dispatch(make('Outside')).eventParentId, null)
  for (const root of roots) await root.eventResult()
  assert.equal(buses[0].dispatch(make('Outside')).eventParentId, null)
  assert.deepEqual(
    roots.map((root) => root.eventChildren.length),
    [3, 3],
  )
})

test('what a handler leaves running has a completed parent: it keeps the id, and is no child', async () => {
  const bus = new EventBus()
  let late
  bus.on('Root', () => {
    late = sleep(5).then(() => bus.dispatch(make('Late')))
  })
  const root = await bus.dispatch(make('Root'))
  assert.equal(root.eventStatus, 'completed')
  const event = await late
  assert.equal(event.eventParentId, root.eventId)
  assert.equal(root.eventChildren.length, 0)
})

test('an idle bus holds no timers: the process ends by itself', async () => {
  const program = `
    const { EventBus, BaseEvent } = await import(${JSON.stringify(url)})
    const bus = new EventBus()
    bus.on('X', async () => 'heard')
    bus.expect('Never', { timeout: 3_600_000 }).catch(() => {})
    const late = bus.find('Late', { past: false, future: true })
    const result = await bus.dispatch(new BaseEvent('X', {}, { timeout: 3_600_000 })).eventResult()
    bus.dispatch(new BaseEvent('Late'))
    await late
    await bus.stop()
    console.log(result)
  `
  const args = ['--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 })
  assert.equal(stdout.trim(), 'heard')
})
