import { expect } from '@esm-bundle/chai'
import { BaseEvent, type EventBus, inspect } from '../../src/index.js'
import type { BusInspector } from '../../src/inspector/bus-inspector.js'
import {
  $,
  caughtUp,
  cleanUp,
  dispatchMany,
  frames,
  makeBus,
  mount,
  outline,
  press,
  rows,
  scrollTo,
  sleep,
} from './support.js'

type Hooks = Record<typeof inspect, (fn: (...step: unknown[]) => void) => Disposable>
const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose')

/** How many hooks a bus has, from outside. */
function countHooks(bus: EventBus): () => number {
  let count = 0
  const hook = (bus as unknown as Hooks)[inspect].bind(bus)
  ;(bus as unknown as Hooks)[inspect] = (fn) => {
    count++
    const subscription = hook(fn)
    return {
      [DISPOSE]() {
        count--
        subscription[DISPOSE]()
      },
    }
  }
  return () => count
}

/** Everything that the element could leave running, counted while `action` runs and the time after it. */
async function activity(action: () => Promise<void>): Promise<Record<string, number>> {
  const counts = { timers: 0, frames: 0, listeners: 0, messages: 0 }
  const { setTimeout: timeout, setInterval: interval, requestAnimationFrame: raf } = window
  const { addEventListener } = EventTarget.prototype
  const { postMessage } = BroadcastChannel.prototype
  const here = () => /inspector/.test((new Error().stack ?? '').replace(/test\/inspector/g, ''))
  Object.assign(window, {
    setTimeout: (...args: Parameters<typeof timeout>) => {
      if (here()) counts.timers++
      return timeout(...args)
    },
    setInterval: (...args: Parameters<typeof interval>) => {
      if (here()) counts.timers++
      return interval(...args)
    },
    requestAnimationFrame: (fn: FrameRequestCallback) => {
      if (here()) counts.frames++
      return raf(fn)
    },
  })
  EventTarget.prototype.addEventListener = function (...args: Parameters<typeof addEventListener>) {
    if ((this === window || this === document) && here()) counts.listeners++
    return addEventListener.apply(this, args)
  }
  BroadcastChannel.prototype.postMessage = function (message: unknown) {
    counts.messages++
    return postMessage.call(this, message)
  }
  try {
    await action()
  } finally {
    Object.assign(window, { setTimeout: timeout, setInterval: interval, requestAnimationFrame: raf })
    EventTarget.prototype.addEventListener = addEventListener
    BroadcastChannel.prototype.postMessage = postMessage
  }
  return counts
}

const nothing = { timers: 0, frames: 0, listeners: 0, messages: 0 }

