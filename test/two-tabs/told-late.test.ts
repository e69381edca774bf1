// What a bridge did not hear, and its sender's log was told only after whoever rested had read it. The events of the platform are
// dispatched at a frame here.
import { expect } from '@esm-bundle/chai'
import type { Message } from '../../src/bridges/messages.js'
import { freshName } from '../log/helpers.js'
import { holdStore } from '../log/raw.js'
import { closeTabs, eventually, openTab, tell } from '../log/tabs.js'
import { forever } from '../same-page/helpers.js'
import { pair, range, type Side } from './frames.js'
import { message } from './junk.js'

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Back, and has looked twice into its log: so it does, see `LATE`. */
async function backForLong({ tab }: Side): Promise<void> {
  tell(tab, 'pageshow')
  await wait(1500)
}

/** Nobody can claim anything until the answer is called. */
function holdClaims({ name }: Pick<Side, 'name'>): Promise<() => void> {
  return new Promise((taken) => {
    void navigator.locks.request(`bubus:claim:${name}`, () => new Promise<void>(taken))
  })
}

/** What it has sent when it goes to rest for the second time, not all back from the first, is not in its log. */
async function restTwice(
  sender: Pick<Side, 'bus' | 'name' | 'tab'>,
  send: () => unknown,
): Promise<() => void> {
  const { bus, tab } = sender
  bus.on('Unfinished', forever)
  await bus.dispatch(new tab.bubus.BaseEvent('Unfinished')).eventPersisted
  tell(tab, 'pagehide')
  const letGo = await holdClaims(sender)
  tell(tab, 'pageshow')
  await send()
  tell(tab, 'pagehide')
  return letGo
}

/** What is unfinished holds nobody up. */
const behind = {
  logged: { mode: 'behind', deadline: 60_000, bus: { eventConcurrency: 'parallel' } },
} as const

describe('what a bridge did not hear, and its log was told late', () => {
  afterEach(closeTabs)

  for (const results of ['none', 'gather'] as const) {
    it(`by a page that rested: it sends it again when it is back, before what is new (${results})`, async function () {
      this.timeout(20_000)
      const [sender, other] = await pair({ ...behind, results })
      tell(other.tab, 'pagehide')
      await eventually('it is gone', async () => !(await sender.tabs.peers()).length)
      const letGo = await restTwice(sender, async () => {
        await eventually('nobody is there', async () => !(await sender.tabs.peers()).length)
        await sender.send(4, 5)
      })
      await backForLong(other)
      expect(other.seen).to.eql(range(1, 3))
      tell(sender.tab, 'pageshow')
      await sender.send(6)
      letGo()
      await eventually('all came', () => other.seen.length >= 6)
      await sender.log.flush()
      await wait(1500)
      expect(other.seen).to.eql(range(1, 6))
      expect(other.heard).to.eql(range(1, 6))
      expect(sender.heard).to.eql([])
      expect([sender.tabs.stats.wireErrors, other.tabs.stats.wireErrors]).to.eql([0, 0])
    })
  }

  it('by a page that only sends', async function () {
    this.timeout(20_000)
    const [{ tabs }, other] = await pair()
    const tab = await openTab()
    const sender = { ...tab.open(freshName(), behind.logged), tab }
    const bridge = new tab.TabBridge(tabs.channel)
    sender.bus.on('X', bridge.dispatch)
    const send = (n: number) => sender.bus.dispatch(new tab.bubus.BaseEvent('X', { n }))
    await send(4)
    await eventually('it hears', () => other.seen.length === 4)
    tell(other.tab, 'pagehide')
    const letGo = await restTwice(sender, () => send(5))
    await backForLong(other)
    tell(sender.tab, 'pageshow')
    letGo()
    await eventually('it came', () => other.seen.length === 5)
  })

  it('because the disk is full: whoever is back gets it from its sender', async () => {
    const [sender, other] = await pair()
    const { prototype } = sender.tab.window.IDBObjectStore
    const { add } = prototype
    prototype.add = () => {
      throw new DOMException('full', 'QuotaExceededError')
    }
    tell(other.tab, 'pagehide')
    await sender.send(4, 5)
    expect(sender.log.state).to.equal('degraded')
    tell(other.tab, 'pageshow')
    await eventually('both came', () => other.seen.length === 5)
    prototype.add = add
    await eventually('it is written', () => sender.log.state === 'ok')
    await sender.send(6)
    await eventually('that came, too', () => other.seen.length === 6)
    expect(other.heard).to.eql(range(1, 6))
  })

  it('is not overtaken by what is new, as long as those who are back read the log', async function () {
    this.timeout(20_000)
    const [sender, other] = await pair({ logged: { deadline: 300 } })
    const release = await holdStore(sender.name)
    tell(other.tab, 'pagehide')
    await sender.send(4, 5)
    expect(sender.log.state).to.equal('degraded')
    tell(other.tab, 'pageshow')
    await sender.send(6)
    await eventually('all came', () => other.seen.length >= 6)
    expect(other.heard).to.eql(range(1, 6))
    await release()
  })

  it('stays in order where its page goes to rest once more before it has read the log', async function () {
    this.timeout(20_000)
    const [sender, other] = await pair({ ...behind })
    tell(other.tab, 'pagehide')
    await sender.send(4, 5)
    await sender.log.flush()
    const release = await holdStore(sender.name)
    tell(other.tab, 'pageshow')
    await sender.send(6, 7)
    await wait(100)
    tell(other.tab, 'pagehide')
    await sender.send(8)
    tell(other.tab, 'pageshow')
    await sender.send(9)
    await release()
    await eventually('all came', () => other.seen.length >= 9)
    expect(other.heard).to.eql(range(1, 9))
  })

  it('has the place that it had when it was heard, though it is sent again to somebody else', async function () {
    this.timeout(20_000)
    const [sender, other] = await pair({ logged: { deadline: 300 } })
    const raw = new BroadcastChannel(sender.tabs.channel)
    const said: Message[] = []
    raw.onmessage = ({ data }) => void (data.kind === 'events' && said.push(data))
    tell(other.tab, 'pagehide')
    const release = await holdStore(sender.name)
    tell(other.tab, 'pageshow')
    await sender.send(4)
    await sender.send(5)
    await eventually('it was sent', () => said.length === 2)
    const [{ from }, { items }] = said
    raw.postMessage(message('events', [{ ...items[0], n: 0 }], { flag: false, from }))
    await sender.send(6)
    await release()
    await eventually('all came', () => other.seen.length >= 6)
    expect(other.heard).to.eql(range(1, 6))
    raw.close()
  })
})
