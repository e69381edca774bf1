// Promise 6, "Idempotence": an event has an entry on each logged bus that it enters, and is recovered once.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus } from '../../src/index.js'
import { deferred, forever, only } from '../same-page/helpers.js'
import { freshName, lines } from './helpers.js'
import { rowsOf } from './raw.js'
import { closeTabs, type Logged, loseLocks, openBus, openTab, same } from './tabs.js'

const make = (type: string, payload = {}) => new BaseEvent(type, payload)

/** The entries of a bus, as `kind id`. */
const entriesOf = async (name: string, bus: string): Promise<[unknown, unknown][]> =>
  lines((await rowsOf(name)).map(([, row]) => row).filter((row) => row.bus === bus)).map((line) => [
    line.event_entry,
    line.event_id,
  ])

/** How often each handler ran. */
function counting({ bus }: { bus: EventBus }, runs: Record<string, number>, key: string): void {
  bus.on('X', () => {
    runs[key] = (runs[key] ?? 0) + 1
  })
}

describe('promise 6: idempotence', () => {
  afterEach(closeTabs)

  it('every logged bus writes its own `E`, and its `C` when the event is completed on all', async () => {
    const [a, b] = [openBus(freshName()), openBus(freshName())]
    const release = deferred()
    a.bus.on('X', b.bus.dispatch)
    b.bus.on('X', () => release.promise)
    const event = a.bus.dispatch(make('X'))
    await event.eventPersisted
    for (let n = 0; n < 3; n++) await a.log.flush()
    expect((await entriesOf(a.name, a.name)).map(([kind]) => kind).join('')).to.equal('E')
    release.resolve()
    await event
    await Promise.all([a.log.flush(), b.log.flush()])
    for (const { name } of [a, b]) {
      expect(await entriesOf(name, name)).to.deep.equal([
        ['E', event.eventId],
        ['C', event.eventId],
      ])
    }
  })

  /** A forwarding pair on one log, or on two, whose page dies in b's handler. */
  async function deadPair(shared: boolean): Promise<{ names: [string, string]; logs: [string, string] }> {
    const names: [string, string] = [freshName(), freshName()]
    const logs: [string, string] = shared ? [names[0], names[0]] : names
    const tab = await openTab()
    const [a, b] = names.map((name, i) => tab.open(name, { logName: logs[i] })) as [Logged, Logged]
    const started = deferred()
    a.bus.on('*', b.bus.dispatch)
    b.bus.on('X', () => {
      started.resolve()
      return forever()
    })
    a.bus.dispatch(new tab.bubus.BaseEvent('X', { n: 1 }))
    await started.promise
    await Promise.all([a.log.flush(), b.log.flush()])
    await tab.die()
    return { names, logs }
  }

  for (const shared of [true, false]) {
    for (const order of ['a b', 'b a', 'both at once']) {
      it(`forwarded between two buses on ${shared ? 'one log' : 'two logs'}, recovered by ${order}: it runs once on each`, async () => {
        const { names, logs } = await deadPair(shared)
        const [a, b] = names.map((name, i) => openBus(name, { logName: logs[i] })) as [Logged, Logged]
        const runs: Record<string, number> = {}
        a.bus.on('*', b.bus.dispatch)
        counting(a, runs, 'a')
        counting(b, runs, 'b')
        const both = [a, b]
        if (order === 'b a') both.reverse()
        const recovered =
          order === 'both at once'
            ? await Promise.all(both.map(({ bus }) => bus.recover()))
            : [await both[0].bus.recover(), await both[1].bus.recover()]
        for (const event of recovered.flat()) await event
        await Promise.all(both.map(({ bus }) => bus.waitUntilIdle()))
        await Promise.all(both.map(({ log }) => log.flush()))
        expect(runs).to.deep.equal({ a: 1, b: 1 })
        for (const { bus } of both) expect(await bus.recover()).to.deep.equal([])
        expect(only(new Set(recovered.flat().map(({ eventId }) => eventId)))).to.be.a('string')
      })
    }
  }

  it('what a forward has brought is given back as the living event, which ends both entries', async () => {
    const { names, logs } = await deadPair(true)
    const [a, b] = names.map((name, i) => openBus(name, { logName: logs[i] })) as [Logged, Logged]
    const release = deferred()
    a.bus.on('*', b.bus.dispatch)
    b.bus.on('X', () => release.promise)
    const event = only(await a.bus.recover())
    await b.bus.expect('X')
    expect(same(only(await b.bus.recover()), event)).to.equal(true)
    release.resolve()
    await event
    await Promise.all([a.log.flush(), b.log.flush()])
    const ended = (await entriesOf(logs[0], names[1])).filter(([kind]) => kind === 'C')
    expect(ended, 'the old entry and the new one').to.have.length(2)
    const later = openBus(names[1], { logName: logs[1] })
    later.bus.on('X', () => {})
    expect(await later.bus.recover()).to.deep.equal([])
  })

  it('recovery does not mind that the bus has seen the id: what `stop` has cancelled comes back', async () => {
    const { bus } = openBus(freshName())
    const record = make('X').toJSON()
    const off = bus.on('X', forever)
    const event = bus.dispatch(BaseEvent.fromJSON(record))
    await event.eventPersisted
    await bus.stop()
    off()
    bus.on('X', () => 'again')
    const again = only(await bus.recover())
    expect(again.eventId).to.equal(event.eventId)
    expect(await again.eventResult()).to.equal('again')
  })

  it('a record that was here is not accepted twice', async () => {
    const { bus, name, log } = openBus(freshName())
    const record = make('X').toJSON()
    await bus.dispatch(BaseEvent.fromJSON(record))
    const second = BaseEvent.fromJSON(record)
    bus.dispatch(second)
    await log.flush()
    const kinds = (await entriesOf(name, name)).map(([kind]) => kind).join('')
    expect(kinds).to.equal('EC')
  })

  it('the forward is repeated by recovery to a bus without a log, too', async () => {
    const name = freshName()
    const dead = openBus(name)
    const plain = new EventBus()
    const started = deferred()
    dead.bus.on('*', plain.dispatch)
    plain.on('X', () => {
      started.resolve()
      return forever()
    })
    dead.bus.dispatch(make('X'))
    await started.promise
    await dead.log.flush()
    await loseLocks(dead)
    const { bus } = openBus(name)
    const next = new EventBus()
    bus.on('*', next.dispatch)
    let runs = 0
    next.on('X', () => void runs++)
    await only(await bus.recover())
    expect(runs).to.equal(1)
  })
})
