import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus, LogError } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'
import { count, type RecordsFilter, records } from '../../src/log/reading.js'
import { freshName, loggedBus } from './helpers.js'
import { accepted, plant, said } from './raw.js'
import { all, discard, planted } from './reading.js'

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString()

describe('the records of a log', () => {
  it('are flat, in log order, with their place and what became of them', async () => {
    const { bus, log, name } = loggedBus()
    bus.on('Add', (event) => (event.eventPayload.a as number) + 1, { name: 'add' })
    bus.on('Fail', () => {
      throw new RangeError('no')
    })
    const add = bus.dispatch(new BaseEvent('Add', { a: 1, writer: 'me', at: [9, 9] }))
    const fail = bus.dispatch(new BaseEvent('Fail'))
    await add
    await fail.eventResult({ raiseIfAny: false })
    const found = await all(records(log))
    expect(found.map((record) => [record.event_type, record.event_id])).to.eql([
      ['Add', add.eventId],
      ['Fail', fail.eventId],
    ])
    const [{ event_log_position, ...record }, failed] = found
    expect(event_log_position).to.match(/^\d+:\d+$/)
    expect(JSON.stringify(record.event_outcomes)).to.equal(JSON.stringify(add.toJSON().event_outcomes))
    for (const [key, value] of Object.entries(add.toJSON())) {
      if (value !== undefined && value !== null && key !== 'event_outcomes')
        expect(record[key], key).to.eql(value)
    }
    expect(Object.keys(record)).not.to.include.members(['event_entry'])
    expect(Object.keys(record)).not.to.include.members(['event_by'])
    expect(failed.event_outcomes?.[0].error?.name).to.equal('RangeError')
    expect(BaseEvent.fromJSON(record).eventId).to.equal(add.eventId)
    await discard({ name, log })
  })

  it('begin behind a place, page by page, with nothing missing or twice', async () => {
    const events = Array.from({ length: 25 }, (_, i) => accepted('Tick', { payload: { i } }))
    const { name, log } = await planted(async (name) => {
      for (let i = 0; i < events.length; i += 3)
        await plant(
          name,
          events.slice(i, i + 3).flatMap(({ id, line }) => [line, said('R', id)]),
          { wseq: i },
        )
    })
    const seen: unknown[] = []
    let after: string | undefined
    for (;;) {
      let taken = 0
      for await (const record of records(log, { after })) {
        seen.push(record.i)
        after = record.event_log_position
        if (++taken === 4) break
      }
      if (!taken) break
    }
    expect(seen).to.eql(events.map((_, i) => i))
    expect(log.readers.size).to.equal(0)
    expect(await count(log)).to.equal(25)
    await discard({ name, log })
  })

  it('are filtered by type, time and bus', async () => {
    const when = (seconds: number) => ({ event_created_at: at(seconds) })
    const one = (type: string, seconds: number) => accepted(type, when(seconds)).line
    const { name, log } = await planted(async (name) => {
      await plant(name, [one('A', 1), one('B', 2)], { bus: 'Shop' })
      await plant(name, [one('A', 3)], { bus: 'Till' })
      await plant(name, [one('B', 4), one('A', 5)], { bus: 'Shop' })
    })
    const found = async (filter: RecordsFilter) =>
      (await all(records(log, filter))).map((record) => record.event_log_position).join(' ')
    expect(await found({ type: 'A' })).to.equal('1:0 2:0 3:1')
    expect(await found({ busName: 'Till' })).to.equal('2:0')
    expect(await found({ busName: 'Shop', type: 'B' })).to.equal('1:1 3:0')
    expect(await found({ since: at(3) })).to.equal('2:0 3:0 3:1')
    expect(await found({ since: new Date(at(2)), until: Date.parse(at(4)) })).to.equal('1:1 2:0 3:0')
    expect(await found({ type: 'C' })).to.equal('')
    expect(await found({ type: 'A', after: '1:0', until: at(3) })).to.equal('2:0')
    await discard({ name, log })
  })

  it('say what is wrong with a filter before anything is read', () => {
    const log = new EventLog(freshName())
    const wrong = (filter: unknown, message: RegExp) =>
      expect(() => records(log, filter as RecordsFilter)).to.throw(TypeError, message)
    wrong({ type: 5 }, /`type`/)
    wrong({ since: 'yesterday' }, /`since`/)
    wrong({ until: null }, /`until`/)
    wrong({ until: new Date(Number.NaN) }, /`until`/)
    wrong({ busName: '' }, /`busName`/)
    wrong({ after: 'x' }, /`after`/)
    wrong(null, /`filter`/)
  })

  it('are those of the moment: what is dispatched while they are read does not come', async () => {
    const { bus, log, name } = loggedBus()
    await bus.dispatch(new BaseEvent('Tick'))
    let seen = 0
    for await (const _ of records(log)) {
      seen++
      await bus.dispatch(new BaseEvent('Tick')).eventPersisted
    }
    expect(seen).to.equal(1)
    await discard({ name, log })
  })

  it('have one record for each bus that accepted an event', async () => {
    const { bus, log, name } = loggedBus()
    const other = new EventBus({ name: `x${name}`, log })
    bus.on('*', other.dispatch)
    const event = await bus.dispatch(new BaseEvent('Tick'))
    const found = await all(records(log))
    expect(found.map((record) => record.event_id)).to.eql([event.eventId, event.eventId])
    expect(found.map((record) => record.event_path)).to.eql([[name], [name, `x${name}`]])
    expect(await all(records(log, { busName: `x${name}` }))).to.have.length(1)
    await discard({ name, log })
  })

  it('of a segment that cannot be read are left out, and the others come', async () => {
    const [a, b] = [accepted('A'), accepted('B')]
    const { name, log } = await planted(async (name) => {
      await plant(name, [a.line])
      await plant(name, [a.line], { sum: 5 })
      await plant(name, [b.line], { writer: 'two' })
    })
    const found = (await all(records(log))).map((record) => record.event_type)
    expect(found).to.eql(['A', 'B'])
    await discard({ name, log })
  })

  it('keep a payload that names a prototype as data', async () => {
    const { line } = accepted('A')
    const { name, log } = await planted((name) =>
      plant(name, [line.replace('{', '{"__proto__":{"polluted":1},')]),
    )
    const [record] = await all(records(log))
    expect(Object.hasOwn(record, '__proto__')).to.equal(true)
    expect((record as { polluted?: number }).polluted).to.equal(undefined)
    await discard({ name, log })
  })

  it('are refused by a log that is closed', async () => {
    const { log, name } = loggedBus()
    await log.close()
    const error = await all(records(log)).catch((error) => error)
    expect(error).to.be.instanceOf(LogError)
    await EventLog.destroy(name)
  })

  it('know what became of events though nobody has indexed many of their segments', async () => {
    const name = freshName()
    const first = new EventLog(name)
    await first.db()
    await first.close()
    for (let wseq = 0; wseq < 200; ) {
      const { id, line } = accepted('A')
      const seq = await plant(name, [line], { wseq: wseq++ })
      await plant(name, [said('C', id, { at: [seq, 0], event_completed_at: at(1) })], { wseq: wseq++ })
    }
    const log = new EventLog(name)
    const open = (await all(records(log))).filter(({ event_completed_at }) => !event_completed_at)
    expect(open).to.eql([])
    await discard({ name, log })
  })
})
