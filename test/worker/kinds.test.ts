// Every kind of target that a WorkerBridge may have, and every way in which the other side may be missing.

import { expect } from '@esm-bundle/chai'
import { number } from 'superstruct'
import { exposeBus, WorkerBridge } from '../../src/bridges/worker-bridge.js'
import { defineEvent } from '../../src/index.js'
import { eventually } from '../log/tabs.js'
import { Ask, Compile, Fail, Slow, Square, Tell } from './fixtures/events.js'
import {
  bridgeTo,
  Carry,
  ends,
  frame,
  lastError,
  later,
  newBus,
  pause,
  resultsOf,
  wasm,
  within,
} from './support.js'

class Double extends defineEvent('Double', { n: number() }, { result: number() }) {}
class Brief extends defineEvent('Brief', { n: number() }, { timeout: 0.05 }) {}
class Idle extends defineEvent('Idle', {}, { timeout: null }) {}

function workerOf(name: 'worker' | 'brief' | 'stops' | 'silent' | 'throws' | 'missing'): Worker {
  const urls = {
    worker: new URL('./fixtures/worker.js', import.meta.url),
    brief: new URL('./fixtures/brief.js', import.meta.url),
    stops: new URL('./fixtures/stops.js', import.meta.url),
    silent: new URL('./fixtures/silent.js', import.meta.url),
    throws: new URL('./fixtures/throws.js', import.meta.url),
    missing: new URL('./fixtures/missing.ts', import.meta.url),
  }
  const worker = new Worker(urls[name], { type: 'module' })
  later(() => worker.terminate())
  return worker
}
describe('a WorkerBridge to a MessagePort', () => {
  it('has events handled at the other end', async () => {
    const { near, far } = ends()
    far.on(Double, ({ n }) => n * 2)
    const event = await within(20_000, near.dispatch(new Double({ n: 4 })))
    expect(await event.eventResult()).to.equal(8)
  })

  it('takes one message to and one back: nothing is sent to say that a message has come', async () => {
    const { near, far, ports } = ends()
    far.on(Double, ({ n }) => n * 2)
    await within(20_000, near.dispatch(new Double({ n: 1 })))
    // Both have said who they are by then.
    await pause(300)
    const came = [0, 0]
    for (const [at, port] of ports.entries()) port.addEventListener('message', () => came[at]++)
    await within(20_000, near.dispatch(new Double({ n: 4 })))
    await pause(50)
    expect(came).to.deep.equal([1, 1])
  })

  it('refuses a payload that cannot be cloned, and carries the next event of the same batch', async () => {
    const { near, far } = ends()
    far.on(Carry, ({ what }) => what)
    const bad = near.dispatch(new Carry({ what: () => {} }))
    const good = near.dispatch(new Carry({ what: 'fine' }))
    await within(20_000, Promise.all([bad, good]))
    const [forwarder] = [...bad.eventResults.values()]
    expect(forwarder.error).to.include({ name: 'WireError' })
    expect((forwarder.error as Error).message).to.contain('what')
    expect(bad.eventResults.size).to.equal(1)
    expect(await good.eventResult()).to.equal('fine')
  })

  it('has a WireError for a result that cannot be cloned', async () => {
    const { near, far } = ends()
    far.on(Carry, () => () => {})
    const event = await within(20_000, near.dispatch(new Carry({ what: 1 })))
    expect(lastError(event)).to.include({ name: 'WireError' })
  })

  it('has a WireError for an answer that is too long, and carries the next event', async () => {
    const { near, far } = ends()
    const off = Array.from({ length: 1001 }, () => far.on(Double, ({ n }) => n))
    const event = await within(20_000, near.dispatch(new Double({ n: 4 })))
    expect(lastError(event)).to.include({ name: 'WireError' })
    expect(lastError(event)?.message).to.contain('1000')
    for (const one of off.slice(1)) one()
    const next = await within(20_000, near.dispatch(new Double({ n: 5 })))
    expect(await next.eventResult()).to.equal(5)
  })

  for (const target of [undefined, null, 5, 'port', {}])
    it(`is refused where that is ${String(target)}`, () => {
      expect(() => new WorkerBridge(target as never)).to.throw(TypeError, 'Expected `target` to be')
      const bus = newBus()
      const name = target == null ? 'endpoint' : 'target'
      expect(() => exposeBus(bus, target as never)).to.throw(TypeError, `Expected \`${name}\` to be`)
    })

  it('checks results by the struct of this side', async () => {
    const { near, far } = ends()
    far.on('Double', () => 'no number')
    // The far side has no class of it, and so no struct.
    const event = await within(20_000, near.dispatch(new Double({ n: 4 })))
    expect(lastError(event)).to.include({ name: 'ResultTypeError' })
  })

  it('has the time-out of a handler at the other end as its entry', async () => {
    const { near, far } = ends()
    far.on(Brief, () => new Promise(() => {}))
    const event = await within(20_000, near.dispatch(new Brief({ n: 1 })))
    expect(lastError(event)).to.include({ name: 'EventTimeoutError' })
  })

  it('brings 3000 events in order into a small bus', async () => {
    const { port1, port2 } = new MessageChannel()
    const far = newBus({ maxPending: 20, maxHistorySize: 20 })
    const exposed = exposeBus(far, port2)
    later(() => exposed.close())
    const bridge = bridgeTo(port1)
    const near = newBus()
    near.on('*', bridge.dispatch)
    const came: number[] = []
    far.on(Double, ({ n }) => {
      came.push(n)
      return n
    })
    const all = Array.from({ length: 3000 }, (_, n) => near.dispatch(new Double({ n })))
    await Promise.all(all)
    expect(came).to.deep.equal(Array.from({ length: 3000 }, (_, n) => n))
  })

  for (const side of ['bridge', 'exposed'] as const) {
    it(`settles everything when ${side === 'bridge' ? 'it' : 'the other side'} is closed`, async () => {
      const made = ends()
      made.far.on(Idle, () => new Promise(() => {}))
      made.far.on(Double, ({ n }) => n)
      await within(20_000, made.near.dispatch(new Double({ n: 1 })))
      const waiting = [made.near.dispatch(new Idle({})), made.near.dispatch(new Idle({}))]
      await pause(50)
      made[side].close()
      await within(20_000, Promise.all(waiting))
      for (const event of waiting) expect(lastError(event)).to.include({ name: 'EventCancelledError' })
    })
  }

  it('leaves no locks behind, 500 times', async () => {
    const names = async () =>
      ((await navigator.locks.query()).held ?? [])
        .map(({ name = '' }) => name)
        .filter((name) => name.startsWith('bubus:k:'))
    const before = await names()
    const far = newBus()
    far.on(Double, ({ n }) => n)
    for (let n = 0; n < 500; n++) {
      const { port1, port2 } = new MessageChannel()
      const exposed = exposeBus(far, port2)
      const bridge = new WorkerBridge(port1)
      // Every tenth is used; others are closed while they still say hello.
      if (n % 10 === 0) await within(20_000, bridge.dispatch(new Double({ n })))
      bridge.close()
      exposed.close()
    }
    await pause(200)
    // Those of the tests before may still be on their way back.
    expect((await names()).filter((name) => !before.includes(name))).to.deep.equal([])
    const { pending = [] } = await navigator.locks.query()
    expect(pending.filter(({ name = '' }) => name.startsWith('bubus:k:'))).to.deep.equal([])
  })
})

