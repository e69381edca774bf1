// What a bridge did not hear: the log of the buses behind it has it. `faults.md`, row 9. The events of the platform are dispatched at a
// frame here; the back/forward cache itself is in real-tabs.
import { expect } from '@esm-bundle/chai'
import { MAX_INBOX } from '../../src/bridges/exchange.js'
import { SEEN_IDS } from '../../src/limits.js'
import { seal } from '../../src/log/segment.js'
import { freshName } from '../log/helpers.js'
import { accepted, holdStore, inStore, plant, said } from '../log/raw.js'
import { closeTabs, eventually, tell } from '../log/tabs.js'
import { itWithTime } from '../support/long-tests.js'
import { comeBack, pair, range, side } from './frames.js'
import { message, record } from './junk.js'
import { channelName } from './sides.js'

describe('what a bridge did not hear', () => {
  afterEach(closeTabs)

  it('while its page rested is in the log: it comes once, in order, before what is sent later', async () => {
    const [sender, other] = await pair()
    await other.send(100)
    tell(other.tab, 'pagehide')
    sender.bus.dispatch(new sender.tab.bubus.BaseEvent('Private', { n: 0 }))
    await comeBack(other, sender, ...range(4, 8))
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

  itWithTime('comes once, too, where it is more than ids are remembered', async function test() {
    this.timeout(120_000)
    const last = 2 * SEEN_IDS + 1000
    const logged = { bus: { maxPending: null, maxHistorySize: 100 } }
    const [sender, other] = await pair({ logged }, { logged })
    tell(other.tab, 'pagehide')
    await comeBack(other, sender, ...range(4, last))
    await eventually('all came', () => other.seen.length >= last, 60_000)
    // It looks once more when all that was sent before is told, which is after a second.
    await new Promise((resolve) => setTimeout(resolve, 3000))
    await eventually('it has looked again', () => other.seen.length === other.heard.length)
    expect([other.seen.length, other.heard.length]).to.eql([last, last])
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
    const sender = await side(freshName(), channel, { logged: null })
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

  it('comes although its log was told late, or not where it is', async () => {
    const [sender, other] = await pair()
    tell(other.tab, 'pagehide')
    await comeBack(other, sender, 4)
    await eventually('it came', () => other.seen.length === 4)
    const { channel } = sender.tabs
    const late = accepted('X', { payload: { n: 5 } })
    await plant(sender.name, [late.line, said('B', late.id, { at: [0, 9], channel, bridge: late.id })])
    await eventually('that came, too', () => other.seen.length === 5)
    expect(other.heard).to.eql(range(1, 5))
  })

  it('comes where it was sent while its page went, before it was durable', async () => {
    const [sender, other] = await pair({ logged: { mode: 'behind' } })
    tell(other.tab, 'pagehide')
    await sender.log.flush()
    sender.bus.dispatch(new sender.tab.bubus.BaseEvent('X', { n: 4 }))
    for (let i = 0; i < 40 && sender.tabs.stats.sent < 4; i++) await null
    expect(sender.tabs.stats.sent).to.equal(4)
    tell(sender.tab, 'pagehide')
    await new Promise((resolve) => setTimeout(resolve, 300))
    tell(other.tab, 'pageshow')
    await eventually('it came', () => other.seen.length === 4)
  })

  it('comes although there are lines that are none of ours', async () => {
    const [sender, other] = await pair()
    tell(other.tab, 'pagehide')
    const { channel } = sender.tabs
    for (const bad of [
      { at: 5 },
      { bridge: { toString: 1 } },
      { at: [{}, 0] },
      { channel: {} },
      { writer: 7 },
    ]) {
      const { id, line } = accepted('Y')
      await plant(sender.name, [line, said('B', id, { at: [0, 0], channel, bridge: id, ...bad })])
    }
    await comeBack(other, sender, 4)
    await eventually('it came', () => other.seen.length === 4)
  })

  it('is not made of numbers that nobody has counted to, and a forged message silences nobody', async () => {
    const [sender, other] = await pair()
    const { channel, exchange } = sender.tabs
    const raw = new BroadcastChannel(channel)
    for (const n of [1, 2 ** 53 + 500, 1e300, Number.MAX_VALUE])
      for (const value of [null, { event_type: 'X', event_id: 'x' }])
        raw.postMessage(message('events', [{ n, value }], { from: exchange.id, flag: false }))
    await eventually('all were refused', () => other.tabs.stats.wireErrors === 8)
    raw.close()
    await sender.send(4, 5)
    await eventually('both came', () => other.seen.length === 5)
    expect(other.heard).to.eql(range(1, 5))
  })

  it('is not looked for by what a forged message has where the methods of its list are', async () => {
    const [sender, other] = await pair()
    const errors: string[] = []
    other.tab.window.addEventListener('error', (event) => errors.push(event.message))
    const raw = new BroadcastChannel(sender.tabs.channel)
    for (const forged of [{ filter: 1 }, { at: 1 }, { some: 1 }, { constructor: {} }]) {
      const items = Object.assign([{ n: 1, value: null }], forged)
      raw.postMessage(message('events', items, { from: sender.tabs.exchange.id, flag: false }))
    }
    await eventually('all were refused', () => errors.length || other.tabs.stats.wireErrors === 4)
    raw.close()
    await sender.send(4)
    await eventually('it came', () => other.seen.length === 4)
    expect(errors).to.eql([])
  })

  it('comes from behind thousands of segments in which nothing was sent', async () => {
    const [sender, other] = await pair()
    tell(other.tab, 'pagehide')
    await inStore(sender.name, 'wal', (store) => {
      let last = store.count()
      for (let i = 0; i < 8000; i++) {
        const { id, line } = accepted('Y')
        last = store.add(seal('dead', i, 'Y', [line, said('C', id, { at: [0, 0] })])) as never
      }
      return last
    })
    await comeBack(other, sender, 4)
    await eventually('it came', () => other.seen.length === 4)
  })

  itWithTime('comes in shares that can be read in time, where it is much', async () => {
    const [sender, other] = await pair({}, { logged: { bus: { maxHistorySize: 1 } } })
    const { channel } = sender.tabs
    tell(other.tab, 'pagehide')
    const big = 'x'.repeat(2_000_000)
    for (const n of range(4, 45)) {
      const { id, line } = accepted('X', { payload: { n, big } })
      await plant(sender.name, [line, said('B', id, { at: [0, 0], channel, bridge: id })])
    }
    const { prototype } = other.tab.window.IDBObjectStore
    const { getAll } = prototype
    const shares: unknown[] = []
    prototype.getAll = function (range, count) {
      const { lower, upper } = range as IDBKeyRange
      if (this.name === 'wal' && lower !== upper) shares.push(count)
      return getAll.call(this, range, count)
    }
    tell(other.tab, 'pageshow')
    await eventually('all came', () => other.seen.length >= 45, 20_000)
    expect(other.heard).to.eql(range(1, 45))
    // Most of the first are short; what follows it is 64 MB, and then less is read at once.
    expect(shares.slice(0, 3)).to.eql([8, 32, 8])
  })

  it('does not keep what was heard from those who wait, nor from being heard when the bridge is closed', async () => {
    const [sender, other] = await pair()
    tell(other.tab, 'pagehide')
    tell(other.tab, 'pageshow')
    const release = await holdStore(sender.name)
    await sender.send(4)
    await new Promise((resolve) => setTimeout(resolve, 500))
    other.tabs.close()
    expect(other.heard).to.include(4)
    await release()
  })

  it('keeps the log from being tidied only as long as it is looked for', async () => {
    const [sender, other] = await pair({}, { logged: { bus: { maxPending: 2 } } })
    let open = () => {}
    other.until.promise = new Promise<void>((resolve) => {
      open = resolve
    })
    tell(other.tab, 'pagehide')
    await comeBack(other, sender, ...range(4, 8))
    await eventually('the first came', () => other.seen.length > 3)
    tell(other.tab, 'pagehide')
    tell(other.tab, 'pageshow')
    open()
    await eventually('all came', () => other.seen.length === 8)
    await eventually('nobody reads any more', () => !other.log.readers.size)
    expect(other.heard).to.eql(range(1, 8))
  })

  itWithTime('keeps no more waiting than there is room for, of what comes meanwhile', async function test() {
    this.timeout(60_000)
    const [sender, other] = await pair({}, { logged: { bus: { maxPending: 2 } } })
    other.until.promise = new Promise(() => {})
    tell(other.tab, 'pagehide')
    await comeBack(other, sender, ...range(4, 8))
    await eventually('the bus is full', () => other.seen.length > 3)
    const raw = new BroadcastChannel(sender.tabs.channel)
    for (let first = 0; first <= MAX_INBOX; first += 1000) {
      const items = range(first, first + 999).map((n) => ({ n, value: { ...record(n), event_type: 'Y' } }))
      raw.postMessage(message('events', items, { flag: false }))
    }
    await eventually('some were refused, and counted', () => other.tabs.stats.wireErrors > 0, 50_000)
    raw.close()
  })

  it('comes while handlers on both sides wait for each other', async () => {
    const [sender, other] = await pair(
      { results: 'gather', timeout: 60_000 },
      { results: 'gather', timeout: 60_000, logged: { bus: { maxPending: 3 } } },
    )
    const asks = (from: typeof sender, type: string) => () =>
      from.tabs.dispatch(new from.tab.bubus.BaseEvent(type)) as never
    let asked = 0
    sender.bus.on('Question', asks(sender, 'Doubt'))
    other.bus.on('Doubt', () => void asked++)
    other.bus.on('X', asks(other, 'Question'))
    tell(other.tab, 'pagehide')
    await eventually('it is gone', async () => !(await sender.tabs.peers()).length)
    await comeBack(other, sender, ...range(4, 8))
    // Long before the bridges' own time-outs.
    await eventually('all are done', () => asked === 5)
  })
})
