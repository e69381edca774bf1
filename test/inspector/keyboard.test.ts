import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import type { BusInspector } from '../../src/inspector/bus-inspector.js'
import {
  $,
  $$,
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
} from './support.js'

/** What is said of a row in the accessibility tree, for all that are rendered. */
function assertARIA(inspector: BusInspector): void {
  const { model } = inspector.tree
  expect($(inspector, '#grid').getAttribute('aria-rowcount')).to.equal(String(model.length + 1))
  const tops = rows(inspector).map((row) => Number(row.getAttribute('aria-rowindex')))
  expect(tops).to.deep.equal([...tops].sort((a, b) => a - b))
  for (const row of rows(inspector)) {
    const node = model.order[Number(row.getAttribute('aria-rowindex')) - 2]
    const siblings: number[] = []
    for (let one = model.first[model.parent[node]]; one; one = model.next[one])
      if (model.index[one] >= 0) siblings.push(one)
    let level = 0
    for (let up = node; up; up = model.parent[up]) level++
    const subject = model.subject(node)
    expect({
      level: row.getAttribute('aria-level'),
      posinset: row.getAttribute('aria-posinset'),
      setsize: row.getAttribute('aria-setsize'),
      expanded: row.getAttribute('aria-expanded'),
      selected: row.getAttribute('aria-selected'),
      name: row.querySelector('.type')?.textContent,
    }).to.deep.equal({
      level: String(level),
      posinset: String(siblings.indexOf(node) + 1),
      setsize: String(siblings.length),
      expanded: model.first[node] ? String(model.isExpanded(node)) : null,
      selected: String(row.tabIndex === 0),
      name: 'handlerId' in subject ? subject.handlerName : subject.eventType,
    })
  }
}

const focused = (inspector: BusInspector) => inspector.shadowRoot?.activeElement as HTMLElement | null
const focusedName = (inspector: BusInspector) => focused(inspector)?.querySelector('.type')?.textContent

async function scene(): Promise<BusInspector> {
  const bus = makeBus()
  bus.on('Parent', function spawn(_, { bus: here }) {
    here.dispatch(new BaseEvent('Child'))
    here.dispatch(new BaseEvent('Kid'))
  })
  for (let i = 0; i < 40; i++) {
    await bus.dispatch(new BaseEvent('Parent', { i }))
    await bus.dispatch(new BaseEvent('Alone', { i }))
  }
  const inspector = await mount({ buses: [bus] })
  await caughtUp(inspector)
  await scrollTo(inspector, 0)
  return inspector
}

