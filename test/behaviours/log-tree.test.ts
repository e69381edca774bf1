import { expect } from '@esm-bundle/chai'
import { number } from 'superstruct'
import { BaseEvent, defineEvent, EventBus } from '../../src/index.js'
import { consoleLines, gate, hushConsole, task } from './support.js'

class Root extends defineEvent('Root') {}
class Child extends defineEvent('Child', { n: number() }) {}
class Slow extends defineEvent('Slow', {}, { timeout: 50 }) {}

/** The one line of a text that contains `part`. */
function lineWith(text: string, part: string): string {
  const lines = text.split('\n').filter((line) => line.includes(part))
  expect(lines.length, `lines with ${part} in\n${text}`).to.equal(1)
  return lines[0] ?? ''
}

const never = (): Promise<never> => new Promise(() => {})

describe('A18: log tree', () => {
  hushConsole()

  it('98: shows single events, handlers with values, errors, and an empty history', async () => {
    const bus = new EventBus()
    expect(bus.logTree()).to.contain('(No events in history)')
    await bus.dispatch(new Root())
    expect(bus.logTree()).to.match(/└── ✅ Root#[0-9a-f]{4} \[/)
    bus.on(Root, () => 'a value', { name: 'answers' })
    bus.on(Root, () => Promise.reject(new TypeError('Test error message')), { name: 'fails' })
    const root = await bus.dispatch(new Root())
    const tree = root.eventLogTree()
    expect(lineWith(tree, 'answers'))
      .to.contain(`✅ ${bus.name}.answers`)
      .and.to.match(/→ ["']a value["']/)
    expect(lineWith(tree, 'fails')).to.contain('❌').and.to.contain('TypeError: Test error message')
  })

  it('98: shows nested events under the handler that dispatched them, and every root', async () => {
    const bus = new EventBus()
    bus.on(Root, () => void bus.dispatch(new Child({ n: 1 })), { name: 'onRoot' })
    bus.on(Child, ({ n }) => (n === 1 ? void bus.dispatch(new Child({ n: 2 })) : 'leaf'), { name: 'onChild' })
    await bus.dispatch(new Root())
    await bus.dispatch(new Root())
    const lines = bus.logTree().split('\n')
    const depthOf = (line: string): number => line.search(/[✅❌🏃⏳]/u)
    const depths = lines.filter((line) => /Root#|Child#|onRoot|onChild/.test(line)).map(depthOf)
    expect(depths.length).to.equal(12)
    const [root = 0, ...below] = depths.slice(0, 6)
    expect(below).to.deep.equal([1, 2, 3, 4, 5].map((level) => root + 4 * level))
    expect(lines.filter((line) => /^[├└]── .*Root#/.test(line)).length).to.equal(2)
  })

  it('98: puts events of a file below those whose ids they name, in whatever order they came', async () => {
    const bus = new EventBus()
    bus.on(Root, () => void bus.dispatch(new Child({ n: 1 })), { name: 'onRoot' })
    const root = new Root()
    const child = new Child({ n: 2 }, { parentId: root.eventId })
    const grandchild = new Child({ n: 3 }, { parentId: child.eventId })
    const stranger = new Child({ n: 4 }, { parentId: new Root().eventId })
    const record = (event: BaseEvent) => BaseEvent.fromJSON(JSON.parse(JSON.stringify(event)))
    for (const event of [grandchild, stranger, child, root]) bus.dispatch(record(event))
    await bus.waitUntilIdle()
    const shape = bus
      .logTree()
      .split('\n')
      .map((line) => [line.search(/✅/u) / 4, /Child#....|Root#....|onRoot/.exec(line)?.[0]])
    const label = ({ eventType, eventId }: BaseEvent) => `${eventType}#${eventId.slice(-4)}`
    const dispatched = [...bus.eventHistory.values()].find(({ eventParent }) => eventParent)
    expect(shape).to.deep.equal([
      [1, label(stranger)],
      [1, label(root)],
      [2, 'onRoot'],
      [3, label(dispatched as BaseEvent)],
      [2, label(child)],
      [3, label(grandchild)],
    ])
  })

  it('98: shows every event once where a file says that events are their own ancestors', async () => {
    const bus = new EventBus()
    const [one, other, self] = [new Root(), new Root(), new Root()].map((event) => event.toJSON())
    for (const [event, parent] of [
      [one, other],
      [other, one],
      [self, self],
    ])
      bus.dispatch(BaseEvent.fromJSON({ ...event, event_parent_id: parent?.event_id }))
    await bus.waitUntilIdle()
    for (const record of [one, other, self]) lineWith(bus.logTree(), `Root#${record?.event_id.slice(-4)}`)
  })

  it('98: shows times and what is still running', async () => {
    const bus = new EventBus()
    const [started, release] = [gate(), gate()]
    bus.on(
      Root,
      async () => {
        started.open()
        await release.promise
      },
      { name: 'running' },
    )
    const root = bus.dispatch(new Root())
    const queued = bus.dispatch(new Child({ n: 1 }))
    await started.promise
    const tree = bus.logTree()
    expect(lineWith(tree, 'Root#')).to.contain('🏃')
    expect(lineWith(tree, 'running')).to.contain('🏃')
    expect(lineWith(tree, 'Child#')).to.contain('⏳')
    release.open()
    await queued
    expect(lineWith(root.eventLogTree(), 'running')).to.match(/\[\d\d:\d\d:\d\d\.\d{3} \(\d+\.\d{3}s\)\]/)
  })

  it('99: has the icons, the connectors and the values of the Python tree', async () => {
    const bus = new EventBus()
    const other = new EventBus()
    const values: [string, unknown, string][] = [
      ['text', 'a string', '"a string"'],
      ['count', 42, '42'],
      ['list', [1, 2, 3], 'list(3 items)'],
      ['dict', { a: 1, b: 2 }, 'dict(2 items)'],
      ['yes', true, 'true'],
    ]
    for (const [name, value] of values) bus.on(Root, () => value, { name })
    bus.on(Root, () => bus.dispatch(new Child({ n: 1 })), { name: 'child' })
    bus.on(Root, other.dispatch)
    const root = await bus.dispatch(new Root())
    const tree = root.eventLogTree()
    for (const [name, , shown] of values) expect(lineWith(tree, `.${name}#`)).to.contain(`→ ${shown}`)
    expect(lineWith(tree, '.child#')).to.match(/Child#[0-9a-f]{4}/)
    expect(tree).to.contain('├── ').and.to.contain('└── ').and.to.contain('│   ')
    expect(tree.trim().split('\n')[0]).to.match(/Root#[0-9a-f]{4} \[\d\d:\d\d:\d\d\.\d{3} \(\d+\.\d{3}s\)\]/)
  })

  it('100: a time-out logs the tree of what was finished, interrupted and never started', async () => {
    const bus = new EventBus()
    bus.on(Slow, () => 'done', { name: 'quick' })
    bus.on(Slow, () => bus.dispatch(new Child({ n: 1 })).eventResult(), { name: 'waits' })
    bus.on(Child, never, { name: 'hangs' })
    bus.on(Child, () => 'late', { name: 'unstarted' })
    const lines = await consoleLines('warn', async () => {
      await bus.dispatch(new Slow())
      await task()
    })
    const tree = lines.find((line) => line.includes('TIMEOUT')) ?? ''
    expect(lineWith(tree, 'quick')).to.contain('✅')
    expect(lineWith(tree, '.waits#')).to.contain('TIMEOUT HERE')
    expect(lineWith(tree, 'hangs')).to.contain('INTERRUPTED')
    expect(lineWith(tree, 'unstarted')).to.contain('🔜')
    expect(tree).to.contain('Slow#').and.to.contain('Child#')
  })

  it('an event of a record has the time at which it was made, wherever that was', () => {
    const record = { ...new BaseEvent('Old').toJSON(), event_created_at: '2024-02-03T04:05:06.789Z' }
    expect(BaseEvent.fromJSON(record).eventLogTree()).to.match(/Old#\w{4} \[04:05:06\.789/)
  })
})
