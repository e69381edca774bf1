// Bad input: a clear error at the right place, nothing half done, and a bus that goes on.
import { expect } from '@esm-bundle/chai'
import { any, number, object, StructError, string, type } from 'superstruct'
import {
  BaseEvent,
  BusStoppedError,
  defineEvent,
  EventBus,
  EventTimeoutError,
  ResultTypeError,
} from '../../src/index.js'
import { consoleDuring, foreign, only, rejectionOf, reportedDuring, stillWorks, thrownBy } from './helpers.js'

const make = (type = 'X', payload: Record<string, unknown> = {}) => new BaseEvent(type, payload)

class Evil {
  toString(): string {
    throw new Error('toString throws')
  }
}

describe('bad payloads', () => {
  class Order extends defineEvent('Order', { orderId: string(), total: number() }) {}

  it('a payload that fails its schema is a StructError, and no event', async () => {
    const bus = new EventBus()
    bus.on(Order, () => {})
    for (const payload of [undefined, null, {}, { orderId: 1, total: 1 }, { orderId: 'o' }, [], 'text']) {
      expect(thrownBy(() => bus.dispatch(new Order(payload as never)))).to.be.instanceOf(StructError)
    }
    expect(bus.eventHistory.size).to.equal(0)
    await stillWorks(bus)
  })

  it('a getter that throws throws where the event is made', async () => {
    const bus = new EventBus()
    const failure = new Error('the getter throws')
    const payload = {
      total: 1,
      get orderId(): string {
        throw failure
      },
    }
    expect(thrownBy(() => bus.dispatch(new Order(payload)))).to.equal(failure)
    expect(thrownBy(() => bus.dispatch(new BaseEvent('X', payload)))).to.equal(failure)
    await stillWorks(bus)
  })

  it('a `toString` that throws is only data', async () => {
    const bus = new EventBus()
    class Holds extends defineEvent('Holds', { it: any() }) {}
    bus.on(Holds, (event) => event.it)
    const evil = new Evil()
    expect(await bus.dispatch(new Holds({ it: evil })).eventResult()).to.equal(evil)
    expect(bus.logTree()).to.match(/Holds#/)
    const error = thrownBy(() => new Order({ orderId: evil, total: 1 } as never))
    expect(error).to.be.instanceOf(Error)
    await stillWorks(bus)
  })

  it('`__proto__` is data in payloads and in records, and nobody gets a new prototype', async () => {
    const bus = new EventBus()
    const payload = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": "c", "n": 2}')
    const event = bus.dispatch(new BaseEvent('X', payload))
    await event
    expect(Object.getPrototypeOf(event)).to.equal(BaseEvent.prototype)
    expect((event as unknown as { polluted?: number }).polluted).to.equal(undefined)
    expect(({} as { polluted?: number }).polluted).to.equal(undefined)
    expect(Object.keys(event.eventPayload)).to.have.members(['__proto__', 'constructor', 'n'])
    const text = JSON.stringify(event)
    expect(text).to.include('"__proto__":{"polluted":1}')
    const back = BaseEvent.fromJSON(JSON.parse(text))
    expect(Object.keys(back.eventPayload)).to.have.members(['__proto__', 'constructor', 'n'])
    expect(Object.getPrototypeOf(back)).to.equal(BaseEvent.prototype)
    await stillWorks(bus)
  })

  it('`__proto__` is data in merged results', async () => {
    const bus = new EventBus()
    bus.on('X', () => JSON.parse('{"__proto__": {"polluted": 1}, "a": 1}'))
    bus.on('X', () => ({ b: 2 }))
    const merged = (await bus.dispatch(make()).eventResultsFlatDict()) as Record<string, unknown>
    expect(Object.keys(merged)).to.have.members(['__proto__', 'a', 'b'])
    expect(merged.polluted).to.equal(undefined)
    expect(({} as { polluted?: number }).polluted).to.equal(undefined)
  })

  it('`__proto__` as a type, a bus name and a handler name is a name like any other', async () => {
    const bus = new EventBus({ name: '__proto__' })
    bus.on('constructor', () => 'constructor', { name: '__proto__' })
    const event = await bus.dispatch(make('constructor'))
    const byName = await event.eventResultsByHandlerName()
    expect(Object.keys(byName)).to.deep.equal(['__proto__'])
    bus.on('hasOwnProperty', () => 'own')
    expect(await bus.dispatch(make('hasOwnProperty')).eventResult()).to.equal('own')
    expect((await bus.dispatch(make('toString'))).eventResults.size).to.equal(0)
    await bus.stop({ clear: true })
  })
})

describe('bad handlers', () => {
  it('a result that fails the `result` struct is a ResultTypeError of that handler alone', async () => {
    const bus = new EventBus()
    class Charge extends defineEvent('Charge', {}, { result: object({ charged: number() }) }) {}
    bus.on(Charge, () => ({ charged: 'a lot' }) as never)
    bus.on(Charge, () => ({ charged: 2 }))
    const event = await bus.dispatch(new Charge())
    const [bad, good] = [...event.eventResults.values()]
    expect(bad?.error).to.be.instanceOf(ResultTypeError)
    expect((bad?.error as Error).message).to.match(/charged/)
    expect(good?.result).to.deep.equal({ charged: 2 })
    expect(await rejectionOf(event.eventResult())).to.equal(bad?.error)
    await stillWorks(bus)
  })

  it('whatever is thrown is the error of that handler, as it is', async () => {
    const thrown = [
      'a string',
      0,
      null,
      undefined,
      Symbol('s'),
      { an: 'object' },
      new Evil(),
      new DOMException('stop', 'AbortError'),
    ]
    for (const reason of thrown) {
      const bus = new EventBus()
      const fail = (): never => {
        throw reason
      }
      bus.on('X', fail)
      bus.on('X', async () => fail())
      bus.on('X', () => 'fine')
      const lines = await consoleDuring('error', async () => {
        const event = await bus.dispatch(make())
        const results = [...event.eventResults.values()]
        expect(results.map((result) => result.status)).to.deep.equal(['error', 'error', 'completed'])
        expect(results.slice(0, 2).map((result) => result.error)).to.deep.equal([reason, reason])
        expect(await event.eventResult({ raiseIfAny: false })).to.equal('fine')
        expect(bus.logTree()).to.match(/❌/)
        await foreign()
        await stillWorks(bus)
      })
      expect(lines.join()).not.to.match(/toString throws/)
    }
  })

  it('a handler that never settles ends by its time-out, and the next one runs', async () => {
    const bus = new EventBus()
    bus.on('X', () => new Promise(() => {}), { timeout: 5 })
    bus.on('X', () => 'next')
    const event = await bus.dispatch(make())
    const [endless, next] = [...event.eventResults.values()]
    expect(endless?.error).to.be.instanceOf(EventTimeoutError)
    expect((endless?.error as Error).message).to.match(/5 ?ms/)
    expect(next?.result).to.equal('next')
    await stillWorks(bus)
  })

  it('a thenable whose `then` throws, or settles twice, is only one result', async () => {
    const bus = new EventBus()
    bus.on('X', () => ({
      then: () => {
        throw new Error('then throws')
      },
    }))
    bus.on('X', () => ({
      then: (ok: (value: number) => void, no: (reason: Error) => void) => {
        ok(1)
        ok(2)
        no(new Error('late'))
      },
    }))
    const [thrown, settled] = [...(await bus.dispatch(make())).eventResults.values()]
    expect((thrown?.error as Error).message).to.equal('then throws')
    expect(await settled).to.equal(1)
    await stillWorks(bus)
  })

  it('a throwing predicate rejects its own `expect` or `find` and harms nobody else', async () => {
    const bus = new EventBus()
    const failure = new Error('the predicate throws')
    const where = () => {
      throw failure
    }
    const failing = [
      rejectionOf(bus.expect('X', { where })),
      rejectionOf(bus.find('X', { where, past: false, future: true })),
    ]
    const fine = bus.expect('X')
    const event = bus.dispatch(make())
    expect(await Promise.all(failing)).to.deep.equal([failure, failure])
    expect(await fine).to.equal(event)
    expect((await event).eventResults.size).to.equal(0)
    expect(await rejectionOf(bus.find('X', { where }))).to.equal(failure)
    await stillWorks(bus)
  })

  it('an `include` that throws rejects that reading alone', async () => {
    const bus = new EventBus()
    bus.on('X', () => 1)
    const event = await bus.dispatch(make())
    const failure = new Error('include throws')
    const include = () => {
      throw failure
    }
    expect(await rejectionOf(event.eventResult({ include }))).to.equal(failure)
    expect(await event.eventResult()).to.equal(1)
  })

  it('a middleware that throws in `onDispatch` refuses the event, elsewhere it is reported and changes nothing', async () => {
    const refusal = new Error('refused')
    const failure = new Error('of the middleware')
    const fail = () => {
      throw failure
    }
    const refuse = (event: BaseEvent) => {
      if (event.eventType === 'Refused') throw refusal
    }
    const bus = new EventBus({ middlewares: [{ onDispatch: refuse, onEvent: fail, onResult: fail }] })
    const refused = make('Refused')
    expect(thrownBy(() => bus.dispatch(refused))).to.equal(refusal)
    expect([refused.eventStatus, refused.eventPath.length, bus.eventHistory.size]).to.deep.equal([
      'pending',
      0,
      0,
    ])
    let printed: string[] = []
    const reported = await reportedDuring(async () => {
      printed = await consoleDuring('error', () => stillWorks(bus))
    })
    expect([...reported.map(String), ...printed].join()).to.match(/of the middleware/)
  })

  it('an inspection hook that throws is reported and changes nothing', async () => {
    const bus = new EventBus()
    const key = Symbol.for('bubus.inspect') as never
    const inspect = (bus as Record<never, (fn: () => never) => Disposable>)[key] as (
      fn: () => never,
    ) => Disposable
    inspect.call(bus, () => {
      throw new Error('of the hook')
    })
    let printed: string[] = []
    const reported = await reportedDuring(async () => {
      printed = await consoleDuring('error', () => stillWorks(bus))
    })
    expect([...reported.map(String), ...printed].join()).to.match(/of the hook/)
  })
})

describe('bad times', () => {
  it('a second `stop` is a silent no-op, and two at once both settle', async () => {
    const bus = new EventBus()
    bus.on('X', foreign)
    bus.dispatch(make())
    await Promise.all([bus.stop(), bus.stop({ timeout: 10 })])
    await bus.stop()
    await stillWorks(bus)
  })

  it('a dispatch after `clear` is a BusStoppedError, and changes nothing', async () => {
    const bus = new EventBus({ name: 'ClearedBus' })
    await bus.stop({ clear: true })
    const event = make()
    const error = thrownBy(() => bus.dispatch(event))
    expect(error).to.be.instanceOf(BusStoppedError)
    expect(error.message).to.match(/ClearedBus/)
    expect([event.eventStatus, event.eventPath.length]).to.deep.equal(['pending', 0])
    await stillWorks(new EventBus())
  })

  it('an event dispatched twice runs once', async () => {
    const bus = new EventBus()
    let calls = 0
    bus.on('X', () => ++calls)
    const event = make()
    expect(bus.dispatch(event)).to.equal(bus.dispatch(event))
    await event
    expect(bus.dispatch(event)).to.equal(event)
    await bus.waitUntilIdle()
    expect([calls, event.eventResults.size, event.eventPath.length, bus.eventHistory.size]).to.deep.equal([
      1, 1, 1, 1,
    ])
    await stillWorks(bus)
  })

  it('a completed event on a bus that never had it is a TypeError', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    const event = await a.dispatch(make())
    const error = thrownBy(() => b.dispatch(event))
    expect(error).to.be.instanceOf(TypeError)
    expect(error.message).to.match(/copy/)
    expect(event.eventPath.length).to.equal(1)
    await stillWorks(b)
  })

  it('`eventResult()` before dispatch is a TypeError', async () => {
    expect(await rejectionOf((async () => make().eventResult())())).to.be.instanceOf(TypeError)
  })

  it('two unrelated classes of one type on one bus are a TypeError', async () => {
    const bus = new EventBus()
    class One extends defineEvent('Same', { n: number() }) {}
    class Other extends defineEvent('Same', { s: string() }) {}
    class Sub extends One {}
    bus.on(One, () => 'one')
    expect(thrownBy(() => bus.on(Other, () => {}))).to.be.instanceOf(TypeError)
    expect(thrownBy(() => bus.dispatch(new Other({ s: '' })))).to.be.instanceOf(TypeError)
    expect(await bus.dispatch(new Sub({ n: 1 })).eventResult()).to.equal('one')
    expect(await bus.dispatch(new BaseEvent('Same')).eventResult()).to.equal('one')
    expect((await bus.dispatch(new One({ n: 1 }))).eventResults.size).to.equal(1)
    expect(only([...bus.eventHistory.values()].slice(-1)).eventType).to.equal('Same')
    await stillWorks(bus)
  })

  it('a refused registration does not make its class known', async () => {
    const bus = new EventBus()
    class One extends defineEvent('Same', { n: number() }) {}
    class Other extends defineEvent('Same', { s: string() }) {}
    expect(thrownBy(() => bus.on(One, 1 as never))).to.be.instanceOf(TypeError)
    expect(thrownBy(() => bus.on(One, () => {}, { timeout: -1 }))).to.be.instanceOf(RangeError)
    bus.on(Other, () => 'other')
    expect(await bus.dispatch(new Other({ s: '' })).eventResult()).to.equal('other')
  })

  it('so they are for everything that a class can be given to', async () => {
    class One extends defineEvent('Same', { n: number() }) {}
    class Other extends defineEvent('Same', { s: string() }) {}
    type Use = (bus: EventBus, eventClass: typeof One) => unknown
    const uses: Record<string, Use> = {
      on: (bus, eventClass) => bus.on(eventClass, () => {}),
      expect: (bus, eventClass) => bus.expect(eventClass, { timeout: 5 }),
      find: (bus, eventClass) => bus.find(eventClass),
      events: (bus, eventClass) => bus.events(eventClass).return?.(),
      addEventListener: (bus, eventClass) => bus.addEventListener(eventClass, () => {}),
    }
    for (const [name, use] of Object.entries(uses)) {
      const bus = new EventBus()
      await Promise.resolve(use(bus, One)).catch(() => {})
      const error = await rejectionOf((async () => use(bus, Other as never))())
      expect(error, name).to.be.instanceOf(TypeError)
      expect(error.message).to.match(/Same/)
    }
  })
})

describe('payload keys that the class has for itself', () => {
  class Paid extends defineEvent('PaidMethods', type({ total: number() })) {
    count = 0
    isBig(): boolean {
      return this.total > 10
    }
    get label(): string {
      return `${this.total} EUR`
    }
  }
  it('are data of the payload: they hide no method, getter or field, whoever sends them', () => {
    const record = new Paid({ total: 11 }).toJSON()
    const event = Paid.fromJSON({ ...record, isBig: 'yes', label: 'hidden', count: 5 }) as Paid
    expect([event.isBig(), event.label, event.count]).to.deep.equal([true, '11 EUR', 0])
    expect(event.eventPayload).to.include({ total: 11, isBig: 'yes', label: 'hidden', count: 5 })
  })
})