describe('<bus-inspector>: keys and names (goal 24)', () => {
  afterEach(cleanUp)

  it('is a treegrid whose rows say where they are, and always the same as the tree', async () => {
    const inspector = await scene()
    const grid = $(inspector, '#grid')
    expect([grid.getAttribute('role'), grid.getAttribute('aria-label')]).to.deep.equal(['treegrid', 'Events'])
    assertARIA(inspector)
    await scrollTo(inspector, 1500)
    assertARIA(inspector)
    inspector.expandTo(2)
    assertARIA(inspector)
    inspector.filter = 'type:Kid'
    await inspector.updateComplete
    inspector.expandTo(Number.POSITIVE_INFINITY)
    const { model } = inspector.tree
    for (const row of rows(inspector)) {
      const node = model.order[Number(row.getAttribute('aria-rowindex')) - 2]
      expect(row.getAttribute('aria-setsize')).to.equal(String(model.below[model.parent[node]]))
    }
  })

  it('has one tab stop: the grid at first, then the selected row', async () => {
    const inspector = await scene()
    const stops = () => $$(inspector, '#grid [tabindex="0"], #grid[tabindex="0"]')
    expect(stops().map(({ id }) => id)).to.deep.equal(['grid'])
    $(inspector, '#grid').focus()
    await frames(1)
    expect(focusedName(inspector)).to.equal('Parent')
    expect(stops()).to.have.length(1)
    expect(stops()[0] === focused(inspector)).to.equal(true)
    expect($(inspector, '#grid').tabIndex).to.equal(-1)
    expect(scroller(inspector).tabIndex).to.equal(-1)
  })

  it('moves with arrows, Home, End and pages', async () => {
    const inspector = await scene()
    const at = () => Number(focused(inspector)?.getAttribute('aria-rowindex')) - 2
    $(inspector, '#grid').focus()
    const go = (key: string) => {
      expect(press(inspector, key).defaultPrevented).to.equal(true)
      return at()
    }
    expect([at(), go('ArrowDown'), go('ArrowDown'), go('ArrowUp')]).to.deep.equal([0, 1, 2, 1])
    expect(go('End')).to.equal(inspector.tree.model.length - 1)
    expect(go('ArrowDown')).to.equal(inspector.tree.model.length - 1)
    expect(go('Home')).to.equal(0)
    expect(go('ArrowUp')).to.equal(0)
    const page = go('PageDown')
    expect(page).to.be.within(8, 30)
    expect(go('PageDown')).to.equal(page * 2)
    expect(go('PageUp')).to.equal(page)
    assertARIA(inspector)
  })

  it('opens, enters, closes and leaves with right and left, Enter and *', async () => {
    const inspector = await scene()
    $(inspector, '#grid').focus()
    const expanded = () => focused(inspector)?.getAttribute('aria-expanded')
    expect([focusedName(inspector), expanded()]).to.deep.equal(['Parent', 'true'])
    press(inspector, 'ArrowLeft')
    expect([focusedName(inspector), expanded()]).to.deep.equal(['Parent', 'false'])
    press(inspector, 'ArrowRight')
    expect([focusedName(inspector), expanded()]).to.deep.equal(['Parent', 'true'])
    press(inspector, 'ArrowRight')
    expect(focusedName(inspector)).to.equal('spawn')
    press(inspector, 'ArrowRight')
    expect(focusedName(inspector)).to.equal('Child')
    press(inspector, 'ArrowRight')
    expect(focusedName(inspector)).to.equal('Child')
    press(inspector, 'ArrowLeft')
    expect(focusedName(inspector)).to.equal('spawn')
    press(inspector, 'Enter')
    expect(expanded()).to.equal('false')
    press(inspector, 'Home')
    inspector.expandTo(1)
    expect(inspector.tree.model.length).to.equal(80)
    press(inspector, '*')
    expect(inspector.tree.model.length).to.equal(80 + 40)
    assertARIA(inspector)
  })

  it('goes to the row whose name is typed', async () => {
    const inspector = await scene()
    $(inspector, '#grid').focus()
    press(inspector, 'k')
    // The first letter loads what finds rows.
    await inspector.updateComplete
    expect(focusedName(inspector)).to.equal('Kid')
    press(inspector, 'i')
    expect(focusedName(inspector)).to.equal('Kid')
    await new Promise((resolve) => setTimeout(resolve, 750))
    press(inspector, 'A')
    expect(focusedName(inspector)).to.equal('Alone')
    expect(press(inspector, 'a', { ctrlKey: true }).defaultPrevented).to.equal(false)
  })

  it('keeps the selected row in the page while it is scrolled away, and has its place right', async () => {
    const inspector = await scene()
    $(inspector, '#grid').focus()
    const row = focused(inspector)
    await scrollTo(inspector, 2000)
    expect(row?.isConnected).to.equal(true)
    expect(focused(inspector) === row).to.equal(true)
    press(inspector, 'ArrowDown')
    await frames(1)
    expect(focusedName(inspector)).to.equal('spawn')
    expect(scroller(inspector).scrollTop).to.be.at.most(24)
    assertARIA(inspector)
  })

  it('takes / to the filter, and has no key that works outside of it', async () => {
    const inspector = await scene()
    $(inspector, '#grid').focus()
    press(inspector, '/')
    expect(focused(inspector)?.id).to.equal('filter')
    const slash = press(inspector, '/')
    expect(slash.defaultPrevented).to.equal(false)
    const before = inspector.getState()
    focused(inspector)?.blur()
    for (const key of ['F8', '/', '*', 'a', 'ArrowDown', 'Escape', 'Home']) {
      const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
      document.body.dispatchEvent(event)
      expect(event.defaultPrevented, key).to.equal(false)
    }
    expect(inspector.getState()).to.deep.equal(before)
  })

  it('has a toolbar that is one tab stop, with arrows inside', async () => {
    const inspector = await scene()
    makeBus()
    const toolbar = $(inspector, '.toolbar')
    expect(toolbar.getAttribute('role')).to.equal('toolbar')
    const stops = () =>
      [...toolbar.querySelectorAll<HTMLElement>('button:not(:disabled)')].filter(
        ({ tabIndex }) => tabIndex === 0,
      )
    expect(stops()).to.have.length(1)
    stops()[0].focus()
    const names: (string | undefined)[] = []
    for (const key of ['ArrowRight', 'ArrowRight', 'End', 'ArrowRight', 'ArrowLeft', 'Home']) {
      press(inspector, key)
      names.push(focused(inspector)?.dataset.action)
      expect(stops()).to.have.length(1)
      expect(stops()[0] === focused(inspector)).to.equal(true)
    }
    expect(names).to.deep.equal(['expand', 'collapse', 'more', 'toggle', 'more', 'toggle'])
  })

  it('sizes the details with keys, as a separator that says how far it is', async () => {
    const inspector = await scene()
    rows(inspector)[0].click()
    await inspector.updateComplete
    const splitter = $(inspector, '.splitter')
    const size = () => $(inspector, '.detail').getBoundingClientRect().width
    const before = size()
    splitter.focus()
    press(inspector, 'PageUp')
    await inspector.updateComplete
    expect(Number(splitter.getAttribute('aria-valuenow'))).to.not.equal(45)
    expect(size()).to.not.equal(before)
    press(inspector, 'Home')
    await inspector.updateComplete
    expect(['15', '85']).to.include(splitter.getAttribute('aria-valuenow'))
  })

  it('has targets of 24 px and more', async () => {
    const inspector = await scene()
    rows(inspector)[0].click()
    $(inspector, '[data-action="more"]').click()
    await inspector.updateComplete
    await dispatchMany(makeBus(), 1)
    for (const target of $$(
      inspector,
      'button:not(.link), select, input[type="search"], summary, .row, .twisty, .sheet label',
    )) {
      const { width, height } = target.getBoundingClientRect()
      if (!width && !height) continue
      expect(height, target.outerHTML.slice(0, 80)).to.be.at.least(24)
      expect(width, target.outerHTML.slice(0, 80)).to.be.at.least(24)
    }
    expect(rowOf).to.be.a('function')
  })
})
