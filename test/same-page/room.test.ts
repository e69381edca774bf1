// Room on a full bus: who waits for it gets it, in turn, and nobody waits for what he holds up himself.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus } from '../../src/index.js'
import { deferred, foreign, only } from './helpers.js'

const make = (type = 'X') => new BaseEvent(type, {})
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('whenRoom', () => {
  it('lets in so many as there is room for, however many functions they await it through', async () => {
    const bus = new EventBus({ maxPending: 1 })
    bus.on('X', () => sleep(1))
    const room = async () => await bus.whenRoom()
    const ready = async () => await room()
    const send = async () => {
      await ready()
      return bus.dispatch(make())
    }
    const settled = await Promise.allSettled(Array.from({ length: 10 }, send))
    expect(settled.map(({ status }) => status)).to.deep.equal(Array(10).fill('fulfilled'))
  })

  it('in a handler that all of the bus waits for it is an error, not a wait until the time-out', async () => {
    const bus = new EventBus({ maxPending: 3 })
    bus.on('Parent', async (_event, context) => void (await context.bus.dispatch(make('Child'))))
    bus.on('Child', () => bus.whenRoom())
    bus.on('Behind', () => {})
    const parent = bus.dispatch(make('Parent'))
    bus.dispatch(make('Behind'))
    await parent
    const [child] = parent.eventChildren
    expect(only(child.eventResults.values()).error).to.include({ name: 'EventLoopError' })
    await bus.waitUntilIdle()
  })

  it('it is none where something else that has started may end, or handlers run side by side', async () => {
    const gate = deferred()
    const [bus, other] = [new EventBus({ maxPending: 2 }), new EventBus()]
    other.on('Far', () => gate.promise)
    bus.on('Sends', (_event, { via }) => void via(other).dispatch(make('Far')))
    bus.on('Waits', async () => await bus.whenRoom())
    const [, waits] = [bus.dispatch(make('Sends')), bus.dispatch(make('Waits'))]
    await foreign()
    gate.resolve()
    await waits
    expect(only(waits.eventResults.values()).error).to.equal(undefined)

    const parallel = new EventBus({ maxPending: 2, eventConcurrency: 'parallel' })
    parallel.on('Waits', async () => await parallel.whenRoom())
    parallel.on('Brief', () => sleep(1))
    const both = [parallel.dispatch(make('Waits')), parallel.dispatch(make('Brief'))]
    await Promise.all(both)
    expect(only(both[0].eventResults.values()).error).to.equal(undefined)
  })
})
