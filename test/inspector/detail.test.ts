import { expect } from '@esm-bundle/chai'
import { any, number, object, string } from 'superstruct'
import { BaseEvent, defineEvent } from '../../src/index.js'
import type { BusInspector } from '../../src/inspector/bus-inspector.js'
import { ownStacks } from '../../src/inspector/own-stacks.js'
import { framesOf } from '../../src/inspector/stack.js'
import { $, $$, caughtUp, cleanUp, makeBus, mount, rowNamed, rowOf, sleep, until } from './support.js'

class Ordered extends defineEvent(
  'Ordered',
  { orderId: string(), total: number(), more: any() },
  { result: object({ charged: number() }), timeout: 5000, version: '2.1.0' },
) {}

const fact = (inspector: BusInspector, name: string, inside = '.detail-body > .facts') =>
  $(inspector, `${inside} [data-fact="${name}"] dd`).textContent?.trim().replace(/\s+/g, ' ')

async function choose(inspector: BusInspector, event: BaseEvent): Promise<void> {
  rowOf(inspector, event).click()
  await inspector.updateComplete
}

/** What a handler threw can be looked at once the console was told of it. */
const settled = async (inspector: BusInspector) => {
  await sleep(700)
  await inspector.updateComplete
}

const muted = async (action: () => Promise<void>) => {
  const { error, warn } = console
  console.error = console.warn = () => {}
  try {
    await action()
  } finally {
    console.error = error
    console.warn = warn
  }
}

