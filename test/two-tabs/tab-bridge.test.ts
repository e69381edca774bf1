import { expect } from '@esm-bundle/chai'
import { number, string } from 'superstruct'
import type { TabBridge } from '../../src/bridges/tab-bridge.js'
import { BaseEvent, defineEvent } from '../../src/index.js'
import { runSandboxed } from '../log/sandbox.js'
import { eventually } from '../log/tabs.js'
import { channelName, closeAll, keptForOthers, type Side, side } from './sides.js'

class Ping extends defineEvent('Ping', { n: number() }, { result: number() }) {}
class Note extends defineEvent('Note', { text: string() }) {}

describe('a TabBridge that waits for nobody', () => {
  afterEach(closeAll)

  it('brings an event to the buses of the others, as an event of their class, with its id, path and parent', async () => {
    const [a, b] = pair()
    b.bus.on(Ping, () => 1)
    b.bus.on(Note, () => {})
    a.bus.on('*', a.tabs.dispatch)
    b.tabs.on('*', b.bus.dispatch)
    const parent = new Note({ text: 'é' })
    a.bus.on(Note, (_, { bus }) => void bus.dispatch(new Ping({ n: 1 })))
    a.bus.dispatch(parent)
    const ping = await b.bus.expect(Ping)
    expect(ping).to.be.instanceOf(Ping)
    expect(ping.n).to.equal(1)
    expect(ping.eventParentId).to.equal(parent.eventId)
    expect(ping.eventPath).to.deep.equal([a.bus.name, b.bus.name])
    await parent
    const note = (await b.bus.find(Note)) as Note
    expect(note.eventId).to.equal(parent.eventId)
    expect(note).not.to.equal(parent)
    expect(parent.eventResults.size).to.equal(2)
    expect(a.tabs.stats).to.deep.equal({ sent: 2, received: 0, wireErrors: 0 })
    expect(b.tabs.stats).to.deep.equal({ sent: 0, received: 2, wireErrors: 0 })
  })

  for (const [where, hide] of Object.entries({
    'an object': (module: unknown) => ({ module }),
    'a Map in a Set': (module: unknown) => new Set([new Map([['key', [module]]])]),
  }))
    it(`refuses code, which stays in its agent cluster, in ${where}, and carries the others of the batch`, async () => {
      const [a, b] = pair()
      a.bus.on('*', a.tabs.dispatch)
      b.tabs.on('*', b.bus.dispatch)
      const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))
      const came: string[] = []
      b.bus.on(Note, ({ text }) => void came.push(text))
      a.bus.dispatch(new Note({ text: 'before' }))
      const bad = a.bus.dispatch(new BaseEvent('Code', { inside: hide(module) }))
      a.bus.dispatch(new Note({ text: 'after' }))
      await eventually('both came', () => came.length === 2)
      await bad
      const [{ error }] = [...bad.eventResults.values()]
      expect(error).to.include({ name: 'WireError' })
      expect((error as Error).message).to.match(/payload\.inside.*Module.*stays in/)
      expect(b.tabs.stats).to.deep.equal({ sent: 0, received: 2, wireErrors: 0 })
    })

  it('refuses to its sender what others would refuse: a class whose instances are circles', async () => {
    const [a, b] = pair()
    a.bus.on('*', a.tabs.dispatch)
    b.tabs.on('*', b.bus.dispatch)
    class Node {
      itself = this
    }
    const bad = await a.bus.dispatch(new BaseEvent('Circle', { node: new Node() }))
    a.bus.dispatch(new Note({ text: 'next' }))
    await b.bus.expect(Note)
    expect([...bad.eventResults.values()][0].error).to.include({ name: 'WireError' })
    expect(b.tabs.stats).to.deep.equal({ sent: 0, received: 1, wireErrors: 0 })
  })

  it('takes one event only where that was asked for, of two that come at once', async () => {
    const [a, b] = pair()
    a.bus.on('*', a.tabs.dispatch)
    b.tabs.on(Note, b.bus.dispatch, { once: true })
    b.tabs.on('*', () => {})
    const came: string[] = []
    b.bus.on(Note, ({ text }) => void came.push(text))
    for (const text of ['first', 'second']) a.bus.dispatch(new Note({ text }))
    await eventually('both came', () => b.tabs.stats.received === 2)
    await b.bus.waitUntilIdle()
    expect(came).to.deep.equal(['first'])
  })

  it('lets events go to and fro as often as they like, also where a handler waited for the first', async () => {
    const [a, b] = pair()
    await Promise.all([a.tabs.ready, b.tabs.ready])
    for (const { bus, tabs } of [a, b]) {
      bus.on(Ping, tabs.dispatch)
      tabs.on('*', bus.dispatch)
    }
    const last = a.bus.expect(Note)
    for (const { bus } of [a, b])
      bus.on(Ping, ({ n, eventPath }) => {
        // Each comes along once where it was sent, and is answered where it came in.
        if (eventPath.length > 1) bus.dispatch(n < 40 ? new Ping({ n: n + 1 }) : new Note({ text: 'done' }))
        return n
      })
    a.bus.on('Start', async (_, { bus }) => void (await bus.dispatch(new Ping({ n: 1 }))))
    await a.bus.dispatch(new BaseEvent('Start', {}))
    await last
    expect(a.tabs.stats.wireErrors + b.tabs.stats.wireErrors).to.equal(0)
    expect(keptForOthers()).to.equal(0)
  })
})