describe('<bus-inspector>: closed, it costs nothing (goal 8)', () => {
  afterEach(cleanUp)

  async function assertSilent(bus: EventBus, hooks: () => number) {
    expect(hooks()).to.equal(0)
    const counts = await activity(async () => {
      await dispatchMany(bus, 100)
      await sleep(300)
    })
    expect(counts).to.deep.equal(nothing)
  }

  it('has no hook, timer, frame, message, row or listener while it is closed', async () => {
    const bus = makeBus()
    const hooks = countHooks(bus)
    const inspector = await mount({ buses: [bus], open: false })
    await assertSilent(bus, hooks)
    expect(rows(inspector)).to.have.length(0)
    inspector.open = true
    await inspector.updateComplete
    expect(hooks()).to.equal(1)
    inspector.open = false
    await inspector.updateComplete
    await assertSilent(bus, hooks)
    expect(rows(inspector)).to.have.length(0)
  })

  it('has none of these in the markup `open="false"`, nor a hook on the page', async () => {
    const page = globalThis as unknown as Record<typeof inspect, Set<unknown> | undefined>
    const holder = document.createElement('div')
    holder.innerHTML = '<bus-inspector open="false"></bus-inspector>'
    document.body.append(holder)
    await frames(2)
    expect(page[inspect]?.size ?? 0).to.equal(0)
    const bus = makeBus()
    await assertSilent(bus, countHooks(bus))
    holder.remove()
  })

  it('has none of these when it was taken out of the page, and all again when it is put back', async () => {
    const bus = makeBus()
    const hooks = countHooks(bus)
    const inspector = await mount({ buses: [bus] })
    expect(hooks()).to.equal(1)
    inspector.remove()
    await assertSilent(bus, hooks)
    document.body.append(inspector)
    await inspector.updateComplete
    expect(hooks()).to.equal(1)
    await caughtUp(inspector)
    expect(outline(inspector)).to.have.length(100)
  })

  it('has the rows once, and keys that move among them, when it was taken out and put back', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    const events = await dispatchMany(bus, 100)
    await caughtUp(inspector)
    inspector.select(events[50].eventId)
    inspector.remove()
    await frames(2)
    document.body.append(inspector)
    await inspector.updateComplete
    await caughtUp(inspector)
    inspector.select(events[10].eventId)
    press(inspector, 'ArrowDown')
    expect(inspector.selected === events[11]).to.equal(true)
    await scrollTo(inspector, 700)
    const seen = rows(inspector).map(({ dataset }) => dataset.id)
    expect(seen).to.include(events[30].eventId)
    expect(seen).to.have.length(new Set(seen).size)
  })

  it('is filtered, sorted and without what was forgotten as before, when it was taken out and put back', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus], filter: 'type:Shown', sort: 'duration' })
    await dispatchMany(bus, 3, 'Shown')
    await caughtUp(inspector)
    inspector.purge()
    await dispatchMany(bus, 2, 'Shown')
    await dispatchMany(bus, 2, 'Other')
    await caughtUp(inspector)
    expect(outline(inspector)).to.have.length(2)
    inspector.remove()
    await frames(2)
    document.body.append(inspector)
    await inspector.updateComplete
    await caughtUp(inspector)
    expect(outline(inspector)).to.have.length(2)
    expect(inspector.tree.model.slowestFirst).to.equal(true)
  })

  it('survives being moved without a second hook', async () => {
    const bus = makeBus()
    const hooks = countHooks(bus)
    const inspector = await mount({ buses: [bus] })
    const [event] = await dispatchMany(bus, 10)
    await caughtUp(inspector)
    inspector.select(event.eventId)
    const place = document.createElement('section')
    document.body.append(place)
    place.append(inspector)
    await inspector.updateComplete
    await frames(2)
    expect(hooks()).to.equal(1)
    expect(outline(inspector)).to.have.length(10)
    expect(inspector.selected === event).to.equal(true)
    place.remove()
  })

  it('stops while the page is hidden, and goes on when it is seen', async () => {
    const bus = makeBus()
    const hooks = countHooks(bus)
    const inspector = await mount({ buses: [bus] })
    const state = Object.getOwnPropertyDescriptor(Document.prototype, 'visibilityState') as PropertyDescriptor
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' })
    document.dispatchEvent(new Event('visibilitychange'))
    await assertSilent(bus, hooks)
    Object.defineProperty(document, 'visibilityState', state)
    document.dispatchEvent(new Event('visibilitychange'))
    expect(hooks()).to.equal(1)
    await caughtUp(inspector)
    expect(outline(inspector)).to.have.length(100)
    Reflect.deleteProperty(document, 'visibilityState')
  })

  it('shows the whole history when it is opened later, and what it had shown before', async () => {
    const bus = makeBus()
    const inspector = await mount({ buses: [bus] })
    await dispatchMany(bus, 5, 'Before')
    await caughtUp(inspector)
    inspector.open = false
    await inspector.updateComplete
    const release: { now?: () => void } = {}
    bus.on('Meanwhile', function wait() {
      return new Promise<void>((resolve) => {
        release.now = resolve
      })
    })
    bus.dispatch(new BaseEvent('Meanwhile'))
    await sleep(5)
    inspector.open = true
    await inspector.updateComplete
    await caughtUp(inspector)
    expect(outline(inspector).map((row) => row.replace(/#.*/, ''))).to.deep.equal([
      ...Array(5).fill('1 Before'),
      '1 Meanwhile',
      '2 wait',
    ])
    inspector.open = false
    await inspector.updateComplete
    release.now?.()
    await bus.waitUntilIdle()
    inspector.open = true
    await inspector.updateComplete
    await caughtUp(inspector)
    expect(rows(inspector).at(-1)?.dataset.status).to.equal('completed')
  })

  it('asks before it opens and closes, and does as it is told', async () => {
    const inspector: BusInspector = await mount()
    const asked: boolean[] = []
    inspector.addEventListener('bus-inspector-toggle', (event) => {
      asked.push(event.open)
      if (!event.open) event.preventDefault()
    })
    $(inspector, '.toggle').click()
    await inspector.updateComplete
    expect([inspector.open, asked]).to.deep.equal([true, [false]])
    inspector.open = false
    await inspector.updateComplete
    expect(inspector.hasAttribute('open')).to.equal(false)
    $(inspector, '.toggle').click()
    await inspector.updateComplete
    expect([inspector.open, inspector.hasAttribute('open'), asked]).to.deep.equal([true, true, [false, true]])
  })
})
