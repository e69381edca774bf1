import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import {
  $,
  caughtUp,
  cleanUp,
  dispatchMany,
  frames,
  makeBus,
  mount,
  press,
  rowOf,
  rows,
  scroller,
  scrollTo,
  sleep,
  topOf,
  until,
} from './support.js'

describe('<bus-inspector>: follows the tail, and never steals the place (goals 3 and 4)', () => {
  afterEach(cleanUp)

  it('shows the newest row after each commit, while the reader is at the end', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    for (let i = 0; i < 5; i++) {
      const events = await dispatchMany(bus, 40)
      await caughtUp(inspector)
      const last = rowOf(inspector, events[39])
      const box = last.getBoundingClientRect()
      const frame = scroller(inspector).getBoundingClientRect()
      expect(box.bottom).to.be.at.most(frame.bottom + 1)
      expect(box.top).to.be.at.least(frame.top - 1)
    }
    expect($(inspector, '.pill').hidden).to.equal(true)
  })

  it('keeps the row that is read where it is, over 1 000 appends and the eviction of the 1 000 oldest', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus], maxRows: 3000 })
    const before = await dispatchMany(bus, 3000)
    await caughtUp(inspector)
    await scrollTo(inspector, 2000 * 24 + 7)
    const anchor = rowOf(inspector, before[2005])
    const top = topOf(inspector, anchor)
    for (let i = 0; i < 5; i++) {
      await dispatchMany(bus, 200)
      await caughtUp(inspector)
      await frames(1)
      expect(Math.abs(topOf(inspector, anchor) - top)).to.be.at.most(1)
    }
    expect(inspector.tree.model.size).to.equal(3000)
    expect(inspector.tree.model.nodeOf(before[999])).to.equal(0)
    expect(inspector.tree.model.nodeOf(before[1000])).to.be.above(0)
    expect($(inspector, '.dropped').textContent?.trim()).to.equal('1,000 older events dropped')
    expect(rowOf(inspector, before[2005]) === anchor).to.equal(true)
    expect($(inspector, '.pill').textContent).to.equal('1,000 new')
  })

  it('goes back to the newest with the pill, and follows again', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    await dispatchMany(bus, 300)
    await caughtUp(inspector)
    await scrollTo(inspector, 0)
    const events = await dispatchMany(bus, 7)
    await caughtUp(inspector)
    const pill = $(inspector, '.pill')
    expect([pill.hidden, pill.textContent]).to.deep.equal([false, '7 new'])
    pill.click()
    await frames(2)
    expect(pill.hidden).to.equal(true)
    expect(rowOf(inspector, events[6]).getBoundingClientRect().bottom).to.be.at.most(
      scroller(inspector).getBoundingClientRect().bottom + 1,
    )
    await dispatchMany(bus, 100)
    await caughtUp(inspector)
    expect(pill.hidden).to.equal(true)
  })

  it('keeps the selected row: the same element, focused and expanded, after 1 000 unrelated events', async () => {
    const bus = makeBus()
    bus.on('Chosen', function choose(_, { bus: here }) {
      here.dispatch(new BaseEvent('Below'))
      return 1
    })
    const inspector = await mount({ buses: [bus] })
    const chosen = bus.dispatch(new BaseEvent('Chosen'))
    await chosen
    await caughtUp(inspector)
    rowOf(inspector, chosen).click()
    const row = rowOf(inspector, chosen)
    await inspector.updateComplete
    expect(inspector.shadowRoot?.activeElement === row).to.equal(true)
    const before = inspector.selected
    await scrollTo(inspector, 1e6)
    for (let i = 0; i < 4; i++) {
      await dispatchMany(bus, 250)
      await caughtUp(inspector)
    }
    expect(rowOf(inspector, chosen) === row).to.equal(true)
    expect(row.isConnected).to.equal(true)
    expect(inspector.shadowRoot?.activeElement === row).to.equal(true)
    expect(row.getAttribute('aria-selected')).to.equal('true')
    expect(row.getAttribute('aria-expanded')).to.equal('true')
    expect(inspector.selected === before).to.equal(true)
    expect(rows(inspector).length).to.be.below(80)
  })

  it('keeps the row that is selected in sight when its details open below the tree, or take more of the room', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] }, { width: '700px', height: '500px' })
    const inSight = (event: BaseEvent) => {
      const row = rows(inspector).find(({ dataset }) => dataset.id === event.eventId)
      const [box, frame] = [row, scroller(inspector)].map((element) => element?.getBoundingClientRect())
      return !!box && !!frame && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1
    }
    const comes = (event: BaseEvent) => until(() => inSight(event))
    const events = await dispatchMany(bus, 100)
    await caughtUp(inspector)
    // At the tail, and away from it.
    for (const [chosen, top] of [
      [88, 1e6],
      [70, 60 * 24],
    ]) {
      await scrollTo(inspector, top)
      const { clientHeight } = scroller(inspector)
      await comes(events[chosen])
      rowOf(inspector, events[chosen]).click()
      await inspector.updateComplete
      await frames(3)
      expect(scroller(inspector).clientHeight).to.be.below(clientHeight)
      expect(inSight(events[chosen])).to.equal(true)
      press(inspector, 'Escape')
      await inspector.updateComplete
      await frames(3)
    }
    await scrollTo(inspector, 0)
    await comes(events[9])
    rowOf(inspector, events[9]).click()
    await inspector.updateComplete
    await frames(3)
    inspector.setState({ detail: 80 })
    await inspector.updateComplete
    await frames(3)
    expect(inSight(events[9])).to.equal(true)
    // Who has scrolled away from it is left there.
    await scrollTo(inspector, 40 * 24)
    inspector.setState({ detail: 85 })
    await inspector.updateComplete
    await frames(3)
    expect(scroller(inspector).scrollTop).to.equal(40 * 24)
  })

  it('leaves who scrolls from the tail where they are, when rows come before the platform tells of the scrolling', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    await dispatchMany(bus, 300)
    await caughtUp(inspector)
    for (const top of [40 * 24, 20 * 24]) {
      await scrollTo(inspector, 1e6)
      await dispatchMany(bus, 10)
      scroller(inspector).scrollTop = top
      inspector.tree.commit()
      await frames(3)
      expect(scroller(inspector).scrollTop).to.equal(top)
      expect($(inspector, '.pill').hidden).to.equal(false)
    }
  })

  it('goes on following while it is resized', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] }, { width: '1000px', height: '700px' })
    await dispatchMany(bus, 100)
    await caughtUp(inspector)
    for (const height of [760, 640, 580, 700, 520, 460, 400, 340]) {
      inspector.style.height = `${height}px`
      await frames(1)
      // As when the window is: the next size is there before the platform tells of the scrolling that came of this one.
      await sleep(0)
    }
    await frames(3)
    expect($(inspector, '.pill').hidden).to.equal(true)
    const { scrollTop, scrollHeight, clientHeight } = scroller(inspector)
    expect(scrollTop).to.be.closeTo(scrollHeight - clientHeight, 1)
  })

  it('keeps the selected row in sight when the filter is cleared, or what it holds is opened', async () => {
    const bus = makeBus()
    bus.on('Odd', async (_, { bus: here }) => {
      for (let i = 0; i < 60; i++) await here.dispatch(new BaseEvent('Child'))
    })
    const inspector = await mount({ buses: [bus] })
    await dispatchMany(bus, 100)
    const odd = await bus.dispatch(new BaseEvent('Odd'))
    const inSight = () => {
      const [box, frame] = [rowOf(inspector, odd), scroller(inspector)].map((it) =>
        it.getBoundingClientRect(),
      )
      return box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1
    }
    const filtered = async (filter: string) => {
      inspector.filter = filter
      await inspector.updateComplete
      await frames(3)
    }
    await dispatchMany(bus, 100)
    await caughtUp(inspector)
    await filtered('type:Odd')
    rowOf(inspector, odd).click()
    press(inspector, 'ArrowLeft')
    press(inspector, 'ArrowRight')
    await frames(3)
    expect(inSight()).to.equal(true)
    await filtered('')
    expect(inSight()).to.equal(true)
    expect($(inspector, '.pill').hidden).to.equal(false)
    // A list that is short again ends in sight, and is followed.
    await filtered('type:Odd handler:nobody')
    expect($(inspector, '.pill').hidden).to.equal(true)
  })

  it('goes on following when it was hidden meanwhile, with a row selected', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    const events = await dispatchMany(bus, 100)
    await caughtUp(inspector)
    rowOf(inspector, events[95]).click()
    await inspector.updateComplete
    await frames(2)
    inspector.hidden = true
    await frames(3)
    inspector.hidden = false
    await frames(3)
    const [next] = await dispatchMany(bus, 1)
    await caughtUp(inspector)
    expect($(inspector, '.pill').hidden).to.equal(true)
    expect(rowOf(inspector, next).getBoundingClientRect().bottom).to.be.at.most(
      scroller(inspector).getBoundingClientRect().bottom + 1,
    )
  })

  it('leaves the focus where it is, and the rows in their order, when others are scrolled to or come', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    const events = await dispatchMany(bus, 200)
    await caughtUp(inspector)
    await scrollTo(inspector, 40 * 24)
    await until(() => rows(inspector).some(({ dataset }) => dataset.id === events[50].eventId))
    const row = rowOf(inspector, events[50])
    row.click()
    await inspector.updateComplete
    const assertFocus = () => {
      expect(inspector.shadowRoot?.activeElement === row).to.equal(true)
      const places = rows(inspector).map((one) =>
        Number(one.ariaRowIndex ?? one.getAttribute('aria-rowindex')),
      )
      expect(places).to.deep.equal([...new Set(places)].sort((a, b) => a - b))
    }
    for (const top of [42, 38, 44, 100, 46, 0, 45]) {
      await scrollTo(inspector, top * 24)
      assertFocus()
    }
    await scrollTo(inspector, 1e6)
    for (let i = 0; i < 3; i++) {
      await dispatchMany(bus, 7)
      await caughtUp(inspector)
      assertFocus()
    }
  })

  it('lets go of a selected row only with its event, and then says so to nobody but the platform', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus], maxRows: 200 })
    const [first] = await dispatchMany(bus, 10)
    await caughtUp(inspector)
    rowOf(inspector, first).click()
    const told: boolean[] = []
    inspector.addEventListener('bus-inspector-select', ({ event }) => told.push(event === null))
    await dispatchMany(bus, 150)
    await caughtUp(inspector)
    expect(inspector.selected === first).to.equal(true)
    await dispatchMany(bus, 150)
    await caughtUp(inspector)
    expect(inspector.selected === null).to.equal(true)
    expect(told).to.deep.equal([true])
    await sleep(0)
    expect(inspector.shadowRoot?.activeElement?.id).to.equal('grid')
  })
})
