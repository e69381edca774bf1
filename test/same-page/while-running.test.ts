// What happens to an event, and to those who wait, while its handlers run.
import { expect } from '@esm-bundle/chai'
import { CORE } from '../../src/brands.js'
import { BaseEvent, defineEvent, EventBus, inspect } from '../../src/index.js'
import { consoleDuring, deferred, foreign, only, rejectionOf } from './helpers.js'

const make = (type: string, payload = {}) => new BaseEvent(type, payload)

describe('while handlers run', () => {
  for (const eventConcurrency of ['bus', 'global', 'parallel'] as const) {
    it(`two \`expect\` in a row miss nothing: ${eventConcurrency}`, async () => {
      const bus = new EventBus({ eventConcurrency })
      bus.on('A', foreign)
      const first = bus.expect('A')
      const events = [bus.dispatch(make('A')), bus.dispatch(make('A'))]
      expect([await first, await bus.expect('A', { timeout: 1000 })]).to.deep.equal(events)
    })
  }

  it('an event that its own handler forwards can be awaited by others meanwhile', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    a.on('*', b.dispatch)
    b.on('X', foreign)
    for (const hops of [0, 1, 2, 3]) {
      const event = a.dispatch(make('X'))
      for (let hop = hops; hop--; ) await null
      await event
      expect(event.eventStatus, `after ${hops} hops`).to.equal('completed')
    }
  })

  it('an event that is forwarded after a foreign await can be awaited by code of the same microtask; inspectors are told', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    const steps: string[] = []
    const ready = deferred()
    a.on('X', async (event) => {
      await ready.promise
      return b.dispatch(event)
    })
    b.on('X', foreign)
    b[inspect]((step) => void steps.push(step))
    const event = a.dispatch(new BaseEvent('X', {}, { timeout: 1000 }))
    await foreign()
    const waiting = (async () => {
      await ready.promise
      await event
      return event.eventStatus
    })()
    ready.resolve()
    expect(await waiting).to.equal('completed')
    expect(steps.slice(0, 2)).to.deep.equal(['forwarded', 'queued'])
  })

  it('awaiting one result of an event lets what its handler waits for jump', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    const log: string[] = []
    a.on('X', async (_, { via }) => {
      const event = via(b).dispatch(make('Y'))
      while (!event.eventResults.size) await foreign()
      log.push(`got ${await only(event.eventResults.values())}`)
    })
    b.on('Y', async (_, { via }) => void (await via(a).dispatch(make('Z'))), { timeout: 1000 })
    for (const type of ['Z', 'Other']) a.on(type, () => void log.push(type))
    const event = a.dispatch(make('X'))
    a.dispatch(make('Other'))
    await event
    await a.waitUntilIdle()
    expect(log).to.deep.equal(['Z', 'got undefined', 'Other'])
  })

  it('handlers of one event may await the result of one another', async () => {
    const bus = new EventBus({ parallelHandlers: true })
    bus.on('X', async () => {
      await foreign()
      return 1
    })
    bus.on('X', async (event) => Number(await [...event.eventResults.values()][0]) + 1)
    expect(await bus.dispatch(make('X')).eventResultsList()).to.deep.equal([1, 2])
  })

  it('a second dispatch to the same bus, of an event that runs, can be awaited', async () => {
    const bus = new EventBus()
    bus.on('X', async () => {
      await foreign()
      await foreign()
    })
    const event = bus.dispatch(make('X'))
    await foreign()
    await bus.dispatch(event)
    expect(event.eventStatus).to.equal('completed')
  })

  it('a handler may forward its event, after a foreign await, to a bus that it comes from', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      from.on('X', async (event) => {
        await foreign()
        return to.dispatch(event)
      })
    }
    const event = await a.dispatch(new BaseEvent('X', {}, { timeout: 1000 }))
    expect([...event.eventResults.values()].map(({ status }) => status)).to.deep.equal([
      'completed',
      'completed',
    ])
  })

  it('a function that is registered twice runs by what is left of it, in that place', async () => {
    for (const pattern of ['X', '*']) {
      for (const isGone of [true, false]) {
        const bus = new EventBus()
        const log: string[] = []
        const twice = () => void log.push('twice')
        bus.on('X', () => isGone && first())
        const first = bus.on('X', twice, { once: true })
        bus.on('X', () => void log.push('other'))
        bus.on(pattern, twice)
        bus.on(pattern, twice)
        const event = await bus.dispatch(make('X'))
        expect(log).to.deep.equal(isGone ? ['other', 'twice'] : ['twice', 'other'])
        expect(event.eventResults.size).to.equal(3)
      }
    }
  })

  it('a listener after one that stopped the bus is not called: the event is over', async () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.addEventListener('X', () => {
      log.push('first')
      void bus.stop()
    })
    bus.addEventListener('X', async () => log.push('second'))
    const event = await bus.dispatch(make('X'))
    await foreign()
    expect(log).to.deep.equal(['first'])
    expect(only(event.eventResults.values()).status).to.equal('error')
  })

  it('an inspector is told of a time-out before what comes of it', async () => {
    const bus = new EventBus()
    const steps: string[] = []
    bus.on('Child', () => new Promise(() => {}), { name: 'child' })
    bus.on('X', async () => await bus.dispatch(make('Child')), { name: 'slow', timeout: 5 })
    bus.on('X', () => 1, { name: 'next' })
    bus[inspect](
      (step, event, result) => void steps.push(`${result?.handlerName ?? event.eventType} ${step}`),
    )
    await consoleDuring('warn', () => bus.dispatch(make('X')))
    const after = steps.slice(steps.indexOf('slow timeout'))
    expect(after).to.deep.equal([
      'slow timeout',
      'child cancelled',
      'Child cancelled',
      'Child completed',
      'next started',
      'next result',
      'X completed',
    ])
  })
})

