import { expect } from '@esm-bundle/chai'
import { BaseEvent, type EventBus } from '../../src/index.js'
import type { BusInspector } from '../../src/inspector/bus-inspector.js'
import { EventLog } from '../../src/log/event-log.js'
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
  rowOf,
  rows,
  sleep,
  until,
} from './support.js'

describe('<bus-inspector>: pause, clear, preserve (goal 17)', () => {
  afterEach(cleanUp)

  it('stands still while it is paused, and shows all that was missed in one commit', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    await dispatchMany(bus, 5)
    await caughtUp(inspector)
    $(inspector, '[data-action="pause"]').click()
    await inspector.updateComplete
    expect([
      inspector.paused,
      inspector.hasAttribute('paused'),
      $(inspector, '[data-action="pause"]').getAttribute('aria-pressed'),
    ]).to.deep.equal([true, true, 'true'])
    expect($(inspector, '.amount').textContent).to.equal('5 events, paused')
    expect(inspector.matches(':state(paused)')).to.equal(true)
    const { commits } = inspector.tree
    await dispatchMany(bus, 200)
    await sleep(250)
    expect(outline(inspector)).to.have.length(5)
    expect(inspector.tree.commits).to.equal(commits)
    $(inspector, '[data-action="pause"]').click()
    await inspector.updateComplete
    expect(inspector.tree.commits).to.equal(commits + 1)
    expect(outline(inspector)).to.have.length(205)
  })

  it('says that it is paused where it shows nothing for that, as after a reload', async () => {
    const bus = makeBus()
    await dispatchMany(bus, 3)
    const inspector = await mount({ buses: [bus], paused: true })
    expect($(inspector, '.empty').textContent.trim()).to.equal('Paused.')
    inspector.paused = false
    await inspector.updateComplete
    expect(outline(inspector)).to.have.length(3)
  })

  it('keeps at most max-rows of what was missed', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus], maxRows: 300, paused: true })
    const events = await dispatchMany(bus, 1000)
    inspector.paused = false
    await inspector.updateComplete
    expect(outline(inspector)).to.have.length(300)
    expect(outline(inspector)[0]).to.include(events[700].eventId)
    expect(inspector.tree.dropped).to.equal(700)
  })

  it('clears the view and not the history, and can bring it back', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    await dispatchMany(bus, 5)
    await caughtUp(inspector)
    $(inspector, '[data-action="clear"]').click()
    await inspector.updateComplete
    expect(outline(inspector)).to.have.length(0)
    expect($(inspector, '.empty').textContent).to.match(/^Cleared/)
    expect(bus.eventHistory.size).to.equal(5)
    await dispatchMany(bus, 2)
    await caughtUp(inspector)
    expect(outline(inspector)).to.have.length(2)
    $(inspector, '[data-action="more"]').click()
    await inspector.updateComplete
    expect($(inspector, '[data-action="unclear"]').textContent).to.equal('Show 5 cleared')
    $(inspector, '[data-action="unclear"]').click()
    await inspector.updateComplete
    expect(outline(inspector)).to.have.length(7)
  })

  it('brings back what was cleared when something new happens below it', async () => {
    const bus = makeBus()
    let go!: () => void
    bus.on('Long', async function spawn(_, { bus: here }) {
      await new Promise<void>((resolve) => {
        go = resolve
      })
      here.dispatch(new BaseEvent('Child'))
    })
    const inspector = await mount({ buses: [bus] })
    const event = bus.dispatch(new BaseEvent('Long'))
    await sleep(5)
    await caughtUp(inspector)
    inspector.clear()
    expect(outline(inspector)).to.have.length(0)
    go()
    await event
    await caughtUp(inspector)
    expect(outline(inspector).map((row) => row.replace(/#.*/, ''))).to.deep.equal([
      '1 Long',
      '2 spawn',
      '3 Child',
    ])
  })

  it('asks before it forgets, and leaves the history alone', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    await dispatchMany(bus, 5)
    await caughtUp(inspector)
    const press = async (action: string) => {
      $(inspector, `[data-action="${action}"]`).click()
      await inspector.updateComplete
    }
    await press('more')
    await press('purge')
    expect($(inspector, '.ask').textContent).to.match(/Forget all 5 rows\?/)
    await press('purge-cancel')
    expect(outline(inspector)).to.have.length(5)
    await press('purge')
    await press('purge-sure')
    expect([inspector.tree.model.size, bus.eventHistory.size]).to.deep.equal([0, 5])
    await dispatchMany(bus, 1)
    await caughtUp(inspector)
    expect(outline(inspector)).to.have.length(1)
    // The history is looked through again.
    const late = makeBus()
    inspector.buses = [bus, late]
    await inspector.updateComplete
    await caughtUp(inspector)
    await dispatchMany(late, 1)
    await caughtUp(inspector)
    expect(outline(inspector)).to.have.length(2)
    expect($$(inspector, '.dropped')).to.have.length(0)
  })

  it('shows what a log brings back from before the page, if it is to be preserved', async () => {
    const name = `inspected${Math.random().toString(36).slice(2)}`
    const first = makeBus({ name, log: new EventLog(name) })
    await first.dispatch(new BaseEvent('Before'))
    await first.stop({ clear: true })
    // A page that is loaded afterwards.
    const frame = document.createElement('iframe')
    Object.assign(frame.style, { width: '800px', height: '400px' })
    frame.srcdoc = `<script type="module">
      import { BaseEvent, EventBus } from '/src/index.ts'
      import { EventLog } from '/src/log/event-log.ts'
      import '/src/inspector/define.ts'
      const bus = new EventBus({ name: '${name}', log: new EventLog('${name}') })
      const inspector = document.createElement('bus-inspector')
      inspector.preserve = true
      document.body.append(inspector)
      await bus.ready
      await bus.dispatch(new BaseEvent('Now'))
      Object.assign(window, { bus, inspector })
    </script>`
    document.body.append(frame)
    const page = frame.contentWindow as unknown as { bus: EventBus; inspector: BusInspector }
    await until(() => !!page.inspector)
    const { inspector } = page
    const types = () => rows(inspector).map((row) => row.querySelector('.type')?.textContent)
    await until(() => types().join() === 'Before,Now', types)
    inspector.preserve = false
    await inspector.updateComplete
    expect(types()).to.deep.equal(['Now'])
    inspector.preserve = true
    await inspector.updateComplete
    expect(types()).to.deep.equal(['Before', 'Now'])
    await page.bus.stop({ clear: true })
    frame.remove()
    await EventLog.destroy(name)
  })
})

