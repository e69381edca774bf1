import { expect } from '@esm-bundle/chai'
import { number } from 'superstruct'
import { BusFullError, defineEvent, EventBus } from '../../src/index.js'
import { gate, resultsOf, sleep, task, thrown } from './support.js'

class Ping extends defineEvent('Ping') {}
class Step extends defineEvent('Step', { n: number() }) {}

/** A bus that logs the start and the end of each of its handlers. */
function loggingBus(log: string[], label: string, eventConcurrency: 'bus' | 'global'): EventBus {
  const bus = new EventBus({ eventConcurrency })
  bus.on(Ping, async () => {
    log.push(`${label} starts`)
    await task()
    log.push(`${label} ends`)
  })
  return bus
}

describe('A3: dispatch, order, backpressure', () => {
  it('19: dispatch works anywhere, and nothing runs inside it', async () => {
    const bus = new EventBus()
    let runs = 0
    bus.on(Ping, () => {
      runs += 1
    })
    const ping = bus.dispatch(new Ping())
    expect(runs).to.equal(0)
    expect(bus.eventHistory.get(ping.eventId) === ping).to.equal(true)
    await ping
    expect(runs).to.equal(1)
  })

  it('20: events of one bus are handled first in, first out, however long each takes', async () => {
    const bus = new EventBus()
    const seen: number[] = []
    const delays = [12, 0, 6, 0, 9, 3, 0, 1]
    bus.on(Step, async (event) => {
      await sleep(delays[event.n] ?? 0)
      seen.push(event.n)
    })
    const events = delays.map((_, n) => bus.dispatch(new Step({ n })))
    await Promise.all(events)
    expect(seen).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7])
    const starts = events.map((event) => event.eventStartedAt?.getTime() ?? Number.NaN)
    expect(starts).to.deep.equal([...starts].sort((x, y) => x - y))
  })

  it('21: buses run independently, and one event at a time over all buses in global mode', async () => {
    const independent: string[] = []
    const buses = [loggingBus(independent, '1', 'bus'), loggingBus(independent, '2', 'bus')]
    await Promise.all(buses.map((bus) => bus.dispatch(new Ping())))
    expect(independent.slice(0, 2).sort()).to.deep.equal(['1 starts', '2 starts'])
    const global: string[] = []
    const lane = [loggingBus(global, '1', 'global'), loggingBus(global, '2', 'global')]
    await Promise.all(lane.map((bus) => bus.dispatch(new Ping())))
    expect(global).to.deep.equal(['1 starts', '1 ends', '2 starts', '2 ends'])
  })

  it('22: many dispatches, awaited together, all complete and stay in a history that is large enough', async () => {
    const bus = new EventBus({ maxHistorySize: 10_000 })
    let runs = 0
    bus.on(Step, async () => {
      await null
      runs += 1
    })
    const batch = async (): Promise<void> => {
      const events = Array.from({ length: 50 }, (_, n) => bus.dispatch(new Step({ n })))
      for (const event of await Promise.all(events)) expect(event.eventStatus).to.equal('completed')
    }
    await Promise.all([batch(), batch()])
    expect(runs).to.equal(100)
    expect(bus.eventHistory.size).to.equal(100)
  })

  it('23: the caller goes on first, then the handler runs, then whoever waits', async () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.on(Ping, async () => {
      await task()
      log.push('handler done')
    })
    const ping = bus.dispatch(new Ping())
    log.push('enqueue done')
    await ping
    log.push('wait done')
    expect(log).to.deep.equal(['enqueue done', 'handler done', 'wait done'])
  })

  it('24: exactly maxPending unfinished events are accepted; the next one is refused untouched', async () => {
    const bus = new EventBus()
    let runs = 0
    const release = gate()
    bus.on(Step, async () => {
      await release.promise
      runs += 1
    })
    for (let n = 0; n < 100; n += 1) bus.dispatch(new Step({ n }))
    const refused = new Step({ n: 100 })
    const error = thrown(() => bus.dispatch(refused))
    expect(error).to.be.instanceOf(BusFullError)
    expect(error.message).to.contain('100')
    expect(refused.eventPath).to.deep.equal([])
    expect(bus.eventHistory.has(refused.eventId)).to.equal(false)
    release.open()
    await bus.waitUntilIdle()
    await bus.dispatch(refused)
    expect(runs).to.equal(101)
  })

  it('24: without a history limit there is no cap, and maxPending sets another one', async () => {
    const open = new EventBus({ maxHistorySize: null })
    for (let n = 0; n < 500; n += 1) open.dispatch(new Step({ n }))
    await open.waitUntilIdle()
    expect(open.eventsCompleted.length).to.equal(500)
    const small = new EventBus({ maxPending: 2 })
    small.dispatch(new Step({ n: 0 }))
    small.dispatch(new Step({ n: 1 }))
    expect(thrown(() => small.dispatch(new Step({ n: 2 })))).to.be.instanceOf(BusFullError)
    await small.waitUntilIdle()
  })

  it('25: 20 000 events through a bus of 100 are all handled, and the history stays at 50', async function () {
    this.timeout(20_000)
    const bus = new EventBus()
    let sum = 0
    bus.on(Step, (event) => {
      sum += event.n
    })
    let largest = 0
    for (let chunk = 0; chunk < 200; chunk += 1) {
      for (let i = 0; i < 100; i += 1) bus.dispatch(new Step({ n: 1 }))
      await bus.waitUntilIdle()
      largest = Math.max(largest, bus.eventHistory.size)
    }
    expect(sum).to.equal(20_000)
    expect(largest).to.equal(50)
  })

  it('26: an event dispatched twice on one bus is handled once', async () => {
    const bus = new EventBus()
    let runs = 0
    bus.on(Ping, () => {
      runs += 1
    })
    const ping = new Ping()
    bus.dispatch(ping)
    bus.dispatch(ping)
    await ping
    await bus.waitUntilIdle()
    expect(runs).to.equal(1)
    expect(ping.eventPath).to.deep.equal([bus.name])
    expect(resultsOf(ping).length).to.equal(1)
  })
})