describe('<bus-inspector>: all that is known of an event (goal 12)', () => {
  afterEach(cleanUp)

  it('shows the handler whose row is selected, and an event from its beginning', async () => {
    const bus = makeBus()
    for (const name of ['one', 'two', 'three', 'four']) bus.on('Many', () => name, { name })
    const inspector = await mount({ buses: [bus] }, { width: '1000px', height: '400px' })
    const [first, second] = [new BaseEvent('Many'), new BaseEvent('Many')]
    await bus.dispatch(first)
    await bus.dispatch(second)
    await caughtUp(inspector)
    await choose(inspector, first)
    rowNamed(inspector, 'four').click()
    await inspector.updateComplete
    const [box, body] = ['.detail-body [data-selected]', '.detail-body'].map((selector) =>
      $(inspector, selector).getBoundingClientRect(),
    )
    expect(box.top).to.be.at.least(body.top)
    expect(box.bottom).to.be.at.most(body.bottom)
    expect(scrollY).to.equal(0)
    await choose(inspector, second)
    expect($(inspector, '.detail-body').scrollTop).to.equal(0)

    // What the reader has scrolled to stays while the same row says something new.
    $(inspector, '.detail-body').scrollTop = 50
    inspector.redact = ['nothing']
    await inspector.updateComplete
    expect($(inspector, '.detail-body').scrollTop).to.equal(50)
  })

  it('says each thing of an event, of its parent, its children and its handlers', async () => {
    const main = makeBus({ name: 'Main' })
    const audit = makeBus({ name: 'Audit' })
    let child!: BaseEvent
    main.on('Root', async function spawn(_, { bus }) {
      child = bus.dispatch(new Ordered({ orderId: 'ORD-1', total: 9.5, more: { deep: [1, 2] } }))
      await child
    })
    main.on(
      Ordered,
      async function charge(event, { bus }) {
        bus.dispatch(new BaseEvent('Receipt'))
        await sleep(30)
        return { charged: event.total }
      },
      { timeout: 900 },
    )
    main.on(Ordered, audit.dispatch)
    const inspector = await mount({ buses: [main, audit] })
    const root = main.dispatch(new BaseEvent('Root'))
    await root
    await caughtUp(inspector)
    await choose(inspector, child)
    expect($(inspector, '#detail-title').textContent).to.equal(`Ordered#${child.eventId.slice(-4)}`)
    expect($(inspector, '.detail-head .badge').dataset.status).to.equal('completed')
    expect(fact(inspector, 'id')).to.equal(child.eventId)
    expect(fact(inspector, 'schema')).to.equal('Ordered@2.1.0')
    expect(fact(inspector, 'result type')).to.equal('object')
    expect(fact(inspector, 'path')).to.equal('Main › Audit')
    expect(fact(inspector, 'time-out')).to.equal('5.00 s')
    const time = (name: string, inside?: string) =>
      $(inspector, `${inside ?? '.detail-body > .facts'} [data-fact="${name}"] time`).getAttribute('datetime')
    expect(time('created')).to.equal(child.eventCreatedAt.toISOString())
    expect(time('started')).to.equal(child.eventStartedAt?.toISOString())
    expect(time('completed')).to.equal(child.eventCompletedAt?.toISOString())
    expect(fact(inspector, 'wait')).to.match(/ms$/)
    expect(fact(inspector, 'run')).to.match(/^[3-9]\d ms|^\d{3} ms/)
    expect(fact(inspector, 'children')).to.match(/^Receipt#[\da-f]{4}$/)
    const handler = `[data-handler="${[...child.eventResults.keys()][0]}"]`
    expect($(inspector, `${handler} h4`).textContent).to.match(/Main\.charge\s+completed/)
    expect(fact(inspector, 'handler id', handler)).to.equal([...child.eventResults.keys()][0])
    expect(time('queued', handler)).to.equal(child.eventCreatedAt.toISOString())
    expect(time('started', handler)).to.equal([...child.eventResults.values()][0].startedAt?.toISOString())
    expect(time('done', handler)).to.equal([...child.eventResults.values()][0].completedAt?.toISOString())
    expect(fact(inspector, 'wait', handler)).to.match(/ms$/)
    expect(fact(inspector, 'run', handler)).to.match(/^\d+ ms$/)
    expect(fact(inspector, 'time-out', handler)).to.equal('900 ms')
    expect($(inspector, `${handler} .value`).textContent).to.match(/result:\s*{…}/)
    const forward = `[data-handler="${[...child.eventResults.keys()][1]}"]`
    expect($(inspector, forward).textContent).to.match(/Passed the event on/)
    // The link to the parent selects it; so does that to a child.
    $(inspector, '[data-fact="parent"] button').click()
    await inspector.updateComplete
    expect(inspector.selected === root).to.equal(true)
    $(inspector, '[data-fact="children"] button').click()
    await inspector.updateComplete
    expect(inspector.selected === child).to.equal(true)
  })

  it('shows an error with its causes, its errors and the frames that are not ours', async () => {
    await muted(async () => {
      const bus = makeBus({ name: 'Main' })
      bus.on('Fails', function refuse() {
        const cause = new TypeError('the inner one', { cause: new Error('the innermost one') })
        throw new AggregateError([new RangeError('first reason'), 'a word'], 'two reasons', { cause })
      })
      const inspector = await mount({ buses: [bus] })
      const event = bus.dispatch(new BaseEvent('Fails'))
      await event
      await caughtUp(inspector)
      await choose(inspector, event)
      // At once, from the record; the error itself is not touched.
      expect($(inspector, '.error-head').textContent).to.equal('AggregateError: two reasons')
      await settled(inspector)
      const heads = $$(inspector, '.error-head').map(({ textContent }) => textContent)
      expect(heads).to.deep.equal([
        'AggregateError: two reasons',
        'RangeError: first reason',
        'TypeError: the inner one',
        'Error: the innermost one',
      ])
      expect($(inspector, '.inner').textContent).to.include('"a word"')
      const frames = $$(inspector, '.error > .frames li').map(({ textContent }) => textContent ?? '')
      expect(frames[0]).to.include('detail.test')
      expect(frames.filter((frame) => /\/src\/(bus|events)\//.test(frame))).to.have.length(0)
      expect($(inspector, '.own-frames summary').textContent).to.match(/^\d+ of bubus itself$/)
    })
  })

  it('shows what was thrown even if it is no error', async () => {
    await muted(async () => {
      const bus = makeBus()
      bus.on('Fails', function refuse() {
        throw { code: 7 }
      })
      const inspector = await mount({ buses: [bus] })
      const event = bus.dispatch(new BaseEvent('Fails'))
      await event
      await caughtUp(inspector)
      await choose(inspector, event)
      await settled(inspector)
      expect($(inspector, '.handler .value').textContent).to.match(/thrown:\s*{…}/)
    })
  })

  it('goes on to show what happens to the selected event', async () => {
    const bus = makeBus()
    let finish!: (value: string) => void
    bus.on('Slow', function work() {
      return new Promise<string>((resolve) => {
        finish = resolve
      })
    })
    const inspector = await mount({ buses: [bus] })
    const event = bus.dispatch(new BaseEvent('Slow'))
    await caughtUp(inspector)
    await choose(inspector, event)
    await caughtUp(inspector)
    expect($(inspector, '.detail-head .badge').dataset.status).to.equal('started')
    finish('done at last')
    await event
    await caughtUp(inspector)
    expect($(inspector, '.detail-head .badge').dataset.status).to.equal('completed')
    expect($(inspector, '.handler .value').textContent?.trim()).to.equal('result: "done at last"')
  })

  it('keeps the values open that the reader has opened, and closes them with the selection', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    const event = bus.dispatch(new BaseEvent('Deep', { a: { b: { c: 'the core' } } }))
    const other = bus.dispatch(new BaseEvent('Other', { a: { b: 1 } }))
    await caughtUp(inspector)
    await choose(inspector, event)
    for (let i = 0; i < 2; i++) {
      $$(inspector, '[aria-label="Payload"] summary').at(-1)?.click()
      await until(() => $$(inspector, '[aria-label="Payload"] .value').length === i + 2)
    }
    bus.dispatch(new BaseEvent('Unrelated'))
    await caughtUp(inspector)
    expect($(inspector, '[aria-label="Payload"]').textContent).to.include('the core')
    await choose(inspector, other)
    expect($$(inspector, '[aria-label="Payload"] details[open]')).to.have.length(0)
  })

  it('closes with Escape and with its button, and gives the focus back to the row', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    const event = bus.dispatch(new BaseEvent('One'))
    await event
    await caughtUp(inspector)
    await choose(inspector, event)
    expect($(inspector, '#detail').hidden).to.equal(false)
    $(inspector, '[data-action="close-detail"]').click()
    await inspector.updateComplete
    expect($(inspector, '#detail').hidden).to.equal(true)
    expect(inspector.shadowRoot?.activeElement === rowOf(inspector, event)).to.equal(true)
  })
})

describe('stacks', () => {
  const stack = `Error: x
    at refuse (https://shop.example/app.js:10:5)
    at callAs (https://shop.example/node_modules/bubus/dist/index.js:3:1)
    at async run (https://cdn.example/npm/bubus@1.2.3/dist/chunks/x.js:3:1)`

  it('tells our frames by the package and its files, in the three ways that engines write', () => {
    expect(framesOf(stack).map(({ own }) => own)).to.deep.equal([false, true, true])
    const gecko = `refuse@https://shop.example/app.js:10:5\ncallAs@https://shop.example/dist/bubus.min.js:3:1\n`
    expect(framesOf(gecko).map(({ own }) => own)).to.deep.equal([false, true])
  })

  it('learns our files from a stack, and shows all where nothing would be left', () => {
    ownStacks.push('Error\n at tell (https://shop.example/bundle-1.js:1:1)')
    expect(
      framesOf(
        'Error\n at a (https://shop.example/page.js:1:1)\n at b (https://shop.example/bundle-1.js:1:1)',
      ).map(({ own }) => own),
    ).to.deep.equal([false, true])
    expect(
      framesOf('Error\n at b (https://shop.example/bundle-1.js:1:1)').map(({ own }) => own),
    ).to.deep.equal([false])
  })

  it('does not take an application that lives in a folder of that name for us', () => {
    expect(framesOf('Error\n at a (https://bubus.example/app.js:1:1)')[0].own).to.equal(false)
    expect(rowNamed).to.be.a('function')
  })

  it('tells the day of what is not of today, and long times in hours and days', async () => {
    const inspector = await mount({ buses: [] }, { width: '800px', height: '500px' })
    const record = (id: number, completed: string) =>
      JSON.stringify({
        event_type: 'ReservationOfTheWholeStockRequested',
        event_id: `01970000-0000-7000-8000-00000000000${id}`,
        event_parent_id: id > 1 ? '01970000-0000-7000-8000-000000000001' : null,
        event_created_at: '2025-06-01T10:00:00Z',
        event_started_at: '2025-06-01T10:00:00Z',
        event_completed_at: completed,
      })
    await inspector.importJSONL(
      [record(1, '2025-06-01T15:06:00Z'), record(2, '2025-06-08T18:00:00Z')].join('\n'),
    )
    await caughtUp(inspector)
    inspector.select('01970000-0000-7000-8000-000000000001')
    await inspector.updateComplete
    expect(fact(inspector, 'run')).to.equal('5 h 6 m')
    inspector.select('01970000-0000-7000-8000-000000000002')
    await inspector.updateComplete
    expect(fact(inspector, 'run')).to.equal('7 d 8 h')
    expect(fact(inspector, 'completed')).to.match(/^2025-06-0[89] \d\d:\d\d:00\.000$/)
    for (const width of [300, 560, 800, 1200]) {
      inspector.style.width = `${width}px`
      const { right } = $(inspector, '[data-fact="parent"]').getBoundingClientRect()
      expect($(inspector, '[data-fact="parent"] button').getBoundingClientRect().right).to.be.at.most(right)
    }
  })
})
