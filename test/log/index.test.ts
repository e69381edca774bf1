import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import { count, records } from '../../src/log/reading.js'
import { newSummary } from '../../src/log/summary.js'
import { loggedBus } from './helpers.js'
import { accepted, plant, rowsOf, said } from './raw.js'
import { all, discard, metaOf, planted, summaries } from './reading.js'

const tick = () => new BaseEvent('Tick', { n: 1 })

describe('the index of a log', () => {
  it('is written after the segments, and says what they say', async () => {
    const { bus, log, name } = loggedBus()
    bus.on('Tick', () => 1)
    for (let i = 0; i < 5; i++) await bus.dispatch(tick())
    await log.flush()
    await log.index.flush()
    await log.index.catchUp()
    const known = [...(await summaries(name)).values()]
    const rows = await rowsOf(name)
    expect(known.length).to.equal(rows.length)
    expect(known.reduce((sum, { events }) => sum + events, 0)).to.equal(5)
    expect(known.reduce((sum, { open }) => sum + open, 0)).to.equal(0)
    expect(known.reduce((sum, { ended }) => sum + ended, 0)).to.equal(5)
    expect(known.flatMap(({ types }) => types)).to.include('Tick')
    const { indexed, settled } = await metaOf(name)
    expect([indexed, settled]).to.eql([rows.length, rows.length])
    await discard({ name, log })
  })

  it('is written by itself once a busy log has been idle for a while', async () => {
    const { bus, log, name } = loggedBus()
    await bus.dispatch(tick())
    await log.flush()
    while (!(await summaries(name)).size) await new Promise((resolve) => setTimeout(resolve, 20))
    await discard({ name, log })
  })

  it('says nothing when it can be written no more', async () => {
    const { bus, log, name } = loggedBus()
    await bus.dispatch(tick())
    const unhandled: unknown[] = []
    const note = (event: PromiseRejectionEvent) => {
      event.preventDefault()
      unhandled.push(event.reason)
    }
    addEventListener('unhandledrejection', note, { capture: true })
    await discard({ name, log })
    log.index.add(1, newSummary('Late'))
    await new Promise((resolve) => setTimeout(resolve, 500))
    removeEventListener('unhandledrejection', note, { capture: true })
    expect(unhandled).to.deep.equal([])
  })

  it('is caught up with what dead writers have written', async () => {
    const a = accepted('A')
    const b = accepted('B')
    const { name, log } = await planted(async (name) => {
      await plant(name, [a.line, b.line], { writer: 'one' })
      await plant(name, [said('C', a.id, { at: [1, 0] })], { writer: 'one', wseq: 1 })
      await plant(name, [said('S', b.id, { writer: 'one', at: [1, 1] })], { writer: 'two' })
    })
    await log.index.catchUp()
    const known = await summaries(name)
    expect(known.get(1)).to.include({ events: 2, open: 1, keep: false, least: a.id, most: b.id })
    expect(known.get(2)).to.include({ events: 0, ended: 1 })
    expect(await metaOf(name)).to.include({ indexed: 3, settled: 0 })
    await plant(name, [said('X', b.id, { writer: 'one', at: [1, 1] })], { writer: 'two', wseq: 1 })
    await log.index.catchUp()
    expect(await metaOf(name)).to.include({ indexed: 4, settled: 4 })
    await discard({ name, log })
  })

  it('finds an event whose end does not say where it is, or says it wrongly', async () => {
    const events = Array.from({ length: 6 }, () => accepted('A'))
    const [a, b, c] = events
    const { name, log } = await planted(async (name) => {
      for (const [i, { line }] of events.entries()) await plant(name, [line], { writer: 'one', wseq: i })
      await plant(
        name,
        [said('C', a.id), said('C', b.id, { at: [5, 0] }), said('C', c.id, { at: [99, 7] })],
        {
          writer: 'one',
          wseq: 6,
        },
      )
      await plant(name, [said('C', events[3].id)], { writer: 'other' })
    })
    await log.index.catchUp()
    const known = await summaries(name)
    expect([1, 2, 3, 4, 5, 6].map((seq) => known.get(seq)?.open)).to.eql([0, 0, 0, 1, 1, 1])
    expect(await metaOf(name)).to.include({ indexed: 8, settled: 3 })
    await discard({ name, log })
  })

  it('counts an event once that was written twice', async () => {
    const a = accepted('A')
    const b = accepted('A')
    const { name, log } = await planted(async (name) => {
      await plant(name, [a.line, b.line, a.line], { writer: 'one' })
      await plant(name, [a.line, b.line], { writer: 'one' })
      await plant(name, [said('C', a.id, { at: [2, 0] }), said('C', b.id, { at: [1, 1] })], { writer: 'one' })
    })
    await log.index.catchUp()
    expect(await count(log)).to.equal(2)
    const found = (await all(records(log))).map((record) => record.event_log_position)
    expect(found).to.eql(['1:0', '1:1'])
    expect(await metaOf(name)).to.include({ indexed: 3, settled: 3 })
    await discard({ name, log })
  })

  it('stops before what it does not know, and does not stop at what it cannot read', async () => {
    const a = accepted('A')
    const { name, log } = await planted(async (name) => {
      await plant(name, [a.line, said('C', a.id, { at: [0, 0] })])
      await plant(name, [a.line], { sum: 1 })
      await plant(name, [said('Q', a.id)])
      await plant(name, [a.line, said('C', a.id, { at: [0, 0] })], { writer: 'two' })
      await plant(name, ['whatever'], { v: 2 } as object)
    })
    await log.index.catchUp()
    const known = await summaries(name)
    expect([...known.values()].map(({ keep }) => keep)).to.eql([false, false, true, false, true])
    expect(await metaOf(name)).to.include({ indexed: 5, settled: 2 })
    expect((await rowsOf(name, 'quarantine')).length).to.equal(1)
    await discard({ name, log })
  })
})
