import { expect } from '@esm-bundle/chai'
import { string } from 'superstruct'
import { defineEvent, EventBus } from '../../src/index.js'
import { gate, task } from './support.js'

class Parent extends defineEvent('Parent', { label: string() }) {}
class Child extends defineEvent('Child', { label: string() }) {}
class Grandchild extends defineEvent('Grandchild') {}

describe('A8: awaiting an event inside a handler', () => {
  it('62: an awaited child completes, with its own children, before the handler goes on', async () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.on(Parent, async () => {
      log.push('parent start')
      await bus.dispatch(new Child({ label: 'c' }))
      log.push('parent end')
    })
    bus.on(Child, async () => {
      log.push('child start')
      await bus.dispatch(new Grandchild())
      log.push('child end')
    })
    bus.on(Grandchild, async () => {
      log.push('grandchild start')
      await task()
      log.push('grandchild end')
    })
    await bus.dispatch(new Parent({ label: 'p' }))
    const inner = ['child start', 'grandchild start', 'grandchild end', 'child end']
    expect(log).to.deep.equal(['parent start', ...inner, 'parent end'])
  })

  it('62: five rounds of three queued and three awaited children on two buses lose and repeat nothing', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [a, b] = [new EventBus(), new EventBus()]
      const runs = { a: 0, b: 0 }
      a.on('*', b.dispatch)
      a.on(Child, () => {
        runs.a += 1
      })
      b.on(Child, async () => {
        await null
        runs.b += 1
      })
      a.on(Parent, async () => {
        for (const label of ['1', '2', '3']) a.dispatch(new Child({ label }))
        for (const label of ['4', '5', '6']) {
          const child = await a.dispatch(new Child({ label }))
          expect(child.eventStatus).to.equal('completed')
        }
      })
      const parent = await a.dispatch(new Parent({ label: 'p' }))
      expect(runs).to.deep.equal({ a: 6, b: 6 })
      expect(parent.eventChildren.length).to.equal(6)
      expect(parent.eventChildren.every((child) => child.eventStatus === 'completed')).to.equal(true)
    }
  })

  it('63: a child that is not awaited stays pending while the handler runs', async () => {
    const bus = new EventBus()
    const seen: string[] = []
    bus.on(Child, () => {
      seen.push('child ran')
    })
    bus.on(Parent, async () => {
      const child = bus.dispatch(new Child({ label: 'queued' }))
      await task()
      seen.push(child.eventStatus)
    })
    await bus.dispatch(new Parent({ label: 'p' }))
    expect(seen).to.deep.equal(['pending', 'child ran'])
  })

  it('64: the awaited event jumps the queue, and nothing else does', async () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.on(Parent, async (event) => {
      log.push(`${event.label} start`)
      if (event.label === 'A') await bus.dispatch(new Child({ label: 'C' }))
      log.push(`${event.label} end`)
    })
    bus.on(Child, (event) => {
      log.push(event.label)
    })
    bus.dispatch(new Parent({ label: 'A' }))
    bus.dispatch(new Parent({ label: 'B1' }))
    bus.dispatch(new Parent({ label: 'B2' }))
    await bus.waitUntilIdle()
    expect(log).to.deep.equal(['A start', 'C', 'A end', 'B1 start', 'B1 end', 'B2 start', 'B2 end'])
  })

  it('65: awaiting an event outside a handler waits for its turn, without a limit of its own', async () => {
    const bus = new EventBus()
    const log: string[] = []
    const release = gate()
    bus.on(
      Parent,
      async (event) => {
        if (event.label === 'first') await release.promise
        log.push(event.label)
      },
      { timeout: null },
    )
    bus.dispatch(new Parent({ label: 'first' }))
    const second = bus.dispatch(new Parent({ label: 'second' }))
    const waiting = (async () => {
      await second
      log.push('waited')
    })()
    await task()
    expect(log).to.deep.equal([])
    release.open()
    await waiting
    expect(log).to.deep.equal(['first', 'second', 'waited'])
  })

  it('66: parallel handlers may each await a child; the children jump one by one, in order', async () => {
    const bus = new EventBus({ parallelHandlers: true })
    const log: string[] = []
    bus.on(Child, async (event) => {
      log.push(`${event.label} start`)
      await task()
      log.push(`${event.label} end`)
    })
    for (const label of ['one', 'two']) {
      bus.on(Parent, async () => {
        const child = await bus.dispatch(new Child({ label }))
        expect(child.eventStatus).to.equal('completed')
      })
    }
    const parent = await bus.dispatch(new Parent({ label: 'p' }))
    expect(log).to.deep.equal(['one start', 'one end', 'two start', 'two end'])
    expect([...parent.eventResults.values()].map((result) => result.status)).to.deep.equal([
      'completed',
      'completed',
    ])
  })
})
