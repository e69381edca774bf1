// Promise 9, "Many writers": tabs and workers append without a lock, and a live writer's events are its own.
import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import { forever } from '../same-page/helpers.js'
import { freshName, lines } from './helpers.js'
import { holdStore, rowsOf } from './raw.js'
import { closeTabs, eventually, heldLocks, impatient, openBus, openTab, writerIds } from './tabs.js'

const make = (type: string, payload = {}) => new BaseEvent(type, payload)
const entries = async (name: string) => lines((await rowsOf(name)).map(([, row]) => row))

interface Answer {
  state?: string
  writer?: string
  recovered?: unknown[]
  ready?: true
}

/** A module worker with a bus on a log of this name. It answers once what it was told is durable. */
async function openWorker(name: string) {
  const library = JSON.stringify(new URL('./tab-library.js', import.meta.url).href)
  const source = `
    const { EventBus, BaseEvent, EventLog } = await import(${library})
    const log = new EventLog(${JSON.stringify(name)})
    const bus = new EventBus({ name: ${JSON.stringify(name)}, log })
    bus.on('Done', () => 'in the worker')
    bus.on('Hangs', () => new Promise(() => {}))
    onmessage = async ({ data }) => {
      if (data.recover) {
        const events = await bus.recover()
        for (const event of events) await event
        await log.flush()
        return postMessage({ recovered: events.map(({ eventPayload }) => eventPayload.n) })
      }
      const event = bus.dispatch(new BaseEvent(data.type, data.payload))
      await event.eventPersisted
      if (data.type === 'Done') await event
      await log.flush()
      postMessage({ state: log.state, writer: [...log.writers][0].id })
    }
    postMessage({ ready: true })`
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })), {
    type: 'module',
  })
  const answer = () =>
    new Promise<Answer>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = (event) => reject(new Error(event.message))
    })
  await answer()
  return {
    worker,
    ask(data: object): Promise<Answer> {
      const answered = answer()
      worker.postMessage(data)
      return answered
    },
  }
}

