import { isUuid } from '../ids.js'
import type { EventRecord } from '../protocol.js'
import type { EventLog } from './event-log.js'
import { flatRecord } from './reading.js'
import { placeOf } from './rows.js'
import type { Line } from './segment.js'
import { type OpenSegment, SegmentCache } from './segment-cache.js'

/** An event that somebody has sent over a channel, as its log has it. */
export interface Broadcast {
  /** The sender's bridge. */
  from: string
  record: EventRecord
}

/** How many segments are read at once, and how many characters: of more, the answer would not come in time. */
const CHUNK = 64
const CHARS = 16_000_000

/**
 * What was sent over a channel, from behind one segment up to another, in the order in which the log was told; a list for each
 * segment, and an empty one now and then. Whoever stops early calls `return()`: until then nothing behind its place can be removed.
 */
export async function* broadcasts(
  log: EventLog,
  channel: string,
  after: number,
  last: number,
): AsyncGenerator<Broadcast[], void, void> {
  let next = after + 1
  const reader = { seq: next }
  log.readers.add(reader)
  try {
    const cache = new SegmentCache(log)
    const db = await log.db()
    for (let limit = 8; ; ) {
      const segments = await db.read('wal', next, last, limit)
      if (!segments.length) return
      const chars = segments.reduce((all, { body }) => all + String(body).length, 0)
      limit = Math.ceil(Math.min(CHUNK, (CHARS * segments.length) / chars))
      for (const segment of segments) {
        const { seq, body } = segment
        next = seq + 1
        // Most have none, and need not be taken apart.
        if (!String(body).includes('"event_entry":"B"')) continue
        cache.add(segment)
        const opened = await cache.open(seq)
        if (opened) yield await broadcastsIn(log, channel, opened, cache)
      }
      yield []
    }
  } finally {
    log.readers.delete(reader)
  }
}

async function broadcastsIn(
  log: EventLog,
  channel: string,
  opened: OpenSegment,
  cache: SegmentCache,
): Promise<Broadcast[]> {
  const found: Broadcast[] = []
  for (const line of opened.lines) {
    if (line?.event_entry !== 'B' || line.channel !== channel) continue
    // A line may be anything, and is no reason to miss those behind it.
    const one = await broadcastOf(log, line, opened, cache).catch(() => undefined)
    if (one) found.push(one)
  }
  return found
}

async function broadcastOf(
  log: EventLog,
  line: Line,
  opened: OpenSegment,
  cache: SegmentCache,
): Promise<Broadcast | undefined> {
  const { bridge, at } = line
  if (!isUuid(bridge) || (at?.[0] && at[0] < (await log.db()).meta.low)) return undefined
  const place = await placeOf(log, line, opened, cache)
  const accepted = place && (await cache.open(place[0]))?.accepted(place[1])
  return accepted && { from: bridge, record: flatRecord(accepted, null) }
}
