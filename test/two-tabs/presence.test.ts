// Who is there: looked for when it was asked, and watched under whatever name its lock has.
import { expect } from '@esm-bundle/chai'
import { TabBridge } from '../../src/bridges/tab-bridge.js'
import { BaseEvent, EventBus } from '../../src/index.js'
import { eventually } from '../log/tabs.js'
import { message } from './junk.js'
import { channelName, closeAll, side } from './sides.js'

describe('a TabBridge and its peers', () => {
  afterEach(closeAll)

  it('is ready where the browser will not tell of locks, and nothing is rejected that nobody has asked for', async () => {
    const errors: string[] = []
    const note = (event: PromiseRejectionEvent) => errors.push(String(event.reason))
    addEventListener('unhandledrejection', note)
    const { locks } = navigator
    locks.query = () => Promise.reject(new DOMException('denied', 'SecurityError'))
    const raw = new BroadcastChannel(channelName())
    try {
      const { tabs } = side(raw.name, { results: 'none' })
      await tabs.ready
      raw.postMessage(message('hello', []))
      await new Promise((resolve) => setTimeout(resolve, 200))
      expect(await tabs.peers()).to.eql([])
    } finally {
      raw.close()
      Reflect.deleteProperty(locks, 'query')
      removeEventListener('unhandledrejection', note)
    }
    expect(errors).to.eql([])
  })

  it('looks anew for whoever asks, also while the answer before is on its way', async () => {
    const { tabs } = side(channelName())
    await tabs.ready
    const { locks } = navigator
    const query = locks.query
    let queries = 0
    try {
      for (let hops = 0; hops < 16; hops++) {
        let asked: Promise<unknown> = Promise.resolve()
        let before = 0
        locks.query = () => {
          queries++
          const answer = query.call(locks)
          if (!before)
            answer.then(async () => {
              for (let i = hops; i--; ) await null
              before = queries
              asked = tabs.peers()
            })
          return answer
        }
        await tabs.peers()
        await eventually('somebody has asked meanwhile', () => before)
        await asked
        expect(queries, `${hops} microtasks after the answer`).to.be.above(before)
      }
    } finally {
      Reflect.deleteProperty(locks, 'query')
    }
  })

  it('asks who has said hello before an event was dispatched, also while it still looks who that is', async () => {
    const channel = channelName()
    const options = { results: 'gather', timeout: null } as const
    const a = side(channel, options)
    await a.tabs.ready
    a.bus.on('*', a.tabs.dispatch)
    const { locks } = navigator
    const query = locks.query
    let queries = 0
    let answer = () => {}
    const answered = new Promise<void>((resolve) => {
      answer = resolve
    })
    try {
      locks.query = async () => {
        queries++
        await answered
        return query.call(locks)
      }
      const b = side(channel, options)
      b.bus.on('Ping', () => 'pong')
      b.tabs.on('*', b.bus.dispatch)
      await eventually('both look', () => queries >= 2)
      const ping = a.bus.dispatch(new BaseEvent('Ping'))
      for (let hops = 10; hops--; ) await null
      answer()
      expect(await (await ping).eventResult()).to.equal('pong')
    } finally {
      Reflect.deleteProperty(locks, 'query')
    }
  })

  it('sends what waits for that when it is closed', async () => {
    const channel = channelName()
    const [a, b] = [side(channel, { results: 'gather' }), side(channel)]
    await Promise.all([a.tabs.ready, b.tabs.ready])
    a.bus.on('*', a.tabs.dispatch)
    b.tabs.on('*', b.bus.dispatch)
    const came = b.bus.expect('Last')
    const raw = new BroadcastChannel(channel)
    raw.postMessage(message('hello', []))
    const { locks } = navigator
    const { query } = locks
    let looks = false
    locks.query = () => {
      looks = true
      return query.call(locks)
    }
    while (!looks) await new Promise((resolve) => setTimeout(resolve))
    Reflect.deleteProperty(locks, 'query')
    raw.close()
    const last = a.bus.dispatch(new BaseEvent('Last'))
    for (let hops = 5; hops--; ) await null
    a.tabs.close()
    await Promise.all([came, last])
  })

  it('sends what was given to it in the stretch in which it was made, and closed', async () => {
    const channel = channelName()
    const there = side(channel)
    const came = new Promise<BaseEvent>((resolve) => there.tabs.on('*', resolve))
    const tabs = new TabBridge(channel, { results: 'gather' })
    const sent = tabs.dispatch(new BaseEvent('Last'))
    tabs.close()
    await sent
    const next = new TabBridge(channel)
    next.dispatch(new BaseEvent('Next'))
    expect((await came).type).to.equal('Last')
    next.close()
  })

  it('notices that one is gone whose buses came and went', async () => {
    const channel = channelName()
    const [a, b] = [1, 2].map(() => side(channel, { results: 'gather', timeout: null }))
    const other = new EventBus()
    b.bus.on('Long', () => new Promise(() => {}), { timeout: null })
    b.tabs.on('*', b.bus.dispatch)
    await Promise.all([a.tabs.ready, b.tabs.ready])
    const names = async () => (await a.tabs.peers()).flatMap(({ busNames }) => busNames)
    for (let i = 0; i < 3; i++) {
      const off = b.tabs.on('*', other.dispatch)
      await eventually('both buses are seen', async () => (await names()).length === 2)
      off()
      await eventually('one is', async () => (await names()).length === 1)
    }
    // As fast as can be.
    for (let i = 0; i < 20; i++) {
      const off = b.tabs.on('*', other.dispatch)
      for (let hops = i; hops--; ) await null
      off()
    }
    await eventually('one is', async () => (await names()).length === 1)
    a.bus.on('*', a.tabs.dispatch)
    const event = a.bus.dispatch(new BaseEvent('Long', {}, { timeout: null }))
    await eventually('it is handled', () => b.bus.eventsStarted.length === 1)
    b.tabs.close()
    await event
    expect([...event.eventResults.values()].at(-1)?.error).to.include({ name: 'EventCancelledError' })
  })
})
