import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import {
  $,
  $$,
  caughtUp,
  cleanUp,
  dispatchMany,
  frames,
  makeBus,
  mount,
  outline,
  sleep,
  until,
} from './support.js'

describe('<bus-inspector>: histories that come in while it is looked at', () => {
  afterEach(cleanUp)

  it('keeps what the reader has made of the rows when an older history comes in before them', async () => {
    const older = makeBus()
    const old = await older.dispatch(new BaseEvent('Old'))
    await sleep(5)
    const bus = makeBus()
    bus.on('Fails', function broken() {
      throw new Error('broken')
    })
    const inspector = await mount({ buses: [bus] })
    const cleared = await bus.dispatch(new BaseEvent('Fails'))
    await cleared.eventResult().catch(() => {})
    await caughtUp(inspector)
    inspector.clear()
    const closed = await bus.dispatch(new BaseEvent('Fails'))
    await closed.eventResult().catch(() => {})
    await caughtUp(inspector)
    inspector.expandTo(1)
    await inspector.importJSONL(JSON.stringify(new BaseEvent('Read')))
    const failures = $(inspector, '.toggle .count').textContent
    expect(outline(inspector).map((row) => row.split('#')[0])).to.deep.equal(['1 Fails', '1 Read'])
    inspector.buses = [bus, older]
    await inspector.updateComplete
    await until(() => inspector.tree.model.nodeOf(old) > 0)
    await inspector.updateComplete
    expect(outline(inspector).map((row) => row.split('#')[0])).to.deep.equal(['1 Old', '1 Fails', '1 Read'])
    expect($(inspector, '.toggle .count').textContent).to.equal(failures)
    inspector.filter = 'tab:file'
    await inspector.updateComplete
    expect(outline(inspector).map((row) => row.split('#')[0])).to.deep.equal(['1 Read'])
  })

  it('drops each event once, however often the histories are looked through', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus], maxRows: 100 })
    const events = [...(await dispatchMany(bus, 90)), ...(await dispatchMany(bus, 60))]
    await until(() => inspector.tree.dropped === 50)
    for (const buses of [[bus, makeBus()], [bus]]) {
      inspector.buses = buses
      await inspector.updateComplete
      await caughtUp(inspector)
    }
    inspector.open = false
    await inspector.updateComplete
    inspector.open = true
    await inspector.updateComplete
    await caughtUp(inspector)
    await caughtUp(inspector)
    expect(inspector.tree.dropped).to.equal(50)
    expect(outline(inspector)).to.deep.equal(events.slice(-100).map(({ eventId }) => `1 Tick#${eventId}`))
  })

  it('asks of what only its parent remembers, too', async () => {
    const bus = makeBus({ maxHistorySize: 1 })
    bus.on('Parent', async function work(_, { bus: here }) {
      for (let i = 0; i < 3; i++) await here.dispatch(new BaseEvent('Child', { i }))
    })
    const inspector = await mount({ buses: [bus], filter: 'payload.i:1' })
    await until(() => !!inspector.tree.filters.value)
    inspector.open = false
    await inspector.updateComplete
    const parent = await bus.dispatch(new BaseEvent('Parent'))
    inspector.open = true
    await inspector.updateComplete
    await until(() => inspector.tree.model.nodeOf(parent) > 0)
    expect(inspector.tree.model.events).to.equal(4)
    expect(inspector.tree.model.shown).to.equal(1)
  })

  it('says that a search is over when another filter, closing or forgetting ends it, and goes on with it when opened', async () => {
    const bus = makeBus({ maxPending: 100_000 })
    const inspector = await mount({ buses: [bus], maxRows: 100_000, filter: 'type:Tick' })
    await until(() => !!inspector.tree.filters.value)
    for (let i = 0; i < 30_000; i++)
      bus.dispatch(new BaseEvent('Tick', { i, text: `${'abc '.repeat(30)}no${i}x` }))
    await bus.waitUntilIdle()
    await until(() => inspector.tree.model.events === 30_000)
    const search = async (filter: string) => {
      // As if all had just come: nothing has been written yet.
      inspector.tree.model.texts.length = 0
      inspector.filter = filter
      await inspector.updateComplete
      expect(inspector.tree.searched).to.be.below(1)
    }
    const amount = () => $(inspector, '.amount').textContent
    await search('no12345x')
    inspector.filter = 'payload.i:7'
    await until(() => amount() === '1 of 30,000', amount)
    await frames(5)
    expect(amount()).to.equal('1 of 30,000')
    await search('no12345x')
    inspector.open = false
    await inspector.updateComplete
    inspector.open = true
    await inspector.updateComplete
    await until(() => amount() === '1 of 30,000', amount)
    expect(outline(inspector)).to.have.length(1)
    await search('no1234x')
    inspector.purge()
    await frames(5)
    expect(amount()).to.equal('0 of 0')
  }).timeout(30_000)

  it('offers each name of a bus once, and a way back from a bus that was picked and is not here', async () => {
    const bus = makeBus({ name: 'shop' })
    const inspector = await mount({ buses: [bus] })
    await dispatchMany(bus, 2)
    inspector.setState({ bus: 'of-the-last-page' })
    await caughtUp(inspector)
    expect(outline(inspector)).to.have.length(0)
    $(inspector, '.bus-button').click()
    await inspector.updateComplete
    expect(outline(inspector)).to.have.length(2)
    expect($$(inspector, '.bus-button')).to.have.length(0)
    // A module that is replaced makes its bus anew.
    await bus.stop({ clear: true })
    inspector.buses = [bus, makeBus({ name: 'shop' }), makeBus({ name: 'other' })]
    await inspector.updateComplete
    const names = () => $$(inspector, '.bus-button').map(({ dataset }) => dataset.bus)
    expect(names()).to.deep.equal(['', 'shop', 'other'])
  })
})
