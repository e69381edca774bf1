import { expect } from '@esm-bundle/chai'
import { number, string } from 'superstruct'
import { defineEvent, EventBus } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'
import { freshName, kinds, lines, loggedBus, rawSegments } from './helpers.js'

class Tick extends defineEvent('Tick', { n: number(), s: string() }) {}
class Child extends defineEvent('Child', { n: number() }) {}

describe('log smoke', () => {
  it('writes and acknowledges', async () => {
    const { bus, name, log } = loggedBus()
    let ran = 0
    bus.on(Tick, () => ++ran)
    const event = bus.dispatch(new Tick({ n: 1, s: 'x' }))
    expect(bus.stats.unpersisted).to.equal(1)
    await event.eventPersisted
    await event
    expect(ran).to.equal(1)
    await log.flush()
    expect(kinds(await rawSegments(name))).to.equal('EC')
    expect(log.state).to.equal('ok')
    await bus.stop()
    await log.close()
  })

  it('restores history', async () => {
    const { bus, name, log } = loggedBus()
    bus.on(
      Tick,
      async (_, { bus }) => {
        await bus.dispatch(new Child({ n: 2 }))
        return 7
      },
      { name: 'tick' },
    )
    bus.on(Child, () => {
      throw new Error('no')
    })
    await bus.dispatch(new Tick({ n: 1, s: 'x' }))
    await bus.stop({ clear: true })
    await log.close()
    const log2 = new EventLog(name)
    const bus2 = new EventBus({ name, log: log2 })
    await bus2.ready
    bus2.on(Tick, () => {})
    expect([...bus2.eventHistory.values()].map((e) => e.eventType)).to.eql(['Tick', 'Child'])
    console.log(bus2.logTree())
    const tick = await bus2.find(Tick)
    expect(tick?.n).to.equal(1)
    expect(await tick?.eventResult()).to.equal(7)
  })

  it('recovers', async () => {
    const name = freshName()
    const first = loggedBus({ name })
    first.bus.on(Tick, () => new Promise(() => {}))
    const e = first.bus.dispatch(new Tick({ n: 5, s: 'x' }))
    await e.eventPersisted
    await new Promise((r) => setTimeout(r, 50))
    await first.bus.stop()
    const log2 = new EventLog(name)
    const bus2 = new EventBus({ name: `x${name}`, log: log2 })
    // same name
    const seen: number[] = []
    first.bus.off(Tick)
    first.bus.on(Tick, ({ n }, { attempt }) => void seen.push(n, attempt))
    const again = await first.bus.recover()
    expect(again.length).to.equal(1)
    await again[0]
    await first.log.flush()
    expect(seen).to.eql([5, 2])
    console.log(kinds(await rawSegments(name)), JSON.stringify(lines(await rawSegments(name)), null, 1))
    expect((await first.bus.recover()).length).to.equal(0)
    await bus2.stop()
  })
})
