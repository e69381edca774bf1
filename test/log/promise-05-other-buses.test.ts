// Promise 5 for an event that went over several buses: what its handlers on one had dispatched, and which of them had their turn, is
// not mistaken by the recovery of another.
import { expect } from '@esm-bundle/chai'
import { EventBus } from '../../src/index.js'
import { forever } from '../same-page/helpers.js'
import { freshName } from './helpers.js'
import { rowsOf } from './raw.js'
import { closeTabs, eventually, type Logged, openBus, openTab, type Tab } from './tabs.js'

const text = async (name: string) => (await rowsOf(name)).map(([, { body }]) => body).join('')

/** Dispatches `X` on the first of two buses, which forwards it; dies once what the logs are to have is there. */
async function died(tab: Tab, [a, b]: EventBus[], logs: Logged['log'][], there: () => Promise<unknown>) {
  a.on('X', b.dispatch)
  await Promise.all([a.ready, b.ready])
  a.dispatch(new tab.bubus.BaseEvent('X'))
  await eventually('it has come so far', async () => {
    await Promise.all(logs.map((log) => log.flush()))
    return there()
  })
  await tab.die()
}

/** What runs, by its type. */
function traced(...buses: EventBus[]): string[] {
  const ran: string[] = []
  for (const bus of buses) for (const type of ['X', 'Y']) bus.on(type, () => void ran.push(type))
  return ran
}

describe('promise 5: an event on several buses', () => {
  afterEach(closeTabs)

  it('a child that a bus without a log had dispatched, on its way here, is recovered itself', async () => {
    const name = freshName()
    const tab = await openTab()
    const a = new tab.bubus.EventBus({ name: freshName() })
    const { bus: b, log } = tab.open(name)
    b.on('*', forever)
    a.on('X', (_, { via }) => void via(b).dispatch(new tab.bubus.BaseEvent('Y')))
    await died(tab, [a, b], [log], async () => {
      const all = await text(name)
      return all.includes('"X"') && all.includes('"Y"')
    })
    const { bus } = openBus(name)
    const ran = traced(bus)
    await Promise.all(await bus.recover())
    expect(ran).to.have.members(['X', 'Y'])
  })

  it('a child that a spared handler had dispatched, which only another log knows, is recovered itself', async () => {
    const names = [freshName(), freshName()] as const
    const tab = await openTab()
    const [a, b] = names.map((name) => tab.open(name))
    b.bus.on('*', forever)
    a.bus.on('X', (_, { via }) => void via(b.bus).dispatch(new tab.bubus.BaseEvent('Y')), { name: 'h' })
    await died(tab, [a.bus, b.bus], [a.log, b.log], async () => /"R"/.test(await text(names[0])))
    const [first, second] = names.map((name) => openBus(name).bus)
    first.on('X', () => expect.fail('it is spared'), { name: 'h' })
    first.on('X', second.dispatch)
    const ran = traced(second)
    await second.recover()
    await first.recover()
    await Promise.all([first, second].map((bus) => bus.waitUntilIdle()))
    expect(ran).to.have.members(['X', 'Y'])
  })

  for (const order of [
    [0, 1],
    [1, 0],
  ])
    it(`a child that a spared handler had dispatched, on another bus of the log; bus ${order} recovers first`, async () => {
      const names = [freshName(), freshName()]
      const tab = await openTab()
      const { bus: b, log } = tab.open(names[1])
      const a = new tab.bubus.EventBus({ name: names[0], log })
      b.on('*', forever)
      a.on('X', (_, { via }) => void via(b).dispatch(new tab.bubus.BaseEvent('Y')), { name: 'h' })
      await died(tab, [a, b], [log], async () => /"R"/.test(await text(names[1])))
      const next = openBus(names[1])
      const buses = [new EventBus({ name: names[0], log: next.log }), next.bus]
      buses[0].on('X', () => expect.fail('it is spared'), { name: 'h' })
      buses[0].on('X', next.bus.dispatch)
      const ran = traced(next.bus)
      for (const at of order) {
        await buses[at].recover()
        await buses[at].waitUntilIdle()
      }
      await next.bus.waitUntilIdle()
      expect(ran).to.have.members(['X', 'Y'])
    })

  it('is not done again where it is finished: a page between has had only the second bus', async () => {
    const names = [freshName(), freshName()]
    const tab = await openTab()
    const { bus: b, log } = tab.open(names[1])
    const a = new tab.bubus.EventBus({ name: names[0], log })
    b.on('X', forever)
    await died(tab, [a, b], [log], async () => (await text(names[1])).split('"X"').length > 2)
    const between = await openTab()
    const { bus: only, log: its } = between.open(names[1])
    const ran: string[] = []
    only.on('X', () => void ran.push('between'), { name: 'h' })
    await Promise.all(await only.recover())
    await its.flush()
    await between.die()
    const next = openBus(names[1])
    const first = new EventBus({ name: names[0], log: next.log })
    first.on('X', () => void ran.push('first'))
    first.on('X', next.bus.dispatch)
    next.bus.on('X', () => void ran.push('again'), { name: 'h' })
    for (const bus of [first, next.bus]) await Promise.all(await bus.recover())
    expect(ran).to.deep.equal(['between', 'first'])
    await next.log.flush()
    for (const bus of [first, next.bus]) expect(await bus.recover()).to.deep.equal([])
  })

  for (const mode of ['ahead', 'behind'] as const)
    it(`a named handler that has settled is spared where a forward brings the event, in mode ${mode}`, async () => {
      const names = [freshName(), freshName()]
      const tab = await openTab()
      const { bus: b, log } = tab.open(names[1], { mode })
      const a = new tab.bubus.EventBus({ name: names[0], log })
      b.on('X', () => 'settled', { name: 'h' })
      b.on('X', forever)
      await died(tab, [a, b], [log], async () => /"R"/.test(await text(names[1])))
      const next = openBus(names[1], { mode })
      const first = new EventBus({ name: names[0], log: next.log })
      first.on('X', next.bus.dispatch)
      next.bus.on('X', () => expect.fail('it is spared'), { name: 'h' })
      const ran = traced(next.bus)
      const [event] = await first.recover()
      await next.bus.recover()
      expect(await event.eventResultsByHandlerName()).to.deep.equal({ h: 'settled' })
      expect(ran).to.deep.equal(['X'])
      await next.log.flush()
      expect(await first.recover()).to.deep.equal([])
      expect(await next.bus.recover()).to.deep.equal([])
    })
})
