// A bus that is stopped, or a log that is closed, in the midst of something: nothing goes on by itself, and nobody waits.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus, type HandlerContext } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'
import { forever } from '../same-page/helpers.js'
import { freshName, kinds } from './helpers.js'
import { left } from './pages.js'
import { holdStore, rowsOf } from './raw.js'
import { eventually, impatient, openBus } from './tabs.js'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A bus with a log in which a dead page has left two events. */
async function withTwoLeft() {
  const name = freshName()
  await left(name, new BaseEvent('A', { n: 1 }), new BaseEvent('A', { n: 2 }))
  const opened = openBus(name)
  await opened.bus.ready
  return opened
}

describe('a stopped bus', () => {
  it('does not recover by itself what the stop has ended, when its page is looked at again', async () => {
    const { bus, log, name } = openBus(freshName())
    let runs = 0
    bus.on('A', () => {
      runs++
      return forever()
    })
    await bus.recover()
    await bus.dispatch(new BaseEvent('A')).eventPersisted
    await eventually('it runs', () => runs)
    await bus.stop()
    document.dispatchEvent(new Event('visibilitychange'))
    await pause(500)
    await log.close()
    await EventLog.destroy(name)
    expect(runs).to.equal(1)
  })

  it('runs nothing of a recovery that was under way', async () => {
    const { bus, log, name } = await withTwoLeft()
    let runs = 0
    bus.on('A', () => void runs++)
    const recovering = bus.recover()
    await bus.stop()
    const before = runs
    await pause(500)
    await recovering
    await log.close()
    await EventLog.destroy(name)
    expect(runs).to.equal(before)
  })

  it('for good, takes nothing from those who come next', async () => {
    const { bus, log, name } = await withTwoLeft()
    bus.addEventListener('A', () => {})
    const recovering = bus.recover().catch(String)
    await bus.stop({ clear: true })
    await pause(500)
    await recovering
    const next = openBus(name)
    next.bus.on('A', () => {})
    const events = await next.bus.recover()
    await log.close()
    await next.log.close()
    await EventLog.destroy(name)
    expect(events).to.have.length(2)
  })
})

describe('a bus that is stopped while another log is late', () => {
  it('says nothing of what it has ended as another writer, when it may be others` by then', async () => {
    const { bus, log, name } = openBus(freshName())
    const other = openBus(freshName())
    let ran = 0
    const first = (_: BaseEvent, { via }: HandlerContext) => {
      via(other.bus).dispatch(new BaseEvent('B'))
    }
    bus.on('A', first, { name: 'first' })
    bus.on('A', () => {
      ran++
      return forever()
    })
    await Promise.all([bus.dispatch(new BaseEvent('Before')), other.log.db()])
    const release = await holdStore(other.name)
    bus.dispatch(new BaseEvent('A'))
    await eventually('the first handler has its outcome', () => ran)
    await bus.stop()
    await release()
    await other.log.flush()
    await log.flush()
    const rows = await rowsOf(name)
    await Promise.all([log.close(), other.log.close()])
    await Promise.all([EventLog.destroy(name), EventLog.destroy(other.name)])
    expect(new Set(rows.map(([, { writer }]) => writer))).to.have.lengthOf(1)
  })
})

describe('a log that is given up', () => {
  it('says the end of an event as who accepted it, also while another bus still writes', async () => {
    const { bus, log, name } = openBus(freshName())
    const slow = new EventBus({ name: freshName(), log })
    let end = () => {}
    bus.on('A', () => new Promise<void>((resolve) => (end = resolve)))
    const event = bus.dispatch(new BaseEvent('A'))
    await event.eventPersisted
    await eventually('it runs', () => bus.eventsStarted.length)
    const release = await holdStore(name)
    slow.dispatch(new BaseEvent('B'))
    const closing = log.close()
    end()
    await event
    await release()
    await closing
    const rows = (await rowsOf(name)).filter(([, row]) => row.bus === name)
    await EventLog.destroy(name)
    expect(kinds(rows.map(([, row]) => row))).to.equal('EC')
    expect(new Set(rows.map(([, { writer }]) => writer))).to.have.lengthOf(1)
  })

  it('lets in whoever waits for room', async () => {
    const { bus, log, name } = await impatient(
      openBus(freshName(), { bus: { maxPending: null, maxHistorySize: 0 } }),
    )
    const release = await holdStore(name)
    const text = 'x'.repeat(8_000_000)
    for (let n = 0; n < 8; n++) bus.dispatch(new BaseEvent('A', { text, n }))
    let room = false
    const waiting = bus.whenRoom().then(() => {
      room = true
    })
    await bus.waitUntilIdle()
    await pause(100)
    expect(room).to.equal(false)
    await log.close()
    await Promise.race([waiting, pause(5000)])
    await release()
    await EventLog.destroy(name)
    expect(room).to.equal(true)
  })

  it('is not tried again by what its cleared bus had on its way', async () => {
    const { bus, log, name } = await impatient(openBus(freshName()))
    const release = await holdStore(name)
    bus.dispatch(new BaseEvent('A'))
    await eventually('it is late', () => log.state === 'degraded')
    await bus.stop({ clear: true })
    await log.close()
    await release()
    await pause(1500)
    let asked = 0
    const { db } = log
    log.db = function count() {
      asked++
      return db.call(this)
    }
    await pause(2500)
    await EventLog.destroy(name)
    expect(asked).to.equal(0)
  })
})
