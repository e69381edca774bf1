// Promise 5: the outcome of a handler that passes its event on to another logged bus waits until the event is durable there.
import { expect } from '@esm-bundle/chai'
import { freshName, kinds } from './helpers.js'
import { holdStore, rowsOf } from './raw.js'
import { closeTabs, eventually, openBus, openTab } from './tabs.js'

const written = async (name: string) => kinds((await rowsOf(name)).map(([, row]) => row))

describe('promise 5: an event that a named handler passes on', () => {
  afterEach(closeTabs)

  it('is not lost with it: the handler is spared only once the event is in the other log', async () => {
    const names = [freshName(), freshName()] as const
    const tab = await openTab()
    const [one, two] = names.map((name) => tab.open(name))
    one.bus.on('X', (event) => void two.bus.dispatch(event), { name: 'passes on' })
    two.bus.on('X', () => {})
    for (const { bus, log } of [one, two]) {
      await Promise.all([bus.ready, log.db()])
      await log.flush()
    }
    const release = await holdStore(names[1])
    one.bus.dispatch(new tab.bubus.BaseEvent('X'))
    await eventually('it is on the other bus', () => two.bus.stats.queued + two.bus.stats.inFlight)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await written(names[0])).to.not.include('R')
    await tab.die()
    await release()
    const seen: string[] = []
    const [again, other] = names.map((name) => openBus(name))
    again.bus.on(
      'X',
      (event) => {
        seen.push('passes on')
        other.bus.dispatch(event)
      },
      { name: 'passes on' },
    )
    other.bus.on('X', () => void seen.push('other'))
    await Promise.all([...(await again.bus.recover()), ...(await other.bus.recover())])
    expect(seen).to.include('other')
  })
})
