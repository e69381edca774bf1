import { expect } from '@esm-bundle/chai'
import { number } from 'superstruct'
import { defineEvent, EventBus, EventLoopError } from '../../src/index.js'
import { resultsOf, settles } from './support.js'

class Loop extends defineEvent('Loop', { depth: number() }) {}
class After extends defineEvent('After') {}

/** A bus whose handler dispatches the event that it handles, one deeper; `made` has all of them. */
function loopingBus(awaits: boolean) {
  const bus = new EventBus()
  const made: Loop[] = []
  bus.on(Loop, async ({ depth }) => {
    if (depth > 20) return
    const next = bus.dispatch(new Loop({ depth: depth + 1 }))
    made.push(next)
    if (awaits) await next
  })
  return { bus, made }
}

describe('A16: recursion guard', () => {
  it('96: a handler that triggers itself is ended with an EventLoopError; the bus goes on', async () => {
    for (const awaits of [false, true]) {
      const { bus, made } = loopingBus(awaits)
      const root = bus.dispatch(new Loop({ depth: 0 }))
      expect(await settles(root, 5000)).to.equal(true)
      const last = made.at(-1) as Loop
      expect(made.length).to.be.within(2, 3)
      expect(resultsOf(last).map((result) => result.error)[0]).to.be.instanceOf(EventLoopError)
      for (const event of [root, ...made.slice(0, -1)]) {
        expect(resultsOf(event)[0]?.status).to.equal('completed')
      }
      expect(last.eventStatus).to.equal('completed')
      expect(await bus.waitUntilIdle(1000)).to.equal(true)
      expect((await bus.dispatch(new After())).eventStatus).to.equal('completed')
    }
  })
})
