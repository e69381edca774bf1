// Promise 5: what an interrupted handler had dispatched is closed where the handler runs again, else recovered as its child.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, type EventBus } from '../../src/index.js'
import { deferred, forever, only } from '../same-page/helpers.js'
import { freshName, lines } from './helpers.js'
import { accepted, plant, rowsOf, said } from './raw.js'
import { closeTabs, eventually, type Logged, loseLocks, openBus, openTab, same, tell } from './tabs.js'

const make = (type: string, payload = {}) => new BaseEvent(type, payload)
const entries = async (name: string) => lines((await rowsOf(name)).map(([, row]) => row))

/** The log of a dead writer of the bus `b`, and the bus that comes after it. */
async function planted(...all: string[]): Promise<Logged> {
  const logName = freshName()
  const { log } = openBus('b', { logName })
  await log.db()
  await log.close()
  await plant(logName, all, { bus: 'b' })
  return { ...openBus('b', { logName }), name: logName }
}

/** A child of a planted event, by a run of `X` with this name; '' for an unnamed one. */
const childOf = (parent: string, by: unknown, payload = {}, type = 'Child') =>
  accepted(type, { payload, event_parent_id: parent, event_by: by })

const settledBy = (id: string, name: string) =>
  said('R', id, {
    writer: 'dead',
    pattern: 'X',
    name,
    outcome: { handler_name: name, status: 'completed', result: null },
  })

/** What each event that runs has for a parent, by the payload's `n` or the type. */
function trace(bus: EventBus, ...types: string[]): string[] {
  const seen: string[] = []
  for (const type of types) {
    bus.on(type, (event) => {
      const parent = event.eventParent?.eventType ?? '-'
      seen.push(`${type}${event.eventPayload.n ?? ''} of ${parent}`)
    })
  }
  return seen
}

