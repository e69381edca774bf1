// Payloads and results that cannot go as they are, and what else lives in a worker: neither harms another.
import { expect } from '@esm-bundle/chai'
import { wrap } from 'comlink'
import type { EventBus } from '../../src/index.js'
import { Ask, Square, Tell } from './fixtures/events.js'
import { bridgeTo, Carry, ends, lastError, later, newBus, pause, wasm, within } from './support.js'

const exposing = {
  transfer: (result: unknown) =>
    result instanceof ArrayBuffer || result instanceof MessagePort ? [result] : [],
}
/** What came of each handler on the other side, by its name. */
async function outcomes(near: EventBus, what: unknown): Promise<Record<string, unknown>> {
  const event = await within(20_000, near.dispatch(new Carry({ what })))
  const others = [...event.eventResults.values()].filter(
    ({ handlerName }) => !handlerName.includes('dispatch'),
  )
  return Object.fromEntries(
    others.map(({ handlerName, error, result }) => [
      handlerName,
      (error as Error | undefined)?.name ?? result,
    ]),
  )
}

describe('results that move', () => {
  it('one that cannot takes none of the others with it', async () => {
    const { near, far } = ends(exposing)
    const gone = new ArrayBuffer(8)
    structuredClone(gone, { transfer: [gone] })
    const { port1, port2 } = new MessageChannel()
    far.on(Carry, () => 42, { name: 'plain' })
    far.on(Carry, () => gone, { name: 'gone' })
    far.on(Carry, () => port1, { name: 'port' })
    const { plain, gone: refused, port } = await outcomes(near, 1)
    expect([plain, refused]).to.deep.equal([42, 'WireError'])
    const answer = new Promise((resolve) => {
      port2.onmessage = ({ data }) => resolve(data)
    })
    ;(port as MessagePort).postMessage('it was moved')
    expect(await within(20_000, answer)).to.equal('it was moved')
  })

  it('nor does it harm plain ones and errors, though `transfer` is made for none of them', async () => {
    const { near, far } = ends({ transfer: (result) => [(result as Uint8Array).buffer as ArrayBuffer] })
    const gone = new Uint8Array(8)
    structuredClone(gone, { transfer: [gone.buffer] })
    far.on(Carry, () => 42, { name: 'plain' })
    far.on(Carry, () => {}, { name: 'nothing' })
    far.on(
      Carry,
      () => {
        throw new RangeError('mine')
      },
      { name: 'fails' },
    )
    far.on(Carry, () => gone, { name: 'gone' })
    far.on(Carry, () => new Uint8Array(4), { name: 'good' })
    const { good, ...others } = await outcomes(near, 1)
    expect(others).to.deep.equal({ plain: 42, nothing: undefined, fails: 'RangeError', gone: 'WireError' })
    expect((good as Uint8Array).length).to.equal(4)
  })

  it('two handlers may give the same buffer', async () => {
    const { near, far } = ends(exposing)
    const bytes = new ArrayBuffer(8)
    for (const name of ['one', 'two']) far.on(Carry, () => bytes, { name })
    const { one, two } = await outcomes(near, 1)
    expect([(one as ArrayBuffer).byteLength, (two as ArrayBuffer).byteLength]).to.deep.equal([8, 8])
    expect(bytes.byteLength).to.equal(0)
  })
})

it('a result whose getter throws null fails, and neither its event nor the next one of its bus waits for ever', async () => {
  const { near, far } = ends()
  far.on(
    Carry,
    async ({ what }) => {
      await pause(1)
      if (what === 2) return 2
      return {
        get x() {
          throw null
        },
      }
    },
    { name: 'it' },
  )
  const both = await Promise.all([outcomes(near, 1), outcomes(near, 2)])
  expect(both).to.deep.equal([{ it: 'WireError' }, { it: 2 }])
})

describe('a payload that moves', () => {
  it('is not taken away when it is refused', async () => {
    let deep: unknown = 1
    for (let i = 0; i < 200; i++) deep = [deep]
    const bytes = new ArrayBuffer(8)
    const { near, far } = ends({}, { transfer: () => [bytes] })
    far.on(Carry, () => 1)
    const event = await within(20_000, near.dispatch(new Carry({ what: [bytes, deep] })))
    expect(lastError(event)).to.include({ name: 'WireError' })
    expect(bytes.byteLength).to.equal(8)
  })

  if ('SharedWorker' in globalThis)
    it('is refused where a shared worker could not take the rest of it', async () => {
      const bytes = new ArrayBuffer(8)
      const url = new URL('./fixtures/worker.js', import.meta.url)
      const worker = new SharedWorker(url, { type: 'module', name: 'odd-values' })
      const near = newBus()
      near.on('*', bridgeTo(worker, { transfer: () => [bytes] }).dispatch)
      const event = await within(20_000, near.dispatch(new Carry({ what: [bytes, wasm()] })))
      expect(lastError(event)).to.include({ name: 'WireError' })
      expect(bytes.byteLength).to.equal(8)
    })
})

describe('a worker that is up already', () => {
  const start = (url: URL) => {
    const worker = new Worker(url, { type: 'module' })
    later(() => worker.terminate())
    return worker
  }

  it('is told of a route that is made while the first hello is on its way', async () => {
    const worker = start(new URL('./fixtures/worker.js', import.meta.url))
    const first = bridgeTo(worker)
    await within(20_000, first.dispatch(new Square({ n: 1 })))
    first.close()
    await pause(200)
    const said = new Promise<void>((resolve) => {
      worker.postMessage = (...all: unknown[]) => {
        Worker.prototype.postMessage.apply(worker, all as never)
        resolve()
      }
    })
    const bus = newBus()
    bus.on(Tell, ({ n }) => n + 1)
    const bridge = bridgeTo(worker)
    await said
    bridge.on(Tell, bus.dispatch)
    await pause(300)
    const event = await within(20_000, bridge.dispatch(new Ask({ n: 1 })))
    expect(await event.eventResult()).to.equal(2)
  })

  it('may have an API of its own by comlink, which goes on when the bridge is closed', async () => {
    const worker = start(new URL('./fixtures/own-api.js', import.meta.url))
    const api = wrap<{ add(a: number, b: number): number }>(worker)
    const bridge = bridgeTo(worker)
    await within(20_000, bridge.dispatch(new Square({ n: 1 })))
    expect(await within(20_000, api.add(1, 2))).to.equal(3)
    bridge.close()
    await pause(200)
    expect(await within(20_000, api.add(2, 2))).to.equal(4)
  })
})
