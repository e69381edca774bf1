/** A tab that goes to rest in the midst of something: of what its bus has to do, or of what its log asks the database for. */
import { BaseEvent, EventBus } from '../../../src/index.js'
import { slices } from '../../../src/inspector/slices.js'
import { change } from '../../../src/log/change.js'
import { EventLog } from '../../../src/log/event-log.js'
import { LogDb } from '../../../src/log/log-db.js'
import { noteProgress, rowsOf } from '../../../src/log/log-queries.js'
import { writeIndex } from '../../../src/log/write-index.js'

/** Each is a transaction or two. */
const works: Record<string, (db: LogDb) => unknown> = {
  open: async () => {
    const db = new LogDb(2000)
    await db.open(page.log?.name ?? '')
    db.close()
  },
  head: (db) => db.head(),
  stored: (db) => db.stored(),
  count: (db) => db.countFrom(1),
  read: (db) => db.read('wal', 1),
  rows: (db) => rowsOf(db, 1, 9, 16),
  change: (db) => change(db, () => ({ meta: {} })),
  progress: (db) => noteProgress(db, 0, 0),
  clear: () => page.log?.clear(),
  index: (db) => writeIndex(db, new Map(), new Map([[1, [0, 1, 0]]])),
}

const page = {
  log: undefined as EventLog | undefined,
  bus: undefined as EventBus | undefined,
  cameBack: 0,
  errors: [] as string[],
  /** `work` is under way at any time until the page goes to rest. */
  async open(name: string, work = ''): Promise<void> {
    const log = new EventLog(name)
    const bus = new EventBus({ name: 'busy', log, maxPending: 10_000 })
    Object.assign(page, { log, bus })
    log.addEventListener('statechange', () => page.errors.push(log.state))
    bus.on('X', () => 'done')
    await bus.ready
    await page.send()
    if (work) void page.go(works[work], log.open as LogDb)
  },
  async go(work: (db: LogDb) => unknown, db: LogDb): Promise<void> {
    let rests = false
    addEventListener('pagehide', () => {
      rests = true
    })
    while (!rests) await Promise.resolve(work(db)).catch(() => {})
  },
  /** Always has a write under way: what is dispatched until the page goes to rest, and how many of it were durable. */
  durable: [0, 0],
  write(): void {
    addEventListener('pagehide', () => clearInterval(timer), { once: true })
    const timer = setInterval(() => {
      for (let n = 0; n < 10; n++) {
        page.durable[0]++
        page.send('x'.repeat(50_000)).then(() => page.durable[1]++)
      }
    })
  },
  /** How it went with an event and its log. */
  async send(text = ''): Promise<string> {
    const event = page.bus?.dispatch(new BaseEvent('X', { text }))
    await event?.eventPersisted.catch((error) => page.errors.push(String(error)))
    return String(await event?.eventResult())
  },
  handled: 0,
  /** So much work that the bus leaves the page room for others again and again. */
  fill(count: number): void {
    const bus = new EventBus({ name: 'full', maxPending: count })
    bus.on('X', () => {
      const start = performance.now()
      while (performance.now() - start < 10);
      page.handled++
    })
    for (let n = 0; n < count; n++) bus.dispatch(new BaseEvent('X'))
  },
  /** The same as the inspector does long work. */
  async slices(count: number): Promise<void> {
    const turn = slices()
    for (let n = 0; n < 8 * count; n++) {
      const start = performance.now()
      while (performance.now() - start < 2);
      await turn()
      page.handled += 1 / 8
    }
  },
  clear: () => page.log?.clear(),
  destroy: () => EventLog.destroy(page.log?.name ?? ''),
  state: () => page.log?.state,
}
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) page.cameBack++
})
addEventListener('error', ({ message }) => page.errors.push(message))
addEventListener('unhandledrejection', ({ reason }) => page.errors.push(String(reason)))

Object.assign(globalThis, { page })
