import { expect } from '@esm-bundle/chai'
import { BaseEvent, type EventBus } from '../../src/index.js'
import { $, $$, caughtUp, cleanUp, frames, makeBus, mount, outline, rows, until } from './support.js'

const names = (inspector: Awaited<ReturnType<typeof mount>>) =>
  inspector.tree.sources.list.map(({ name }) => name)

describe('<bus-inspector>: one script and one tag (goal 1)', () => {
  afterEach(cleanUp)

  it('lists two buses made before it and one made after it within two frames, with no property set', async () => {
    makeBus({ name: 'first' })
    makeBus({ name: 'second' })
    const inspector = document.createElement('bus-inspector')
    document.body.append(inspector)
    makeBus({ name: 'third' })
    await frames(2)
    await inspector.updateComplete
    const shown = $$(inspector, '.bus-button').map(({ dataset }) => dataset.bus)
    expect(shown).to.include.members(['', 'first', 'second', 'third'])
    inspector.remove()
  })

  it('finds a bus that is made long after it was mounted', async () => {
    const inspector = await mount()
    const bus = makeBus({ name: 'late' })
    const event = bus.dispatch(new BaseEvent('Hello'))
    await until(() => inspector.tree.model.nodeOf(event) > 0)
    expect(names(inspector)).to.include('late')
  })

  it('shows only the buses it is given, and all again', async () => {
    const one = makeBus({ name: 'one' })
    const other = makeBus({ name: 'other' })
    const inspector = await mount({ buses: [one] })
    expect(names(inspector)).to.deep.equal(['one'])
    other.dispatch(new BaseEvent('Elsewhere'))
    await one.dispatch(new BaseEvent('Here'))
    await caughtUp(inspector)
    expect(rows(inspector).map((row) => row.querySelector('.type')?.textContent)).to.deep.equal(['Here'])
    inspector.buses = null
    await inspector.updateComplete
    expect(names(inspector)).to.include.members(['one', 'other'])
    await until(() => outline(inspector).some((row) => row.includes('Elsewhere')))
  })

  it('shows only the buses it is given also when the others were shown before, and these again', async () => {
    const one = makeBus({ name: 'one' })
    const other = makeBus({ name: 'other' })
    one.on('Here', function further(_, { via }) {
      return via(other).dispatch(new BaseEvent('There'))
    })
    const inspector = await mount({ buses: [one, other] })
    await one.dispatch(new BaseEvent('Here'))
    await other.dispatch(new BaseEvent('Elsewhere'))
    await caughtUp(inspector)
    const types = () => outline(inspector).map((row) => row.split('#')[0])
    const all = ['1 Here', '2 further', '3 There', '1 Elsewhere']
    expect(types()).to.deep.equal(all)
    inspector.buses = [one]
    await inspector.updateComplete
    expect(types()).to.deep.equal(all.slice(0, 3))
    inspector.buses = [one, other]
    await inspector.updateComplete
    await caughtUp(inspector)
    expect(types()).to.deep.equal(all)
    expect(inspector.tree.dropped).to.equal(0)
  })

  it('shows what the buses remember from before it was mounted, in the order of all buses together', async () => {
    const one = makeBus({ name: 'one' })
    const other = makeBus({ name: 'other' })
    const events: BaseEvent[] = []
    for (let i = 0; i < 6; i++) {
      events.push((i % 2 ? one : other).dispatch(new BaseEvent('Before', { i })))
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    const inspector = await mount({ buses: [one, other] })
    await caughtUp(inspector)
    expect(outline(inspector)).to.deep.equal(events.map(({ eventId }) => `1 Before#${eventId}`))
  })

  it('takes properties that were set before the element was defined, and never throws for markup', async () => {
    const frame = document.createElement('iframe')
    document.body.append(frame)
    const warnings: unknown[] = []
    const { warn } = console
    console.warn = (...words: unknown[]) => warnings.push(words.join(' '))
    try {
      const holder = document.createElement('div')
      holder.innerHTML =
        '<bus-inspector theme="purple" refresh-hz="many" max-rows="-1" paused filter="type:(("></bus-inspector>'
      document.body.append(holder)
      const inspector = holder.firstElementChild as Awaited<ReturnType<typeof mount>>
      await inspector.updateComplete
      expect([inspector.theme, inspector.refreshHz, inspector.maxRows, inspector.paused]).to.deep.equal([
        'auto',
        10,
        10_000,
        true,
      ])
      expect($(inspector, '#filter').getAttribute('aria-invalid')).to.equal('true')
      expect(warnings.filter((text) => String(text).includes('theme'))).to.have.length(1)
      expect(String(warnings.find((text) => String(text).includes('refresh-hz')))).to.match(
        /expected `refresh-hz` to be from 1 to 60, got "many"/,
      )
      holder.remove()
    } finally {
      console.warn = warn
      frame.remove()
    }
  })

  it('says what there is to see when there is nothing', async () => {
    const bus = makeBus({ name: 'quiet' })
    const inspector = await mount({ buses: [] })
    expect($(inspector, '.empty').textContent).to.match(/No bus/)
    inspector.buses = [bus]
    await inspector.updateComplete
    await inspector.updateComplete
    inspector.requestUpdate()
    await inspector.updateComplete
    expect($(inspector, '.empty').textContent).to.match(/Nothing dispatched/)
    await bus.dispatch(new BaseEvent('One'))
    inspector.filter = 'type:Two'
    await caughtUp(inspector)
    expect($(inspector, '.empty').textContent).to.match(/No event matches/)
  })

  it('keeps no property that says which page a bus is of: an EventBus of another copy is shown too', async () => {
    const url = new URL('../../dist/bubus.min.js', import.meta.url).href
    const copy = (await import(url)) as { EventBus: typeof EventBus; BaseEvent: typeof BaseEvent }
    const inspector = await mount()
    const bus = new copy.EventBus({ name: 'fromTheScriptTag' })
    bus.on('Hello', function greet() {
      return 'hello'
    })
    await bus.dispatch(new copy.BaseEvent('Hello'))
    await caughtUp(inspector)
    expect(names(inspector)).to.include('fromTheScriptTag')
    const found = outline(inspector).map((row) => row.replace(/#.*/, ''))
    expect(found.slice(-2)).to.deep.equal(['1 Hello', '2 greet'])
    await bus.stop({ clear: true })
  })
})
