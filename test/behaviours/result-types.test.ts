import { expect } from '@esm-bundle/chai'
import { array, coerce, defaulted, literal, number, object, record, string, union } from 'superstruct'
import { defineEvent, EventBus, type EventResult, ResultTypeError } from '../../src/index.js'
import { onlyResult, rejection, resultsOf } from './support.js'

class Text extends defineEvent('Text', {}, { result: string() }) {}
class Count extends defineEvent('Count', {}, { result: number() }) {}
class Charge extends defineEvent('Charge', {}, { result: object({ charged: number() }) }) {}
class Rows extends defineEvent('Rows', {}, { result: array(object({ id: string() })) }) {}
class Stock extends defineEvent('Stock', {}, { result: record(string(), number()) }) {}
class LateCharge extends Charge {}
class Untyped extends defineEvent('Untyped') {}
class Either extends defineEvent('Either', {}, { result: union([literal('yes'), number()]) }) {}
class Config extends defineEvent('Config', {}, { result: record(string(), number()) }) {}

type Made = Text | Count | Charge | Rows | Stock | Untyped | Either

/** What became of the value that one handler returns for this event. A result itself cannot be returned: it is awaited. */
async function answered(
  event: Made,
  value: unknown,
): Promise<Pick<EventResult, 'status' | 'result' | 'error'>> {
  const bus = new EventBus()
  bus.on(event.eventType, () => value)
  const { status, result, error } = onlyResult(await bus.dispatch(event))
  return { status, result, error }
}

describe('A6: result types', () => {
  it('49: the result struct of the class is checked: values, objects, lists, records, inherited', async () => {
    const cases: [() => Made, good: unknown, bad: unknown][] = [
      [() => new Text(), 'text', 1],
      [() => new Count(), 1, 'text'],
      [() => new Charge(), { charged: 1 }, { charged: 'much' }],
      [() => new Rows(), [{ id: 'a' }], [{ id: 1 }]],
      [() => new Stock(), { pens: 3 }, { pens: 'three' }],
      [() => new LateCharge(), { charged: 2 }, {}],
    ]
    for (const [make, good, bad] of cases) {
      const passed = await answered(make(), good)
      expect([passed.status, passed.result], make().eventType).to.deep.equal(['completed', good])
      const failed = await answered(make(), bad)
      expect(failed.error, make().eventType).to.be.instanceOf(ResultTypeError)
    }
  })

  it('50: the struct given to defineEvent is the only source; without one nothing is checked', async () => {
    for (const value of ['text', 1, { any: ['thing'] }, Symbol.iterator]) {
      const result = await answered(new Untyped(), value)
      expect(result.status).to.equal('completed')
      expect(result.result === value).to.equal(true)
    }
    class Overridden extends defineEvent('Charge', {}, { result: string() }) {}
    expect((await answered(new Overridden() as Made, 'text')).status).to.equal('completed')
  })

  it('52: coerced and defaulted values are what the reader gets', async () => {
    const Seconds = coerce(number(), string(), (text) => Number.parseFloat(text))
    class Measure extends defineEvent(
      'Measure',
      {},
      { result: object({ took: Seconds, unit: defaulted(string(), 's') }) },
    ) {}
    const bus = new EventBus()
    bus.on('Measure', () => ({ took: '1.5' }))
    const measure = await bus.dispatch(new Measure())
    expect(await measure.eventResult()).to.deep.equal({ took: 1.5, unit: 's' })
    expect(onlyResult(measure).result).to.deep.equal({ took: 1.5, unit: 's' })
    expect((await answered(new Text(), 42)).error).to.be.instanceOf(ResultTypeError)
  })

  it('53: a result of the wrong type fails alone; the others are kept and the event completes', async () => {
    const bus = new EventBus()
    bus.on('Config', () => ({ port: 80 }))
    bus.on('Config', () => ({ port: 'eighty' }))
    bus.on('Config', () => 'no object')
    bus.on('Config', () => ({ retries: 3 }))
    const config = await bus.dispatch(new Config())
    expect(config.eventStatus).to.equal('completed')
    const statuses = resultsOf(config).map((result) => result.status)
    expect(statuses).to.deep.equal(['completed', 'error', 'error', 'completed'])
    expect({ ...(await config.eventResultsFlatDict({ raiseIfAny: false })) }).to.deep.equal({
      port: 80,
      retries: 3,
    })
    const error = await rejection(config.eventResultsFlatDict())
    expect(error).to.be.instanceOf(ResultTypeError)
    expect(error.message).to.contain('port')
  })

  it('54: null and undefined always pass, so does a returned event; unions work', async () => {
    for (const value of [null, undefined, new Untyped()]) {
      const result = await answered(new Count(), value)
      expect(result.status).to.equal('completed')
    }
    expect((await answered(new Either(), 'yes')).result).to.equal('yes')
    expect((await answered(new Either(), 3)).result).to.equal(3)
    expect((await answered(new Either(), 'no')).error).to.be.instanceOf(ResultTypeError)
  })

  it('55: dispatch, expect and the results keep their static types', async () => {
    const bus = new EventBus()
    bus.on(Charge, () => ({ charged: 5 }))
    const expected = bus.expect(Charge)
    const dispatched: Charge = bus.dispatch(new Charge())
    const awaited: Charge = await dispatched
    const seen: Charge = await expected
    const charged: number | undefined = (await awaited.eventResult())?.charged
    const all: number[] = (await awaited.eventResultsList()).map((result) => result.charged)
    expect(seen === dispatched).to.equal(true)
    expect(charged).to.equal(5)
    expect(all).to.deep.equal([5])
  })
})
