import { expect } from '@esm-bundle/chai'
import { BaseEvent, defineEvent, EventBus } from '../../src/index.js'
import { gate, onlyResult, resultNamed, resultsOf, task } from './support.js'

class Ping extends defineEvent('Ping') {}
class Pong extends defineEvent('Pong') {}
class LoudPing extends Ping {}

class Service {
  static greeting = 'static'
  greeting = 'instance'

  instanceMethod(): string {
    return this.greeting
  }

  static async classMethod(): Promise<string> {
    return Service.greeting
  }
}

describe('A4: handlers and patterns', () => {
  it("27: a pattern is a type, a class or '*'; typed handlers run before '*', each in order of registration", async () => {
    const bus = new EventBus()
    const log: string[] = []
    const note = (name: string) => () => {
      log.push(name)
    }
    bus.on('*', note('any 1'))
    bus.on('Ping', note('string'))
    bus.on(Ping, note('class'))
    bus.on('*', note('any 2'))
    bus.on('Ping', note('string again'))
    await bus.dispatch(new Ping())
    expect(log).to.deep.equal(['string', 'class', 'string again', 'any 1', 'any 2'])
    await bus.dispatch(new Pong())
    expect(log.slice(5)).to.deep.equal(['any 1', 'any 2'])
  })

  it("28: a class matches by its type, subclasses of that type included; BaseEvent is '*'", async () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.on(Ping, () => {
      log.push('ping')
    })
    bus.on(BaseEvent, (event) => {
      log.push(`base ${event.eventType}`)
    })
    await bus.dispatch(new LoudPing())
    await bus.dispatch(new Pong())
    expect(log).to.deep.equal(['ping', 'base Ping', 'base Pong'])
  })

  it('29: functions and methods, sync and async, all work, with their own this and one result each', async () => {
    const bus = new EventBus()
    const service = new Service()
    bus.on(Ping, () => 'sync')
    bus.on(Ping, async () => 'async')
    bus.on(Ping, service.instanceMethod.bind(service))
    bus.on(Ping, Service.classMethod)
    const ping = await bus.dispatch(new Ping())
    expect(await ping.eventResultsList()).to.deep.equal(['sync', 'async', 'instance', 'static'])
    expect(ping.eventResults.size).to.equal(4)
  })

  it('30: whatever promise or thenable a handler returns is awaited, only a returned event is not', async () => {
    const bus = new EventBus()
    const release = gate()
    let statuses: string[] = []
    const child = new Pong()
    bus.on(Pong, () => release.promise)
    bus.on(Ping, () => Promise.resolve('promise'))
    bus.on(Ping, () => ({ then: (resolve: (value: string) => void) => resolve('thenable') }))
    bus.on(Ping, () => bus.dispatch(child))
    bus.on(Ping, (event) => {
      statuses = [resultsOf(event)[2]?.status ?? '', child.eventStatus]
      release.open()
    })
    const ping = await bus.dispatch(new Ping())
    expect(statuses).to.deep.equal(['completed', 'pending'])
    expect(resultsOf(ping)[2]?.result === child).to.equal(true)
    expect(await ping.eventResultsList()).to.deep.equal(['promise', 'thenable'])
  })

  it('31: two handlers of the same name both run and have a result each', async () => {
    const bus = new EventBus()
    const first = { handle: () => 1 }
    const second = { handle: () => 2 }
    bus.on(Ping, first.handle)
    bus.on(Ping, second.handle)
    const ping = await bus.dispatch(new Ping())
    expect(resultsOf(ping).map((result) => result.handlerName)).to.deep.equal(['handle', 'handle'])
    expect(await ping.eventResultsList()).to.deep.equal([1, 2])
  })

  it("32: the same function runs once for an event, though registered twice and on '*'", async () => {
    const bus = new EventBus()
    let runs = 0
    const handler = () => {
      runs += 1
    }
    bus.on(Ping, handler)
    bus.on('Ping', handler)
    bus.on('*', handler)
    const ping = await bus.dispatch(new Ping())
    expect(runs).to.equal(1)
    expect(ping.eventResults.size).to.equal(1)
  })

  it('33: with parallelHandlers the handlers of an event overlap; without it they do not', async () => {
    const parallel = new EventBus({ parallelHandlers: true })
    const bothRun = gate()
    parallel.on(Ping, () => bothRun.promise)
    parallel.on(Ping, async () => bothRun.open())
    const ping = await parallel.dispatch(new Ping())
    expect(resultsOf(ping).map((result) => result.status)).to.deep.equal(['completed', 'completed'])
    const log: string[] = []
    const serial = new EventBus()
    for (const name of ['one', 'two']) {
      serial.on(Ping, async () => {
        log.push(`${name} starts`)
        await task()
        log.push(`${name} ends`)
      })
    }
    await serial.dispatch(new Ping())
    expect(log).to.deep.equal(['one starts', 'one ends', 'two starts', 'two ends'])
  })

  it("34: a handler's error is captured, the others still run, and awaiting the event does not throw", async () => {
    const bus = new EventBus()
    const failure = new Error('no stock')
    bus.on(Ping, () => {
      throw failure
    })
    bus.on(Ping, async () => {
      throw failure
    })
    bus.on(Ping, () => 'fine')
    const ping = await bus.dispatch(new Ping())
    expect(resultsOf(ping).map((result) => result.status)).to.deep.equal(['error', 'error', 'completed'])
    expect(resultsOf(ping).map((result) => result.error === failure)).to.deep.equal([true, true, false])
    expect(await ping.eventResult({ raiseIfAny: false })).to.equal('fine')
  })

  it('35: a returned Error is recorded as the error', async () => {
    const bus = new EventBus()
    const failure = new RangeError('returned')
    bus.on(Ping, () => failure as never)
    const ping = await bus.dispatch(new Ping())
    expect(onlyResult(ping).status).to.equal('error')
    expect(onlyResult(ping).error === failure).to.equal(true)
  })

  it('35: a returned DOMException, too, whatever the engine says of it', async () => {
    const bus = new EventBus()
    const failure = new DOMException('stopped', 'AbortError')
    bus.on(Ping, () => failure as never)
    const ping = await bus.dispatch(new Ping())
    expect(onlyResult(ping).status).to.equal('error')
    expect(onlyResult(ping).error === failure).to.equal(true)
  })

  it('36: handlers can be removed: off, the subscription, using, signal, once', async () => {
    const bus = new EventBus()
    const log: string[] = []
    const note = (name: string) => () => {
      log.push(name)
    }
    const offed = note('off')
    bus.on(Ping, offed)
    bus.on(Ping, note('once'), { once: true })
    const unsubscribe = bus.on(Ping, note('call'))
    const controller = new AbortController()
    bus.on(Ping, note('signal'), { signal: controller.signal })
    {
      using subscription = bus.on(Ping, note('using'))
      expect(typeof subscription).to.equal('function')
      await bus.dispatch(new Ping())
    }
    expect(log).to.deep.equal(['off', 'once', 'call', 'signal', 'using'])
    bus.off(Ping, offed)
    unsubscribe()
    controller.abort()
    const last = await bus.dispatch(new Ping())
    expect(log.length).to.equal(5)
    expect(last.eventResults.size).to.equal(0)
  })

  it('38: an AbortError thrown by a handler is an error like any other, and the bus goes on', async () => {
    const bus = new EventBus()
    const abort = new DOMException('stopped by itself', 'AbortError')
    bus.on(
      Ping,
      () => {
        throw abort
      },
      { name: 'aborts' },
    )
    bus.on(Ping, () => 'still runs')
    const ping = await bus.dispatch(new Ping())
    expect(resultNamed(ping, 'aborts').error === abort).to.equal(true)
    expect(await ping.eventResult({ raiseIfAny: false })).to.equal('still runs')
    expect((await bus.dispatch(new Pong())).eventStatus).to.equal('completed')
    expect(await bus.waitUntilIdle()).to.equal(true)
  })
})