/** Holds the page. */
function busy(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

describe('those who wait for the bus', () => {
  it('for room: none is forgotten who comes while another is being let in', async () => {
    const bus = new EventBus()
    const mine = bus.whenRoom()
    const others = bus[CORE].whenRoom(undefined, true)
    await Promise.all([mine, others])
  })

  it('to be idle: not a handler of what came of an event of that bus, which would wait for itself', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    a.on('X', async (_, { via }) => await via(b).dispatch(make('Y')).eventResult())
    b.on('Y', async () => (await rejectionOf(a.waitUntilIdle(1000))).name)
    expect(await a.dispatch(make('X')).eventResult()).to.equal('EventLoopError')
  })
})

describe('the time of a handler', () => {
  it("is over before its parent's, though the page was busy when both came", async () => {
    const bus = new EventBus()
    const child = new BaseEvent('Child', {}, { timeout: 100 })
    bus.on('X', async (_, context) => void (await context.bus.dispatch(child)))
    bus.on('Child', async () => {
      await null
      busy(1100)
      await new Promise(() => {})
    })
    await consoleDuring('warn', () => bus.dispatch(new BaseEvent('X', {}, { timeout: 1000 })))
    expect((only(child.eventResults.values()).error as Error).name).to.equal('EventTimeoutError')
  })

  it('begins when it is called; what runs beside it has its own', async () => {
    const bus = new EventBus({ parallelHandlers: true })
    bus.on('X', () => {
      busy(60)
      return new Promise((resolve) => setTimeout(resolve, 20))
    })
    bus.on('X', () => new Promise((resolve) => setTimeout(resolve, 20)))
    const event = new BaseEvent('X', {}, { timeout: 50 })
    await consoleDuring('warn', () => bus.dispatch(event))
    const [first, second] = event.eventResults.values()
    expect((first.error as Error).name).to.equal('EventTimeoutError')
    expect(second.status).to.equal('completed')
    expect(Number(second.startedAt)).to.be.at.least(Number(first.startedAt) + 50)
  })
})

