import { expect } from '@esm-bundle/chai'
import { BaseEvent, type EventBus } from '../../src/index.js'
import type { BusInspector } from '../../src/inspector/bus-inspector.js'
import {
  $,
  $$,
  caughtUp,
  cleanUp,
  dispatchMany,
  makeBus,
  mount,
  press,
  rowOf,
  scrollTo,
  sleep,
  until,
} from './support.js'

function failing(name: string): EventBus {
  const bus = makeBus({ name })
  bus.on('Fails', function refuse(event) {
    throw new Error(`no ${event.eventPayload.i}`)
  })
  bus.on('Works', function work() {
    return 1
  })
  return bus
}

/** On a button: how many, without the words for those who cannot see it. */
const unread = (inspector: BusInspector, selector: string) =>
  /^\d+/.exec($$(inspector, `${selector} .count`)[0]?.textContent ?? '')?.[0] ?? ''
const selectedNote = (inspector: BusInspector) => $(inspector, '.row[aria-selected="true"] .note').textContent

describe('<bus-inspector>: errors find the reader (goal 16)', () => {
  const { error } = console
  before(() => {
    console.error = () => {}
  })
  after(() => {
    console.error = error
  })
  afterEach(cleanUp)

  it('counts unread errors, of all and of each bus, until somebody looks for them', async () => {
    const [main, other] = [failing('Main'), failing('Other')]
    const inspector = await mount({ buses: [main, other] })
    await dispatchMany(main, 3, 'Fails')
    await dispatchMany(other, 1, 'Fails')
    await dispatchMany(main, 5, 'Works')
    await caughtUp(inspector)
    expect([
      unread(inspector, '.toggle'),
      unread(inspector, '[data-bus="Main"]'),
      unread(inspector, '[data-bus="Other"]'),
    ]).to.deep.equal(['4', '3', '1'])
    expect($(inspector, '.toggle').textContent).to.match(/unread errors/)
    $(inspector, '[data-bus="Other"]').click()
    await inspector.updateComplete
    expect(unread(inspector, '[data-bus="Other"]')).to.equal('')
    expect(unread(inspector, '[data-bus="Main"]')).to.equal('3')
    $(inspector, '[data-action="next-error"]').click()
    await inspector.updateComplete
    expect($$(inspector, '.count')).to.have.length(0)
  })

  it('goes to the next and the previous error with keys and buttons, round the end, even far away', async () => {
    const bus = failing('Main')
    const inspector = await mount({ buses: [bus] })
    const events: BaseEvent[] = []
    for (let i = 0; i < 300; i++)
      events.push(bus.dispatch(new BaseEvent(i % 100 === 50 ? 'Fails' : 'Works', { i })))
    await bus.waitUntilIdle()
    await caughtUp(inspector)
    await scrollTo(inspector, 0)
    rowOf(inspector, events[0]).click()
    const found: (string | null)[] = []
    for (const shiftKey of [false, false, false, false, true, true]) {
      press(inspector, 'F8', { shiftKey })
      await inspector.updateComplete
      found.push(selectedNote(inspector))
    }
    expect(found).to.deep.equal([
      'Error: no 50',
      'Error: no 150',
      'Error: no 250',
      'Error: no 50',
      'Error: no 250',
      'Error: no 150',
    ])
    $(inspector, '[data-action="previous-error"]').click()
    await inspector.updateComplete
    expect(selectedNote(inspector)).to.equal('Error: no 50')
    expect(inspector.shadowRoot?.activeElement?.getAttribute('aria-selected')).to.equal('true')
    expect(inspector.nextError(1)).to.equal(true)
  })

  it('opens what an error lies in', async () => {
    const bus = failing('Main')
    const inspector = await mount({ buses: [bus] })
    const [event] = await dispatchMany(bus, 1, 'Fails')
    await caughtUp(inspector)
    inspector.expandTo(1)
    expect(rowOf(inspector, event).getAttribute('aria-expanded')).to.equal('false')
    expect(inspector.nextError()).to.equal(true)
    expect(rowOf(inspector, event).getAttribute('aria-expanded')).to.equal('true')
    expect(inspector.selected === event).to.equal(true)
  })

  it('leaves out those that were cleared, and brings back what fails afterwards', async () => {
    const bus = failing('Main')
    let fail = () => {}
    bus.on('Late', function late() {
      return new Promise((_, reject) => {
        fail = () => reject(new Error('late'))
      })
    })
    const inspector = await mount({ buses: [bus] })
    await dispatchMany(bus, 2, 'Fails')
    const late = bus.dispatch(new BaseEvent('Late'))
    await until(() => inspector.tree.model.nodeOf(late) > 0)
    const next = $<HTMLButtonElement>(inspector, '[data-action="next-error"]')
    expect(next.title).to.match(/2 in all/)
    inspector.clear()
    await inspector.updateComplete
    expect(next.disabled).to.equal(true)
    fail()
    await late
    await caughtUp(inspector)
    expect(next.title).to.match(/1 in all/)
    expect(inspector.nextError()).to.equal(true)
    expect(inspector.selected === late).to.equal(true)
    inspector.unclear()
    await inspector.updateComplete
    expect(next.title).to.match(/3 in all/)
  })

  it('says so at most once a second, to those who cannot see it', async () => {
    const bus = failing('Main')
    const inspector = await mount({ buses: [bus], refreshHz: 60 })
    const status = $(inspector, '[role="status"]')
    const said: [number, string][] = []
    const observer = new MutationObserver(() => said.push([performance.now(), status.textContent ?? '']))
    observer.observe(status, { subtree: true, characterData: true, childList: true })
    const start = performance.now()
    while (performance.now() - start < 2500) {
      await dispatchMany(bus, 2, 'Fails')
      await sleep(20)
    }
    await until(() => status.textContent === `${bus.eventHistory.size} events have failed`)
    observer.disconnect()
    const gaps = said.slice(1).map(([at], i) => at - said[i][0])
    expect(said.length).to.be.within(3, 5)
    expect(Math.min(...gaps)).to.be.above(950)
    expect(status.getAttribute('aria-live')).to.not.equal('assertive')
  }).timeout(20_000)

  it('counts what failed while it was closed only when somebody comes near, and opening clears the count', async () => {
    const bus = failing('Main')
    const inspector = await mount()
    $(inspector, '.toggle').click()
    await inspector.updateComplete
    await sleep(5)
    await dispatchMany(bus, 2, 'Fails')
    expect(unread(inspector, '.toggle')).to.equal('')
    $(inspector, '.toolbar').dispatchEvent(new PointerEvent('pointerenter'))
    await until(() => unread(inspector, '.toggle') === '2')
    $(inspector, '.toggle').click()
    await inspector.updateComplete
    expect(unread(inspector, '.toggle')).to.equal('')
    await caughtUp(inspector)
    expect(inspector.tree.model.failures).to.be.at.least(2)
    expect(unread(inspector, '.toggle')).to.equal('')
  })

  it('counts what fails while it is closed also where it was never open', async () => {
    const bus = failing('Main')
    const inspector = await mount({ open: false })
    await dispatchMany(bus, 2, 'Fails')
    $(inspector, '.toolbar').dispatchEvent(new PointerEvent('pointerenter'))
    await until(() => Number(unread(inspector, '.toggle')) >= 2)
  })
})
