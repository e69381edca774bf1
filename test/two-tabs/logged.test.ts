import { expect } from '@esm-bundle/chai'
import { number } from 'superstruct'
import { TabBridge } from '../../src/bridges/tab-bridge.js'
import { defineEvent, EventBus } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'
import { freshName } from '../log/helpers.js'
import { eventually, openBus } from '../log/tabs.js'
import { channelName } from './sides.js'

class Ping extends defineEvent('Ping', { n: number() }, { result: number() }) {}

/** Two buses with a log each: one asks the other for the results of pings. */
async function asking() {
  const [near, far] = [freshName(), freshName()].map((name) => openBus(name))
  const channel = channelName()
  const out = new TabBridge(channel, { results: 'gather' })
  const back = new TabBridge(channel)
  near.bus.on(Ping, out.dispatch)
  back.on(Ping, far.bus.dispatch)
  await Promise.all([near.bus.ready, far.bus.ready, out.ready, back.ready])
  await eventually('they know each other', async () => (await out.peers()).length === 1)
  return { near, far, out, back }
}

describe('buses with a log and a bridge', () => {
  it('remember what the other tab has answered, and write what it has sent, each in its own log', async () => {
    const { near, far, out, back } = await asking()
    far.bus.on(Ping, ({ n }) => n * 2, { name: 'double' })
    const ping = await near.bus.dispatch(new Ping({ n: 21 }))
    expect(await ping.eventResult()).to.equal(42)
    await ping.eventPersisted
    for (const { log } of [near, far]) await log.flush()
    out.close()
    back.close()
    for (const { bus, log } of [near, far]) {
      await bus.stop({ clear: true })
      await log.close()
    }
    for (const { name } of [near, far]) {
      const { bus, log } = openBus(name)
      await bus.ready
      const [again] = bus.eventHistory.values()
      expect(again.eventId).to.equal(ping.eventId)
      expect(again.eventStatus).to.equal('completed')
      expect(await again.eventResult()).to.equal(42)
      expect(bus.logTree()).to.contain('double')
      expect(await bus.recover()).to.deep.equal([])
      await bus.stop({ clear: true })
      await log.close()
      await EventLog.destroy(name)
    }
  })

  it('share one log: an event that came over the bridge is in it for each bus, as one that was forwarded', async () => {
    const name = `both${Date.now()}`
    const logs = [new EventLog(name), new EventLog(name)]
    const buses = logs.map((log, i) => new EventBus({ name: `bus${i}of${name}`, log }))
    const channel = channelName()
    const tabs = buses.map(() => new TabBridge(channel))
    for (const [i, bus] of buses.entries()) {
      bus.on('*', tabs[i].dispatch)
      tabs[i].on('*', bus.dispatch)
    }
    const handled: string[] = []
    for (const bus of buses) bus.on(Ping, ({ n }) => void handled.push(`${n} ${bus.name}`))
    await Promise.all([...buses, ...tabs].map(({ ready }) => ready))
    for (let n = 0; n < 5; n++) buses[n % 2].dispatch(new Ping({ n }))
    await eventually('both have all', () => handled.length === 10)
    for (const log of logs) await log.flush()
    const ids = []
    for await (const { event_id } of logs[0].records()) ids.push(event_id)
    expect(ids.length).to.equal(await logs[0].count())
    expect(ids.length).to.equal(10)
    expect(new Set(ids).size).to.equal(5)
    for (const one of tabs) one.close()
    for (const bus of buses) await bus.stop({ clear: true })
    for (const log of logs) await log.close()
    await EventLog.destroy(name)
  })

  it('have an event again that a stop has ended on both sides, once it is recovered', async () => {
    const { near, far, out, back } = await asking()
    let runs = 0
    far.bus.on(Ping, async ({ n }, { signal }) => {
      if (!runs++)
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      return n * 2
    })
    await near.bus.recover()
    near.bus.dispatch(new Ping({ n: 21 }))
    await eventually('it runs there', () => runs)
    await near.bus.stop()
    await far.bus.waitUntilIdle()
    const [again] = await near.bus.recover()
    expect(await again.eventResult()).to.equal(42)
    await again.eventPersisted
    for (const { log } of [near, far]) await log.flush()
    for await (const { event_completed_at } of far.log.records()) expect(event_completed_at).to.be.a('string')
    expect([runs, await far.log.count()]).to.eql([2, 1])
    out.close()
    back.close()
    for (const { bus, log, name } of [near, far]) {
      await bus.stop({ clear: true })
      await log.close()
      await EventLog.destroy(name)
    }
  })
})
