// How a bus's writer works off what it is given: what `flush` waits for, and what becomes of it around `stop` and `pagehide`.
import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import { forever, only } from '../same-page/helpers.js'
import { freshName, kinds, lines, loggedBus, rawSegments } from './helpers.js'
import { holdStore } from './raw.js'
import { closeTabs, eventually, impatient, openTab, tell } from './tabs.js'

const make = (type: string, payload = {}) => new BaseEvent(type, payload)

/** Dispatches in every task, until it is told to end: the writer is never idle. */
function steadily(dispatch: () => void): () => void {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    dispatch()
    port2.postMessage(0)
  }
  port2.postMessage(0)
  return () => port1.close()
}

describe('the writer', () => {
  afterEach(closeTabs)

  it('`flush` waits for what was accepted before, not for the writer to be idle', async () => {
    const { bus, log } = loggedBus({ bus: { maxHistorySize: 10, maxPending: 1000 } })
    await Promise.all([bus.ready, log.db()])
    const end = steadily(() => {
      if (bus.stats.unpersisted < 100) bus.dispatch(make('Load'))
    })
    try {
      for (let n = 0; n < 5; n++) {
        const event = bus.dispatch(make('X'))
        let persisted = false
        void event.eventPersisted.then(() => {
          persisted = true
        })
        await log.flush()
        expect(persisted).to.equal(true)
      }
      for await (const { event_type } of log.records()) {
        expect(event_type).to.match(/X|Load/)
        break
      }
      await log.close()
    } finally {
      end()
    }
  })

  it('what was sent in `pagehide`, and is late, is not written again if it was written', async () => {
    const name = freshName()
    const tab = await openTab()
    const { bus, log } = await impatient(tab.open(name))
    await bus.dispatch(new tab.bubus.BaseEvent('Before')).eventPersisted
    await log.flush()
    const release = await holdStore(name)
    bus.dispatch(new tab.bubus.BaseEvent('X', { n: 1 }))
    await Promise.resolve()
    bus.dispatch(new tab.bubus.BaseEvent('X', { n: 2 }))
    tell(tab, 'pagehide')
    // Longer than anybody waits for a transaction.
    await new Promise((resolve) => setTimeout(resolve, 1200))
    tell(tab, 'pageshow')
    await release()
    await eventually('all is durable', () => !bus.stats.unpersisted)
    await log.flush()
    const written = lines(await rawSegments(name)).filter(
      ({ event_entry, event_type }) => event_entry === 'E' && event_type === 'X',
    )
    expect(written.map(({ n }) => n)).to.have.members([1, 2])
  })

  it('what was dispatched before a `stop` while degraded is the stopped writer`s, and is recovered', async () => {
    const { bus, log, name } = await impatient(loggedBus())
    const ran: unknown[] = []
    bus.on('X', ({ eventPayload }) => {
      ran.push(eventPayload.n)
      return ran.length === 1 ? forever() : undefined
    })
    const release = await holdStore(name)
    bus.dispatch(make('X', { n: 1 }))
    await eventually('the first is on its way', () => !bus.stats.logLagMs)
    bus.dispatch(make('X', { n: 2 }))
    await eventually('degraded', () => log.state === 'degraded')
    await bus.stop()
    const after = bus.dispatch(make('Other'))
    await release()
    await eventually('the state is ok', () => log.state === 'ok')
    await after.eventPersisted.catch(() => {})
    for (const event of await bus.recover()) await event
    expect(ran).to.deep.equal([1, 1, 2])
    await log.flush()
    const rows = await rawSegments(name)
    const writersOf = (type: string) =>
      rows.filter(({ body }) => body.includes(`"event_type":"${type}"`)).map(({ writer }) => writer)
    const [first, ...others] = new Set(writersOf('X'))
    expect(others).to.deep.equal([])
    expect(only(writersOf('Other'))).not.to.equal(first)
  })

  it('`stop` keeps the outcome of a handler that had its turn: it is spared', async () => {
    const { bus, log, name } = loggedBus()
    const ran: string[] = []
    let stopped: Promise<void> | undefined
    bus.on('X', () => void ran.push('one'), { name: 'one' })
    bus.on(
      'X',
      () => {
        ran.push('two')
        if (stopped) return
        stopped = bus.stop()
        return forever()
      },
      { name: 'two' },
    )
    await Promise.all([bus.ready, log.db()])
    bus.dispatch(make('X'))
    await eventually('stopped', () => !!stopped)
    await stopped
    expect(kinds(await rawSegments(name))).to.equal('ER')
    await only(await bus.recover())
    expect(ran).to.deep.equal(['one', 'two', 'two'])
  })
})
