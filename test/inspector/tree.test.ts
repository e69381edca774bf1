import { expect } from '@esm-bundle/chai'
import { BaseEvent, type EventBus, type HandlerContext } from '../../src/index.js'
import type { BusInspector } from '../../src/inspector/bus-inspector.js'
import { statuses } from '../../src/inspector/statuses.js'
import { caughtUp, cleanUp, makeBus, mount, rowOf, sleep } from './support.js'

/** Numbers that are the same in every run. */
function randomOf(seed: number): () => number {
  return () => {
    seed = (seed * 1664525 + 1013904223) % 2 ** 32
    return seed / 2 ** 32
  }
}

interface Plan {
  children: Plan[]
  /** On which bus, as an index. */
  bus: number
  ends: 'well' | 'throws' | 'later'
  [key: string]: unknown
}

function plan(random: () => number, depth: number, left: { nodes: number }): Plan {
  const children: Plan[] = []
  const chance = depth < 3 ? 0.75 : 0.5
  while (depth < 50 && left.nodes > 0 && children.length < 4 && random() < chance) {
    left.nodes--
    children.push(plan(random, depth + 1, left))
  }
  const dice = random()
  return {
    children,
    bus: Math.floor(random() * 3),
    ends: dice < 0.1 ? 'throws' : dice < 0.3 ? 'later' : 'well',
  }
}

/** A chain of 50: as deep as it gets. */
const chain = (depth: number): Plan => ({
  children: depth > 1 ? [chain(depth - 1)] : [],
  bus: depth % 3,
  ends: 'well',
})

/** Each depth has a handler of its own: the library's guard against loops counts the same handler in its ancestors. */
function listen(buses: EventBus[]): void {
  for (const bus of buses) {
    for (let depth = 1; depth <= 51; depth++) {
      bus.on(`Depth${depth}`, async function grow(event: BaseEvent, { via }: HandlerContext) {
        const { children, ends } = event.eventPayload as unknown as Plan
        for (const child of children)
          via(buses[child.bus]).dispatch(new BaseEvent(`Depth${depth + 1}`, child))
        if (ends === 'later') await sleep(1)
        if (ends === 'throws') throw new Error('broken')
        return depth
      })
    }
  }
}

/** `level icon name` of each line of a `logTree()`. */
function linesOf(tree: string): string[] {
  if (tree.startsWith('(')) return []
  return tree.split('\n').map((line) => {
    const [, indent, icon, name] = /^([│├└─ ]*)(\S+) (\S+)/.exec(line) as RegExpExecArray
    // A handler's name has its bus before it and its number behind.
    return `${indent.length / 4} ${icon} ${name.replace(/^[^.#]+\.(.+)#\d+$/, '$1')}`
  })
}

const icons = { event: '⏳🏃✅✅✅✅✅✅✅', handler: '⏳🏃✅❌❌❌❌✅✅' }

/** The same of the inspector's rows. */
function shown(inspector: BusInspector): string[] {
  const { model } = inspector.tree
  return Array.from({ length: model.length }, (_, i) => {
    const node = model.order[i]
    const subject = model.subject(node)
    const isHandler = 'handlerId' in subject
    const icon = [...icons[isHandler ? 'handler' : 'event']][model.status[node]]
    const name = isHandler ? subject.handlerName : `${subject.eventType}#${subject.eventId.slice(-4)}`
    return `${model.level[node]} ${icon} ${name}`
  })
}

const roots = (lines: string[]) => lines.filter((line) => line.startsWith('1 '))

