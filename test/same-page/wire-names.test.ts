// What a record of an event holds for itself, and what it must give back as it was.
import { expect } from '@esm-bundle/chai'
import { string, type } from 'superstruct'
import { BaseEvent, defineEvent, EventBus, WireError } from '../../src/index.js'

describe('payload keys that a record of an event has for itself', () => {
  for (const key of [
    'event_type',
    'event_id',
    'event_completed_at',
    'event_outcomes',
    'event_results',
    'event_by',
  ]) {
    it(`${key} is a TypeError where the event is made, with and without a schema`, () => {
      const message = new RegExp(`Expected \`payload.${key}\` to be named otherwise.*got \`"mine"\``)
      expect(() => new BaseEvent('Track', { x: 1, [key]: 'mine' })).to.throw(TypeError, message)
      class Open extends defineEvent('Open', type({ x: string() })) {}
      expect(() => new Open({ x: 'y', [key]: 'mine' } as never)).to.throw(TypeError, message)
    })
  }

  it('a record that has the outcomes of the Python library is an event without them: its parser refuses such a line', () => {
    const record = { ...new BaseEvent('Track', { x: 1 }).toJSON(), event_results: {} }
    const event = BaseEvent.fromJSON(record)
    expect(event.eventPayload).to.deep.equal({ x: 1 })
    expect(event.toJSON()).not.to.have.property('event_results')
  })

  it('others that only look like them are payload, and come back', () => {
    const event = new BaseEvent('Track', { event_kind: 'click', eventType: 'x' })
    expect(BaseEvent.fromJSON(JSON.parse(JSON.stringify(event))).eventPayload).to.deep.equal({
      event_kind: 'click',
      eventType: 'x',
    })
  })
})

describe('what is no record', () => {
  it('is refused by its id, before its keys are copied: a text has one for each character', () => {
    let looked = 0
    const ownKeys = () => [String(++looked)]
    const none = new Proxy({}, { ownKeys })
    expect(() => BaseEvent.fromJSON(none)).to.throw(WireError, /`event_id` to be a UUID/)
    expect(looked).to.equal(0)
    for (const value of ['x'.repeat(1e6), [1], 5, null, undefined, { event_id: 'x', event_type: 'X' }])
      expect(() => BaseEvent.fromJSON(value)).to.throw(WireError, /`event_id` to be a UUID/)
  })
})

describe('a time-out', () => {
  it('comes back from its seconds as it was', () => {
    const times = [...Array.from({ length: 3000 }, (_, i) => i + 1), 59_999, 3_600_001, 0.5, 1.001, 1e-9]
    const back = times.map(
      (timeout) =>
        BaseEvent.fromJSON(JSON.parse(JSON.stringify(new BaseEvent('X', {}, { timeout })))).eventTimeout,
    )
    expect(back.filter((ms, i) => Math.abs((ms ?? 0) - times[i]) > times[i] * 1e-12)).to.deep.equal([])
    expect(back.slice(0, 3000)).to.deep.equal(times.slice(0, 3000))
  })
})

describe('an outcome', () => {
  it('of the last of all dates is shown as any other', async () => {
    const last = '+275760-09-13T00:00:00.000Z'
    const outcome = { handler_id: 'b.1', handler_name: 'h', bus_id: 'b', bus_name: 'b', status: 'completed' }
    const event_outcomes = [{ ...outcome, started_at: last, completed_at: last, result: 1 }]
    const event = BaseEvent.fromJSON({ ...new BaseEvent('X').toJSON(), event_outcomes })
    const bus = new EventBus()
    await bus.dispatch(event)
    // Whether this failed lay in the fraction of a ms at which the page was opened: it did in every other page.
    expect(event.toJSON().event_outcomes).to.have.length(1)
    expect(event.eventLogTree()).to.contain('b.h#1')
    expect(bus.logTree()).to.contain('b.h#1')
  })
})
