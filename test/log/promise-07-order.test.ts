// Promise 7, "Order": per writer the order of dispatch, across writers one order for every reader; clocks order nothing.
import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import { forever } from '../same-page/helpers.js'
import { freshName, lines } from './helpers.js'
import { rowsOf } from './raw.js'
import { closeTabs, loseLocks, openBus, openTab } from './tabs.js'

const make = (type: string, payload = {}) => new BaseEvent(type, payload)

/** The accepted events in the log's order, with their writers. */
async function order(name: string): Promise<{ n: unknown; writer: string; by: unknown }[]> {
  return (await rowsOf(name)).flatMap(([, row]) =>
    lines([row])
      .filter((line) => line.event_entry === 'E')
      .map(({ n, by }) => ({ n, by, writer: row.writer })),
  )
}

describe('promise 7: order', () => {
  const { now } = Date
  afterEach(() => {
    Date.now = now
    closeTabs()
  })

  it('one writer: the order of dispatch, over bursts and single events, in `ahead` and `behind`', async () => {
    for (const mode of ['ahead', 'behind'] as const) {
      const name = freshName()
      const { bus, log } = openBus(name, { mode, bus: { maxHistorySize: null } })
      let n = 0
      for (let burst = 1; burst < 40; burst += 3) {
        for (let i = 0; i < burst; i++) bus.dispatch(make('X', { n: n++ }))
        if (burst % 2) await bus.dispatch(make('X', { n: n++ }))
      }
      await bus.waitUntilIdle()
      await log.flush()
      expect((await order(name)).map((entry) => entry.n)).to.deep.equal(
        Array.from({ length: n }, (_, i) => i),
      )
      const own = await rowsOf(name)
      expect(own.map(([, row]) => row.wseq)).to.deep.equal(own.map((_, i) => i))
    }
  })

  it('children and jumpers lie where they were dispatched, not where they ran', async () => {
    const name = freshName()
    const { bus, log } = openBus(name)
    const ran: unknown[] = []
    bus.on('X', async ({ eventPayload: { n } }) => {
      ran.push(n)
      if (n === 0) await bus.dispatch(make('X', { n: 2 }))
    })
    bus.dispatch(make('X', { n: 0 }))
    bus.dispatch(make('X', { n: 1 }))
    await bus.waitUntilIdle()
    await log.flush()
    expect(ran).to.deep.equal([0, 2, 1])
    expect((await order(name)).map((entry) => entry.n)).to.deep.equal([0, 1, 2])
  })

  it('several tabs that write at once: each in its own order, and all recover the one order of the log', async () => {
    const name = freshName()
    const tabs = await Promise.all([openTab(), openTab()])
    await Promise.all(
      tabs.map(async (tab, by) => {
        const { bus, log } = tab.open(name, { bus: { maxHistorySize: null } })
        bus.on('X', forever)
        for (let n = 0; n < 100; n++) {
          const event = bus.dispatch(new tab.bubus.BaseEvent('X', { n, by }))
          if (n % 7 === 0) await event.eventPersisted
        }
        await log.flush()
      }),
    )
    for (const tab of tabs) await tab.die()
    const all = await order(name)
    expect(all).to.have.length(200)
    for (const by of [0, 1]) {
      const own = all.filter((entry) => entry.by === by).map(({ n }) => n)
      expect(own).to.deep.equal(Array.from({ length: 100 }, (_, n) => n))
    }
    const { bus } = openBus(name, { bus: { maxPending: null } })
    const seen: unknown[] = []
    bus.on('X', ({ eventPayload: { n, by } }) => void seen.push(`${by}:${n}`))
    for (const event of await bus.recover()) await event
    expect(seen).to.deep.equal(all.map(({ n, by }) => `${by}:${n}`))
  })

  it('a clock that is wrong or jumps changes no order, loses nothing and hides nothing', async () => {
    const name = freshName()
    const tab = await openTab()
    const day = 86_400_000
    tab.window.Date.now = () => now() - 365 * day
    const past = tab.open(name)
    past.bus.on('X', forever)
    const first = openBus(name)
    first.bus.on('X', forever)
    await first.bus.dispatch(make('X', { n: 0 })).eventPersisted
    await past.bus.dispatch(new tab.bubus.BaseEvent('X', { n: 1 })).eventPersisted
    tab.window.Date.now = () => now() + 365 * day
    await past.bus.dispatch(new tab.bubus.BaseEvent('X', { n: 2 })).eventPersisted
    Date.now = () => now() - 40 * day
    await first.bus.dispatch(make('X', { n: 3 })).eventPersisted
    await loseLocks(first)
    await tab.die()
    const { bus, log } = openBus(name)
    const seen: unknown[] = []
    bus.on('X', ({ eventPayload: { n } }) => void seen.push(n))
    for (const event of await bus.recover()) await event
    expect(seen).to.deep.equal([0, 1, 2, 3])
    await log.flush()
    await bus.stop({ clear: true })
    const later = openBus(name)
    await later.bus.ready
    expect([...later.bus.eventHistory.values()].map((event) => event.eventPayload.n)).to.deep.equal([
      0, 1, 2, 3,
    ])
  })
})
