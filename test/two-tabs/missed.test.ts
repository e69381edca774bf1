// What a bridge did not hear: the log of the buses behind it has it. `faults.md`, row 9. The events of the platform are dispatched at a
// frame here; the back/forward cache itself is in real-tabs.
import { expect } from '@esm-bundle/chai'
import type { TabBridge, TabBridgeOptions } from '../../src/bridges/tab-bridge.js'
import type { BaseEvent } from '../../src/index.js'
import { freshName } from '../log/helpers.js'
import { holdStore } from '../log/raw.js'
import { closeTabs, eventually, type Logged, openTab, type Tab, tell } from '../log/tabs.js'
import { channelName } from './sides.js'

interface Side extends Logged {
  tab: Tab
  tabs: TabBridge
  /** Numbers of the events that its handler had, and that came to a function of its own. */
  seen: unknown[]
  heard: unknown[]
  send(...numbers: number[]): Promise<BaseEvent[]>
}

const numberOf = ({ eventPayload: { n } }: BaseEvent) => n

/** A page with a bus that has a log, which sends every `X` and takes what the others send. */
async function side(
  name: string,
  channel: string,
  options?: TabBridgeOptions & { logged?: boolean },
): Promise<Side> {
  const { logged: hasLog = true, ...rest } = options ?? {}
  const tab = await openTab()
  const logged = hasLog ? tab.open(name) : { name, bus: new tab.bubus.EventBus({ name }) }
  const { bus } = logged
  const tabs = new tab.TabBridge(channel, rest)
  const seen: unknown[] = []
  const heard: unknown[] = []
  bus.on('X', (event) => {
    seen.push(numberOf(event))
    return numberOf(event)
  })
  bus.on('Private', (event) => void seen.push(`private ${numberOf(event)}`))
  bus.on('X', tabs.dispatch)
  tabs.on('*', bus.dispatch)
  tabs.on('*', (event: BaseEvent) => void heard.push(numberOf(event)))
  await Promise.all([bus.ready, tabs.ready])
  const send = async (...numbers: number[]) => {
    const events = numbers.map((n) => bus.dispatch(new tab.bubus.BaseEvent('X', { n })))
    for (const event of events) await event
    return events
  }
  return { ...(logged as Logged), tab, tabs, seen, heard, send }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

describe('what a bridge did not hear', () => {
  afterEach(closeTabs)

  /** Two, of which the second is about to rest. */
  async function pair(options?: TabBridgeOptions): Promise<[sender: Side, other: Side]> {
    const name = freshName()
    const channel = channelName()
    const two = [await side(name, channel, options), await side(name, channel)] as [Side, Side]
    await eventually('they know each other', async () => (await two[0].tabs.peers()).length === 1)
    await two[0].send(...range(1, 3))
    await eventually('it hears', () => two[1].seen.length === 3)
    return two
  }

  it('while its page rested is in the log: it comes once, in order, before what is sent later', async () => {
    const [sender, other] = await pair()
    await other.send(100)
    tell(other.tab, 'pagehide')
    sender.bus.dispatch(new sender.tab.bubus.BaseEvent('Private', { n: 0 }))
    await sender.send(...range(4, 8))
    await sender.log.flush()
    tell(other.tab, 'pageshow')
    await sender.send(9, 10)
    await eventually('all came', () => other.seen.length >= 11)
    await eventually('all were heard', () => other.heard.length >= 10)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(other.seen).to.eql([1, 2, 3, 100, ...range(4, 10)])
    expect(other.heard).to.eql(range(1, 10))
    expect(sender.seen.filter((n) => n !== 'private 0')).to.have.members([...range(1, 10), 100])
    expect(other.tabs.stats.wireErrors).to.equal(0)
  })

  it('from a page that has come and gone meanwhile, too', async () => {
    const [sender, other] = await pair()
    tell(other.tab, 'pagehide')
    const guest = await side(sender.name, sender.tabs.channel)
    await guest.send(4, 5)
    await guest.log.flush()
    await guest.tab.die()
    tell(other.tab, 'pageshow')
    await eventually('both came', () => other.seen.length >= 5)
    expect(other.seen).to.eql(range(1, 5))
  })

  it('twice: each time only what is new', async () => {
    const [sender, other] = await pair()
    for (const n of [4, 5]) {
      tell(other.tab, 'pagehide')
      await sender.send(n)
      await sender.log.flush()
      tell(other.tab, 'pageshow')
      await eventually('it came', () => other.seen.length >= n)
    }
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(other.heard).to.eql(range(1, 5))
  })

  it('because a message was lost: the next one shows the gap', async () => {
    const [sender, other] = await pair()
    const { prototype } = (sender.tab.window as unknown as typeof globalThis).BroadcastChannel
    const { postMessage } = prototype
    prototype.postMessage = () => {}
    await sender.send(4)
    prototype.postMessage = postMessage
    await sender.send(5)
    await eventually('both came', () => other.seen.length >= 5)
    expect(other.seen).to.eql(range(1, 5))
    expect(other.heard).to.eql(range(1, 5))
  })

  it('and no log has either is lost, and nothing waits for it', async () => {
    const name = freshName()
    const channel = channelName()
    const other = await side(name, channel)
    const sender = await side(freshName(), channel, { logged: false })
    await sender.send(1)
    await eventually('it hears', () => other.seen.length === 1)
    tell(other.tab, 'pagehide')
    await sender.send(2)
    tell(other.tab, 'pageshow')
    await sender.send(3)
    await eventually('the next came', () => other.seen.length >= 2)
    expect(other.seen).to.eql([1, 3])
  })

  it('is found without those who asked for an answer waiting for nothing', async () => {
    const [sender, other] = await pair({ results: 'gather' })
    tell(other.tab, 'pagehide')
    await eventually('it is gone', async () => (await sender.tabs.peers()).length === 0)
    await sender.send(4)
    tell(other.tab, 'pageshow')
    await eventually('it is back', async () => (await sender.tabs.peers()).length === 1)
    const [event] = await sender.send(5)
    const there = [...event.eventResults.values()].filter(({ busId }) => busId === other.bus.id)
    expect(there.map(({ result }) => result)).to.eql([5])
    await eventually('all came', () => other.seen.length >= 5)
    expect(other.seen).to.eql(range(1, 5))
  })

  it('does not come while the log does not answer, and what is sent then comes all the same', async function () {
    this.timeout(20_000)
    const [sender, other] = await pair()
    tell(other.tab, 'pagehide')
    const release = await holdStore(sender.name)
    tell(other.tab, 'pageshow')
    sender.bus.dispatch(new sender.tab.bubus.BaseEvent('X', { n: 4 }))
    await eventually('it came', () => other.heard.includes(4), 15_000)
    await release()
  })
})
