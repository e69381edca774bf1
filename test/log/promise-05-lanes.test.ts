// Promise 5 where other parts of a bus meet it: lanes, time-outs, vetoes, options of events, what is dispatched meanwhile.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, defineEvent, EventBus } from '../../src/index.js'
import { lockName, take } from '../../src/locks.js'
import { seal } from '../../src/log/segment.js'
import { foreign, forever, only } from '../same-page/helpers.js'
import { freshName, lines } from './helpers.js'
import { accepted, plant, rawOpen, rowsOf, said } from './raw.js'
import { closeTabs, eventually, type Logged, loseLocks, openBus, openTab } from './tabs.js'

const make = (type: string, payload = {}, options = {}) => new BaseEvent(type, payload, options)
const entries = async (name: string) => lines((await rowsOf(name)).map(([, row]) => row))

async function planted(count: number, options: Parameters<typeof openBus>[1] = {}): Promise<Logged> {
  const name = freshName()
  const { log } = openBus(name)
  await log.db()
  await log.close()
  await plant(
    name,
    Array.from({ length: count }, (_, n) => accepted('X', { payload: { n } }).line),
  )
  return openBus(name, options)
}

describe('promise 5 in a bus', () => {
  for (const eventConcurrency of ['bus', 'global', 'parallel'] as const) {
    it(`\`${eventConcurrency}\`: every event has its \`S\` and runs; they start in the order of the log`, async () => {
      const { bus, name, log } = await planted(12, { bus: { eventConcurrency } })
      const started: unknown[] = []
      let most = 0
      let running = 0
      bus.on('X', async ({ eventPayload: { n } }) => {
        started.push(n)
        most = Math.max(most, ++running)
        await foreign()
        running--
      })
      for (const event of await bus.recover()) await event
      await log.flush()
      expect(started).to.deep.equal(Array.from({ length: 12 }, (_, n) => n))
      if (eventConcurrency !== 'parallel') expect(most).to.equal(1)
      const kinds = (await entries(name)).map(({ event_entry }) => event_entry)
      for (const kind of 'EASC') expect(kinds.filter((it) => it === kind)).to.have.length(12)
    })
  }

  it('with `parallelHandlers` named ones are spared one by one', async () => {
    const name = freshName()
    const dead = openBus(name, { bus: { parallelHandlers: true } })
    dead.bus.on('X', forever)
    dead.bus.on('X', () => 1, { name: 'done' })
    await dead.bus.dispatch(make('X')).eventPersisted
    await eventually('its outcome is there', async () => (await entries(name)).length === 2)
    await loseLocks(dead)
    const { bus } = openBus(name, { bus: { parallelHandlers: true } })
    const seen: string[] = []
    bus.on('X', () => void seen.push('open'), { name: 'open' })
    bus.on('X', () => void seen.push('done'), { name: 'done' })
    await only(await bus.recover())
    expect(seen).to.deep.equal(['open'])
  })

  it('a claim that another page has overtaken, after its last look at the log, dispatches nothing', async () => {
    const { name, log } = await planted(2)
    await log.close()
    const tab = await openTab()
    const { bus, log: theirs } = tab.open(name)
    await Promise.all([theirs.db(), bus.ready])
    const ours = await rawOpen(name)
    const fates = (await entries(name)).map(({ event_id: id }) => said('A', String(id), { writer: 'dead' }))
    // When the claim begins its transaction, another one is ahead of it: of a page that lives, and has had the lock.
    let overtaken = 0
    const { prototype } = tab.window.IDBDatabase
    const { transaction } = prototype
    prototype.transaction = function (stores, mode, options) {
      if (mode === 'readwrite' && [stores].flat().includes('quarantine') && !overtaken++) {
        const tx = ours.transaction(['meta', 'wal'], 'readwrite')
        const meta = tx.objectStore('meta')
        const asked = meta.get('log')
        asked.onsuccess = () => meta.put({ ...asked.result, turn: asked.result.turn + 1 }, 'log')
        tx.objectStore('wal').add(seal('quicker', 0, name, fates))
      }
      return transaction.call(this, stores, mode, options)
    }
    let runs = 0
    bus.on('X', () => void runs++)
    const release = await take(lockName('quicker'))
    expect(await bus.recover()).to.deep.equal([])
    await bus.waitUntilIdle()
    expect(overtaken).to.be.at.least(1)
    expect(runs).to.equal(0)
    const adopted = (await entries(name)).filter(({ event_entry }) => event_entry === 'A')
    expect(adopted, 'its own decisions are not in the log').to.have.length(2)
    release?.()
    ours.close()
    closeTabs()
  })

  it('what is dispatched while recovery goes on is neither lost nor recovered; recovered events keep their order', async () => {
    const { bus, name, log } = await planted(20)
    const seen: unknown[] = []
    bus.on('X', ({ eventPayload: { n } }) => void seen.push(n))
    const mine: BaseEvent[] = []
    const recovering = bus.recover()
    for (let n = 0; n < 10; n++) {
      mine.push(bus.dispatch(make('X', { n: `mine ${n}` })))
      await null
    }
    const events = await recovering
    mine.push(bus.dispatch(make('X', { n: 'last' })))
    for (const event of [...events, ...mine]) await event
    expect(events).to.have.length(20)
    expect(seen.filter((n) => typeof n === 'number')).to.deep.equal(Array.from({ length: 20 }, (_, n) => n))
    expect(seen).to.have.length(31)
    await log.flush()
    expect((await entries(name)).filter(({ event_entry }) => event_entry === 'C')).to.have.length(31)
  })

  it('a recovered event can be awaited in a handler: it jumps, its `S` first', async () => {
    const { bus } = await planted(3)
    const seen: unknown[] = []
    bus.on('X', ({ eventPayload: { n } }) => void seen.push(n))
    bus.on('First', async () => {
      const events = await bus.recover()
      await events[2]
      seen.push('first')
    })
    await bus.dispatch(make('First'))
    await bus.waitUntilIdle()
    expect(seen.indexOf(2)).to.be.below(seen.indexOf('first'))
    expect([...seen].sort()).to.deep.equal([0, 1, 2, 'first'])
  })

  it('a time-out is an outcome: what was cancelled with it is finished, not recovered', async () => {
    const name = freshName()
    const { bus, log } = openBus(name)
    const { warn } = console
    console.warn = () => {}
    bus.on('X', async () => void (await bus.dispatch(make('Child'))), { timeout: 30 })
    bus.on('Child', forever)
    const event = await bus.dispatch(make('X'))
    console.warn = warn
    expect((only(event.eventResults.values()).error as Error).name).to.equal('EventTimeoutError')
    await log.flush()
    await loseLocks({ log })
    const later = openBus(name)
    later.bus.on('*', () => {})
    expect(await later.bus.recover()).to.deep.equal([])
    await later.bus.ready
    const [parent, child] = [...later.bus.eventHistory.values()]
    expect((only(parent.eventResults.values()).error as Error).name).to.equal('EventTimeoutError')
    expect((only(child.eventResults.values()).error as Error).name).to.equal('EventCancelledError')
  })

  it('an event that was vetoed is finished, and stays so', async () => {
    class Vetoed extends defineEvent('Vetoed', undefined, { cancelable: true }) {}
    const name = freshName()
    const { bus, log } = openBus(name)
    bus.addEventListener('Vetoed', (event: Event) => event.preventDefault())
    bus.on('Vetoed', () => expect.fail('it was vetoed'))
    const event = await bus.dispatch(new Vetoed({}))
    expect(event.defaultPrevented).to.equal(true)
    await log.flush()
    await loseLocks({ log })
    const later = openBus(name)
    later.bus.on(Vetoed, () => {})
    expect(await later.bus.recover()).to.deep.equal([])
  })

  it('time-outs, versions, parents and replays of the event are those that were accepted', async () => {
    const name = freshName()
    const dead = openBus(name)
    dead.bus.on('*', forever)
    const parent = make('P')
    const events = [
      make('X', {}, { timeout: null }),
      make('X', {}, { timeout: 1234 }),
      make('X', {}, { version: '3.2.1' }),
      make('X', {}, { parentId: parent.eventId }),
    ]
    for (const event of events) dead.bus.dispatch(event)
    await dead.log.flush()
    await loseLocks(dead)
    const { bus } = openBus(name)
    bus.on('X', () => {})
    const again = await bus.recover()
    expect(again.map(({ eventTimeout }) => eventTimeout)).to.deep.equal([null, 1234, 60_000, 60_000])
    expect(again[2].eventSchema).to.equal('X@3.2.1')
    expect(again[3].eventParentId).to.equal(parent.eventId)
  })

  it('an event that was forwarded in from a bus without a log is recovered with its path', async () => {
    const name = freshName()
    const plain = new EventBus({ name: freshName() })
    const dead = openBus(name)
    plain.on('*', dead.bus.dispatch)
    dead.bus.on('X', forever)
    const event = plain.dispatch(make('X'))
    await eventually('it is there', () => event.eventPath.length === 2)
    await event.eventPersisted
    await loseLocks(dead)
    const { bus } = openBus(name)
    bus.on('X', () => {})
    const again = only(await bus.recover())
    expect([...again.eventPath]).to.deep.equal([plain.name, bus.name])
    await again
  })

  it('what a middleware dispatches while an event is brought back is accepted as its own', async () => {
    const name = freshName()
    const before = openBus(name)
    await before.log.db()
    await before.log.close()
    await plant(name, [accepted('X').line])
    const { bus, log } = openBus(name, {
      bus: {
        middlewares: [
          {
            onDispatch(event, bus) {
              if (event.eventType === 'X') bus.dispatch(new BaseEvent('Seen', { n: 1 }))
            },
          },
        ],
      },
    })
    bus.on('*', () => {})
    for (const event of await bus.recover()) await event
    const seen = await bus.find('Seen')
    await seen?.eventPersisted
    await log.flush()
    const found = []
    for await (const record of log.records({ type: 'Seen' })) found.push([record.event_id, record.n])
    expect(found).to.deep.equal([[seen?.eventId, 1]])
    expect(seen?.eventStatus).to.equal('completed')
  })
})
