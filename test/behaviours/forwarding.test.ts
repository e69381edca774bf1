import { expect } from '@esm-bundle/chai'
import { defineEvent, EventBus } from '../../src/index.js'
import { gate, resultsOf, task } from './support.js'

class Ping extends defineEvent('Ping') {}
class Pong extends defineEvent('Pong') {}

describe('A9: forwarding', () => {
  it('67: an event bubbles through three buses as the same object, and never downwards', async () => {
    const [top, middle, leaf] = [new EventBus(), new EventBus(), new EventBus()]
    const seen: [string, boolean][] = []
    const ping = new Ping()
    for (const bus of [top, middle, leaf]) {
      bus.on('*', (event) => {
        seen.push([bus.name, event === ping])
      })
    }
    leaf.on('*', middle.dispatch)
    middle.on('*', top.dispatch)
    await leaf.dispatch(ping)
    expect(ping.eventPath).to.deep.equal([leaf.name, middle.name, top.name])
    expect(seen).to.deep.equal([leaf, middle, top].map((bus) => [bus.name, true]))
    const pong = await middle.dispatch(new Pong())
    expect(pong.eventPath).to.deep.equal([middle.name, top.name])
    expect(seen.slice(3).map(([name]) => name)).to.deep.equal([middle.name, top.name])
  })

  it('68: in a ring of buses each sees the event exactly once, wherever it starts', async () => {
    const ring = [new EventBus(), new EventBus(), new EventBus()]
    const seen: string[] = []
    ring.forEach((bus, index) => {
      bus.on(Ping, () => {
        seen.push(bus.name)
      })
      bus.on('*', (ring[(index + 1) % 3] as EventBus).dispatch)
    })
    for (let start = 0; start < 3; start += 1) {
      const names = [0, 1, 2].map((step) => (ring[(start + step) % 3] as EventBus).name)
      const ping = await (ring[start] as EventBus).dispatch(new Ping())
      await Promise.all(ring.map((bus) => bus.waitUntilIdle()))
      expect(ping.eventPath).to.deep.equal(names)
      expect(seen.splice(0)).to.deep.equal(names)
    }
  })

  it('69: the results of all buses lie in one flat map, in order of execution', async () => {
    const [a, b, c] = [new EventBus(), new EventBus(), new EventBus()]
    a.on(Ping, () => ({ a: 1 }))
    a.on('*', b.dispatch)
    b.on(Ping, async () => ({ b: 2 }))
    b.on('*', c.dispatch)
    c.on(Ping, () => ({ c: 3 }))
    const ping = await a.dispatch(new Ping())
    const valued = resultsOf(ping).filter((result) => result.result !== ping)
    expect(valued.map((result) => result.busName)).to.deep.equal([a.name, b.name, c.name])
    expect(valued.map((result) => result.busId)).to.deep.equal([a.id, b.id, c.id])
    expect({ ...(await ping.eventResultsFlatDict()) }).to.deep.equal({ a: 1, b: 2, c: 3 })
  })

  it("70: a forwarder's result is the event and never counts; forwarding to oneself does nothing", async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    let runs = 0
    a.on('*', b.dispatch)
    a.on('*', a.dispatch)
    a.on(Ping, () => {
      runs += 1
    })
    const ping = await a.dispatch(new Ping())
    const forwarder = resultsOf(ping).find((result) => result.result === ping)
    expect(forwarder?.status).to.equal('completed')
    expect(await ping.eventResultsList()).to.deep.equal([])
    expect(await ping.eventResult()).to.equal(undefined)
    expect(ping.eventPath).to.deep.equal([a.name, b.name])
    expect(runs).to.equal(1)
  })

  it('71: awaiting an event waits for the buses that it was forwarded to', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    const release = gate()
    const log: string[] = []
    a.on('*', b.dispatch)
    b.on(Ping, async () => {
      await release.promise
      log.push('second bus done')
    })
    const ping = a.dispatch(new Ping())
    const waiting = (async () => {
      await ping
      log.push('waited')
    })()
    await task()
    expect(ping.eventStatus).to.equal('started')
    release.open()
    await waiting
    expect(log).to.deep.equal(['second bus done', 'waited'])
  })
})
