// Promise 8, "Loss is loud": what was durable and is not there any more is told of, with its range; the rest goes on.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, type EventBus } from '../../src/index.js'
import { type DataLossEvent, EventLog } from '../../src/log/event-log.js'
import { LogDb } from '../../src/log/log-db.js'
import { seal } from '../../src/log/segment.js'
import { lookForLoss } from '../../src/log/witness.js'
import { consoleDuring, foreign, forever } from '../same-page/helpers.js'
import { freshName } from './helpers.js'
import { accepted, changeRow, holdStore, inStore, rowsOf } from './raw.js'
import { closeTabs, eventually, loseLocks, openBus, openTab, type Tab, tell } from './tabs.js'

const make = (type: string, payload = {}) => new BaseEvent(type, payload)

/** A log with `count` segments of one open event each, of a page that is gone. */
async function written(count: number): Promise<string> {
  const name = freshName()
  const logged = openBus(name, { bus: { maxPending: null } })
  logged.bus.on('X', forever)
  for (let n = 1; n <= count; n++) await logged.bus.dispatch(make('X', { n })).eventPersisted
  await logged.log.flush()
  await loseLocks(logged)
  await logged.log.close()
  expect((await rowsOf(name)).map(([seq]) => seq)).to.deep.equal(
    Array.from({ length: count }, (_, i) => i + 1),
  )
  return name
}

/** Opens the log, recovers; gives what it says has been lost, and what ran. */
async function opened(name: string) {
  const losses: [number, number][] = []
  const seen: unknown[] = []
  const logged = openBus(name, { bus: { maxPending: null } })
  logged.log.addEventListener('dataloss', (event) => {
    const { from, to, reason } = event as DataLossEvent
    expect(reason).to.be.a('string').and.not.equal('')
    losses.push([from, to])
  })
  logged.bus.on('X', ({ eventPayload }) => void seen.push(eventPayload.n))
  const warnings = await consoleDuring('warn', async () => {
    for (const event of await logged.bus.recover()) await event
    await logged.bus.ready
    await logged.log.flush()
  })
  return { ...logged, losses, seen, warnings }
}

