// No task is long because of us: what handlers, and those who await them, do in a row is divided up. Told by work, not by time.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus } from '../../src/index.js'

const make = () => new BaseEvent('X', {})
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function busy(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** The most ms of work that were spent between two turns of other tasks. */
async function mostInARow(work: (spend: (ms: number) => void) => Promise<unknown>): Promise<number> {
  const { port1, port2 } = new MessageChannel()
  let spent = 0
  let most = 0
  port1.onmessage = () => {
    most = Math.max(most, spent)
    spent = 0
    port2.postMessage(null)
  }
  port2.postMessage(null)
  await pause(20)
  await work((ms) => {
    busy(ms)
    spent += ms
  })
  port1.close()
  return Math.max(most, spent)
}

describe('a task is not long', () => {
  it('though handlers go on after an await', async () => {
    const bus = new EventBus({ maxPending: null })
    const most = await mostInARow((spend) => {
      bus.on('X', async () => {
        await null
        spend(5)
      })
      for (let i = 0; i < 60; i++) bus.dispatch(make())
      return bus.waitUntilIdle()
    })
    expect(most).to.be.lessThan(75)
  })

  it('though a loop does something between its awaits', async () => {
    const bus = new EventBus({ maxPending: null })
    bus.on('X', () => {})
    const most = await mostInARow(async (spend) => {
      for (let i = 0; i < 60; i++) {
        spend(5)
        await bus.dispatch(make())
      }
    })
    expect(most).to.be.lessThan(75)
  })

  it('though many buses have something to do', async () => {
    const buses = Array.from({ length: 100 }, () => new EventBus())
    const most = await mostInARow((spend) => {
      for (const bus of buses) {
        bus.on('X', () => spend(1))
        bus.dispatch(make())
      }
      return Promise.all(buses.map((bus) => bus.waitUntilIdle()))
    })
    expect(most).to.be.lessThan(40)
  })

  it('and a bus that has much to do does not keep others from their turn', async () => {
    const [much, ...others] = Array.from({ length: 20 }, () => new EventBus({ maxPending: null }))
    const order: EventBus[] = []
    for (const bus of [much, ...others]) {
      bus.on('X', () => {
        busy(3)
        order.push(bus)
      })
    }
    for (let i = 0; i < 150; i++) much.dispatch(make())
    for (const bus of others) bus.dispatch(make())
    await much.waitUntilIdle()
    expect(order.length).to.equal(169)
    expect(Math.max(...others.map((bus) => order.indexOf(bus)))).to.be.lessThan(100)
  })

  it('though very many read the results of one event: each is done with in one step', async function () {
    // Where each looked at all the others, this took more than half a minute.
    this.timeout(15_000)
    const bus = new EventBus()
    bus.on('X', () => 1)
    const event = bus.dispatch(make())
    const readers = Array.from({ length: 50_000 }, () => event.eventResult())
    expect(new Set(await Promise.all(readers))).to.deep.equal(new Set([1]))
  })
})