describe('a TabBridge that gathers', () => {
  afterEach(closeAll)

  it('completes an event when all tabs have handled it, with their results and errors', async () => {
    const [a, b, c] = await sides(3, { results: 'gather' })
    a.bus.on('*', a.tabs.dispatch)
    for (const { bus, tabs } of [b, c]) tabs.on('*', bus.dispatch)
    a.bus.on(Ping, ({ n }) => n)
    b.bus.on(Ping, async ({ n }) => n + 1)
    const fail = () => {
      throw new RangeError('c is broken')
    }
    c.bus.on(Ping, fail, { name: 'broken' })
    const ping = await a.bus.dispatch(new Ping({ n: 1 }))
    expect(await ping.eventResultsList({ raiseIfAny: false })).to.deep.equal([1, 2])
    const broken = [...ping.eventResults.values()].find(({ handlerName }) => handlerName === 'broken')
    expect(broken?.busId).to.equal(c.bus.id)
    expect(broken?.busName).to.equal(c.bus.name)
    expect(broken?.error).to.include({ name: 'RangeError', message: 'c is broken' })
    expect(ping.eventLogTree()).to.match(/tab \w{4}: /)
  })
})

function pair(): [Side, Side] {
  const channel = channelName()
  return [side(channel), side(channel)]
}
describe('a tab that says nothing', () => {
  afterEach(closeAll)

  it('is a time-out after `timeout` ms, then at once, until it is heard again', async () => {
    const [a, b] = await sides(2, { results: 'gather', timeout: 60 })
    a.bus.on('*', a.tabs.dispatch)
    b.tabs.on('*', b.bus.dispatch)
    b.bus.on(Ping, () => new Promise(() => {}), { timeout: null })
    const lastError = (ping: Ping) => [...ping.eventResults.values()].at(-1)?.error as Error
    for (const n of [1, 2]) {
      const ping = await a.bus.dispatch(new Ping({ n }))
      expect(lastError(ping).name).to.equal('EventTimeoutError')
      expect(lastError(ping).message).to.contain(n === 1 ? 'in 60 ms' : 'for a while')
    }
    b.tabs.on(Note, () => {})
    b.bus.on('*', b.tabs.dispatch)
    await b.bus.stop()
    b.bus.off(Ping)
    b.bus.on(Ping, ({ n }) => n)
    await b.bus.dispatch(new Note({ text: 'heard' }))
    const ping = await a.bus.dispatch(new Ping({ n: 3 }))
    expect(await ping.eventResult()).to.equal(3)
  })
})

describe('a TabBridge without Web Locks', () => {
  it('sends and receives, and says why it cannot gather or tell who is there', async () => {
    const { answer, said } = await runSandboxed(`
      const text = (error) => error.name + ': ' + error.message
      const [bus, other] = [new EventBus(), new EventBus()]
      const [out, back] = [new TabBridge('x'), new TabBridge('x')]
      bus.on('*', out.dispatch)
      back.on('*', other.dispatch)
      let gathers
      try { new TabBridge('x', { results: 'gather' }) } catch (error) { gathers = text(error) }
      await Promise.all([out.ready, back.ready])
      bus.dispatch(new BaseEvent('Ping', { n: 7 }))
      const { n } = await other.expect('Ping')
      return [n, gathers, await out.peers().catch(text)]`)
    const [n, gathers, peers] = answer as [number, string, string]
    expect(n).to.equal(7)
    for (const error of [gathers, peers]) expect(error).to.match(/^TypeError: .*Web Locks/)
    expect(said).to.deep.equal([])
  })
})

async function sides(count: number, options: ConstructorParameters<typeof TabBridge>[1]): Promise<Side[]> {
  const channel = channelName()
  const all = Array.from({ length: count }, () => side(channel, options))
  await Promise.all(all.map(({ tabs }) => tabs.ready))
  // Those that came later are known by their hello.
  await Promise.all(all.map(({ tabs }) => tabs.peers()))
  return all
}