describe('promise 8: loss is loud', () => {
  afterEach(closeTabs)

  it('a sound log says nothing, however often it is opened', async () => {
    const name = await written(4)
    for (let n = 0; n < 3; n++) {
      const { losses, warnings, log, seen } = await opened(name)
      expect(losses).to.deep.equal([])
      expect(warnings).to.deep.equal([])
      expect(seen).to.deep.equal(n ? [] : [1, 2, 3, 4])
      await log.close()
    }
  })

  it('segments that are missing in the middle: each range, and the rest is recovered', async () => {
    const name = await written(8)
    await inStore(name, 'wal', (store) => store.delete(IDBKeyRange.bound(3, 4)))
    await inStore(name, 'wal', (store) => store.delete(7))
    const { losses, seen, warnings, log, bus } = await opened(name)
    expect(losses).to.deep.equal([
      [3, 4],
      [7, 7],
    ])
    expect(seen).to.deep.equal([1, 2, 5, 6, 8])
    expect(warnings.length).to.be.at.least(1)
    expect(log.state).to.equal('ok')
    await bus.dispatch(make('X', { n: 9 })).eventPersisted
    const numbers = (await rowsOf(name)).map(([seq]) => seq)
    expect(numbers, 'nothing is renumbered').not.to.include.members([3])
    expect(Math.min(...numbers.filter((seq) => seq > 8))).to.equal(9)
  })

  for (const [what, use] of [
    ['records() is read', async ({ log }: { log: EventLog }) => void (await log.records().next())],
    ['recover() is called', async ({ bus }: { bus: EventBus }) => void (await bus.recover())],
  ] as const)
    it(`segments that go missing while the log is open are told of when ${what}`, async () => {
      const name = await written(6)
      const { losses, warnings, ...logged } = await opened(name)
      expect(losses).to.deep.equal([])
      await inStore(name, 'wal', (store) => store.delete(IDBKeyRange.bound(3, 4)))
      for (let times = 0; times < 2; times++)
        await consoleDuring('warn', async () => {
          await use(logged)
          await eventually('it is told of', () => losses.length)
          expect(losses).to.deep.equal([[3, 4]])
        })
    })

  it('segments that are missing far behind the newest, in a log that is only opened', async () => {
    const name = await written(1)
    await inStore(name, 'wal', (store) => {
      for (let seq = 2; seq <= 400; seq++)
        if (seq < 60 || seq > 70) store.put(seal('dead', seq, name, [accepted('X').line]), seq)
      return store.count()
    })
    const { bus, log } = openBus(name)
    const told: unknown[] = []
    log.addEventListener('dataloss', (event) => {
      const { from, to } = event as DataLossEvent
      told.push([from, to])
    })
    await consoleDuring('warn', async () => {
      await bus.ready
      await eventually('it is told of', () => told.length)
    })
    expect(told).to.deep.equal([[60, 70]])
  })

  for (const [what, end] of [
    ['goes away', (tab: Tab) => tell(tab, 'pagehide')],
    ['closes it', (_: Tab, log: EventLog) => log.close()],
    ['dies', () => {}],
  ] as const)
    it(`a log that was destroyed is no loss, whatever a tab has seen of it that ${what}`, async () => {
      const name = freshName()
      const tab = await openTab()
      const { bus, log } = tab.open(name)
      await bus.dispatch(new tab.bubus.BaseEvent('X')).eventPersisted
      await bus.waitUntilIdle()
      await log.flush()
      await log.index.flush()
      await EventLog.destroy(name)
      await end(tab, log)
      await tab.die()
      const { losses } = await opened(name)
      expect(losses).to.deep.equal([])
    })

  it('nor is one that was destroyed while a tab wrote to it', async () => {
    const name = freshName()
    const tab = await openTab()
    const { bus, log } = tab.open(name)
    bus.on('X', forever)
    await Promise.all([bus.ready, log.db()])
    const release = await holdStore(name)
    const { eventPersisted } = bus.dispatch(new tab.bubus.BaseEvent('X'))
    await foreign()
    const destroyed = EventLog.destroy(name)
    await foreign()
    await release()
    await Promise.all([eventPersisted, destroyed])
    await tab.die()
    const { losses } = await opened(name)
    expect(losses).to.deep.equal([])
  })

  it('what another tab removes while this one opens is no loss', async () => {
    const name = await written(6)
    const { log, bus } = await opened(name)
    await log.flush()
    const late = new EventLog(name)
    const told: unknown[] = []
    late.addEventListener('dataloss', (event) => told.push(event))
    const db = new LogDb(2000)
    await db.open(name)
    // What it has read of where the log begins is old by now.
    await log.clear()
    await bus.dispatch(make('X', { n: 7 })).eventPersisted
    await lookForLoss(late, db)
    expect(told).to.deep.equal([])
    db.close()
    await late.close()
  })

  it('the newest segments have vanished: found by the witness beside the database', async () => {
    const name = await written(6)
    await inStore(name, 'wal', (store) => store.delete(IDBKeyRange.lowerBound(4)))
    const { losses, seen } = await opened(name)
    expect(losses).to.deep.equal([[4, 6]])
    expect(seen).to.deep.equal([1, 2, 3])
  })

  it('all segments have vanished, the database has not', async () => {
    const name = await written(3)
    await inStore(name, 'wal', (store) => store.clear())
    const { losses, seen } = await opened(name)
    expect(losses).to.deep.equal([[1, 3]])
    expect(seen).to.deep.equal([])
  })

  it('the database has vanished and was made anew: another epoch', async () => {
    const name = await written(3)
    await new Promise((resolve) => {
      indexedDB.deleteDatabase(`bubus:${name}`).onsuccess = resolve
    })
    const { losses, log, bus } = await opened(name)
    expect(losses).to.deep.equal([[1, 3]])
    await bus.dispatch(make('X')).eventPersisted
    expect((await rowsOf(name))[0][0]).to.equal(1)
    await log.close()
    const again = await opened(name)
    expect(again.losses, 'it is told once').to.deep.equal([])
  })

  it('the witness survives reloads: it is in localStorage, with the number of the newest segment', async () => {
    const name = await written(5)
    expect(localStorage.getItem(`bubus:log:${name}`)).to.match(/^5:/)
  })

  const damages: [string, (row: Record<string, unknown>) => unknown][] = [
    ['a changed body', (row) => ({ ...row, body: String(row.body).replace('"X"', '"Y"') })],
    ['a body that was cut off', (row) => ({ ...row, body: String(row.body).slice(0, 40) })],
    ['a line too few', (row) => ({ ...row, n: 2 })],
    ['no segment at all', () => 'something else'],
    ['nothing', () => null],
    ['a body of another kind', (row) => ({ ...row, body: { evil: true } })],
    ['a writer that is missing', ({ writer, ...row }) => row],
  ]
  for (const [what, damage] of damages) {
    it(`a bad segment (${what}) is kept in quarantine and told of; the others are recovered`, async () => {
      const name = await written(3)
      await changeRow(name, damage as never, 2)
      const { losses, seen, bus } = await opened(name)
      expect(losses).to.deep.equal([[2, 2]])
      expect(seen).to.deep.equal([1, 3])
      const kept = await inStore(name, 'quarantine', (store) => store.getAll())
      expect(kept.map((item) => item.seq)).to.deep.equal([2])
      expect(await bus.recover()).to.deep.equal([])
      expect(await inStore(name, 'quarantine', (store) => store.count()), 'once').to.equal(1)
    })
  }

  it('a line that is no entry harms no other line of its segment', async () => {
    const { seal } = await import('../../src/log/segment.js')
    const name = await written(1)
    const [[, row]] = await rowsOf(name)
    const strange = [
      'nonsense',
      '{"event_entry":5,"event_id":[]}',
      'null',
      '[1]',
      '{"event_entry":"Q","event_id":"q"}',
    ]
    const lines = [
      ...strange.map((line) => `${line}\n`),
      row.body.replace('"n":1', '"n":2').replace(/"event_id":"[^"]+"/, `"event_id":"${make('X').eventId}"`),
    ]
    await inStore(name, 'wal', (store) => store.add(seal('dead', 0, name, lines)))
    const { losses, seen } = await opened(name)
    expect(losses).to.deep.equal([])
    expect(seen).to.deep.equal([1, 2])
  })

  it('what is missed while the log is open is told, too: a row that goes while somebody reads', async () => {
    const name = await written(3)
    const { log, losses } = await opened(name)
    await inStore(name, 'wal', (store) => store.delete(2))
    await log.close()
    const second = await opened(name)
    expect(losses).to.deep.equal([])
    expect(second.losses).to.deep.equal([[2, 2]])
  })

  it('`clear` and `destroy` are no loss', async () => {
    const name = await written(3)
    const first = await opened(name)
    await first.log.clear()
    await first.log.close()
    const second = await opened(name)
    expect(second.losses, 'cleared').to.deep.equal([])
    await second.bus.dispatch(make('X', { n: 1 })).eventPersisted
    await second.log.close()
    const third = await opened(name)
    expect(third.losses, 'written to afterwards').to.deep.equal([])
    await third.log.close()
    await EventLog.destroy(name)
    expect((await opened(name)).losses, 'destroyed').to.deep.equal([])
  })

  it('another tab`s newer segments are no loss', async () => {
    const name = await written(2)
    const [a, b] = [await opened(name), await opened(name)]
    for (let n = 0; n < 10; n++) await (n % 2 ? a : b).bus.dispatch(make('X', { n })).eventPersisted
    await Promise.all([a.log.close(), b.log.close()])
    const last = await opened(name)
    expect([...a.losses, ...b.losses, ...last.losses]).to.deep.equal([])
    await eventually('the state is ok', () => last.log.state === 'ok')
  })
})