describe('promise 5: descendants', () => {
  afterEach(closeTabs)

  it('a child of a run that will run again is superseded: its handler runs once, for the new one', async () => {
    const name = freshName()
    const dead = openBus(name)
    const started = deferred()
    dead.bus.on('X', async () => {
      await dead.bus.dispatch(make('Child', { n: 'old' }))
    })
    dead.bus.on('Child', () => {
      started.resolve()
      return forever()
    })
    dead.bus.dispatch(make('X'))
    await started.promise
    await dead.log.flush()
    await loseLocks(dead)
    const { bus, log } = openBus(name)
    bus.on('X', async () => {
      await bus.dispatch(make('Child', { n: 'new' }))
    })
    const seen = trace(bus, 'Child')
    await only(await bus.recover())
    await log.flush()
    expect(seen).to.deep.equal(['Childnew of X'])
    expect(await bus.recover()).to.deep.equal([])
    const rows = (await rowsOf(name)).map(([, row]) => row.body)
    const adopting = rows.filter((body) => body.includes('"event_entry":"A"'))
    expect(only(adopting), 'in one segment').to.include('"superseded":true')
  })

  it('a child of a spared run is recovered itself, as a child of the recovered parent', async () => {
    const x = accepted('X')
    const child = childOf(x.id, ['X', 'n', 'b'])
    const { bus } = await planted(x.line, child.line, settledBy(x.id, 'n'))
    bus.on('X', () => expect.fail('it is spared'), { name: 'n' })
    bus.on('X', () => {})
    const seen = trace(bus, 'Child')
    const [parent, again] = await bus.recover()
    expect(again.eventId).to.equal(child.id)
    expect(same(again.eventParent, parent)).to.equal(true)
    expect(same(only(parent.eventChildren), again)).to.equal(true)
    await parent
    expect(again.eventStatus, 'the parent waits for it').to.equal('completed')
    expect(seen).to.deep.equal(['Child of X'])
  })

  it('with several runs, each child goes with its own', async () => {
    const x = accepted('X')
    const spared = childOf(x.id, ['X', 'done', 'b'], { n: 1 })
    const again = childOf(x.id, ['X', 'open', 'b'], { n: 2 })
    const unnamed = childOf(x.id, ['X', '', 'b'], { n: 3 })
    const star = childOf(x.id, ['*', 'done', 'b'], { n: 4 })
    const all = [x, spared, again, unnamed, star].map(({ line }) => line)
    const { bus } = await planted(...all, settledBy(x.id, 'done'))
    bus.on('X', () => {}, { name: 'done' })
    bus.on('X', () => {}, { name: 'open' })
    const seen = trace(bus, 'Child')
    for (const event of await bus.recover()) await event
    expect(seen).to.deep.equal(['Child1 of X'])
    expect(await bus.recover()).to.deep.equal([])
  })

  it('a grandchild is superseded where a run above its parent runs again', async () => {
    const x = accepted('X')
    const child = childOf(x.id, ['X', '', 'b'])
    const grandchild = childOf(child.id, ['Child', 'n', 'b'], { n: 1 }, 'Grandchild')
    const settled = said('R', child.id, {
      writer: 'dead',
      pattern: 'Child',
      name: 'n',
      outcome: { handler_name: 'n', status: 'completed' },
    })
    const { bus, log, name } = await planted(x.line, child.line, grandchild.line, settled)
    const seen = trace(bus, 'X', 'Child', 'Grandchild')
    expect(await bus.recover()).to.have.length(1)
    await bus.waitUntilIdle()
    await log.flush()
    expect(seen).to.deep.equal(['X of -'])
    expect(await bus.recover()).to.deep.equal([])
    const closed = (await entries(name)).filter((line) => line.superseded)
    expect(closed.map(({ event_id }) => event_id)).to.have.members([child.id, grandchild.id])
  })

  it('a grandchild below spared runs is recovered in its place', async () => {
    const x = accepted('X')
    const child = childOf(x.id, ['X', 'n', 'b'])
    const grandchild = childOf(child.id, ['X', 'n', 'b'], { n: 1 }, 'Grandchild')
    const { bus } = await planted(
      x.line,
      child.line,
      grandchild.line,
      settledBy(x.id, 'n'),
      settledBy(child.id, 'n'),
    )
    bus.on('X', () => {}, { name: 'n' })
    const seen = trace(bus, 'Child', 'Grandchild')
    const events = await bus.recover()
    for (const event of events) await event
    expect(seen).to.deep.equal(['Child of X', 'Grandchild1 of Child'])
    expect(same(events[2].eventParent, events[1])).to.equal(true)
  })

  it('dispatched from an unknown place: superseded if any handler of the parent runs again, else recovered', async () => {
    const x = accepted('X')
    const child = childOf(x.id, null)
    const first = await planted(x.line, child.line, settledBy(x.id, 'n'))
    first.bus.on('X', () => {}, { name: 'n' })
    first.bus.on('X', () => {}, { name: 'other' })
    let seen = trace(first.bus, 'Child')
    for (const event of await first.bus.recover()) await event
    expect(seen).to.deep.equal([])
    const second = await planted(x.line, child.line, settledBy(x.id, 'n'))
    second.bus.on('X', () => {}, { name: 'n' })
    seen = trace(second.bus, 'Child')
    const events = await second.bus.recover()
    for (const event of events) await event
    expect(seen).to.deep.equal(['Child of -'])
    expect(events[1].eventParentId).to.equal(x.id)
  })

  it('an open child of a finished parent is recovered on its own', async () => {
    const x = accepted('X')
    const child = childOf(x.id, ['X', '', 'b'])
    const { bus } = await planted(x.line, child.line, said('C', x.id, { writer: 'dead', event_outcomes: [] }))
    bus.on('X', () => {})
    const seen = trace(bus, 'Child')
    const event = only(await bus.recover())
    await event
    expect(event.eventParentId).to.equal(x.id)
    expect(seen).to.deep.equal(['Child of -'])
  })

  for (const order of ['behind', 'before'])
    it(`an event that was given another parent, accepted ${order} the event of its handler, goes with its handler`, async () => {
      const name = freshName()
      const dead = openBus(name, { bus: { eventConcurrency: 'parallel' } })
      for (const type of ['Parent', 'Open', 'Child']) dead.bus.on(type, forever)
      const parent = make('Parent')
      const child = (n: string) => new BaseEvent('Child', { n }, { parentId: parent.eventId })
      dead.bus.on('X', (_, { bus }) => void bus.dispatch(child('of a settled run')), { name: 'settles' })
      dead.bus.on('Open', (_, { bus }) => void bus.dispatch(child('of an open run')))
      const others = [make('X'), make('Open')]
      for (const event of order === 'behind' ? [...others, parent] : [parent, ...others])
        dead.bus.dispatch(event)
      await others[0]
      await dead.log.flush()
      await loseLocks(dead)
      const { bus } = openBus(name)
      for (const type of ['Parent', 'Open']) bus.on(type, () => {})
      const seen: unknown[] = []
      bus.on('Child', ({ eventPayload: { n }, eventParentId }) => void seen.push(n, eventParentId))
      for (const event of await bus.recover()) await event
      expect(seen).to.deep.equal(['of a settled run', parent.eventId])
    })

  it('a finished child stays finished, whether its parent runs again or not', async () => {
    const x = accepted('X')
    const child = childOf(x.id, ['X', '', 'b'])
    const done = said('C', child.id, { writer: 'dead', event_outcomes: [] })
    const { bus } = await planted(x.line, child.line, done)
    const seen = trace(bus, 'X', 'Child')
    await only(await bus.recover())
    expect(seen).to.deep.equal(['X of -'])
  })

  it('a parent without a handler here keeps its child waiting with it', async () => {
    const x = accepted('X')
    const child = childOf(x.id, ['X', '', 'b'])
    const { bus } = await planted(x.line, child.line)
    const seen = trace(bus, 'Child')
    const { warn } = console
    console.warn = () => {}
    expect(await bus.recover()).to.deep.equal([])
    console.warn = warn
    seen.push(...trace(bus, 'X'))
    bus.on('X', () => void seen.push('X'))
    await only(await bus.recover())
    expect(seen).to.deep.equal(['X'])
  })

  for (const first of ['parent', 'child'] as const) {
    it(`a child on another logged bus, of a run that runs again; the ${first}'s bus recovers first`, async () => {
      const [name, other] = [freshName(), freshName()]
      const dead = [openBus(name), openBus(other, { logName: name })]
      const started = deferred()
      dead[0].bus.on('X', async (_, { via }) => {
        await via(dead[1].bus).dispatch(make('Child', { n: 'old' }))
      })
      dead[1].bus.on('Child', () => {
        started.resolve()
        return forever()
      })
      dead[0].bus.dispatch(make('X'))
      await started.promise
      await dead[0].log.flush()
      await loseLocks(...dead)
      const [a, b] = [openBus(name), openBus(other, { logName: name })]
      a.bus.on('X', async (_, { via }) => {
        await via(b.bus).dispatch(make('Child', { n: 'new' }))
      })
      const seen = trace(b.bus, 'Child')
      const order = first === 'parent' ? [a, b] : [b, a]
      for (const { bus } of order) await bus.recover()
      await Promise.all([a.bus.waitUntilIdle(), b.bus.waitUntilIdle()])
      await a.log.flush()
      await b.log.flush()
      expect(seen).to.deep.equal(['Childnew of X'])
      for (const { bus } of order) expect(await bus.recover()).to.deep.equal([])
    })
  }

  it('a child on another logged bus, of a spared run, becomes a child of the recovered parent', async () => {
    const [name, other] = [freshName(), freshName()]
    const dead = [openBus(name), openBus(other, { logName: name })]
    const hangs = deferred()
    dead[1].bus.on('Child', forever)
    dead[0].bus.on('X', (_, { via }) => void via(dead[1].bus).dispatch(make('Child', { n: 1 })), {
      name: 'n',
    })
    dead[0].bus.on('X', () => {
      hangs.resolve()
      return forever()
    })
    dead[0].bus.dispatch(make('X'))
    await hangs.promise
    for (let n = 0; n < 3; n++) for (const { log } of dead) await log.flush()
    await loseLocks(...dead)
    const [a, b] = [openBus(name), openBus(other, { logName: name })]
    a.bus.on('X', () => expect.fail('it is spared'), { name: 'n' })
    const release = deferred()
    a.bus.on('X', () => release.promise)
    const seen = trace(b.bus, 'Child')
    const parent = only(await a.bus.recover())
    const child = only(await b.bus.recover())
    expect(same(child.eventParent, parent)).to.equal(true)
    release.resolve()
    await parent
    expect(seen).to.deep.equal(['Child1 of X'])
  })

  it('children that `stop` has cancelled with their parent come back with it', async () => {
    const name = freshName()
    const { bus } = openBus(name)
    const started = deferred()
    const subscriptions = [
      bus.on('X', async () => {
        await bus.dispatch(make('Child', { n: 'old' }))
      }),
      bus.on('Child', () => {
        started.resolve()
        return forever()
      }),
    ]
    bus.dispatch(make('X'))
    await started.promise
    await bus.stop()
    for (const off of subscriptions) off()
    bus.on('X', async () => {
      await bus.dispatch(make('Child', { n: 'new' }))
    })
    const seen = trace(bus, 'Child')
    await only(await bus.recover())
    expect(seen).to.deep.equal(['Childnew of X'])
    expect(await bus.recover()).to.deep.equal([])
  })
  it('a page back from its rest says nothing more of a parent and its child that others have given up', async () => {
    const parent = accepted('X')
    const child = childOf(parent.id, ['X', 'n', 'b'])
    const attempts = [parent, child].flatMap(({ id }) => Array(2).fill(said('S', id, { writer: 'dead' })))
    const { bus: other, name } = await planted(
      parent.line,
      child.line,
      settledBy(parent.id, 'n'),
      ...attempts,
    )
    other.on('*', forever)
    const kinds = async () => (await entries(name)).map((line) => line.event_entry).join('')
    const tab = await openTab()
    const { bus, log } = tab.open('b', { logName: name, bus: { eventConcurrency: 'parallel' } })
    bus.on('*', forever)
    await bus.recover()
    await eventually('both have started once more', async () => (await kinds()).endsWith('SS'))
    tell(tab, 'pagehide')
    await eventually('others have given up', async () => {
      await other.recover()
      return (await kinds()).endsWith('XX')
    })
    const before = await kinds()
    tell(tab, 'pageshow')
    await eventually('it is back', () => [...log.writers].every(({ held, rest }) => held && !rest.now))
    await log.flush()
    expect(await kinds()).to.equal(before)
  })
})