describe('promise 9: many writers', () => {
  afterEach(closeTabs)

  it('a worker writes to the same log, without `document` and `localStorage`', async () => {
    const name = freshName()
    const { worker, ask } = await openWorker(name)
    const { bus, log } = openBus(name)
    expect((await ask({ type: 'Done', payload: { n: 1 } })).state).to.equal('ok')
    await bus.dispatch(make('Mine', { n: 2 }))
    await log.flush()
    expect((await entries(name)).map(({ event_entry, n }) => `${event_entry}${n ?? ''}`)).to.deep.equal([
      'E1',
      'C',
      'E2',
      'C',
    ])
    worker.terminate()
  })

  it('what a terminated worker has left is recovered by the page, and the other way round', async () => {
    const name = freshName()
    const first = await openWorker(name)
    const { writer } = await first.ask({ type: 'Hangs', payload: { n: 1 } })
    const { bus } = openBus(name)
    const seen: unknown[] = []
    bus.on('Hangs', ({ eventPayload }) => void seen.push(eventPayload.n))
    expect(await bus.recover(), 'while it lives').to.deep.equal([])
    first.worker.terminate()
    await eventually('its lock is free', async () => !(await heldLocks()).includes(`bubus:w:${writer}`))
    for (const event of await bus.recover()) await event
    expect(seen).to.deep.equal([1])

    const tab = await openTab()
    const dying = tab.open(name)
    dying.bus.on('Done', forever)
    await dying.bus.dispatch(new tab.bubus.BaseEvent('Done', { n: 3 })).eventPersisted
    await tab.die()
    const second = await openWorker(name)
    expect((await second.ask({ recover: true })).recovered).to.deep.equal([3])
    second.worker.terminate()
  })

  it('tabs and buses of one page append at once: nothing is lost, nothing twice, no number is missing', async () => {
    const name = freshName()
    const tab = await openTab()
    const places = [openBus(name), openBus(name), tab.open(name), tab.open(name)]
    const ids: string[] = []
    await Promise.all(
      places.map(async ({ bus, log }, place) => {
        const { BaseEvent: Made } = place < 2 ? { BaseEvent } : tab.bubus
        for (let n = 0; n < 40; n++) {
          const event = bus.dispatch(new Made('X', { n }))
          ids.push(event.eventId)
          if (n % 5 === place) await event.eventPersisted
        }
        await bus.waitUntilIdle()
        await log.flush()
      }),
    )
    const all = await entries(name)
    for (const kind of ['E', 'C']) {
      const found = all.filter((line) => line.event_entry === kind).map(({ event_id }) => event_id)
      expect(found.sort()).to.deep.equal([...ids].sort())
    }
    const rows = await rowsOf(name)
    expect(rows.map(([seq]) => seq)).to.deep.equal(rows.map((_, i) => i + 1))
    expect(new Set(rows.map(([, row]) => row.writer)).size).to.equal(4)
  })

  it('a writer holds its lock while it lives, and before its first segment is written', async () => {
    const name = freshName()
    const { bus, log } = openBus(name)
    await bus.dispatch(make('X')).eventPersisted
    const [id] = writerIds({ log })
    expect([...new Set((await rowsOf(name)).map(([, row]) => row.writer))]).to.deep.equal([id])
    expect(await heldLocks()).to.include(`bubus:w:${id}`)
    await bus.stop()
    expect(await heldLocks()).not.to.include(`bubus:w:${id}`)
    await bus.dispatch(make('X')).eventPersisted
    const [next] = writerIds({ log })
    expect(next).not.to.equal(id)
    const last = (await rowsOf(name)).filter(([, row]) => row.writer === next)
    expect(last[0][1].wseq).to.equal(0)
  })

  it('`stop({ clear: true })` leaves no lock behind', async () => {
    const { bus } = openBus(freshName())
    const before = new Set(await heldLocks())
    await bus.dispatch(make('X')).eventPersisted
    await bus.stop({ clear: true })
    expect((await heldLocks()).filter((lock) => !before.has(lock))).to.deep.equal([])
  })

  for (const count of [1, 2, 30]) {
    it(`\`close\` leaves no lock behind, though ${count} events are dispatched meanwhile and one afterwards`, async () => {
      const { bus, log } = openBus(freshName())
      const before = new Set(await heldLocks())
      await bus.dispatch(make('X')).eventPersisted
      const closing = log.close()
      for (let n = 0; n < count; n++) {
        bus.dispatch(make('X'))
        await Promise.resolve()
      }
      await closing
      bus.dispatch(make('X'))
      await bus.waitUntilIdle()
      const left = async () => (await heldLocks()).filter((lock) => !before.has(lock))
      await eventually('no lock is left', async () => !(await left()).length)
    })
  }

  it('a `stop` whose flush is late ends its writer only: what is dispatched afterwards is not given away', async () => {
    const name = freshName()
    const { bus, log } = await impatient(openBus(name))
    bus.on('X', forever)
    const release = await holdStore(name)
    bus.dispatch(make('X', { n: 'stopped' }))
    await bus.stop()
    const living = bus.dispatch(make('X', { n: 'living' }))
    await release()
    await eventually('both are written', async () => (await entries(name)).length === 2)
    await log.flush()
    expect(living.eventStatus).not.to.equal('completed')
    const other = openBus(name)
    other.bus.on('X', () => 'recovered')
    const recovered = await other.bus.recover()
    expect(recovered.map(({ eventPayload }) => eventPayload.n)).to.deep.equal(['stopped'])
    await bus.stop()
  })

  it('another page`s recovery does not hold up a writer that lives', async () => {
    const name = freshName()
    const a = openBus(name)
    const b = openBus(name)
    a.bus.on('X', () => {})
    b.bus.on('X', () => {})
    const dispatched = []
    const recovered = []
    for (let n = 0; n < 20; n++) {
      dispatched.push(a.bus.dispatch(make('X', { n })))
      recovered.push(b.bus.recover())
      await dispatched[n].eventPersisted
    }
    expect((await Promise.all(recovered)).flat()).to.deep.equal([])
    for (const event of dispatched) await event
  })
})