describe('after other code has cleared all timers of the page, or has put its own in their place for a while,', () => {
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

  /** Calls `act`, and takes away the timers that it has set. */
  async function clearing<T>(act: () => T | Promise<T>): Promise<[T]> {
    // Until none is on its way.
    await pause(1500)
    const first = Number(setTimeout(() => {}))
    const result = act()
    for (let hops = 9; hops--; ) await null
    const last = Number(setTimeout(() => {}))
    for (let id = first; id <= last; id++) clearTimeout(id)
    await pause(1500)
    return [await result]
  }

  it('time-outs come back', async function () {
    this.timeout(10_000)
    const bus = new EventBus()
    const late = () => ({ error: rejectionOf(bus.expect('X', { timeout: 20 })) })
    const all = [...(await clearing(late)), late()]
    for (const { error } of all) expect((await error).name).to.equal('EventTimeoutError')
  })

  it('errors that nobody has read are told of', async function () {
    this.timeout(10_000)
    const bus = new EventBus()
    bus.on('*', ({ type }) => Promise.reject(new Error(`of ${type}`)))
    const lines = await consoleDuring('error', async () => {
      await clearing(() => void bus.dispatch(make('First')))
      bus.dispatch(make('Second'))
      await pause(100)
    })
    expect(lines.map((line) => line.split('Error: ')[1])).to.deep.equal(['of First', 'of Second'])
  })
})

describe('what a bus knows of classes', () => {
  it('is a static `eventType`, of whatever class; one without is refused, and told what to do', async () => {
    class Own extends BaseEvent<{ count: number }> {
      static readonly eventType = 'Own'
      constructor(payload: { count: number }) {
        super('Own', payload)
      }
    }
    class Bare extends BaseEvent {
      constructor() {
        super('Bare')
      }
    }
    const bus = new EventBus()
    bus.on(Own, (event) => event.eventPayload.count + 1)
    const event = bus.dispatch(new Own({ count: 1 }))
    expect(await bus.expect(Own)).to.equal(event)
    expect(await event.eventResult()).to.equal(2)
    const again = Own.fromJSON(event.toJSON())
    expect(again).to.be.instanceOf(Own)
    expect(again.eventPayload).to.deep.equal({ count: 1 })
    for (const use of [() => bus.on(Bare, () => {}), () => bus.addEventListener(Bare, () => {})])
      expect(use).to.throw(TypeError, /class \(with a static `eventType`\)/)
  })

  class A extends defineEvent('A') {}
  class B1 extends A {}
  class B2 extends A {}

  it('is the widest of related ones, in whatever order it met them', () => {
    for (const classes of [
      [B1, A],
      [A, B1],
    ]) {
      const bus = new EventBus()
      for (const one of classes) bus.on(one, () => {})
      bus.dispatch(new B2())
    }
  })

  it('is not taught by an event that was refused', async () => {
    const onDispatch = (event: BaseEvent) => {
      if (event instanceof B1) throw new Error('refused')
    }
    const bus = new EventBus({ middlewares: [{ onDispatch }] })
    expect(() => bus.dispatch(new B1())).to.throw('refused')
    await bus.dispatch(new B2())
  })
})

describe('those who wait', () => {
  it('an `expect` whose `where` aborts it has not had the event', async () => {
    for (const isLate of [true, false]) {
      const bus = new EventBus()
      const controller = new AbortController()
      const where = () => {
        controller.abort()
        return true
      }
      if (isLate) bus.dispatch(make('X'))
      const first = rejectionOf(bus.expect('X', { signal: controller.signal, where }))
      if (!isLate) bus.dispatch(make('X'))
      expect((await bus.expect('X', { timeout: 1000 })).eventType).to.equal('X')
      expect((await first).name).to.equal('AbortError')
    }
  })
})

describe('what has no prototype', () => {
  it('is plain to a logged bus: flat results, and the groups of a RegExp', async () => {
    const plain = new EventBus()
    plain.on('X', () => ({ a: 1 }))
    const dict = await plain.dispatch(make('X')).eventResultsFlatDict()
    const { groups } = /(?<letter>.)/.exec('b') as RegExpExecArray
    const bus = new EventBus({ log: 'NoPrototype' })
    const event = bus.dispatch(make('Y', { dict, groups }))
    expect(JSON.stringify(event.eventPayload)).to.equal('{"dict":{"a":1},"groups":{"letter":"b"}}')
    expect(() => bus.dispatch(make('Y', { dict: Object.assign(Object.create(null), { f() {} }) }))).to.throw(
      'dict.f',
    )
    await event
    await bus.stop({ clear: true })
  })
})
