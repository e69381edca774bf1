import { expect } from '@esm-bundle/chai'
import { defineEvent, EventBus, EventTimeoutError, retry, SemaphoreTimeoutError } from '../../src/index.js'
import { openFrame } from './frame.js'
import {
  consoleLines,
  freshName,
  gate,
  hushConsole,
  onlyResult,
  rejection,
  settles,
  thrown,
} from './support.js'

class Ping extends defineEvent('Ping') {}
class Pong extends defineEvent('Pong') {}

const never = (): Promise<never> => new Promise(() => {})

describe('B3: weaknesses of the peer that we do not have, retry and semaphores', () => {
  it('B3.10: a nested call with the same semaphore does not hang for ever', async () => {
    const options = { semaphoreLimit: 1, semaphoreName: freshName('s'), semaphoreTimeout: 20 }
    const inner = retry(options)(async () => 'inner')
    const outer = retry(options)(async () => `outer ${await inner()}`)
    await consoleLines('warn', async () => {
      const call = outer()
      expect(await settles(call, 3000)).to.equal(true)
      expect(await call).to.equal('outer inner')
    })
  })

  it('B3.10: retrying a synchronous function leaves the page alone while it waits', async () => {
    let attempts = 0
    let ticks = 0
    const flaky = retry({ wait: 60, retries: 1 })(() => {
      attempts += 1
      if (attempts === 1) throw new Error('first')
      return 'second'
    })
    const tick = setInterval(() => {
      ticks += 1
    }, 1)
    try {
      await consoleLines('warn', async () => {
        expect(await flaky()).to.equal('second')
      })
    } finally {
      clearInterval(tick)
    }
    expect(ticks).to.be.at.least(2)
  })

  it('B3.10: two classes that a minifier gave one name do not share a semaphore', async () => {
    const made = [1, 2].map(() => {
      const release = gate()
      class t {
        @retry({ semaphoreLimit: 1, semaphoreScope: 'class', timeout: 60_000 })
        async work(): Promise<void> {
          await release.promise
        }
      }
      return { release, service: new t() }
    })
    const [held, free] = made
    const holding = held?.service.work()
    free?.release.open()
    expect(await settles(free?.service.work())).to.equal(true)
    held?.release.open()
    await holding
  })

  it('B3.10: a waiter that gave up leaves the queue, so the slot goes to the next one', async () => {
    const semaphoreName = freshName('s')
    const release = gate()
    const log: string[] = []
    const options = { semaphoreLimit: 1, semaphoreName, semaphoreLax: false, timeout: 60_000 }
    const hold = retry(options)(() => release.promise)
    const quit = retry({ ...options, semaphoreTimeout: 10 })(async () => log.push('gave up and ran'))
    const stay = retry({ ...options, semaphoreTimeout: 60_000 })(async () => log.push('ran'))
    const holding = hold()
    const quitting = quit()
    const staying = stay()
    await rejection(quitting)
    release.open()
    await Promise.all([holding, staying])
    expect(log).to.deep.equal(['ran'])
  })
})

describe('B3: weaknesses of the peer that we do not have, limits and scopes', () => {
  it('B3.10: functions with different limits on one name count the same slots', async () => {
    const semaphoreName = freshName('s')
    const options = { semaphoreName, semaphoreLax: false, timeout: 60_000 }
    const [first, second] = [gate(), gate()]
    const narrow = retry({ ...options, semaphoreLimit: 1, semaphoreTimeout: 20 })(() => first.promise)
    const wide = retry({ ...options, semaphoreLimit: 2, semaphoreTimeout: 20 })(() => second.promise)
    const running = [narrow(), wide()]
    expect(await rejection(wide())).to.be.instanceOf(SemaphoreTimeoutError)
    expect(await rejection(narrow())).to.be.instanceOf(SemaphoreTimeoutError)
    first.open()
    second.open()
    await Promise.all(running)
    await narrow()
  })

  it("B3.10: 'multiprocess' holds over pages, never silently one page only", async () => {
    using frame = await openFrame()
    const options = {
      semaphoreLimit: 1,
      semaphoreName: freshName('s'),
      semaphoreScope: 'multiprocess',
    } as const
    const [held, here] = [gate(), gate()]
    const there = frame.window.bubus.retry(options)(() => {
      here.open()
      return held.promise
    })()
    await here.promise
    const second = retry({ ...options, semaphoreLax: false, semaphoreTimeout: 20 })(() => {})
    expect(await rejection(second())).to.be.instanceOf(SemaphoreTimeoutError)
    held.open()
    await there
  })
})

