import { deleteDB, type IDBPDatabase, openDB } from 'idb'
import type { LogOptions } from '../../../src/bus/types.js'
import { EventBus } from '../../../src/index.js'
import { EventLog } from '../../../src/log/event-log.js'
import { type BenchCase, check, sumBelow } from '../bench-case.js'
import { Tick } from './tick.js'

const MANY = 100_000
/** One record an event takes its time: fewer of them tell as much. */
const FEW = 20_000
const SEGMENT = 1000
const s = 'tick'

let names = 0
const newName = () => `bench${Date.now()}x${names++}`

async function open(options: LogOptions = {}) {
  const name = newName()
  const log = new EventLog(name, options)
  const bus = new EventBus({ name, log, maxPending: null })
  let sum = 0
  bus.on(Tick, ({ n }) => {
    sum += n
  })
  await bus.ready
  return { bus, log, sum: () => sum, close: () => close(name, log, bus) }
}

async function close(name: string, log: EventLog, bus: EventBus): Promise<void> {
  await bus.stop({ clear: true })
  await log.close()
  await EventLog.destroy(name)
}

/** From the first event made to the last one durable, with the handlers of those that are durable before. */
function burst(name: string, options: LogOptions): BenchCase {
  return {
    name,
    group: 'log',
    events: MANY,
    async prepare() {
      const { bus, sum, close: end } = await open(options)
      return {
        async run() {
          let last = new Tick({ n: 0, s })
          bus.dispatch(last)
          for (let n = 1; n < MANY; n++) last = bus.dispatch(new Tick({ n, s }))
          await last.eventPersisted
        },
        async finish() {
          await bus.waitUntilIdle()
          check(sum() === sumBelow(MANY), 'the handler saw every event')
          await end()
        },
      }
    },
  }
}

/** A database of its own, with one store. */
async function openPlain() {
  const name = newName()
  const db: IDBPDatabase = await openDB(name, 1, {
    upgrade(db) {
      db.createObjectStore('rows', { autoIncrement: true })
    },
  })
  return { db, name }
}

/** What a good writer with idb does: many puts a transaction, relaxed, committed at once, no index; or whole segments. */
function plain(name: string, events: number, put: (db: IDBPDatabase, first: number) => void): BenchCase {
  return {
    name,
    group: 'log',
    events,
    async prepare() {
      const { db, name } = await openPlain()
      return {
        async run() {
          for (let n = 0; n < events; n += SEGMENT) await inOne(db, () => put(db, n))
        },
        async finish() {
          check((await db.count('rows')) > 0, 'rows were written')
          db.close()
          await deleteDB(name)
        },
      }
    },
  }
}

let current: ReturnType<typeof begin>
const begin = (db: IDBPDatabase) => db.transaction('rows', 'readwrite', { durability: 'relaxed' })

async function inOne(db: IDBPDatabase, put: () => void): Promise<void> {
  current = begin(db)
  put()
  current.commit()
  await current.done
}

const perEvent = plain('idb, one record an event, batched', FEW, (_db, first) => {
  for (let n = first; n < first + SEGMENT; n++) void current.store.add(new Tick({ n, s }).toJSON())
})

const segments = plain('idb, the same in segments of JSON', MANY, (_db, first) => {
  const lines: string[] = []
  for (let n = first; n < first + SEGMENT; n++) lines.push(JSON.stringify(new Tick({ n, s })))
  void current.store.add(lines.join('\n'))
})

/** Only what the caller waits for. */
const behind: BenchCase = {
  name: 'log behind, construct + dispatch',
  group: 'log',
  events: FEW,
  async prepare() {
    const { bus, close: end } = await open({ mode: 'behind' })
    return {
      run() {
        for (let n = 0; n < FEW; n++) bus.dispatch(new Tick({ n, s }))
      },
      async finish() {
        check(bus.stats.unpersisted === FEW, 'every event went to the log')
        await bus.waitUntilIdle()
        await end()
      },
    }
  },
}

const withoutLog: BenchCase = {
  name: 'no log, construct + dispatch + JSON.stringify',
  group: 'log',
  events: FEW,
  prepare() {
    const bus = new EventBus({ maxPending: null })
    let chars = 0
    return {
      run() {
        for (let n = 0; n < FEW; n++) {
          const tick = bus.dispatch(new Tick({ n, s }))
          chars += JSON.stringify(tick).length
        }
      },
      async finish() {
        check(chars > FEW, 'they were written')
        await bus.waitUntilIdle()
        await bus.stop({ clear: true })
      },
    }
  },
}

const SINGLES = 200
const middle = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1]

/** The time of each, as the median; `us` is per event, so it is times their number. */
async function timed(step: (n: number) => Promise<unknown>): Promise<{ ms: number }> {
  const times: number[] = []
  for (let n = 0; n < SINGLES; n++) {
    const start = performance.now()
    await step(n)
    times.push(performance.now() - start)
  }
  return { ms: middle(times) * SINGLES }
}

const acknowledged: BenchCase = {
  name: 'log ahead, acknowledged one at a time',
  group: 'log',
  events: SINGLES,
  async prepare() {
    const { bus, close: end } = await open()
    return {
      run: () => timed((n) => bus.dispatch(new Tick({ n, s })).eventPersisted),
      finish: end,
    }
  },
}

const rawPut: BenchCase = {
  name: 'idb, one put at a time',
  group: 'log',
  events: SINGLES,
  async prepare() {
    const { db, name } = await openPlain()
    return {
      run: () => timed((n) => inOne(db, () => void current.store.add({ n, s }))),
      async finish() {
        db.close()
        await deleteDB(name)
      },
    }
  },
}

export const logWrites: readonly BenchCase[] = [
  burst('log, burst of 100 000', {}),
  burst('log, burst of 100 000, strict', { durability: 'strict' }),
  perEvent,
  segments,
  behind,
  withoutLog,
  acknowledged,
  rawPut,
]