describe('a WorkerBridge to a worker', () => {
  it('may be made when the worker has long been up', async () => {
    const worker = workerOf('worker')
    const first = bridgeTo(worker)
    const bus = newBus()
    await within(20_000, first.dispatch(new Square({ n: 1 })))
    first.close()
    await pause(300)
    bus.on('*', bridgeTo(worker).dispatch)
    const event = await within(20_000, bus.dispatch(new Square({ n: 6 })))
    expect(await event.eventResult()).to.equal(36)
  })

  it('closed, makes room for a new one', async () => {
    const worker = workerOf('worker')
    for (const n of [2, 3, 4]) {
      const bus = newBus()
      const bridge = bridgeTo(worker)
      bus.on('*', bridge.dispatch)
      const event = await within(20_000, bus.dispatch(new Square({ n })))
      expect(await resultsOf(event)).to.deep.equal([n * n])
      bridge.close()
    }
  })

  it('has an EventTimeoutError where nobody ever says hello', async () => {
    const bus = newBus()
    bus.on('*', bridgeTo(workerOf('silent'), { timeout: 200 }).dispatch)
    const event = await within(20_000, bus.dispatch(new Square({ n: 1 })))
    expect(lastError(event)).to.include({ name: 'EventTimeoutError' })
  })

  for (const name of ['throws', 'missing'] as const) {
    it(`has an EventCancelledError at once for a script that ${name === 'throws' ? 'throws' : 'is not there'}`, async () => {
      const bus = newBus()
      const onError = (event: Event) => event.preventDefault()
      const worker = workerOf(name)
      worker.addEventListener('error', onError)
      bus.on('*', bridgeTo(worker).dispatch)
      const event = await within(4000, bus.dispatch(new Square({ n: 1 })))
      expect(lastError(event)).to.include({ name: 'EventCancelledError' })
    })
  }

  it('has an EventCancelledError where the worker is gone as soon as it has said hello', async () => {
    for (let n = 0; n < 5; n++) {
      const bus = newBus()
      bus.on('*', bridgeTo(workerOf('brief')).dispatch)
      const event = await within(20_000, bus.dispatch(new Square({ n })))
      expect(lastError(event)).to.include({ name: 'EventCancelledError' })
    }
  })

  it('takes code there and back', async () => {
    const bus = newBus()
    bus.on('*', bridgeTo(workerOf('worker')).dispatch)
    const event = await within(20_000, bus.dispatch(new Compile({ module: wasm() })))
    expect(await event.eventResult()).to.be.instanceOf(WebAssembly.Module)
  })

  it('has an EventCancelledError where it is closed before anybody has said hello', async () => {
    const bus = newBus()
    const bridge = bridgeTo(workerOf('silent'))
    bus.on('*', bridge.dispatch)
    const event = bus.dispatch(new Square({ n: 1 }))
    await pause(50)
    bridge.close()
    await within(20_000, event)
    expect(lastError(event)).to.include({ name: 'EventCancelledError' })
  })

  it('leaves the worker running where its bus is no longer exposed', async () => {
    const worker = workerOf('stops')
    const lives = () =>
      new Promise((resolve) => {
        worker.addEventListener('message', ({ data }) => data === 'alive' && resolve(data))
        worker.postMessage('alive?')
      })
    await within(20_000, lives())
    worker.postMessage('close')
    await within(20_000, lives())
  })

  it('brings events of the worker to a bus only after it was asked to', async () => {
    const { near, far, bridge } = ends()
    near.off('*')
    const came: number[] = []
    near.on(Double, ({ n }) => {
      came.push(n)
      return n * 2
    })
    await bridge.dispatch(new Slow({ ms: 0 }))
    await far.dispatch(new Double({ n: 1 }))
    await pause(50)
    expect(came).to.deep.equal([])
    bridge.on('*', near.dispatch)
    // The answer to what is sent now may come before the other side has heard that it is asked to.
    let event = new Double({ n: 2 })
    await eventually('it is asked to', async () => {
      event = await far.dispatch(new Double({ n: 2 }))
      return came.length
    })
    expect(came).to.deep.equal([2])
    expect(await event.eventResult()).to.equal(4)
  })
})

