// Promise 9, "A page back from bfcache is a new writer": what was under way when it went, and did not land.
import { expect } from '@esm-bundle/chai'
import { deferred, foreign } from '../same-page/helpers.js'
import { ownersIn, said } from './entries.js'
import { freshName } from './helpers.js'
import { holdStore } from './raw.js'
import { catchWrites, closeTabs, eventually, openTab, tell } from './tabs.js'

describe('promise 9: what was under way when its page went', () => {
  afterEach(closeTabs)

  const numbersIn = async (name: string) =>
    (await said(name, 'E')).map((line) => (line as Record<string, unknown>).n)

  /** A tab whose log has the first event. */
  async function withOne() {
    const name = freshName()
    const tab = await openTab()
    const { bus, log } = tab.open(name)
    const make = (n: number) => new tab.bubus.BaseEvent('X', { n })
    await bus.dispatch(make(0)).eventPersisted
    await log.flush()
    return { name, tab, bus, make }
  }

  it('what was on its way when it went, and did not land, is written in order', async () => {
    const { name, tab, bus, make } = await withOne()
    const { sent, end } = catchWrites(tab, true)
    const release = await holdStore(name)
    bus.dispatch(make(1))
    await foreign()
    for (const n of [2, 3]) bus.dispatch(make(n))
    tell(tab, 'pagehide')
    end()
    expect(sent, 'one on its way, one beside it').to.have.length(2)
    for (const tx of sent) tx.abort()
    await foreign()
    bus.dispatch(make(4))
    tell(tab, 'pageshow')
    await release()
    await eventually('all are accepted', async () => (await numbersIn(name)).length === 5)
    expect(await numbersIn(name)).to.deep.equal([0, 1, 2, 3, 4])
  })

  it('an end that was on its way when it went, of a bus that was stopped meanwhile, is said by its owner', async () => {
    const { name, tab, bus, make } = await withOne()
    const handled = deferred()
    bus.on('X', () => handled.promise)
    await bus.dispatch(make(1)).eventPersisted
    const { sent, end } = catchWrites(tab, false)
    handled.resolve()
    await eventually('it is on its way', () => sent.length)
    tell(tab, 'pagehide')
    end()
    const stopped = bus.stop()
    for (const tx of sent) tx.abort()
    tell(tab, 'pageshow')
    await stopped
    await eventually('both are finished', async () => (await said(name, 'C')).length === 2)
    expect((await ownersIn(name)).size).to.equal(2)
  })

  it('nothing overtakes what is tried again when the page goes', async () => {
    const { name, tab, bus, make } = await withOne()
    const { sent, end } = catchWrites(tab, false)
    bus.dispatch(make(1))
    await eventually('it is on its way', () => sent.length === 1)
    sent[0].abort()
    await eventually('it is tried again', () => sent.length === 2)
    bus.dispatch(make(2))
    tell(tab, 'pagehide')
    end()
    expect(sent).to.have.length(2)
    sent[1].abort()
    tell(tab, 'pageshow')
    await eventually('all are accepted', async () => (await numbersIn(name)).length === 3)
    expect(await numbersIn(name)).to.deep.equal([0, 1, 2])
  })
})
