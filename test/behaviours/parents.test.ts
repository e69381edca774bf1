import { expect } from '@esm-bundle/chai'
import { number } from 'superstruct'
import { type BaseEvent, defineEvent, EventBus } from '../../src/index.js'
import { gate, resultNamed, task } from './support.js'

class Root extends defineEvent('Root') {}
class Child extends defineEvent('Child', { n: number() }) {}
class Grandchild extends defineEvent('Grandchild') {}

const ids = (events: readonly BaseEvent[]): string[] => events.map((event) => event.eventId)

describe('A7: parents, children and completion', () => {
  it('56: an event dispatched in a handler has the handled event as parent: sync, async, several, other bus', async () => {
    const bus = new EventBus()
    const other = new EventBus()
    const made: Child[] = []
    bus.on(Root, () => {
      made.push(bus.dispatch(new Child({ n: 1 })))
    })
    bus.on(Root, async () => {
      for (const n of [2, 3, 4]) made.push(bus.dispatch(new Child({ n })))
      await made.at(-1)
      made.push(bus.dispatch(new Child({ n: 5 })))
      made.push(other.dispatch(new Child({ n: 6 })))
    })
    const root = await bus.dispatch(new Root())
    expect(made.map((child) => child.n)).to.deep.equal([1, 2, 3, 4, 5, 6])
    for (const child of made) {
      expect(child.eventParentId, `child ${child.n}`).to.equal(root.eventId)
      expect(child.eventParent === root, `child ${child.n}`).to.equal(true)
    }
  })

  it('56: parallel handlers and handlers that throw keep their children', async () => {
    const bus = new EventBus({ parallelHandlers: true })
    const made: Child[] = []
    for (const n of [1, 2]) {
      bus.on(Root, async (_event, context) => {
        await task()
        made.push(context.bus.dispatch(new Child({ n })))
      })
    }
    bus.on(
      Root,
      () => {
        made.push(bus.dispatch(new Child({ n: 3 })))
        throw new Error('after the child')
      },
      { name: 'throws' },
    )
    const root = await bus.dispatch(new Root())
    expect(made.length).to.equal(3)
    for (const child of made) expect(child.eventParentId).to.equal(root.eventId)
    expect((resultNamed(root, 'throws').error as Error).message).to.equal('after the child')
    const after = await bus.dispatch(new Child({ n: 4 }))
    expect(after.eventParentId).to.equal(null)
  })

  it('57: a chain of three; the root has no parent; an explicit parent is never overwritten', async () => {
    const bus = new EventBus()
    const stranger = new Root()
    const adopted = Child.fromJSON({ ...new Child({ n: 9 }).toJSON(), event_parent_id: stranger.eventId })
    let grandchild: Grandchild | undefined
    let child: Child | undefined
    bus.on(Root, async () => {
      bus.dispatch(adopted)
      child = await bus.dispatch(new Child({ n: 1 }))
    })
    bus.on(Child, (event) => {
      if (event.n === 1) grandchild = bus.dispatch(new Grandchild())
    })
    const root = await bus.dispatch(new Root())
    expect(root.eventParentId).to.equal(null)
    expect(root.eventParent).to.equal(null)
    expect(child?.eventParentId).to.equal(root.eventId)
    expect(grandchild?.eventParentId).to.equal(child?.eventId)
    expect(adopted.eventParentId).to.equal(stranger.eventId)
  })

  it('58: background work keeps its parent through context.bus; a bare dispatch never guesses one', async () => {
    const bus = new EventBus()
    const late: Child[] = []
    const done = gate()
    bus.on(Root, (_event, context) => {
      setTimeout(() => {
        late.push(context.bus.dispatch(new Child({ n: 1 })), bus.dispatch(new Child({ n: 2 })))
        done.open()
      })
    })
    const root = await bus.dispatch(new Root())
    await done.promise
    expect(late[0]?.eventParentId).to.equal(root.eventId)
    expect(late[1]?.eventParentId).to.equal(null)
    expect(root.eventChildren).to.deep.equal([])
    await bus.waitUntilIdle()
    expect(root.eventStatus).to.equal('completed')
  })

  it('59: eventChildren lists the children of all handlers in order of dispatch, not forwarded events', async () => {
    const bus = new EventBus()
    const other = new EventBus()
    const made: BaseEvent[] = []
    bus.on(Root, () => {
      made.push(bus.dispatch(new Child({ n: 1 })))
    })
    bus.on(Root, other.dispatch)
    bus.on(Root, async () => {
      made.push(bus.dispatch(new Child({ n: 2 })))
      made.push(other.dispatch(new Child({ n: 3 })))
    })
    bus.on(Child, (event) => {
      if (event.n === 1) bus.dispatch(new Grandchild())
    })
    const root = await bus.dispatch(new Root())
    expect(ids(root.eventChildren)).to.deep.equal(ids(made))
    expect(made[0]?.eventChildren.map((event) => event.eventType)).to.deep.equal(['Grandchild'])
    expect(made[1]?.eventChildren).to.deep.equal([])
    expect(root.eventPath).to.deep.equal([bus.name, other.name])
  })

  it('60: an event completes only when all its descendants have, on whichever bus', async () => {
    const bus = new EventBus()
    const other = new EventBus()
    const release = gate()
    const reached = gate()
    bus.on(Root, () => void other.dispatch(new Child({ n: 1 })))
    other.on(Child, () => void bus.dispatch(new Grandchild()))
    bus.on(Grandchild, async () => {
      reached.open()
      await release.promise
    })
    const root = bus.dispatch(new Root())
    await reached.promise
    expect(root.eventStatus).to.equal('started')
    expect(root.eventCompletedAt).to.equal(null)
    release.open()
    await root
    expect(root.eventStatus).to.equal('completed')
    expect(root.eventChildren[0]?.eventStatus).to.equal('completed')
    expect(root.eventChildren[0]?.eventChildren[0]?.eventStatus).to.equal('completed')
  })

  it('61: forwarding an event inside its handler does not make it its own parent', async () => {
    const bus = new EventBus()
    const other = new EventBus()
    bus.on(Root, (event) => {
      other.dispatch(event)
    })
    bus.on(Root, async (event) => other.dispatch(event))
    const root = await bus.dispatch(new Root())
    expect(root.eventParentId).to.equal(null)
    expect(root.eventChildren).to.deep.equal([])
  })
})