if ('SharedWorker' in globalThis) {
  describe('a WorkerBridge to a shared worker', () => {
    it('is one of several', async () => {
      const url = new URL('./fixtures/worker.js', import.meta.url)
      const frames = await Promise.all([frame(), frame()])
      const bridges = frames.map(({ contentWindow }) => {
        const { SharedWorker: Shared } = contentWindow as unknown as typeof globalThis
        return bridgeTo(new Shared(url, { type: 'module', name: 'kinds' }))
      })
      for (const [index, bridge] of bridges.entries()) {
        const bus = newBus()
        bus.on('*', bridge.dispatch)
        const square = await within(20_000, bus.dispatch(new Square({ n: index + 2 })))
        expect(await square.eventResult()).to.equal((index + 2) ** 2)
        const fail = await within(20_000, bus.dispatch(new Fail({ message: 'shared' })))
        expect(lastError(fail)).to.include({ name: 'RangeError', message: 'shared' })
      }
      bridges[0].close()
      const bus = newBus()
      bus.on('*', bridges[1].dispatch)
      const event = await within(20_000, bus.dispatch(new Square({ n: 9 })))
      expect(await event.eventResult()).to.equal(81)
    })

    it('refuses code, which stays in its agent cluster, there and back', async () => {
      const url = new URL('./fixtures/worker.js', import.meta.url)
      const bus = newBus()
      bus.on('*', bridgeTo(new SharedWorker(url, { type: 'module', name: 'code' })).dispatch)
      const bad = bus.dispatch(new Compile({ module: { inside: [wasm()] } }))
      const good = bus.dispatch(new Square({ n: 3 }))
      await within(20_000, Promise.all([bad, good]))
      expect(lastError(bad)).to.include({ name: 'WireError' })
      expect(lastError(bad)?.message).to.contain('payload.module')
      expect(await good.eventResult()).to.equal(9)
      const back = await within(20_000, bus.dispatch(new Compile({ module: null })))
      expect(lastError(back)).to.include({ name: 'WireError' })
    })

    it('waits for no page that is gone before its lock was seen', async () => {
      const url = new URL('./fixtures/worker.js', import.meta.url)
      const options = { type: 'module', name: 'gone' } as const
      const bus = newBus()
      const bridge = bridgeTo(new SharedWorker(url, options))
      bus.on('*', bridge.dispatch)
      await within(20_000, bus.dispatch(new Square({ n: 1 })))
      // Says all that a page says, and has no lock any more.
      const { port } = new SharedWorker(url, options)
      const value = { busNames: [], wanted: ['Tell'], locked: true }
      const from = crypto.randomUUID().replace(/^(.{14})./, '$17')
      const hello = { bubus: 1, kind: 'hello', from, items: [{ n: 0, value }], flag: false }
      const argumentList = [{ type: 'RAW', value: hello }]
      port.postMessage({ id: 'x', type: 'APPLY', path: ['hello'], argumentList })
      bridge.on('*', bus.dispatch)
      bus.on(Tell, ({ n }) => n + 1)
      await pause(200)
      const event = await within(20_000, bus.dispatch(new Ask({ n: 1 })))
      expect(await event.eventResult()).to.equal(2)
    })
  })
}