describe('<bus-inspector>: state and deep link (goal 28)', () => {
  const key = 'inspector-test'
  afterEach(async () => {
    await cleanUp()
    localStorage.removeItem(key)
  })

  it('gives its state, takes it back, and takes nothing else', async () => {
    const bus = makeBus({ name: 'Main' })
    const [, event] = await dispatchMany(bus, 3)
    const inspector = await mount({ buses: [bus] })
    await caughtUp(inspector)
    const state = {
      ...inspector.getState(),
      paused: true,
      filter: 'type:Tick',
      bus: 'Main',
      selected: event.eventId,
      sort: 'duration' as const,
      columns: { bus: 0, status: 80, time: 200, duration: 60 },
      detail: 30,
      preserve: true,
    }
    inspector.setState(state)
    await inspector.updateComplete
    expect(inspector.getState()).to.deep.equal(state)
    expect(inspector.selected === event).to.equal(true)
    inspector.setState({
      open: 'yes',
      filter: 7,
      columns: { bus: 'wide', time: 1e9, evil: 1 },
      detail: Number.NaN,
      sort: 'size',
      __proto__: { x: 1 },
    } as never)
    await inspector.updateComplete
    expect(inspector.getState()).to.deep.equal({
      ...state,
      columns: { bus: 128, status: 96, time: 400, duration: 72 },
    })
    inspector.setState(null as never)
    expect(inspector.getState().filter).to.equal('type:Tick')
  })

  it('is remembered under its key, and nothing is stored without one', async () => {
    const bus = makeBus({ name: 'Main' })
    const before = localStorage.length
    const plain = await mount({ buses: [bus] })
    plain.filter = 'type:A'
    await plain.updateComplete
    expect(localStorage.length).to.equal(before)
    const inspector = await mount({ buses: [bus], persistKey: key })
    const [event] = await dispatchMany(bus, 2)
    await caughtUp(inspector)
    inspector.filter = 'type:Tick'
    inspector.sort = 'duration'
    inspector.columns = { ...inspector.columns, time: 0 }
    inspector.select(event.eventId)
    await inspector.updateComplete
    inspector.remove()
    const next = document.createElement('bus-inspector')
    next.buses = [bus]
    next.persistKey = key
    document.body.append(next)
    await until(() => next.selected === event)
    expect(next.getState()).to.deep.include({ filter: 'type:Tick', sort: 'duration' })
    expect(next.getState().columns.time).to.equal(0)
    next.remove()
  })

  it('is not remembered where storage is blocked, full or tampered with, and says nothing of it', async () => {
    const bus = makeBus()
    for (const text of ['{', '[]', '"x"', '{"filter":{"a":1},"columns":7,"open":"no"}']) {
      localStorage.setItem(key, text)
      const inspector = await mount({ buses: [bus], persistKey: key })
      expect(inspector.getState()).to.deep.include({ open: true, filter: '' })
      inspector.remove()
    }
    const { setItem, getItem } = Storage.prototype
    Storage.prototype.setItem = Storage.prototype.getItem = () => {
      throw new DOMException('full', 'QuotaExceededError')
    }
    try {
      const inspector = await mount({ buses: [bus], persistKey: key })
      inspector.filter = 'type:B'
      await inspector.updateComplete
      expect(inspector.getState().filter).to.equal('type:B')
    } finally {
      Object.assign(Storage.prototype, { setItem, getItem })
    }
  })

  it('reveals, opens and focuses the row of select(id), whatever hides it', async () => {
    const bus = makeBus()
    bus.on('Root', function spawn(_, { bus: here }) {
      here.dispatch(new BaseEvent('Leaf'))
    })
    await dispatchMany(bus, 100)
    await bus.dispatch(new BaseEvent('Root'))
    const leaf = [...bus.eventHistory.values()].at(-1) as BaseEvent
    await dispatchMany(bus, 300)
    const inspector = await mount({ buses: [bus] })
    await caughtUp(inspector)
    inspector.expandTo(1)
    inspector.filter = 'type:Nothing'
    await inspector.updateComplete
    const told: boolean[] = []
    inspector.addEventListener('bus-inspector-select', ({ event, result }) =>
      told.push(event === leaf && result === null),
    )
    expect(inspector.select(leaf.eventId)).to.equal(true)
    await inspector.updateComplete
    const row = rowOf(inspector, leaf)
    expect(inspector.shadowRoot?.activeElement === row).to.equal(true)
    expect(row.getBoundingClientRect().top).to.be.at.least(
      $(inspector, '.scroller').getBoundingClientRect().top,
    )
    expect(told).to.deep.equal([true])
    expect(inspector.select('01a22188-ac0b-735d-978e-c7050390399c')).to.equal(false)
  })

  it('follows #bus-inspector=id, when it is opened, later, and before the event is there', async () => {
    const bus = makeBus()
    const [, second, third] = await dispatchMany(bus, 3)
    history.replaceState(null, '', `#bus-inspector=${second.eventId}`)
    const inspector = await mount({ buses: [bus] })
    await until(() => inspector.selected === second)
    location.hash = `#bus-inspector=${third.eventId}`
    await until(() => inspector.selected === third)
    const soon = new BaseEvent('Soon')
    location.hash = `#x=1&bus-inspector=${soon.eventId}`
    await frames(2)
    bus.dispatch(soon)
    await until(() => inspector.selected === soon)
  })

  it('puts the slowest first, and the order of arrival back', async () => {
    const bus = makeBus({ eventConcurrency: 'parallel' })
    bus.on('Work', async function work(event) {
      await sleep(event.eventPayload.ms as number)
    })
    const events = [5, 80, 30].map((ms) => bus.dispatch(new BaseEvent('Work', { ms })))
    await bus.waitUntilIdle()
    // How long each took, not how long it asked for: a busy machine may stall the first for longer than the last.
    const took = (event: BaseEvent) => Number(event.eventCompletedAt) - Number(event.eventStartedAt)
    const slowest = [...events]
      .sort((a, b) => took(b) - took(a))
      .map((event) => `{ms: ${event.eventPayload.ms}}`)
    const inspector = await mount({ buses: [bus] })
    await caughtUp(inspector)
    const notes = () =>
      rows(inspector)
        .filter(({ dataset }) => dataset.kind === 'event')
        .map((row) => row.querySelector('.note')?.textContent)
    expect(notes()).to.deep.equal(['{ms: 5}', '{ms: 80}', '{ms: 30}'])
    $$(inspector, '.sort')[1].click()
    await inspector.updateComplete
    expect(notes()).to.deep.equal(slowest)
    expect($(inspector, '.columns .duration').getAttribute('aria-sort')).to.equal('descending')
    $$(inspector, '.sort')[0].click()
    await inspector.updateComplete
    expect(notes()).to.deep.equal(['{ms: 5}', '{ms: 80}', '{ms: 30}'])
  })

  it('gives columns the widths they are dragged to, by pointer and by keys, and hides them', async () => {
    const inspector = await mount({ buses: [makeBus()] })
    const handle = () => $(inspector, '.columns .bus .column-handle')
    const width = () => $(inspector, '.columns .bus').getBoundingClientRect().width
    expect(Math.round(width())).to.equal(128)
    handle().dispatchEvent(
      new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true, cancelable: true }),
    )
    await inspector.updateComplete
    expect(Math.round(width())).to.equal(130)
    expect(handle().getAttribute('aria-valuenow')).to.equal('130')
    const capture = handle()
    capture.setPointerCapture = () => {}
    capture.dispatchEvent(
      new PointerEvent('pointerdown', { clientX: 500, bubbles: true, cancelable: true, pointerId: 1 }),
    )
    capture.dispatchEvent(new PointerEvent('pointermove', { clientX: 450, pointerId: 1 }))
    capture.dispatchEvent(new PointerEvent('pointerup', { clientX: 450, pointerId: 1 }))
    capture.dispatchEvent(new PointerEvent('pointermove', { clientX: 100, pointerId: 1 }))
    await inspector.updateComplete
    expect(Math.round(width())).to.equal(180)
    inspector.columns = { ...inspector.columns, bus: 0 }
    await inspector.updateComplete
    expect(getComputedStyle($(inspector, '.columns .bus')).display).to.equal('none')
  })
})
