import { openDB } from 'idb'
import { EventBus } from '../../../src/index.js'
import { EventLog } from '../../../src/log/event-log.js'
import { type BenchCase, check } from '../bench-case.js'
import { Tick } from './tick.js'

const EVENTS = 10_000

let names = 0

/** A log of events that were accepted and never handled, by a bus that is gone. */
async function abandoned(): Promise<string> {
  const name = `recovery${Date.now()}x${names++}`
  const log = new EventLog(name)
  const bus = new EventBus({ name, log, maxPending: null })
  await bus.ready
  let last = new Tick({ n: 0, s: '' })
  bus.dispatch(last)
  for (let n = 1; n < EVENTS; n++) last = bus.dispatch(new Tick({ n, s: 'tick' }))
  const persisted = last.eventPersisted
  bus.on(Tick, () => new Promise(() => {}))
  await persisted
  await bus.stop()
  await log.close()
  // Only now, or it would be finished in the log.
  await bus.stop({ clear: true })
  return name
}

/** A page that starts after a crash. */
async function started(name: string) {
  const log = new EventLog(name)
  const bus = new EventBus({ name, log, maxPending: null })
  bus.on(Tick, () => {})
  await bus.ready
  return { log, bus }
}
type Page = Awaited<ReturnType<typeof started>>

// In a group of their own: what the log's other cases leave to the database to tidy up goes on beside them.
const recoveryOf = (name: string, isOpen: boolean): BenchCase => ({
  name,
  group: 'recovery',
  events: EVENTS,
  async prepare() {
    const log = await abandoned()
    let page: Page | null = isOpen ? await started(log) : null
    let again = 0
    return {
      async run() {
        page ??= await started(log)
        again = (await page.bus.recover()).length
      },
      async finish() {
        check(again === EVENTS, `all were recovered (${again})`)
        await page?.bus.stop({ clear: true })
        await page?.log.close()
        await EventLog.destroy(log)
      },
    }
  },
})
const recovery = recoveryOf('recovery of 10 000 events', true)
/** All that such a page waits for. */
const opening = recoveryOf('opening the log, then recovery of 10 000 events', false)

const reading: BenchCase = {
  name: 'getAll + JSON.parse of the same segments',
  group: 'recovery',
  events: EVENTS,
  async prepare() {
    const name = await abandoned()
    const db = await openDB(`bubus:${name}`)
    let lines = 0
    return {
      async run() {
        for (const { body } of await db.getAll('wal'))
          for (const line of body.split('\n')) if (line && JSON.parse(line)) lines++
      },
      async finish() {
        check(lines >= EVENTS, 'all were read')
        db.close()
        await EventLog.destroy(name)
      },
    }
  },
}

export const logRecovery: readonly BenchCase[] = [recovery, opening, reading]
