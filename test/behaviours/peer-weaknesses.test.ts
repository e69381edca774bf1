import { expect } from '@esm-bundle/chai'
import { number } from 'superstruct'
import {
  BaseEvent,
  BusFullError,
  defineEvent,
  EventBus,
  EventCancelledError,
  EventTimeoutError,
} from '../../src/index.js'
import { openFrame } from './frame.js'
import {
  gate,
  hushConsole,
  onlyResult,
  pageErrors,
  rejection,
  resultNamed,
  resultsOf,
  settles,
  sleep,
  task,
  thrown,
} from './support.js'

class Step extends defineEvent('Step', { n: number() }) {}
class Ping extends defineEvent('Ping') {}
class Pong extends defineEvent('Pong') {}

const never = (): Promise<never> => new Promise(() => {})

describe('B3: weaknesses of the peer that we do not have, order and settling', () => {
  hushConsole()

  it('B3.1: awaiting from outside a handler waits its turn on a busy bus', async () => {
    const bus = new EventBus()
    const log: string[] = []
    const started = gate()
    bus.on(Step, async ({ n }) => {
      log.push(`${n} starts`)
      if (n === 1) started.open()
      await task()
      log.push(`${n} ends`)
    })
    bus.dispatch(new Step({ n: 1 }))
    await started.promise
    bus.dispatch(new Step({ n: 2 }))
    await bus.dispatch(new Step({ n: 3 }))
    expect(log).to.deep.equal([1, 2, 3].flatMap((n) => [`${n} starts`, `${n} ends`]))
  })

  it('B3.2: a default bus takes as many events as come, one after another', async () => {
    const bus = new EventBus()
    for (let n = 0; n < 1000; n += 1) await bus.dispatch(new Step({ n }))
    expect(bus.eventHistory.size).to.equal(50)
    expect(bus.eventsCompleted.length).to.equal(50)
  })

  it('B3.3: a refused dispatch leaves no trace on the event, which can be dispatched again', async () => {
    const bus = new EventBus({ maxPending: 1 })
    const release = gate()
    bus.on(Step, () => release.promise)
    bus.dispatch(new Step({ n: 1 }))
    const refused = new Step({ n: 2 })
    expect(thrown(() => bus.dispatch(refused))).to.be.instanceOf(BusFullError)
    expect(refused.eventPath).to.deep.equal([])
    expect(refused.eventStatus).to.equal('pending')
    release.open()
    await bus.waitUntilIdle()
    await bus.dispatch(refused)
    expect(refused.eventPath).to.deep.equal([bus.name])
    expect(resultsOf(refused).map((result) => result.status)).to.deep.equal(['completed'])
  })

  it('B3.4: stop settles everybody who waits for anything, also when it clears', async () => {
    for (const clear of [false, true]) {
      const bus = new EventBus({ maxPending: 2 })
      const started = gate()
      bus.on(Ping, async () => {
        started.open()
        await never()
      })
      const running = bus.dispatch(new Ping())
      const queued = bus.dispatch(new Ping())
      const iterator = bus.events(Pong)[Symbol.asyncIterator]()
      const waiting: Record<string, unknown> = {
        running,
        queued,
        result: queued.eventResult(),
        completion: running.eventCompletion,
        idle: bus.waitUntilIdle(),
        expect: bus.expect(Pong),
        find: bus.find(Pong, { future: true }),
        next: iterator.next(),
        room: bus.whenRoom(),
      }
      const settled = Object.entries(waiting).map(async ([name, promise]) => [
        name,
        await settles(promise, 3000),
      ])
      await started.promise
      await bus.stop({ clear })
      for (const [name, did] of await Promise.all(settled))
        expect(did, `${name}, clear ${clear}`).to.equal(true)
    }
  })

  it('B3.5: who is timed out is told by its signal, and dispatches nothing afterwards', async () => {
    const bus = new EventBus()
    const resumed = gate<unknown>()
    let pongs = 0
    bus.on(Pong, () => {
      pongs += 1
    })
    bus.on(
      Ping,
      async (_event, { signal, bus: handle }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        await task()
        resumed.open([(signal.reason as Error).name, thrown(() => handle.dispatch(new Pong()))])
      },
      { timeout: 20 },
    )
    const ping = await bus.dispatch(new Ping())
    expect(onlyResult(ping).error).to.be.instanceOf(EventTimeoutError)
    const [reason, error] = (await resumed.promise) as [string, Error]
    expect(reason).to.equal('EventTimeoutError')
    expect(error).to.be.instanceOf(EventCancelledError)
    await bus.waitUntilIdle()
    expect(pongs).to.equal(0)
    expect(ping.eventChildren).to.deep.equal([])
  })

  it('B3.5: on, expect, find, events and whenRoom take a signal', async () => {
    const bus = new EventBus({ maxPending: 1 })
    const release = gate()
    const controller = new AbortController()
    const { signal } = controller
    let heard = 0
    bus.on(
      Pong,
      () => {
        heard += 1
      },
      { signal },
    )
    bus.on(Ping, () => release.promise)
    bus.dispatch(new Ping())
    const waiting = [bus.expect(Pong, { signal }), bus.find(Pong, { past: false, future: true, signal })]
    const full = settles(bus.whenRoom(signal))
    const next = settles(bus.events(Pong, { signal })[Symbol.asyncIterator]().next())
    const rejections = Promise.all(waiting.map(rejection))
    controller.abort()
    for (const error of await rejections) expect(error.name).to.equal('AbortError')
    expect([await full, await next]).to.deep.equal([true, true])
    release.open()
    await bus.waitUntilIdle()
    await bus.dispatch(new Pong())
    expect(heard).to.equal(0)
  })

  it("B3.6: a throwing predicate never throws out of somebody else's dispatch", async () => {
    const bus = new EventBus()
    const failure = new Error('bad predicate')
    const where = (): boolean => {
      throw failure
    }
    const broken = [bus.expect(Ping, { where }), bus.find(Ping, { past: false, future: true, where })].map(
      rejection,
    )
    bus.on(Ping, () => 'handled')
    const ping = bus.dispatch(new Ping())
    expect(await ping.eventResult()).to.equal('handled')
    for (const error of await Promise.all(broken)) expect(error === failure).to.equal(true)
  })

  it('B3.7: a throwing middleware refuses in onDispatch, and elsewhere changes nothing', async () => {
    const refuse = new Error('not allowed')
    const broken = new Error('broken middleware')
    const fail = (): void => {
      throw broken
    }
    const bus = new EventBus({
      middlewares: [
        {
          onDispatch: (event) => {
            if (event.eventType === 'Pong') throw refuse
          },
          onEvent: fail,
          onResult: fail,
        },
      ],
    })
    bus.on(Ping, async () => 'handled')
    const { rejections } = await pageErrors(async () => {
      const refused = new Pong()
      expect(thrown(() => bus.dispatch(refused)) === refuse).to.equal(true)
      expect(refused.eventPath).to.deep.equal([])
      const ping = await bus.dispatch(new Ping())
      expect(ping.eventStatus).to.equal('completed')
      expect(await ping.eventResult()).to.equal('handled')
      expect(await bus.waitUntilIdle(1000)).to.equal(true)
    })
    expect(rejections).to.deep.equal([])
  })

  it('B3.8: an event is itself everywhere, no proxy, and its payload and record can be cloned', async () => {
    const bus = new EventBus()
    const step = new Step({ n: 1 })
    let handled: unknown
    bus.on(Step, (event) => {
      handled = event
    })
    expect(bus.dispatch(step) === step).to.equal(true)
    expect((await step) === step).to.equal(true)
    expect(handled === step).to.equal(true)
    expect(bus.eventHistory.get(step.eventId) === step).to.equal(true)
    expect(structuredClone(step.eventPayload)).to.deep.equal({ n: 1 })
    expect(structuredClone(step.toJSON()).event_id).to.equal(step.eventId)
  })

  it('B3.9: waiting polls nothing: no timers go by while a handler runs', async () => {
    using frame = await openFrame()
    const { bubus, timers } = frame.window
    const bus = new bubus.EventBus()
    const [started, release] = [gate(), gate()]
    bus.on('Ping', async () => {
      started.open()
      await release.promise
    })
    const ping = bus.dispatch(new bubus.BaseEvent('Ping'))
    const waiting = [ping.eventResult(), ping.eventCompletion, bus.waitUntilIdle(), (async () => ping)()]
    await started.promise
    const before = timers.started
    await sleep(400)
    // The one timer of all time-outs is set anew once a second; the peer starts about 850 in that time.
    expect(timers.started - before).to.be.at.most(2)
    release.open()
    await Promise.all(waiting)
  })

  it('B3.13: what the history forgets keeps its results, children and bus; the queue is bounded', async () => {
    const bus = new EventBus({ maxHistorySize: 2 })
    const child = new Pong()
    bus.on(Ping, () => void bus.dispatch(child))
    bus.on(Ping, () => 'kept', { name: 'keeps' })
    const ping = await bus.dispatch(new Ping())
    for (let n = 0; n < 5; n += 1) await bus.dispatch(new Step({ n }))
    expect(bus.eventHistory.has(ping.eventId)).to.equal(false)
    expect(resultNamed(ping, 'keeps').result).to.equal('kept')
    expect(ping.eventChildren[0] === child).to.equal(true)
    expect(child.eventParent === ping).to.equal(true)
    expect(ping.eventPath).to.deep.equal([bus.name])
    const refuse = () => {
      for (let n = 0; n < 200; n += 1) bus.dispatch(new Step({ n }))
    }
    expect(thrown(refuse)).to.be.instanceOf(BusFullError)
    await bus.waitUntilIdle()
  })

  it('B3.13: two classes of one type live side by side; on one bus they are an error, never overwritten', async () => {
    class First extends defineEvent('Same', { n: number() }) {}
    class Second extends defineEvent('Same') {}
    const [one, two] = [new EventBus(), new EventBus()]
    const seen: boolean[] = []
    one.on(First, (event) => {
      seen.push(event instanceof First)
    })
    two.on(Second, (event) => {
      seen.push(event instanceof Second)
    })
    await one.dispatch(new First({ n: 1 }))
    await two.dispatch(new Second())
    expect(seen).to.deep.equal([true, true])
    expect(thrown(() => one.on(Second, () => {}))).to.be.instanceOf(TypeError)
    expect(thrown(() => one.dispatch(new Second()))).to.be.instanceOf(TypeError)
    expect(new BaseEvent('Same').eventType).to.equal('Same')
  })
})
