// Events that one bus's `stop()` has ended on another: they come again, and have one entry. And what others clear meanwhile.
import { expect } from '@esm-bundle/chai'
import { INSPECT } from '../../src/brands.js'
import { BaseEvent, EventBus } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'
import { forever } from '../same-page/helpers.js'
import { freshName } from './helpers.js'
import { left } from './pages.js'
import { holdStore, rowsOf } from './raw.js'
import { metaOf } from './reading.js'
import { eventually, openBus } from './tabs.js'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Two buses, the first of which forwards to the second; on one log, or on two. */
async function pair(names = 1) {
  const name = freshName()
  const log = new EventLog(name)
  const other = names === 1 ? log : new EventLog(`${name}2`)
  const [one, two] = [new EventBus({ name: `${name}a`, log }), new EventBus({ name: `${name}b`, log: other })]
  await Promise.all([one.ready, two.ready])
  const over = async () => {
    for (const it of new Set([log, other])) {
      await it.close()
      await EventLog.destroy(it.name)
    }
  }
  return { name, log, other, one, two, over }
}

describe('what a stop has ended, and comes again', () => {
  it('is once in the log, also on another bus of the page that had it and gets it again', async () => {
    const { name, log, one, two } = await pair()
    let runs = 0
    two.on('A', () => (runs++ ? 1 : forever()))
    one.on('A', two.dispatch)
    const event = one.dispatch(new BaseEvent('A'))
    await eventually('it runs there', () => runs)
    await event.eventPersisted
    await one.stop()
    const [again] = await one.recover()
    await again
    await log.flush()
    const count = await log.count()
    await log.close()
    const head = (await rowsOf(name)).length
    const next = new EventLog(name)
    const third = new EventBus({ name: `${name}b`, log: next })
    third.on('A', () => void runs++)
    await third.recover()
    await third.waitUntilIdle()
    await next.compact()
    const { settled } = await metaOf(name)
    await next.close()
    await EventLog.destroy(name)
    expect({ runs, count }).to.eql({ runs: 2, count: 2 })
    expect(settled).to.be.at.least(head)
  })

  it('what came from the log and a stop has ended reaches other buses again', async () => {
    const name = freshName()
    await left(name, new BaseEvent('A'))
    const log = new EventLog(name)
    const [one, two] = [new EventBus({ name, log }), new EventBus()]
    let [runs, done] = [0, 0]
    two.on('A', () => (runs++ ? void done++ : forever()))
    one.on('A', two.dispatch)
    await one.recover()
    await eventually('it runs there', () => runs)
    await one.stop()
    const [again] = await one.recover()
    await again
    await log.close()
    const next = openBus(name)
    next.bus.on('A', () => void done++)
    await next.bus.recover()
    await next.bus.waitUntilIdle()
    await next.log.close()
    await EventLog.destroy(name)
    expect(done).to.equal(1)
  })

  it('an event that is ended before its entry there is durable has one entry there', async () => {
    const { name, log, one, two, over } = await pair()
    two.on('A', () => {})
    let stopping: Promise<void> | undefined
    one.on('A', (event) => {
      two.dispatch(event)
      stopping ??= one.stop()
      return event
    })
    await one.dispatch(new BaseEvent('A')).eventCompletion
    await stopping
    const [again] = await one.recover()
    await again
    const count = await log.count()
    await log.count()
    const { settled } = await metaOf(name)
    const open = (await rowsOf(name)).length - settled
    await over()
    expect({ count, open }).to.eql({ count: 2, open: 0 })
  })

  it('a named handler that has settled on another bus is spared there', async () => {
    const { log, one, two, over } = await pair()
    const ran: string[] = []
    two.on('A', () => void ran.push('named'), { name: 'named' })
    two.on('A', () => (ran.push('other') < 4 ? forever() : undefined))
    one.on('A', two.dispatch)
    one.dispatch(new BaseEvent('A'))
    await eventually('both had their turns', () => ran.length === 2)
    await log.flush()
    await one.stop()
    ran.push('stopped')
    const [again] = await one.recover()
    await again
    await over()
    expect(ran).to.deep.equal(['named', 'other', 'stopped', 'other'])
  })

  it('what another tab clears while a log opens is no loss', async () => {
    const { bus, log, name } = openBus(freshName())
    await bus.dispatch(new BaseEvent('A'))
    await log.flush()
    await log.index.flush()
    log.witness.write()
    const release = await holdStore(name, 'meta')
    const next = new EventLog(name)
    const told: string[] = []
    next.addEventListener('dataloss', (e) => told.push((e as unknown as { reason: string }).reason))
    const opening = next.db()
    await pause(100)
    const clearing = log.clear()
    await pause(100)
    await release()
    await Promise.all([clearing, opening])
    await next.close()
    await log.close()
    await EventLog.destroy(name)
    expect(told).to.eql([])
  })

  it('what comes again after a clear is accepted after it', async () => {
    const { other, one, two, over } = await pair(2)
    let runs = 0
    two.on('A', () => (runs++ ? 1 : forever()))
    one.on('A', two.dispatch)
    const event = one.dispatch(new BaseEvent('A'))
    await eventually('it runs there', () => runs)
    await event.eventPersisted
    await one.stop()
    await other.clear()
    const [again] = await one.recover()
    await again.eventPersisted
    await again
    const count = await other.count()
    await over()
    expect(count).to.equal(1)
  })

  it('a child that the stop of its parent has ended on another bus is not done twice', async () => {
    const { name, log, one, two } = await pair()
    let [runs, done] = [0, 0]
    two.on('B', () => (runs++ ? void done++ : forever()))
    one.on('A', async () => {
      await two.dispatch(new BaseEvent('B'))
    })
    one.dispatch(new BaseEvent('A'))
    await eventually('it runs there', () => runs)
    await log.flush()
    await one.stop()
    const [again] = await one.recover()
    await again
    await log.close()
    const next = openBus(`${name}b`, { logName: name })
    next.bus.on('B', () => void done++)
    await next.bus.recover()
    await next.bus.waitUntilIdle()
    await next.log.close()
    await EventLog.destroy(name)
    expect(done).to.equal(1)
  })

  it('an inspector hears that what comes again is persisted', async () => {
    const { one, two, over } = await pair()
    let runs = 0
    two.on('A', () => (runs++ ? 1 : forever()))
    one.on('A', two.dispatch)
    const steps: string[] = []
    two[INSPECT]((step) => steps.push(step))
    one.dispatch(new BaseEvent('A'))
    await eventually('it runs there', () => runs)
    await one.stop()
    const [again] = await one.recover()
    await again
    await over()
    expect(steps.filter((step) => step === 'queued')).to.have.length(2)
    expect(steps.filter((step) => step === 'persisted')).to.have.length(2)
  })
})
