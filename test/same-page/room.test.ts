// Room on a full bus: who waits for it gets it, in turn.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus } from '../../src/index.js'

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
})
