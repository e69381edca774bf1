// Events that come back by another way than they went: each is handled once, and none goes round for ever.
import { expect } from '@esm-bundle/chai'
import { TabBridge } from '../../src/bridges/tab-bridge.js'
import { BaseEvent } from '../../src/index.js'
import { eventually } from '../log/tabs.js'
import { channelName, closeAll, side } from './sides.js'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('an event that comes back by another way', () => {
  afterEach(closeAll)

  it('is not sent round for ever by bridges that hand on to each other, and a function has it once', async () => {
    const [one, two] = [channelName(), channelName()]
    const relays = [1, 2].flatMap(() => {
      const [a, b] = [new TabBridge(one), new TabBridge(two)]
      a.on('*', b.dispatch)
      b.on('*', a.dispatch)
      return [a, b]
    })
    const sender = side(one)
    const listener = new TabBridge(two)
    let heard = 0
    listener.on('*', () => heard++)
    sender.bus.on('*', sender.tabs.dispatch)
    sender.bus.dispatch(new BaseEvent('X', {}))
    await eventually('both have handed it on', () => relays.every(({ stats }) => stats.sent > 0))
    await pause(300)
    for (const bridge of [...relays, listener]) bridge.close()
    expect(relays.map(({ stats }) => stats.sent)).to.deep.equal([1, 1, 1, 1])
    expect(listener.stats.received).to.equal(2)
    expect(heard).to.equal(1)
  })

  for (const when of ['before', 'after'])
    it(`is handled once by a bus that it is forwarded to ${when} it comes back`, async () => {
      const [one, two] = [channelName(), channelName()]
      const first = side(one)
      const second = side(two)
      const other = side(one)
      const back = new TabBridge(two)
      let count = 0
      const returned = new Promise((resolve) => second.tabs.on('*', resolve))
      second.bus.on('X', () => void count++)
      first.bus.on('X', first.tabs.dispatch)
      first.bus.on('X', async (event, { via }) => {
        if (when === 'after') await returned
        void via(second.bus).dispatch(event)
      })
      second.tabs.on('*', second.bus.dispatch)
      other.tabs.on('*', other.bus.dispatch)
      other.bus.on('X', back.dispatch)
      await first.bus.dispatch(new BaseEvent('X', {}))
      await returned
      await pause(50)
      await second.bus.waitUntilIdle()
      back.close()
      expect(second.tabs.stats.received).to.equal(1)
      expect(count).to.equal(1)
    })
})

describe('an event that is refused where it came', () => {
  afterEach(closeAll)

  it('by a bridge that was to hand it on, has an entry that says so, as one that a bus refuses', async () => {
    const [one, two] = [channelName(), channelName()]
    const asks = side(one, { results: 'gather' })
    asks.bus.on('X', asks.tabs.dispatch)
    const relay = new TabBridge(one)
    const closed = new TabBridge(two)
    relay.on('*', closed.dispatch)
    closed.close()
    await Promise.all([asks.tabs.ready, relay.ready])
    await eventually('they know each other', async () => (await asks.tabs.peers()).length === 1)
    const event = await asks.bus.dispatch(new BaseEvent('X', {}))
    relay.close()
    const entry = [...event.eventResults.values()].at(-1)
    expect(entry?.handlerName).to.equal('peer')
    expect(entry?.error).to.include({ name: 'BusStoppedError' })
    expect(relay.stats.wireErrors).to.equal(1)
  })

  it('is counted there, also where nobody waits for it', async () => {
    const channel = channelName()
    const [sender, there] = [side(channel), side(channel)]
    there.tabs.on('*', there.bus.dispatch)
    await there.bus.stop({ clear: true })
    sender.tabs.dispatch(new BaseEvent('X', {}))
    await eventually('it came', () => there.tabs.stats.received === 1)
    expect(there.tabs.stats.wireErrors).to.equal(1)
  })
})
