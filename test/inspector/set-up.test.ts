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
  outline,
  press,
  rowOf,
  scroller,
  scrollTo,
  until,
} from './support.js'

const key = 'inspector-set-up'

describe('<bus-inspector>: what the reader and the page set up', () => {
  afterEach(async () => {
    await cleanUp()
    localStorage.removeItem(key)
  })

  it('no longer waits for an event once the reader has selected another', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    const late = new BaseEvent('Late')
    inspector.setState({ selected: late.eventId })
    const [first] = await dispatchMany(bus, 3)
    await caughtUp(inspector)
    expect(inspector.getState().selected).to.equal(late.eventId)
    rowOf(inspector, first).click()
    await bus.dispatch(late)
    await caughtUp(inspector)
    expect(inspector.selected === first).to.equal(true)
  })

  it('is remembered also where the key is given later', async () => {
    localStorage.setItem(key, JSON.stringify({ filter: 'type:Kept', sort: 'duration' }))
    const inspector = await mount()
    inspector.persistKey = key
    await inspector.updateComplete
    expect([inspector.filter, inspector.sort]).to.deep.equal(['type:Kept', 'duration'])
    expect(JSON.parse(localStorage.getItem(key) ?? '').filter).to.equal('type:Kept')
  })

  it('shows events whatever numbers it is given', async () => {
    const bus = makeBus()
    const inspector = await mount({
      buses: [bus],
      refreshHz: 0,
      maxRows: Number.NaN,
    })
    for (let i = 1; i <= 3; i++) {
      await dispatchMany(bus, 2)
      await until(() => outline(inspector).length === i * 2)
    }
  })

  it('is sorted with keys alone, too: the heads of the columns are no tab stops', async () => {
    const inspector = await mount({ buses: [makeBus()] })
    $(inspector, '[data-action="more"]').click()
    await inspector.updateComplete
    const label = $$<HTMLLabelElement>(inspector, 'label').find(({ textContent }) =>
      textContent?.includes('Slowest first'),
    )
    const box = label?.control as HTMLInputElement
    expect(box.tabIndex).to.equal(0)
    box.click()
    expect(inspector.sort).to.equal('duration')
    box.click()
    expect(inspector.sort).to.equal('time')
  })

  it('goes to the slowest when they are to be first, and stays there', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    await dispatchMany(bus, 300)
    await caughtUp(inspector)
    expect(scroller(inspector).scrollTop).to.be.above(0)
    $$(inspector, '.sort')[1].click()
    await inspector.updateComplete
    expect(scroller(inspector).scrollTop).to.equal(0)
    await scrollTo(inspector, 1e6)
    const bottom = scroller(inspector).scrollTop
    await dispatchMany(bus, 20)
    await caughtUp(inspector)
    expect(scroller(inspector).scrollTop).to.equal(bottom)
  })
})

describe('<bus-inspector>: the focus stays inside', () => {
  afterEach(cleanUp)

  const active = (inspector: BusInspector) => inspector.shadowRoot?.activeElement
  const act = async (inspector: BusInspector, action: string) => {
    const button = $(inspector, `[data-action="${action}"]`)
    button.focus()
    button.click()
    await inspector.updateComplete
    await frames(2)
  }

  it('when its button is disabled or goes, or its sheet is closed', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    await dispatchMany(bus, 3)
    await caughtUp(inspector)
    const toolbar = $(inspector, '.toolbar')
    await act(inspector, 'clear')
    expect(toolbar.contains(active(inspector) ?? null)).to.equal(true)
    await act(inspector, 'more')
    await act(inspector, 'unclear')
    expect(active(inspector) === $(inspector, '[data-action="more"]')).to.equal(true)
    await act(inspector, 'purge')
    expect(active(inspector) === $(inspector, '[data-action="more"]')).to.equal(true)
    $(inspector, '[data-action="purge-cancel"]').focus()
    press(inspector, 'Escape')
    await inspector.updateComplete
    expect(active(inspector) === $(inspector, '[data-action="more"]')).to.equal(true)
  })

  it('when the reader goes to the newest row', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    const events = await dispatchMany(bus, 100)
    await caughtUp(inspector)
    await scrollTo(inspector, 0)
    const pill = $(inspector, '.pill')
    pill.focus()
    pill.click()
    await frames(2)
    expect(pill.hidden).to.equal(true)
    expect(active(inspector) === $(inspector, '#grid')).to.equal(true)
    press(inspector, 'End')
    expect(inspector.selected === events[99]).to.equal(true)
  })
})

describe('<bus-inspector>: another place, another document', () => {
  afterEach(cleanUp)

  it('shows the same rows when it is moved in the page', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    await dispatchMany(bus, 300)
    await caughtUp(inspector)
    for (const top of [1200, scroller(inspector).scrollTop]) {
      await scrollTo(inspector, top)
      const place = document.body.appendChild(document.createElement('section'))
      place.append(inspector)
      await frames(3)
      expect(scroller(inspector).scrollTop).to.equal(top)
      document.body.append(inspector)
      await frames(3)
      expect(scroller(inspector).scrollTop).to.equal(top)
      place.remove()
    }
  })

  it('is styled in the document it is moved to, with what it loads there, and when it comes back', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    const [event] = await dispatchMany(bus, 3)
    await caughtUp(inspector)
    const frame = document.createElement('iframe')
    Object.assign(frame.style, { width: '800px', height: '400px' })
    document.body.append(frame)
    const other = frame.contentDocument as Document
    const height = () => (other.defaultView as Window).getComputedStyle($(inspector, '.row')).height
    other.body.append(inspector)
    await until(() => height() === '24px')
    inspector.select(event.eventId)
    await inspector.updateComplete
    expect(getComputedStyle($(inspector, '.detail-head')).display).to.equal('flex')
    document.body.append(inspector)
    await until(() => getComputedStyle($(inspector, '.row')).height === '24px')
    expect(getComputedStyle($(inspector, '.detail-head')).display).to.equal('flex')
    // One that has never been in the document of its class.
    const there = document.createElement('bus-inspector')
    other.body.append(there)
    await there.updateComplete
    await until(() => getComputedStyle($(there, '.panel')).overflow === 'hidden')
    frame.remove()
  })

  it('has nothing to report in a document without a window, as that of a template', async () => {
    const inspector = await mount({ open: false })
    const failures: unknown[] = []
    const failed = (event: PromiseRejectionEvent) => {
      event.preventDefault()
      event.stopImmediatePropagation()
      failures.push(event.reason)
    }
    addEventListener('unhandledrejection', failed, { capture: true })
    await import('../../src/inspector/adopt.js')
    document.createElement('template').content.append(inspector)
    await frames(2)
    const frame = document.body.appendChild(document.createElement('iframe'))
    frame.contentDocument?.body.append(inspector)
    frame.remove()
    await frames(2)
    removeEventListener('unhandledrejection', failed, { capture: true })
    expect(failures).to.deep.equal([])
  })
})
