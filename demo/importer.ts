import { BaseEvent, type EventBus } from '../src/index.js'
import { classes } from './classes.js'
import { type BadLine, type LogRecord, parseJSONL } from './jsonl.js'
import { pause } from './pause.js'

/** What tells of an event's earlier life. */
const lived = [
  'event_started_at',
  'event_completed_at',
  'event_processed_at',
  'event_path',
  'event_bus_ids',
  'event_outcomes',
]

/** Ids that came from files. The history forgets, and making a map of it for every record costs more than the record. */
const seen = new Set<string>()

/** So many of a file's events are on their way at once: the rest of the bus's room is for whoever shops meanwhile. */
const IN_FLIGHT = 50

/** ms between two tellings of progress: more often than a frame, nobody sees it. */
const frame = 16

export interface ImportProgress {
  total: number
  dispatched: number
  handled: number
  bad: BadLine[]
}

export interface ImportOptions {
  signal: AbortSignal
  /** Between two events, so that one can watch; 0 for as fast as the bus takes them. */
  ms: number
  onProgress: (progress: Readonly<ImportProgress>) => void
}

/** Dispatches the events of a bubus log in the order in which they were made, as fast as the bus has room. */
export async function importLog(text: string, bus: EventBus, { signal, ms, onProgress }: ImportOptions) {
  const { records, bad } = parseJSONL(text)
  const copies = new Map<string, string>()
  const progress: ImportProgress = { total: records.length, dispatched: 0, handled: 0, bad }
  const handled: Promise<void>[] = []
  let told = 0
  let wake = () => {}
  const next = () =>
    new Promise<void>((resolve) => {
      wake = resolve
    })
  const oneMore = () => {
    progress.handled++
    wake()
  }
  signal.addEventListener('abort', () => wake(), { once: true })
  // A log is written as events complete, children before their parents.
  records.sort((a, b) => createdAt(a.record) - createdAt(b.record))
  for (const { line, record } of records) {
    try {
      const event = revive(record, copies)
      while (progress.dispatched - progress.handled >= IN_FLIGHT && !signal.aborted) await next()
      await bus.whenRoom(signal)
      bus.dispatch(event)
      progress.dispatched++
      handled.push(settled(event).then(oneMore))
    } catch (error) {
      signal.throwIfAborted()
      bad.push({ line, reason: error instanceof Error ? error.message : String(error) })
    }
    if (performance.now() - told >= frame) {
      onProgress(progress)
      told = performance.now()
    }
    if (ms > 0) await pause(ms, signal)
  }
  await Promise.all(handled)
  bad.sort((a, b) => a.line - b.line)
  onProgress(progress)
  return progress
}

const createdAt = ({ event_created_at }: LogRecord) => Date.parse(String(event_created_at)) || 0

/** A bus takes an event once. One that ran before, here or elsewhere, comes back as a copy that says what it repeats. */
function revive(record: LogRecord, copies: Map<string, string>): BaseEvent {
  // Records of types that the shop knows pass through its schemas; others become plain events.
  const Class = classes.get(record.event_type) ?? BaseEvent
  const parent = record.event_parent_id
  const parented = { ...record, event_parent_id: copies.get(String(parent)) ?? parent }
  const ran = record.event_completed_at ?? record.event_processed_at
  const isNew = !seen.has(record.event_id)
  seen.add(record.event_id)
  if (isNew && !ran) return Class.fromJSON(parented)
  const copy = { ...parented, event_id: new BaseEvent(record.event_type).eventId }
  for (const key of lived) Reflect.deleteProperty(copy, key)
  copies.set(record.event_id, copy.event_id)
  return Class.fromJSON({ ...copy, event_replay_of: record.event_id })
}

/** Looks at every result, so that no handler's error goes unread. */
async function settled(event: BaseEvent): Promise<void> {
  await event.eventCompletion
  await event.eventResultsList({ raiseIfAny: false })
}
