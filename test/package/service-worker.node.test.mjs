// The one file in a service worker, which may load no code later: nothing of it may be left to a chunk.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { buildMinified } from '../support/bundle.mjs'
import { engines } from '../support/engines.mjs'
import { openLab } from '../support/lab.mjs'

const worker = `
import { BaseEvent, EventBus, EventLog, Semaphore, TabBridge } from './bubus.js'

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

const tabs = new TabBridge('shop', { results: 'gather' })
const log = new EventLog('orders')
const bus = new EventBus({ name: 'worker', log })
bus.on('Order', tabs.dispatch)
bus.on('Order', () => 'packed')

self.addEventListener('message', ({ ports: [port] }) => answer().then((found) => port.postMessage(found)))
async function answer() {
  await Promise.all([tabs.ready, bus.ready])
  const recovered = await bus.recover()
  const order = bus.dispatch(new BaseEvent('Order'))
  await order.eventPersisted
  const results = await order.eventResultsList()
  await log.flush()
  const types = []
  for await (const { event_type } of log.records()) types.push(event_type)
  const slot = await new Semaphore('printer', { limit: 1, scope: 'multiprocess' }).acquire()
  slot[Symbol.dispose]()
  const own = new EventBus({ name: 'Named', log: 'named' })
  await own.dispatch(new BaseEvent('Kept')).eventPersisted
  return { recovered: recovered.length, results, types, state: log.state }
}
`

const options = { skip: engines.chromium.find() ? false : 'Chromium is not installed', timeout: 120_000 }
let lab

before(async () => {
  lab = await openLab({ '/bubus.js': (await buildMinified('src/script-tag.ts')).code, '/worker.js': worker })
})

after(() => lab?.close())

test('a service worker has the log, semaphores of all tabs and the tabs themselves', options, async () => {
  const page = await lab.newPage()
  const found = await page.evaluate(async () => {
    const { EventBus, TabBridge } = await import('/bubus.js')
    const bus = new EventBus({ name: 'page' })
    const tabs = new TabBridge('shop')
    tabs.on('*', bus.dispatch)
    bus.on('Order', () => 'seen')
    await tabs.ready
    await navigator.serviceWorker.register('/worker.js', { type: 'module' })
    const { active } = await navigator.serviceWorker.ready
    const { port1, port2 } = new MessageChannel()
    const answer = new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data)
    })
    active.postMessage('go', [port2])
    return answer
  })
  assert.deepEqual(found, { recovered: 0, results: ['packed', 'seen'], types: ['Order'], state: 'ok' })
})
