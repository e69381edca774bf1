import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import { RowWindow } from '../../src/inspector/row-window.js'
import {
  $,
  caughtUp,
  cleanUp,
  dispatchMany,
  frames,
  makeBus,
  mount,
  outline,
  rowNamed,
  rowOf,
  rows,
  scroller,
  scrollTo,
  until,
} from './support.js'

describe('<bus-inspector>: any number of rows (goals 5 and 6)', () => {
  afterEach(cleanUp)

  it('has at most 80 row elements for 100 000 events, wherever the reader is, and each shows its own event', async () => {
    const bus = makeBus()
    const events = await dispatchMany(bus, 100_000)
    const inspector = await mount({ buses: [bus], maxRows: 200_000 })
    await until(() => inspector.tree.model.length === 100_000)
    for (const at of [0, 1, 99_999, 50_000, 12_345]) {
      await scrollTo(inspector, at * 24)
      expect(rows(inspector).length).to.be.within(15, 80)
      const first = rowOf(inspector, events[Math.min(at, 99_985)])
      expect(first.querySelector('.note')?.textContent).to.equal(`{i: ${Math.min(at, 99_985)}}`)
      expect(first.getAttribute('aria-rowindex')).to.equal(String(Math.min(at, 99_985) + 2))
    }
  }).timeout(60_000)

  it('takes a long history in over some frames, in order, with what comes meanwhile and buses that appear', async () => {
    const bus = makeBus()
    await dispatchMany(bus, 40_000)
    const inspector = await mount({ maxRows: 200_000 })
    const { model } = inspector.tree
    expect(model.length, 'rows are shown before all are there').to.be.within(1, 39_999)
    const late = await dispatchMany(bus, 5, 'Late')
    const other = makeBus()
    const [last] = await dispatchMany(other, 1, 'Other')
    await until(() => inspector.tree.model.length === 40_006)
    const times: number[] = []
    for (const [event] of inspector.tree.model.allEvents()) times.push(event.eventCreatedAt.getTime())
    expect(times.every((time, i) => !i || time >= times[i - 1])).to.equal(true)
    await until(() =>
      [late[4], last].every(({ eventId }) =>
        inspector.shadowRoot?.querySelector(`.row[data-id="${eventId}"]`),
      ),
    )
    expect(inspector.tree.dropped).to.equal(0)
  }).timeout(30_000)

  it('reaches the last of a million rows in every engine, and every row on the way', async () => {
    const scroll = document.createElement('div')
    Object.assign(scroll.style, { blockSize: '400px', overflow: 'auto', position: 'relative' })
    document.body.append(scroll)
    const keys = Array.from({ length: 1_000_000 }, (_, index) => ({ index }))
    const view = new RowWindow(
      scroll,
      {
        count: () => keys.length,
        indexOf: (key) => (key as { index: number }).index,
        keyOf: (index) => keys[index],
        create: () => {
          const row = document.createElement('div')
          Object.assign(row.style, { position: 'absolute', top: '0', blockSize: '24px' })
          return row
        },
        show: (row, index) => {
          row.textContent = String(index)
        },
        recycle: () => {},
      },
      24,
    )
    const seen = () => {
      const frame = scroll.getBoundingClientRect()
      return [...scroll.querySelectorAll<HTMLElement>('.space > div')]
        .filter((row) => {
          const { top, bottom } = row.getBoundingClientRect()
          return bottom > frame.top + 1 && top < frame.bottom - 1
        })
        .map((row) => Number(row.textContent))
    }
    view.measure()
    view.render()
    expect(seen()[0]).to.equal(0)
    expect(scroll.scrollHeight).to.be.below(8_000_001)
    // As a reader drags the bar to the end.
    scroll.scrollTop = scroll.scrollHeight
    await frames(1)
    view.measure()
    view.render()
    expect(seen().at(-1)).to.equal(999_999)
    for (const index of [0, 1, 999_999, 500_000, 333_333, 333_334, 4711]) {
      view.reveal(index)
      view.render()
      expect(seen()).to.include(index)
      const rows = seen()
      expect(rows).to.deep.equal(rows.map((_, i) => rows[0] + i))
    }
    scroll.remove()
  })

  it('opens and closes one row, all rows, and all below a level', async () => {
    const bus = makeBus()
    bus.on('Root', function spawn(_, { bus: here }) {
      for (let i = 0; i < 4; i++) here.dispatch(new BaseEvent('Leaf', { i }))
    })
    const roots: BaseEvent[] = []
    for (let i = 0; i < 200; i++) roots.push(bus.dispatch(new BaseEvent('Root', { i })))
    await bus.waitUntilIdle()
    const inspector = await mount({ buses: [bus], maxRows: 100_000 })
    await caughtUp(inspector)
    expect(outline(inspector)).to.have.length(200 * 6)
    inspector.expandTo(1)
    expect(outline(inspector)).to.deep.equal(roots.map(({ eventId }) => `1 Root#${eventId}`))
    inspector.expandTo(2)
    expect(outline(inspector)).to.have.length(400)
    inspector.expandTo(Number.POSITIVE_INFINITY)
    expect(outline(inspector)).to.have.length(200 * 6)
    await scrollTo(inspector, 0)
    const row = rowOf(inspector, roots[0])
    ;(row.querySelector('.twisty') as HTMLElement).click()
    expect(row.getAttribute('aria-expanded')).to.equal('false')
    expect(outline(inspector)).to.have.length(200 * 6 - 5)
    ;(row.querySelector('.twisty') as HTMLElement).click()
    expect(row.getAttribute('aria-expanded')).to.equal('true')
  })

  it('makes one commit of 50 000 events that were dispatched in one task', async () => {
    const bus = makeBus()
    // A second one could only come a second later, whatever the bus still does.
    const inspector = await mount({ buses: [bus], refreshHz: 1 })
    await caughtUp(inspector)
    const { commits } = inspector.tree
    for (let i = 0; i < 50_000; i++) bus.dispatch(new BaseEvent('Burst', { i }))
    await until(() => inspector.tree.commits > commits)
    expect(inspector.tree.commits - commits).to.equal(1)
    expect(inspector.tree.dropped).to.equal(40_000)
    expect(inspector.tree.model.size).to.equal(10_000)
    await bus.waitUntilIdle()
  }).timeout(60_000)

  it('commits at most so often as refresh-hz says', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus], refreshHz: 5 })
    await caughtUp(inspector)
    const { commits } = inspector.tree
    const start = performance.now()
    while (performance.now() - start < 1500) {
      bus.dispatch(new BaseEvent('Tick'))
      await frames(1)
    }
    expect(inspector.tree.commits - commits).to.be.within(2, 9)
  })

  it('keeps the scroll position when rows above are closed', async () => {
    const bus = makeBus()
    bus.on('Root', function spawn(_, { bus: here }) {
      for (let i = 0; i < 30; i++) here.dispatch(new BaseEvent('Leaf', { i }))
    })
    const first = bus.dispatch(new BaseEvent('Root'))
    await first
    const [mark] = await dispatchMany(bus, 300, 'Mark')
    const inspector = await mount({ buses: [bus] })
    await caughtUp(inspector)
    await scrollTo(inspector, 40 * 24)
    const top = rowOf(inspector, [...bus.eventHistory.values()][41]).getBoundingClientRect().top
    const { model } = inspector.tree
    model.expand(model.nodeOf(first), false)
    inspector.tree.commit()
    await frames(1)
    expect(
      Math.abs(rowOf(inspector, [...bus.eventHistory.values()][41]).getBoundingClientRect().top - top),
    ).to.be.at.most(1)
    expect(mark.eventStatus).to.equal('completed')
    expect(rowNamed(inspector, 'Mark').isConnected).to.equal(true)
    expect(scroller(inspector).scrollTop).to.be.below(40 * 24)
    expect($(inspector, '.pill').hidden).to.equal(false)
  })
})
