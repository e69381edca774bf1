// Promise 2, "Acknowledgement": what `await event.eventPersisted` says, and when.
import { expect } from '@esm-bundle/chai'
import { INSPECT } from '../../src/brands.js'
import { BaseEvent, EventBus, LogError } from '../../src/index.js'
import { foreign, rejectionOf } from '../same-page/helpers.js'
import { freshName, lines, loggedBus } from './helpers.js'
import { holdStore, inStore, rowsOf } from './raw.js'
import { eventually, impatient, openBus } from './tabs.js'

const make = (type: string, payload = {}) => new BaseEvent(type, payload)
const accepted = async (name: string) =>
  lines((await rowsOf(name)).map(([, row]) => row))
    .filter(({ event_entry }) => event_entry === 'E')
    .map(({ event_id }) => event_id)

/** Whether a promise has settled by now, some tasks later. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const note = () => {
    settled = true
  }
  promise.then(note, note)
  for (let tasks = 0; tasks < 20; tasks++) await foreign()
  return !settled
}

/** What the page reports as unhandled rejections meanwhile. */
async function unhandledDuring(action: () => unknown): Promise<unknown[]> {
  const reasons: unknown[] = []
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault()
    event.stopImmediatePropagation()
    reasons.push(event.reason)
  }
  addEventListener('unhandledrejection', note, { capture: true })
  try {
    await action()
    // They are reported after the microtasks of a task, and by a garbage collection in no engine.
    for (let tasks = 0; tasks < 5; tasks++) await foreign()
  } finally {
    removeEventListener('unhandledrejection', note, { capture: true })
  }
  return reasons
}

