// The page that is killed: recovers what its forerunners left, works, and says what it knows. With `quiet` it is the last one, which
// finishes what is left and lets Node read the log.

import type { EventBus } from '../../../src/index.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { type Buses, openBuses } from './buses.js'
import { dump, tell } from './dump.js'
import { load } from './load.js'
import { Random } from './random.js'
import { parameter, report, session } from './report.js'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function recover(bus: EventBus): Promise<number> {
  const events = await bus.recover()
  if (events.length) report({ recovered: events.map(({ eventId }) => eventId), bus: bus.name })
  return events.length
}

/** Until nothing is left, twice over: what is recovered on one bus may be forwarded to another. */
async function finish({ all, logs }: Buses): Promise<void> {
  for (let calm = 0; calm < 2; ) {
    let found = 0
    for (const bus of all) found += await recover(bus)
    for (const bus of all) await bus.waitUntilIdle()
    for (const log of Object.values(logs)) await log.flush()
    calm = found ? 0 : calm + 1
    await pause(50)
  }
}

/** What the library itself reads from its log: every event once for each bus, and whether it is completed. */
async function tellRecords(name: string, log: EventLog): Promise<void> {
  let some: unknown[] = []
  for await (const record of log.records()) {
    const { event_id: id, event_log_position: at, event_completed_at: completed, event_outcomes } = record
    some.push({ id, at, completed: !!completed || event_outcomes !== undefined })
    if (some.length < 5000) continue
    await tell(name, 'records', some)
    some = []
  }
  await tell(name, 'records', some)
}

async function tellEverything({ logs }: Buses): Promise<void> {
  for (const [name, log] of Object.entries(logs)) {
    await dump(name)
    await tellRecords(name, log)
  }
  report({ dumped: true })
}

async function main(): Promise<void> {
  report({ loaded: true })
  const buses = openBuses()
  await Promise.all(buses.all.map((bus) => bus.ready))
  report({ started: session, tab: parameter('tab') })
  const quiet = parameter('quiet') !== null
  const recovering = quiet ? finish(buses) : Promise.all(buses.all.map(recover))
  const told = recovering.then(() => report({ settled: true, tab: parameter('tab') }))
  if (!quiet) {
    told.catch((error) => report({ oops: String(error?.stack ?? error) }))
    return load(buses, new Random(Number(parameter('seed'))))
  }
  const patience = Number(parameter('patience') ?? 60_000)
  await Promise.race([told, pause(patience).then(() => report({ unsettled: true }))])
  await tellEverything(buses)
}

addEventListener('command', (event) => {
  const { detail } = event as CustomEvent<string>
  if (detail === 'reload') location.reload()
  if (detail === 'away') location.href = '/away'
})
// An answer brings a command: without a question there is none.
if (parameter('ask') !== null) setInterval(() => report({ beat: true }), 100)

main().catch((error) => report({ oops: String(error?.stack ?? error) }))
