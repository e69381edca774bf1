// Promise 4, "Atomic flush": a segment is there whole or not at all, for every reader and after every end of its page.
import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import { fault } from '../../src/log/segment.js'
import { forever } from '../same-page/helpers.js'
import { freshName, lines, loggedBus } from './helpers.js'
import { rowsOf } from './raw.js'
import { closeTabs, openTab } from './tabs.js'

const make = (type: string, payload = {}) => new BaseEvent(type, payload)

describe('promise 4: atomic flush', () => {
  afterEach(closeTabs)

  it('what is dispatched in one synchronous stretch lies in one segment, up to 1000 entries', async () => {
    const { bus, name, log } = loggedBus({ bus: { maxHistorySize: null } })
    for (let n = 0; n < 1500; n++) bus.dispatch(make('X', { n }))
    await bus.waitUntilIdle()
    await log.flush()
    const rows = await rowsOf(name)
    const accepts = rows.map(([, row]) => lines([row]).filter((line) => line.event_entry === 'E').length)
    expect(accepts.slice(0, 2)).to.deep.equal([1000, 500])
    expect(Math.max(...rows.map(([, row]) => row.n))).to.be.at.most(1000)
  })

  it('a segment is cut at about a million characters', async () => {
    const { bus, name, log } = loggedBus()
    const text = 'x'.repeat(300_000)
    for (let n = 0; n < 8; n++) bus.dispatch(make('X', { text }))
    await bus.waitUntilIdle()
    await log.flush()
    for (const [, row] of await rowsOf(name)) expect(row.body.length).to.be.below(1_400_000)
  })

  it('a page that dies in the middle of writing leaves whole segments only, numbered without a hole', async () => {
    for (let round = 0; round < 3; round++) {
      const name = freshName()
      const tab = await openTab()
      const { bus } = tab.open(name, { bus: { maxHistorySize: null } })
      bus.on('X', forever)
      const text = 'x'.repeat(20_000)
      const burst = () => {
        for (let n = 0; n < 20; n++) bus.dispatch(new tab.bubus.BaseEvent('X', { text }))
      }
      burst()
      await bus.dispatch(new tab.bubus.BaseEvent('X')).eventPersisted
      for (let n = 0; n < round * 3; n++) burst()
      await Promise.resolve()
      await tab.die()
      const rows = await rowsOf(name)
      for (const [, row] of rows) expect(fault(row)).to.equal(undefined)
      expect(rows.map(([seq]) => seq)).to.deep.equal(rows.map((_, i) => i + 1))
      expect(rows.map(([, row]) => row.wseq)).to.deep.equal(rows.map((_, i) => i))
      const later = loggedBus({ name })
      later.bus.on('X', () => {})
      const events = await later.bus.recover()
      expect(events.length % 20, 'bursts are there whole, and one event').to.equal(1)
    }
  })
})