describe('B3: weaknesses of the peer that we do not have, names, clocks and the platform', () => {
  hushConsole()

  it("B3.15: runs under a content security policy without 'unsafe-eval' and violates nothing", async () => {
    using frame = await openFrame({ csp: `script-src ${location.origin} 'nonce-frame'; object-src 'none'` })
    const { bubus, violations } = frame.window
    const bus = new bubus.EventBus()
    bus.on('Ping', async () => 'answer')
    const ping = bus.dispatch(new bubus.BaseEvent('Ping', { n: 1 }))
    expect(await ping.eventResult()).to.equal('answer')
    const Typed = bubus.defineEvent('Typed')
    expect(bubus.BaseEvent.fromJSON(new Typed().toJSON()).eventType).to.equal('Typed')
    expect(violations).to.deep.equal([])
    expect(frame.window.evaluations).to.equal(0)
    // The policy is in force, and the frame notices both.
    expect(() => new frame.window.Function('return 1')).to.throw()
    expect(frame.window.evaluations).to.equal(1)
    const { document } = frame.window
    const heard = new Promise((resolve) => document.addEventListener('securitypolicyviolation', resolve))
    document.body.append(Object.assign(document.createElement('script'), { text: 'without a nonce' }))
    await heard
    expect(violations.length).to.be.at.least(1)
  })

  it('B3.16: types are strings, so that minified class names never reach the wire', () => {
    const t = class extends defineEvent('OrderShipped') {}
    const r = class extends t {}
    for (const event of [new t(), new r()]) {
      expect(event.eventType).to.equal('OrderShipped')
      expect(event.toJSON().event_type).to.equal('OrderShipped')
      expect(event.eventSchema).to.match(/^OrderShipped@/)
    }
  })

  it('B3.16: a handler may be given a name that survives minifying', async () => {
    const bus = new EventBus()
    const e = () => 1
    bus.on(Ping, e, { name: 'chargeCard' })
    expect(onlyResult(await bus.dispatch(new Ping())).handlerName).to.equal('chargeCard')
  })

  it("B3.17: a lone handler over its time, the event's or its own, is always an EventTimeoutError", async () => {
    class Short extends defineEvent('Short', {}, { timeout: 15 }) {}
    const bus = new EventBus()
    bus.on(Short, never)
    bus.on(Ping, never, { timeout: 15 })
    for (const event of [new Short(), new Ping()]) {
      const { status, error, timeout } = onlyResult(await bus.dispatch(event))
      expect([status, timeout]).to.deep.equal(['error', 15])
      expect(error).to.be.instanceOf(EventTimeoutError)
    }
  })

  it("B3.17: the time-out is each handler's own, not a budget that they share", async () => {
    class Shared extends defineEvent('Shared', {}, { timeout: 300 }) {}
    const bus = new EventBus()
    const slow = () => new Promise((resolve) => setTimeout(() => resolve('in time'), 130))
    for (let i = 0; i < 3; i += 1) bus.on(Shared, () => slow())
    const shared = await bus.dispatch(new Shared())
    expect(await shared.eventResultsList()).to.deep.equal(['in time', 'in time', 'in time'])
  })

  it("B3.18: off('*') removes the handlers of '*', find finds, records hold what they say", async () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.on(Ping, () => {
      log.push('typed')
    })
    bus.on('*', () => {
      log.push('any')
    })
    bus.off('*')
    const ping = await bus.dispatch(new Ping())
    expect(log).to.deep.equal(['typed'])
    expect((await bus.find(Ping)) === ping).to.equal(true)
    expect(await bus.find(Pong)).to.equal(null)
    const record = ping.toJSON()
    expect(Object.keys(record)).to.include.members([
      'event_type',
      'event_id',
      'event_path',
      'event_created_at',
    ])
    expect(record).not.to.have.property('event_results')
  })

  it('B3.19: a bus is an EventTarget, an event an Event, and once, signal and dispose work', async () => {
    const bus = new EventBus()
    const log: string[] = []
    expect(bus).to.be.instanceOf(EventTarget)
    expect(new Ping()).to.be.instanceOf(Event)
    bus.addEventListener('Ping', (event) => void log.push(`once ${event.type}`), { once: true })
    bus.addEventListener('Ping', { handleEvent: () => void log.push('object') })
    bus.addEventListener('custom', (event) => void log.push((event as unknown as CustomEvent<string>).detail))
    bus.dispatchEvent(new CustomEvent('custom', { detail: 'native' }))
    await bus.dispatch(new Ping())
    await bus.dispatch(new Ping())
    expect(log).to.deep.equal(['native', 'once Ping', 'object', 'object'])
    const dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose')
    const subscription = bus.on(Pong, () => log.push('never')) as unknown as Record<symbol, () => void>
    subscription[dispose]?.()
    await bus.dispatch(new Pong())
    expect(log.length).to.equal(4)
  })

  it('B3.19: events are an async iterator, and errors survive being written as JSON', async () => {
    const bus = new EventBus()
    bus.on(Ping, () => {
      throw new RangeError('too far')
    })
    const seen: string[] = []
    const reading = (async () => {
      for await (const event of bus.events('*')) {
        seen.push(event.eventType)
        if (seen.length === 2) break
      }
    })()
    const ping = await bus.dispatch(new Ping())
    await bus.dispatch(new Pong())
    await reading
    expect(seen).to.deep.equal(['Ping', 'Pong'])
    const text = JSON.stringify(ping)
    expect(text).to.contain('RangeError').and.to.contain('too far')
    await rejection(ping.eventResult())
  })

  it('B3.19: a long drain lets the page do other things in between', async () => {
    const bus = new EventBus({ maxHistorySize: null })
    let tasks = 0
    let going = true
    bus.on(Ping, () => {
      const end = performance.now() + 1
      while (performance.now() < end);
    })
    for (let i = 0; i < 100; i += 1) bus.dispatch(new Ping())
    const channel = new MessageChannel()
    channel.port1.onmessage = () => {
      tasks += 1
      if (going) channel.port2.postMessage(null)
    }
    channel.port2.postMessage(null)
    await bus.waitUntilIdle()
    going = false
    channel.port1.close()
    expect(tasks).to.be.at.least(3)
  })

  it('B3.20: dispatch needs no this, and public names are in camel case', async () => {
    const bus = new EventBus()
    const { dispatch } = bus
    bus.on(Ping, () => 1)
    const ping = await dispatch(new Ping())
    expect(ping.eventPath).to.deep.equal([bus.name])
    const names = (start: object, end: object): string[] => {
      const found: string[] = []
      for (let at = start; at && at !== end; at = Object.getPrototypeOf(at))
        found.push(...Object.getOwnPropertyNames(at))
      return found
    }
    const members = [
      ...names(bus, EventTarget.prototype),
      ...names(ping, Event.prototype),
      ...names(onlyResult(ping), Object.prototype),
    ]
    expect(members.length).to.be.above(20)
    expect(members.filter((name) => /[a-zA-Z]_[a-zA-Z]/.test(name))).to.deep.equal([])
    expect(thrown(() => dispatch({} as never))).to.be.instanceOf(TypeError)
  })
})