describe('promise 2: acknowledgement', () => {
  it('it resolves, with nothing, when the `E` is on the disk', async () => {
    const { bus, name } = loggedBus()
    const event = bus.dispatch(make('X'))
    expect(await event.eventPersisted).to.equal(undefined)
    expect(await accepted(name)).to.deep.equal([event.eventId])
  })

  it('it is pending while the transaction is', async () => {
    const { bus, name, log } = loggedBus({ deadline: 60_000 })
    await Promise.all([log.db(), bus.ready])
    const release = await holdStore(name)
    const event = bus.dispatch(make('X'))
    expect(await isPending(event.eventPersisted)).to.equal(true)
    await release()
    await event.eventPersisted
  })

  it('every event of a burst is acknowledged, and all of them are there', async () => {
    const { bus, name } = loggedBus({ bus: { maxHistorySize: null } })
    const events = Array.from({ length: 2500 }, (_, n) => bus.dispatch(make('X', { n })))
    await Promise.all(events.map((event) => event.eventPersisted))
    expect(await accepted(name)).to.deep.equal(events.map(({ eventId }) => eventId))
  })

  it('it is one promise from its first reading on a logged bus', async () => {
    const { bus } = loggedBus()
    const event = bus.dispatch(make('X'))
    const promise = event.eventPersisted
    expect(event.eventPersisted).to.equal(promise)
    await promise
    expect(event.eventPersisted).to.equal(promise)
  })

  it('read first when all is over, it resolves', async () => {
    const { bus } = loggedBus()
    const event = bus.dispatch(make('X'))
    await event
    await event.eventPersisted
  })

  it('before dispatch each reading is a new rejected promise, which is not kept', async () => {
    const event = make('X')
    const [one, two] = [event.eventPersisted, event.eventPersisted]
    expect(one).not.to.equal(two)
    for (const promise of [one, two]) expect(await rejectionOf(promise)).to.be.instanceOf(LogError)
    const { bus } = loggedBus()
    bus.dispatch(event)
    await event.eventPersisted
  })

  it('on no logged bus likewise, and the message names the buses; a logged bus that comes later counts', async () => {
    const plain = new EventBus({ name: freshName() })
    const event = plain.dispatch(make('X'))
    const [one, two] = [event.eventPersisted, event.eventPersisted]
    expect(one).not.to.equal(two)
    const { bus } = loggedBus()
    bus.dispatch(event)
    await event.eventPersisted
    const error = await rejectionOf(one)
    expect(error).to.be.instanceOf(LogError)
    expect(error.message).to.include(plain.name)
  })

  it('over two logged buses it waits for both', async () => {
    const [a, b] = [loggedBus(), loggedBus({ deadline: 60_000 })]
    await Promise.all([b.log.db(), b.bus.ready])
    const release = await holdStore(b.name)
    const event = make('X')
    a.bus.dispatch(event)
    b.bus.dispatch(event)
    const persisted = event.eventPersisted
    await eventually('a has it', async () => (await accepted(a.name)).length)
    expect(await isPending(persisted)).to.equal(true)
    await release()
    await persisted
    expect(await accepted(b.name)).to.deep.equal([event.eventId])
  })

  it('a bus that the event enters before it was acknowledged is waited for, too', async () => {
    const [a, b] = [loggedBus({ deadline: 60_000 }), loggedBus({ deadline: 60_000 })]
    await Promise.all([a.log.db(), b.log.db(), a.bus.ready, b.bus.ready])
    const [releaseA, releaseB] = [await holdStore(a.name), await holdStore(b.name)]
    const event = a.bus.dispatch(make('X'))
    const persisted = event.eventPersisted
    b.bus.dispatch(event)
    await releaseA()
    await eventually('a has it', async () => (await accepted(a.name)).length)
    expect(await isPending(persisted)).to.equal(true)
    await releaseB()
    await persisted
  })

  it('if one of two buses fails, it rejects', async () => {
    const [a, b] = [loggedBus(), await impatient(loggedBus())]
    const release = await holdStore(b.name)
    const event = make('X')
    a.bus.dispatch(event)
    b.bus.dispatch(event)
    expect(await rejectionOf(event.eventPersisted)).to.be.instanceOf(Error)
    await release()
  })

  it('an aborted transaction rejects it with the reason; the event is written later', async () => {
    const { bus, name, log } = loggedBus()
    await Promise.all([log.db(), bus.ready])
    // A real abort: an index that is unique, and a row that has the value already.
    await log.close()
    await makeUnique(name)
    const second = openBus(name)
    await second.log.db()
    const event = second.bus.dispatch(make('X'))
    expect((await rejectionOf(event.eventPersisted)).name).to.equal('ConstraintError')
    expect(second.log.state).to.equal('degraded')
    await event
    await inStore(name, 'wal', (it) => it.clear())
    await eventually('the state is ok', () => second.log.state === 'ok')
    await second.log.flush()
    expect(await accepted(name)).to.deep.equal([event.eventId])
    expect((await rejectionOf(event.eventPersisted)).name, 'it stays rejected').to.equal('ConstraintError')
    expect(second.bus.stats.unpersisted).to.equal(0)
  })

  it('it never causes an unhandled rejection, whoever reads it and when', async () => {
    const { bus, name, log } = await impatient(loggedBus())
    const reasons = await unhandledDuring(async () => {
      void make('X').eventPersisted
      void new EventBus().dispatch(make('X')).eventPersisted
      const release = await holdStore(name)
      const event = bus.dispatch(make('X'))
      void event.eventPersisted
      await event
      void event.eventPersisted
      await release()
      await log.close()
      void bus.dispatch(make('X')).eventPersisted
    })
    expect(reasons).to.deep.equal([])
  })

  it('it says nothing of the handlers: it resolves though one fails, or never ends', async () => {
    const { bus } = loggedBus()
    bus.on('X', () => new Promise(() => {}))
    await bus.dispatch(make('X')).eventPersisted
    await bus.stop({ clear: true })
  })

  it('a handler that awaits its own event, or a child`s, goes on', async () => {
    const { bus } = loggedBus()
    bus.on('X', async (event) => {
      await event.eventPersisted
      const child = bus.dispatch(make('Child'))
      await child.eventPersisted
      return child.eventStatus
    })
    expect(await bus.dispatch(make('X')).eventResult()).to.equal('pending')
  })

  it('the inspection hook is told `persisted` once for each event', async () => {
    const { bus } = loggedBus()
    const steps: string[] = []
    bus[INSPECT]((step, event) => void steps.push(`${step} ${event.eventType}`))
    await bus.dispatch(make('X'))
    expect(steps.slice(0, 3)).to.deep.equal(['queued X', 'persisted X', 'started X'])
    expect(steps.filter((step) => step.startsWith('persisted'))).to.have.length(1)
  })
})

/** Every row of `wal` must have another `wseq`, and one has 0 already: a writer's first transaction aborts. */
async function makeUnique(name: string): Promise<void> {
  await inStore(name, 'wal', (it) =>
    it.add({ v: 1, writer: 'w', wseq: 0, bus: 'b', n: 0, sum: 0x811c9dc5, body: '' }),
  )
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(`bubus:${name}`, 2)
    request.onupgradeneeded = () =>
      request.transaction?.objectStore('wal').createIndex('wseq', 'wseq', { unique: true })
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  db.close()
}
