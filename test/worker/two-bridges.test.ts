// Two bridges to one worker, as two modules of a page make them; and two buses at one end, which nobody could tell apart.
import { expect } from '@esm-bundle/chai'
import { exposeBus, WorkerBridge } from '../../src/bridges/worker-bridge.js'
import { EventBus } from '../../src/index.js'
import { eventually } from '../log/tabs.js'
import { Ask, Slow, Square, Tell } from './fixtures/events.js'

describe('two bridges to one worker', () => {
  it('get each its own answers, whichever comes first', async () => {
    const worker = new Worker(new URL('./fixtures/worker.js', import.meta.url), { type: 'module' })
    const both = [1, 2].map(() => {
      const bus = new EventBus({ maxPending: null })
      const bridge = new WorkerBridge(worker)
      bus.on('*', bridge.dispatch)
      return { bus, bridge }
    })
    for (const { bus } of both) await bus.dispatch(new Slow({ ms: 1 }))
    for (let round = 1; round <= 3; round++) {
      const events = both.map(({ bus }, i) => bus.dispatch(new Square({ n: 10 * round + i })))
      const squares = await Promise.all(events.map((event) => event.eventResult()))
      expect(squares).to.deep.equal(events.map(({ n }) => n * n))
    }
    for (const { bus, bridge } of both) {
      bridge.close()
      await bus.stop({ clear: true })
    }
    worker.terminate()
  })

  it('the older one gets what comes from the worker again, once the newer one is closed', async () => {
    const worker = new Worker(new URL('./fixtures/worker.js', import.meta.url), { type: 'module' })
    const bus = new EventBus()
    bus.on(Tell, ({ n }) => n + 1)
    const older = new WorkerBridge(worker)
    older.on(Tell, bus.dispatch)
    const ask = () => older.dispatch(new Ask({ n: 1 })).eventResult()
    expect(await ask()).to.equal(2)
    const newer = new WorkerBridge(worker)
    await newer.dispatch(new Square({ n: 1 }))
    newer.close()
    await eventually('it gets it', async () => (await ask()) === 2)
    older.close()
    await bus.stop({ clear: true })
    worker.terminate()
  })

  it('need one bus at the other end: a second one is refused, until the first is closed', async () => {
    const { port1 } = new MessageChannel()
    const buses = [new EventBus(), new EventBus()] as const
    const exposed = exposeBus(buses[0], port1)
    expect(() => exposeBus(buses[1], port1)).to.throw(TypeError, /Expected `endpoint` to be one without/)
    exposed.close()
    exposeBus(buses[1], port1).close()
    for (const bus of buses) await bus.stop({ clear: true })
  })

  for (const first of ['bus', 'bridge']) {
    it(`go both ways over one endpoint, each with a bus and a bridge, the ${first} first; then they are silent`, async () => {
      const { port1, port2 } = new MessageChannel()
      let count = 0
      for (const port of [port1, port2]) port.addEventListener('message', () => count++)
      const sides = [port1, port2].map((port) => {
        const bus = new EventBus()
        bus.on(Square, ({ n }) => n * n)
        const early = first === 'bus' && exposeBus(bus, port)
        const bridge = new WorkerBridge(port)
        return { bus, bridge, exposed: early || exposeBus(bus, port) }
      })
      for (const { bridge } of sides) {
        const event = await bridge.dispatch(new Square({ n: 3 }))
        expect(await event.eventResult()).to.equal(9)
      }
      await new Promise((resolve) => setTimeout(resolve, 300))
      const before = count
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(count - before).to.equal(0)
      for (const { bus, bridge, exposed } of sides) {
        bridge.close()
        exposed.close()
        await bus.stop({ clear: true })
      }
    })
  }
})
