import { expect } from '@esm-bundle/chai'
import { BusStoppedError, defineEvent, EventBus, EventCancelledError } from '../../src/index.js'
import { openFrame } from './frame.js'
import { eventually, freshName, gate, onlyResult, settles, task, thrown } from './support.js'

class Ping extends defineEvent('Ping') {}

const never = (): Promise<never> => new Promise(() => {})

describe('A13: stop, clear, restart', () => {
  it('87: stop with pending events is quick, cancels what runs and settles everybody who waits', async () => {
    const bus = new EventBus()
    const started = gate()
    let aborted = false
    bus.on(Ping, async (_event, { signal }) => {
      signal.addEventListener('abort', () => {
        aborted = true
      })
      started.open()
      await never()
    })
    const events = [1, 2, 3].map(() => bus.dispatch(new Ping()))
    const waiting = events.map(async (event) => event)
    const idle = bus.waitUntilIdle()
    await started.promise
    expect(await settles(bus.stop())).to.equal(true)
    expect(aborted).to.equal(true)
    for (const event of await Promise.all(waiting)) {
      expect(event.eventStatus).to.equal('completed')
      expect(onlyResult(event).error).to.be.instanceOf(EventCancelledError)
    }
    expect(await settles(idle)).to.equal(true)
  })

  it('88: stop(timeout) waits for idle first, but no longer; clear forgets history, handlers, name', async () => {
    const name = freshName('Cleared')
    const bus = new EventBus({ name })
    let runs = 0
    bus.on(Ping, async () => {
      await task()
      runs += 1
    })
    const ping = bus.dispatch(new Ping())
    await bus.stop({ timeout: 5000 })
    expect(runs).to.equal(1)
    expect(onlyResult(ping).status).to.equal('completed')
    bus.on(Ping, never)
    const stuck = bus.dispatch(new Ping())
    expect(await settles(bus.stop({ timeout: 10 }), 5000)).to.equal(true)
    expect(stuck.eventStatus).to.equal('completed')
    // A second stop that clears is not lost in the first.
    await Promise.all([bus.stop(), bus.stop({ clear: true })])
    expect(bus.eventHistory.size).to.equal(0)
    const heir = new EventBus({ name })
    expect(heir.name).to.equal(name)
    expect((await heir.dispatch(new Ping())).eventResults.size).to.equal(0)
  })

  it('89: the next dispatch restarts a stopped bus with its handlers, unless it was cleared', async () => {
    const bus = new EventBus()
    let runs = 0
    bus.on(Ping, () => {
      runs += 1
    })
    await bus.dispatch(new Ping())
    await bus.stop()
    const again = await bus.dispatch(new Ping())
    expect(runs).to.equal(2)
    expect(again.eventStatus).to.equal('completed')
    const stopping = bus.stop()
    expect(thrown(() => bus.dispatch(new Ping()))).to.be.instanceOf(BusStoppedError)
    await stopping
    await bus.stop({ clear: true })
    const refused = new Ping()
    expect(thrown(() => bus.dispatch(refused))).to.be.instanceOf(BusStoppedError)
    expect(refused.eventPath).to.deep.equal([])
    expect(runs).to.equal(2)
  })

  it('90: an idle bus holds no timers', async () => {
    using frame = await openFrame()
    const { bubus, timers } = frame.window
    const bus = new bubus.EventBus()
    bus.on('Ping', async () => {
      await null
    })
    for (let i = 0; i < 20; i += 1) await bus.dispatch(new bubus.BaseEvent('Ping'))
    await bus.waitUntilIdle()
    expect(await eventually(() => timers.live.size === 0)).to.equal(true)
    const before = timers.started
    await task()
    expect(timers.started).to.equal(before)
  })
})
