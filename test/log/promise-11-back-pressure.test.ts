// Promise 11, "Back-pressure": what waits to be persisted is bounded; at the bound a caller is told, and nothing is dropped.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, BusFullError } from '../../src/index.js'
import { foreign, thrownBy } from '../same-page/helpers.js'
import { itWithTime } from '../support/long-tests.js'
import { lines, loggedBus } from './helpers.js'
import { holdStore, rowsOf } from './raw.js'
import { eventually, impatient } from './tabs.js'

const big = 'x'.repeat(4_000_000)
const make = (n: number, payload = {}) => new BaseEvent('X', { n, ...payload })
const unlimited = { maxHistorySize: null, maxPending: null }

describe('promise 11: back-pressure', () => {
  for (const mode of ['ahead', 'behind'] as const) {
    const test = mode === 'ahead' ? it : itWithTime
    test(`${mode}: at the bound of bytes \`dispatch\` throws a BusFullError and takes nothing; all that was taken is written`, async () => {
      const { bus, name, log } = loggedBus({
        mode,
        deadline: 60_000,
        bus: { maxHistorySize: 2, maxPending: null },
      })
      await Promise.all([log.db(), bus.ready])
      const release = await holdStore(name)
      let taken = 0
      let error: Error | undefined
      while (!error && taken < 40) {
        try {
          bus.dispatch(make(taken, { big }))
          taken++
        } catch (thrown) {
          error = thrown as Error
        }
      }
      expect(error).to.be.instanceOf(BusFullError)
      expect(taken, '64 million characters').to.equal(16)
      const refused = make(99)
      expect(thrownBy(() => bus.dispatch(refused))).to.be.instanceOf(BusFullError)
      expect(refused.eventPath).to.have.length(0)
      let room = false
      const whenRoom = bus.whenRoom().then(() => {
        room = true
      })
      for (let tasks = 0; tasks < 10; tasks++) await foreign()
      expect(room).to.equal(false)
      await release()
      await whenRoom
      const last = bus.dispatch(refused)
      await last.eventPersisted
      await bus.waitUntilIdle()
      await log.flush()
      const all = lines((await rowsOf(name)).map(([, row]) => row))
      const numbers = all.filter((line) => line.event_entry === 'E').map(({ n }) => n)
      expect(numbers).to.deep.equal([...Array.from({ length: taken }, (_, n) => n), 99])
      expect(bus.stats.unpersisted).to.equal(0)
    })
  }

  it('those who wait for room are let in one after another, and all of them', async () => {
    const { bus, name, log } = loggedBus({ deadline: 60_000, bus: unlimited })
    await Promise.all([log.db(), bus.ready])
    const release = await holdStore(name)
    for (let n = 0; n < 16; n++) bus.dispatch(make(n, { big }))
    const waiting = Array.from({ length: 5 }, async (_, n) => {
      await bus.whenRoom()
      return bus.dispatch(make(100 + n))
    })
    await release()
    const events = await Promise.all(waiting)
    for (const event of events) await event.eventPersisted
    await bus.stop({ clear: true })
  })

  it('while degraded, the bound holds, too: what cannot be written does not pile up without end', async () => {
    const { bus, name, log } = await impatient(loggedBus({ bus: { maxHistorySize: 1, maxPending: null } }))
    const release = await holdStore(name)
    await bus.dispatch(make(0, { big }))
    expect(log.state).to.equal('degraded')
    let taken = 1
    try {
      for (; taken < 40; taken++) await bus.dispatch(make(taken, { big }))
    } catch (error) {
      expect(error).to.be.instanceOf(BusFullError)
    }
    expect(taken).to.equal(16)
    await release()
    await bus.whenRoom()
    await bus.dispatch(make(taken))
    await eventually('all is written', () => log.state === 'ok' && !bus.stats.unpersisted)
  })

  it('a log that was given up bounds nothing: nothing waits for it', async () => {
    const { bus, log } = loggedBus({ bus: { maxHistorySize: 1, maxPending: null } })
    await log.close()
    for (let n = 0; n < 20; n++) await bus.dispatch(make(n, { big }))
    await bus.whenRoom()
  })
})
