import { anIdentifier, type Check, checkOptions, checkType } from '../errors.js'
import type { EventRecord } from '../protocol.js'
import type { EventLog } from './event-log.js'
import type { Summary } from './log-db.js'
import { lookForHoles } from './log-queries.js'
import { Reader } from './reader.js'
import { rows } from './rows.js'
import type { Line, RecordLine } from './segment.js'
import { SegmentCache } from './segment-cache.js'

/** Which events `records` gives; all that is given must fit. */
export interface RecordsFilter {
  type?: string
  /** Created then or later, or then or earlier: a Date, ms or an ISO date. */
  since?: Date | number | string
  until?: Date | number | string
  /** Accepted by the bus of this name; of what was imported: by the last bus of its path. */
  busName?: string
  /** Only what stands behind this `event_log_position`. */
  after?: string
}

/** An event as a log has it: its record, with its place there. */
export interface LogRecord extends EventRecord {
  /** `segment:line`; the log's order is theirs. */
  event_log_position: string
}

const ms = (time: unknown) => +new Date(time as string)

const aTime: Check = (name, value) =>
  checkType(
    /^(object|number|string)$/.test(typeof value) && value !== null && !Number.isNaN(ms(value)),
    name,
    'a Date, ms or an ISO date',
    value,
  )
const aPosition: Check = (name, value) =>
  checkType(
    typeof value === 'string' && /^\d+:\d+$/.test(value),
    name,
    'an `event_log_position`: `segment:line`',
    value,
  )

const checks = { type: anIdentifier, since: aTime, until: aTime, busName: anIdentifier, after: aPosition }

/** The bus of imported segments: they are no bus's past. */
export const IMPORTED = ''

/**
 * The events of a log, in its order: one record for each bus that accepted it, as far as it is written when the first is asked
 * for. Leave the loop, or nothing behind its place can be removed from the log.
 * @throws TypeError for a wrong filter, at once
 */
export function records(log: EventLog, filter: RecordsFilter = {}): AsyncGenerator<LogRecord, void, void> {
  checkOptions(filter, checks, 'filter')
  const { type, busName, after = '1:-1' } = filter
  const since = filter.since === undefined ? -Infinity : ms(filter.since)
  const until = filter.until === undefined ? Infinity : ms(filter.until)
  const [seq, index] = after.split(':').map(Number)
  const anyTime = since === -Infinity && until === Infinity
  return read(
    log,
    seq,
    index,
    ({ types, from, to, bus }) =>
      (type === undefined || types.includes(type)) &&
      (busName === undefined || bus === busName || bus === IMPORTED) &&
      !(to < since || from > until),
    ({ event_type, event_created_at, event_path }, bus) => {
      const created = Date.parse(event_created_at ?? '')
      return (
        (type === undefined || event_type === type) &&
        (busName === undefined || (bus || event_path?.at(-1)) === busName) &&
        (anyTime || (created >= since && created <= until))
      )
    },
  )
}

async function* read(
  log: EventLog,
  first: number,
  after: number,
  mayFit: (summary: Summary) => boolean,
  fits: (line: RecordLine, bus: string) => boolean,
): AsyncGenerator<LogRecord, void, void> {
  const reader = new Reader(log, first)
  try {
    await reader.begin()
    const last = await settled(log)
    const cache = new SegmentCache(log)
    const open = async (seq: number) => (await cache.open(seq)) ?? reader.missed()
    let next = first
    for await (const { seq, summary } of rows(log, first, last)) {
      if (seq > next) await reader.missed(next)
      next = seq + 1
      reader.seq = seq
      const opened = summary.events && mayFit(summary) ? await open(seq) : null
      for (const index of opened?.lines.keys() ?? []) {
        const line = opened?.accepted(index)
        if (!opened || !line || (seq === first && index <= after) || isTwin(summary, index)) continue
        if (fits(line, opened.segment.bus)) {
          const end = opened.endOf(index)
          yield {
            ...flatRecord(line, end && (await open(end[0]))?.lines[end[1]]),
            event_log_position: `${seq}:${index}`,
          }
        }
      }
    }
    if (next <= last) await reader.missed(next)
  } finally {
    reader.end()
  }
}

/** What was said so far is written, and indexed; gives the newest segment. */
export async function settled(log: EventLog): Promise<number> {
  await log.flush()
  lookForHoles(log)
  const last = await (await log.db()).head()
  await indexed(log, last)
  return last
}

/** All segments up to one have their summaries, and their events their ends. */
export async function indexed(log: EventLog, last: number): Promise<void> {
  await log.index.flush().catch(() => {})
  await log.index.catchUp()
  // Somebody may have been at it already, and have known of fewer.
  if ((await log.db()).meta.indexed < last) await log.index.catchUp()
}

export function isTwin({ twins = [] }: Summary, index: number): boolean {
  for (let i = 0; i < twins.length; i += 3) if (twins[i] === index) return true
  return false
}

/** An accepted event with its end, if it has one, as a record that has no place and belongs to no log. */
export function flatRecord(
  { event_entry, event_by, ...record }: RecordLine,
  end: Line | null | undefined,
): EventRecord {
  const {
    event_started_at = null,
    event_completed_at = null,
    event_outcomes,
  } = (end ?? {}) as Partial<EventRecord>
  return {
    ...record,
    event_processed_at: event_started_at,
    event_started_at,
    event_completed_at,
    ...(event_outcomes && { event_outcomes }),
  }
}

/** How many events it has. */
export async function count(log: EventLog): Promise<number> {
  const last = await settled(log)
  let events = 0
  for await (const { summary } of rows(log, 1, last))
    events += summary.events - (summary.twins?.length ?? 0) / 3
  return events
}