describe('<bus-inspector>: the true tree (goal 2)', () => {
  afterEach(cleanUp)

  it('equals logTree() for 200 random trees over three buses, whenever somebody looks', async () => {
    const random = randomOf(7)
    const buses = [
      makeBus({ name: 'A' }),
      makeBus({ name: 'B' }),
      makeBus({ name: 'C', eventConcurrency: 'parallel' }),
    ]
    listen(buses)
    const [main] = buses
    const inspector = await mount({ buses, maxRows: 100_000 })
    const { error } = console
    console.error = () => {}
    try {
      for (let i = 0; i < 200; i++) {
        const tree = i % 50 === 49 ? chain(50) : plan(random, 1, { nodes: 30 })
        main.dispatch(new BaseEvent('Depth1', tree))
        if (i % 3 === 0) await sleep(0)
        if (i % 10 === 0) {
          // In one stretch: things go on.
          inspector.tree.commit()
          expect(shown(inspector)).to.deep.equal(linesOf(main.logTree()))
        }
        if (i % 40 === 39) await main.waitUntilIdle()
      }
      for (const bus of buses) await bus.waitUntilIdle()
      // Errors are reported a task later.
      await sleep(10)
    } finally {
      console.error = error
    }
    await caughtUp(inspector)
    const rows = shown(inspector)
    expect(rows.length).to.be.above(2000)
    expect(rows).to.deep.equal(linesOf(main.logTree()))
    expect(Math.max(...rows.map((row) => Number.parseInt(row, 10)))).to.equal(100)
    // Who comes later sees the same.
    const late = await mount({ buses, maxRows: 100_000 })
    await caughtUp(late)
    expect(shown(late)).to.deep.equal(rows)
  })

  it('shows an event that is forwarded in a circle once, with its path', async () => {
    const a = makeBus({ name: 'A' })
    const b = makeBus({ name: 'B' })
    a.on('*', b.dispatch)
    b.on('*', a.dispatch)
    b.on('Ping', function pong() {
      return 'pong'
    })
    const inspector = await mount({ buses: [a, b] })
    const event = a.dispatch(new BaseEvent('Ping'))
    await event
    await caughtUp(inspector)
    expect(shown(inspector)).to.deep.equal(linesOf(a.logTree()))
    expect(rowOf(inspector, event).querySelector('.bus')?.textContent).to.equal('A › B')
    const { model } = inspector.tree
    const handlers = shown(inspector).length - 1
    const forwards = Array.from({ length: handlers }, (_, i) => statuses[model.status[model.order[i + 1]]])
    expect(forwards.filter((status) => status === 'forwarded')).to.have.length(2)
  })

  it('marks a child whose parent no history remembers', async () => {
    const small = makeBus({ name: 'Small', maxHistorySize: 1, maxPending: null })
    const big = makeBus({ name: 'Big' })
    small.on('Parent', function spawn(_, { via }) {
      via(big).dispatch(new BaseEvent('Child'))
    })
    await small.dispatch(new BaseEvent('Parent'))
    await small.dispatch(new BaseEvent('Other'))
    expect(small.logTree()).not.to.include('Parent')
    const inspector = await mount({ buses: [small, big] })
    await caughtUp(inspector)
    const rows = shown(inspector)
    expect(rows.filter((row) => row.includes('Child'))).to.deep.equal(linesOf(big.logTree()))
    expect(rows).to.have.length(2)
    const [child] = [...big.eventHistory.values()]
    expect(rowOf(inspector, child).querySelector('.tags')?.textContent).to.equal('orphan')
  })

  it('puts events of a log below those whose ids they name, whichever comes first, as logTree() does', async () => {
    const bus = makeBus({ name: 'Replayed' })
    bus.on('Root', function spawn(_, { bus: here }) {
      here.dispatch(new BaseEvent('Dispatched'))
    })
    const again = (event: BaseEvent) => bus.dispatch(BaseEvent.fromJSON(event.toJSON()))
    const root = new BaseEvent('Root')
    const child = new BaseEvent('Child', {}, { parentId: root.eventId })
    const grandchild = new BaseEvent('Grandchild', {}, { parentId: child.eventId })
    const inspector = await mount({ buses: [bus] })
    await again(grandchild)
    await caughtUp(inspector)
    const tags = () => inspector.shadowRoot?.querySelector('[data-kind="event"] .tags')?.textContent
    expect(tags()).to.equal('orphan')
    await again(root)
    await caughtUp(inspector)
    expect(roots(shown(inspector))).to.have.length(2)
    await again(child)
    await caughtUp(inspector)
    expect(shown(inspector)).to.have.length(5)
    expect(shown(inspector)).to.deep.equal(linesOf(bus.logTree()))
    expect(tags()).to.equal('')
    // And all at once, in a new tree.
    const other = await mount({ buses: [bus] })
    await caughtUp(other)
    expect(shown(other)).to.deep.equal(linesOf(bus.logTree()))
  })

  it("shows events once that a file makes each other's parents, and lets go of those without a parent", async () => {
    const bus = makeBus({ name: 'Circle' })
    const [one, other] = [new BaseEvent('One').toJSON(), new BaseEvent('Other').toJSON()]
    const inspector = await mount({ buses: [bus], maxRows: 100 })
    bus.dispatch(BaseEvent.fromJSON({ ...one, event_parent_id: other.event_id }))
    bus.dispatch(BaseEvent.fromJSON({ ...other, event_parent_id: one.event_id }))
    await caughtUp(inspector)
    expect(shown(inspector)).to.have.length(2)
    for (let i = 0; i < 100; i++) await bus.dispatch(new BaseEvent('Filler'))
    await caughtUp(inspector)
    // Nobody takes the rows of those that went for what they were.
    await bus.dispatch(BaseEvent.fromJSON(new BaseEvent('Late', {}, { parentId: one.event_id }).toJSON()))
    await caughtUp(inspector)
    expect(roots(shown(inspector))).to.have.length(100)
    const rows = shown(inspector)
    expect(rows.filter((row) => !row.includes('Filler')).map((row) => row.replace(/#.*/, ''))).to.deep.equal([
      '1 ✅ Late',
    ])
  })

  it('shows children that only their handler remembers, as logTree() does', async () => {
    const bus = makeBus({ name: 'Tiny', maxHistorySize: 2, maxPending: null })
    bus.on('Parent', function spawn(_, { bus: here }) {
      here.dispatch(new BaseEvent('Child'))
      here.dispatch(new BaseEvent('Child'))
    })
    await bus.dispatch(new BaseEvent('Parent'))
    await bus.dispatch(new BaseEvent('Other'))
    expect(bus.logTree()).to.include('Child')
    expect([...bus.eventHistory.values()].map(({ eventType }) => eventType)).to.deep.equal([
      'Parent',
      'Other',
    ])
    const inspector = await mount({ buses: [bus] })
    await caughtUp(inspector)
    expect(shown(inspector)).to.deep.equal(linesOf(bus.logTree()))
  })

  it('marks children as orphans when their parent is evicted from the tree itself, and puts them in its place', async () => {
    const bus = makeBus({ name: 'Big' })
    bus.on('Parent', function spawn(event, { bus: here }) {
      if (event.eventPayload.first) for (let i = 0; i < 3; i++) here.dispatch(new BaseEvent('Child', { i }))
    })
    const inspector = await mount({ buses: [bus], maxRows: 100 })
    await bus.dispatch(new BaseEvent('Parent', { first: true }))
    for (let i = 0; i < 97; i++) await bus.dispatch(new BaseEvent('Filler'))
    await caughtUp(inspector)
    expect(roots(shown(inspector))).to.have.length(100)
    const [parent, ...children] = [...bus.eventHistory.values()]
    expect(inspector.tree.model.nodeOf(parent)).to.equal(0)
    expect(shown(inspector).slice(0, 3)).to.deep.equal(
      children.slice(0, 3).map(({ eventId }) => `1 ✅ Child#${eventId.slice(-4)}`),
    )
    expect(inspector.tree.model.isOrphan(inspector.tree.model.nodeOf(children[0]))).to.equal(true)
    expect(inspector.tree.dropped).to.be.above(0)
  })

  it('has a status for each of the nine ways to stand: an icon, a text and an attribute of its own (goal 3)', async () => {
    const bus = makeBus({ name: 'Statuses', eventConcurrency: 'parallel' })
    const other = makeBus({ name: 'Other' })
    bus.on('Forwarded', other.dispatch)
    bus.on('Completed', function well() {
      return 1
    })
    bus.on('Failed', function refuse() {
      throw new Error('no')
    })
    bus.on('Aborted', function leave() {
      throw new DOMException('gone', 'AbortError')
    })
    bus.on('Slow', function linger() {
      return new Promise(() => {})
    })
    bus.on(
      'TooLong',
      async function wait(_, { bus: here }) {
        here.dispatch(new BaseEvent('Slow'))
        await new Promise(() => {})
      },
      { timeout: 20 },
    )
    const held = makeBus({ name: 'Held' })
    held.on('Slow', function linger() {
      return new Promise(() => {})
    })
    const inspector = await mount({ buses: [bus, other, held] })
    const { error, warn } = console
    console.error = console.warn = () => {}
    for (const type of ['Forwarded', 'Completed', 'Failed', 'Aborted', 'TooLong'])
      bus.dispatch(new BaseEvent(type))
    held.dispatch(new BaseEvent('Slow'))
    held.dispatch(new BaseEvent('Waiting'))
    const { event_id: id, ...record } = new BaseEvent('Again').toJSON()
    const again = BaseEvent.fromJSON({ ...record, event_id: new BaseEvent('x').eventId, event_replay_of: id })
    expect(again.eventReplayOf).to.equal(id)
    bus.dispatch(again)
    await sleep(60)
    console.error = error
    console.warn = warn
    await caughtUp(inspector)
    const found = new Map<string, { icon: string; text: string }>()
    for (const row of inspector.shadowRoot?.querySelectorAll<HTMLElement>('.row') ?? []) {
      const icon = row.querySelector('path')?.getAttribute('d') ?? ''
      found.set(row.dataset.status ?? '', { icon, text: row.querySelector('.status')?.textContent ?? '' })
    }
    expect([...found.keys()].sort()).to.deep.equal([...statuses].sort())
    for (const [status, { text }] of found) expect(text).to.equal(status)
    expect(new Set([...found.values()].map(({ icon }) => icon)).size).to.equal(9)
  })

  it('shows an error without having seen it: the console is told all the same', async () => {
    const told: string[] = []
    const { error } = console
    console.error = (...words: unknown[]) => told.push(words.map(String).join(' '))
    try {
      const bus = makeBus({ name: 'Loud' })
      bus.on('Fails', function refuse() {
        throw new Error('read me')
      })
      const inspector = await mount({ buses: [bus] })
      const event = bus.dispatch(new BaseEvent('Fails'))
      await event
      inspector.tree.commit()
      rowOf(inspector, event).click()
      await inspector.updateComplete
      await sleep(20)
      expect(told.filter((text) => text.includes('read me'))).to.have.length(1)
    } finally {
      console.error = error
    }
  })
})
