// `clear()` with other tabs at work: what is gone is gone for all of them, and is no loss.
import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import { type DataLossEvent, EventLog } from '../../src/log/event-log.js'
import { rejectionOf } from '../same-page/helpers.js'
import { freshName } from './helpers.js'
import { accepted, changeRow, plant, rowsOf } from './raw.js'
import { discard, planted } from './reading.js'
import { closeTabs, openBus, openTab, same } from './tabs.js'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('clear()', () => {
  afterEach(closeTabs)

  it('in two tabs at once is no loss', async () => {
    const one = openBus(freshName())
    const other = new EventLog(one.name)
    await Promise.all([one.log.db(), other.db()])
    for (let n = 0; n < 3; n++) await one.bus.dispatch(new BaseEvent('A', { n }))
    await one.log.clear()
    await other.clear()
    await one.bus.dispatch(new BaseEvent('A'))
    await one.log.close()
    await other.close()
    const losses: string[] = []
    const again = new EventLog(one.name)
    again.addEventListener('dataloss', (event) => {
      const { from, to } = event as DataLossEvent
      losses.push(`${from}-${to}`)
    })
    await again.db()
    await pause(200)
    await discard({ name: one.name, log: again })
    expect(losses).to.eql([])
  })

  it('in another tab takes along what this one is about to index', async () => {
    const one = openBus(freshName())
    await one.log.db()
    const other = new EventLog(one.name)
    await other.db()
    for (let n = 0; n < 3; n++) await one.bus.dispatch(new BaseEvent('A', { n }))
    await one.log.flush()
    await other.clear()
    await pause(600)
    const counts = [await other.count(), await one.log.count()]
    await one.bus.dispatch(new BaseEvent('A'))
    await one.log.flush()
    counts.push(await other.count(), await one.log.count())
    await one.log.close()
    await discard({ name: one.name, log: other })
    expect(counts).to.eql([0, 0, 1, 1])
  })

  it('that fails takes nothing along: what is unfinished comes again', async () => {
    const tab = await openTab()
    const { name, log, bus } = tab.open(freshName())
    bus.on('Open', () => new Promise(() => {}))
    await bus.dispatch(new tab.bubus.BaseEvent('Open', { n: 1 })).eventPersisted
    const { prototype } = tab.window.IDBDatabase
    const { transaction } = prototype
    prototype.transaction = function (...args) {
      const tx = transaction.apply(this, args)
      if (tx.mode !== 'readwrite' || tx.objectStoreNames.length < 5) return tx
      // Once everything of it is asked for.
      const ends = tx.objectStore('ends')
      ends.delete = (range) => {
        queueMicrotask(() => tx.abort())
        return tab.window.IDBObjectStore.prototype.delete.call(ends, range)
      }
      return tx
    }
    expect(same(await rejectionOf(log.clear()), undefined)).to.equal(false)
    prototype.transaction = transaction
    const { bus: other } = tab.open(`${name}_other`, { logName: name })
    await other.dispatch(new tab.bubus.BaseEvent('Other')).eventPersisted
    await Promise.all([log.flush(), other.waitUntilIdle()])
    await log.count()
    await tab.die()
    const again = openBus(name)
    again.bus.on('Open', () => {})
    const came = await again.bus.recover()
    await discard(again)
    expect(came.map(({ eventType, eventPayload }) => [eventType, eventPayload.n])).to.eql([['Open', 1]])
  })

  it('forgets what was kept apart, too', async () => {
    const { name, log } = await planted(async (name) => {
      await plant(name, [accepted('A', { payload: { password: 'secret' } }).line])
      await changeRow(name, (row) => ({ ...row, sum: 1 }))
    })
    await log.count()
    expect(await rowsOf(name, 'quarantine')).to.have.length(1)
    await log.clear()
    const left = JSON.stringify(await rowsOf(name, 'quarantine'))
    await discard({ name, log })
    expect(left).to.equal('[]')
  })
})
