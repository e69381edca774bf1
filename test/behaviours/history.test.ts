import { expect } from '@esm-bundle/chai'
import { number } from 'superstruct'
import { defineEvent, EventBus } from '../../src/index.js'
import { gate } from './support.js'

class Step extends defineEvent('Step', { n: number() }) {}

/** A bus whose handler waits for the events from number `hold` on. */
function heldBus(maxHistorySize: number | null, hold: number) {
  const bus = new EventBus({ maxHistorySize, maxPending: null })
  const started = gate()
  const release = gate()
  bus.on(Step, async (event) => {
    if (event.n < hold) return
    started.open()
    await release.promise
  })
  const numbers = (): number[] => [...bus.eventHistory.values()].map((event) => (event as Step).n)
  return { bus, started, release, numbers }
}

describe('A12: history', () => {
  it('84: over its limit it forgets completed events first, then started, then pending ones', async () => {
    const { bus, started, release, numbers } = heldBus(6, 4)
    const sent: Step[] = []
    const send = (n: number): Step => {
      const event = bus.dispatch(new Step({ n }))
      sent.push(event)
      return event
    }
    for (let n = 0; n < 4; n += 1) await send(n)
    send(4)
    await started.promise
    send(5)
    expect(numbers()).to.deep.equal([0, 1, 2, 3, 4, 5])
    send(6)
    send(7)
    expect(numbers()).to.deep.equal([2, 3, 4, 5, 6, 7])
    for (const n of [8, 9]) send(n)
    expect(numbers()).to.deep.equal([4, 5, 6, 7, 8, 9])
    send(10)
    expect(numbers()).to.deep.equal([5, 6, 7, 8, 9, 10])
    send(11)
    expect(numbers()).to.deep.equal([6, 7, 8, 9, 10, 11])
    release.open()
    await bus.waitUntilIdle()
    expect(sent.every((event) => event.eventStatus === 'completed')).to.equal(true)
    expect(numbers().length).to.equal(6)
  })

  it('85: null keeps everything, 0 keeps only what is unfinished', async () => {
    const all = heldBus(null, Number.POSITIVE_INFINITY)
    for (let n = 0; n < 120; n += 1) await all.bus.dispatch(new Step({ n }))
    expect(all.bus.eventHistory.size).to.equal(120)
    const none = heldBus(0, 2)
    await none.bus.dispatch(new Step({ n: 0 }))
    expect(none.bus.eventHistory.size).to.equal(0)
    none.bus.dispatch(new Step({ n: 2 }))
    none.bus.dispatch(new Step({ n: 3 }))
    await none.started.promise
    expect(none.numbers()).to.deep.equal([2, 3])
    none.release.open()
    await none.bus.waitUntilIdle()
    expect(none.bus.eventHistory.size).to.equal(0)
  })

  it('86: it is in order of dispatch, also when events complete in another order', async () => {
    const bus = new EventBus()
    bus.on(Step, async (event) => {
      if (event.n !== 1) return
      bus.dispatch(new Step({ n: 4 }))
      await bus.dispatch(new Step({ n: 5 }))
    })
    for (const n of [1, 2, 3]) bus.dispatch(new Step({ n }))
    await bus.waitUntilIdle()
    const numbers = [...bus.eventHistory.values()].map((event) => (event as Step).n)
    expect(numbers).to.deep.equal([1, 2, 3, 4, 5])
  })
})
