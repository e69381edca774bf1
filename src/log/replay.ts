import { coreOf, stateOf } from '../brands.js'
import type { BusCore } from '../bus/bus-core.js'
import type { EventBus } from '../bus/event-bus.js'
import { aFunction, BusStoppedError, checkOptions, checkType, from } from '../errors.js'
import type { EventState } from '../events/event-state.js'
import { newId } from '../ids.js'
import { wait } from '../wait.js'
import type { EventLog } from './event-log.js'
import { type Outcome, type TransferOptions, transferChecks } from './lines.js'
import { hush } from './log-db.js'
import { type LogRecord, records } from './reading.js'

export interface ReplayOptions extends TransferOptions {
  /** Which of the log's events. */
  where?: (record: LogRecord) => boolean
  /** 1: as they came; 2: twice as fast; as fast as the bus takes them by default. */
  speed?: number
}

const checks = {
  ...transferChecks,
  where: aFunction,
  speed: /* @__PURE__ */ from(Number.MIN_VALUE, 'a number above 0'),
}

/** How many copies their children can find. */
const MAX_PARENTS = 10_000

/** How many records there are from one report to the next. */
const REPORT = 100

/**
 * Dispatches copies of what the log has now, in its order: new events with ids of their own and `event_replay_of`. An event that
 * several buses have accepted is dispatched once. Waits for room, and not for the handlers.
 * @throws TypeError, RangeError, the signal's reason, BusStoppedError
 */
export async function replay(log: EventLog, bus: EventBus, options: ReplayOptions = {}): Promise<Outcome> {
  const core = coreOf(bus)
  checkType(core, 'bus', 'an EventBus', bus)
  checkOptions(options, checks)
  const { where, speed = Infinity, signal, onProgress } = options
  const outcome: Outcome = { done: 0, failed: [] }
  const report = () => onProgress?.({ done: outcome.done, failed: outcome.failed.length })
  const copies = new Map<string, string>()
  /** Of the first one: what is between its creation and its copy's. */
  let shift: number | undefined
  let line = 0
  for await (const record of untilAborted(records(log), signal)) {
    signal?.throwIfAborted()
    if (++line % REPORT === 0) report()
    if (copies.has(record.event_id) || (where && !where(record))) continue
    const due = Date.parse(record.event_created_at ?? '') / speed
    // What has no time of its own comes at once.
    shift ||= performance.now() - due
    await pause(due + shift - performance.now(), signal)
    try {
      copies.set(record.event_id, await dispatchCopy(core, record, copies, signal))
      outcome.done++
    } catch (error) {
      if (error === signal?.reason || error instanceof BusStoppedError) throw error
      outcome.failed.push({ line, message: String((error as Error | null)?.message) })
    }
    for (const oldest of copies.keys()) {
      if (copies.size <= MAX_PARENTS) break
      copies.delete(oldest)
    }
  }
  report()
  return outcome
}

/** The signal ends it at once, whatever the log waits for. */
async function* untilAborted<T>(
  reading: AsyncGenerator<T, void, void>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, void> {
  try {
    for (;;) {
      const { done, value } = await wait<IteratorResult<T, void>>({ signal }, (give, fail) => {
        reading.next().then(give, fail)
      })
      if (done) return
      yield value
    }
  } finally {
    const ended = hush(reading.return())
    if (!signal?.aborted) await ended
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (ms > 0)
    await wait<void>(
      { timeout: ms, signal },
      () => {},
      (give) => void give(),
    )
}

/** Gives the copy's id. @throws WireError, and what a dispatch throws */
async function dispatchCopy(
  core: BusCore,
  record: LogRecord,
  copies: ReadonlyMap<string, string>,
  signal: AbortSignal | undefined,
): Promise<string> {
  const id = newId()
  const event = core.revive({
    ...record,
    event_created_at: null,
    event_completed_at: null,
    event_outcomes: null,
    event_id: id,
    event_replay_of: record.event_id,
    event_parent_id: copies.get(record.event_parent_id ?? '') ?? null,
  })
  // It comes from here, and goes wherever an event of this page goes: it has no path yet.
  ;(stateOf(event) as EventState).origin = null
  // Somebody may be quicker.
  while (!core.hasRoom()) await core.whenRoom(signal)
  core.dispatch(event, null)
  return id
}
