import { expect } from '@esm-bundle/chai'
import { defineEvent, EventBus } from '../../src/index.js'
import { freshName, gate, thrown } from './support.js'

class Ping extends defineEvent('Ping') {}

describe('A1: construction, identity, properties', () => {
  it('1: a new bus is idle, remembers nothing and has no handler of its own', async () => {
    const bus = new EventBus()
    expect(bus.eventHistory.size).to.equal(0)
    expect(bus.stats.queued).to.equal(0)
    expect(bus.stats.inFlight).to.equal(0)
    expect(await bus.waitUntilIdle()).to.equal(true)
    const ping = await bus.dispatch(new Ping())
    expect(ping.eventResults.size).to.equal(0)
  })

  it('2: the first dispatch starts the bus; a second stop changes nothing', async () => {
    const bus = new EventBus()
    const seen: string[] = []
    bus.on(Ping, (event) => {
      seen.push(event.eventId)
    })
    const first = await bus.dispatch(new Ping())
    const second = await bus.dispatch(new Ping())
    expect(seen).to.deep.equal([first.eventId, second.eventId])
    await bus.stop()
    await bus.stop()
    expect(bus.stats.inFlight).to.equal(0)
    expect(bus.eventHistory.size).to.equal(2)
  })

  it('3: the defaults are a name of eight characters, serial handlers and a history of 50', async () => {
    const bus = new EventBus()
    expect(bus.name).to.match(/^EventBus_[A-Za-z0-9]{8}$/)
    expect(new EventBus().name).not.to.equal(bus.name)
    const log: string[] = []
    bus.on(Ping, async () => {
      log.push('one starts')
      await null
      log.push('one ends')
    })
    bus.on(Ping, () => {
      log.push('two')
    })
    await bus.dispatch(new Ping())
    expect(log).to.deep.equal(['one starts', 'one ends', 'two'])
    for (let i = 0; i < 60; i += 1) await bus.dispatch(new Ping())
    expect(bus.eventHistory.size).to.equal(50)
  })

  it('3: a subclass does not put its name, which minifiers rename, into the name of the bus', () => {
    class Shop extends EventBus {}
    expect(new Shop().name).to.match(/^EventBus_[A-Za-z0-9]{8}$/)
  })

  it('4: a bus name must be an identifier', () => {
    for (const name of ['шина', '_private', 'a1', '$', 'x'.repeat(64)]) {
      const unique = name.length < 64 ? name + freshName('_') : name
      expect(new EventBus({ name: unique }).name).to.equal(unique)
    }
    for (const name of ['1a', 'a b', 'a-b', '', 'a.b', 'x'.repeat(65)]) {
      const error = thrown(() => new EventBus({ name }))
      expect(error instanceof TypeError || error instanceof RangeError, `name ${name}`).to.equal(true)
      expect(error.message).to.contain('name')
    }
  })

  it('5: its text shows name, state, events by status and the number of patterns', async () => {
    const bus = new EventBus({ name: freshName('Shop') })
    expect(String(bus)).to.equal(`${bus.name}🟢(⏳ 0 | ▶️ 0 | ✅ 0 ➡️ 0 👂)`)
    const started = gate()
    const release = gate()
    bus.on(Ping, () => {})
    await bus.dispatch(new Ping())
    bus.on(Ping, async () => {
      started.open()
      await release.promise
    })
    bus.dispatch(new Ping())
    bus.dispatch(new Ping())
    await started.promise
    const counts = [bus.eventsPending.length, bus.eventsStarted.length, bus.eventsCompleted.length]
    expect(counts).to.deep.equal([1, 1, 1])
    expect(String(bus)).to.equal(`${bus.name}🟢(⏳ 1 | ▶️ 1 | ✅ 1 ➡️ 1 👂)`)
    expect(bus.stats.queued).to.equal(1)
    expect(bus.stats.inFlight).to.equal(1)
    release.open()
    await bus.waitUntilIdle()
    expect(bus.stats.inFlight).to.equal(0)
    await bus.stop()
    expect(String(bus)).to.equal(`${bus.name}🔴(⏳ 0 | ▶️ 0 | ✅ 3 ➡️ 1 👂)`)
  })

  it('6: eventsPending, eventsStarted and eventsCompleted partition the history', async () => {
    const bus = new EventBus()
    const started = gate()
    const release = gate()
    await bus.dispatch(new Ping())
    await bus.dispatch(new Ping())
    bus.on(Ping, async () => {
      started.open()
      await release.promise
    })
    for (let i = 0; i < 4; i += 1) bus.dispatch(new Ping())
    await started.promise
    const parts = [...bus.eventsCompleted, ...bus.eventsStarted, ...bus.eventsPending]
    expect(parts.map((event) => event.eventId)).to.deep.equal([...bus.eventHistory.keys()])
    for (const event of bus.eventsPending) expect(event.eventStatus).to.equal('pending')
    for (const event of bus.eventsStarted) expect(event.eventStatus).to.equal('started')
    for (const event of bus.eventsCompleted) expect(event.eventStatus).to.equal('completed')
    release.open()
    await bus.waitUntilIdle()
    expect(bus.eventsCompleted.length).to.equal(6)
  })
})
