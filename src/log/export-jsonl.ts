import { aBoolean, checkOptions } from '../errors.js'
import type { EventLog } from './event-log.js'
import { Reader } from './reader.js'
import { flatRecord, isTwin, settled } from './reading.js'
import { isEnd, placeOf, rows } from './rows.js'
import { fault, type Line, type RecordLine } from './segment.js'
import { aheadOf, type OpenSegment, SegmentCache } from './segment-cache.js'

/**
 * The log as JSON lines. `entries: true` gives it as it is; else each event is one flat record, as the Python library writes
 * and reads it: first those that are finished, in the order of that, then the others. Reads only as fast as it is read from.
 * @throws TypeError
 */
export function exportJSONL(
  log: EventLog,
  options: { entries?: boolean } = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  checkOptions(options, { entries: aBoolean })
  const texts = options.entries ? bodies(log) : flatLines(log)
  const encoder = new TextEncoder()
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await texts.next()
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      async cancel() {
        await texts.return()
      },
    },
    { highWaterMark: 0 },
  )
}

async function* bodies(log: EventLog): AsyncGenerator<string, void, void> {
  const reader = new Reader(log, 1)
  try {
    await reader.begin()
    await log.flush()
    const last = await (await log.db()).head()
    for (let ahead = 1; ; ) {
      const segments = await (await log.db()).read('wal', reader.seq, last, ahead)
      for (const segment of segments) {
        if (segment.seq !== reader.seq) await reader.missed()
        reader.seq = segment.seq + 1
        if (segment.body && !fault(segment)) yield segment.body
      }
      if (!segments.length) break
      ahead = aheadOf(segments)
    }
    if (reader.seq <= last) await reader.missed()
  } finally {
    reader.end()
  }
}

/** Text for one read, at least. */
const ENOUGH = 100_000

async function* flatLines(log: EventLog): AsyncGenerator<string, void, void> {
  let text = ''
  for await (const record of inOrderOfEnds(log)) {
    text += `${JSON.stringify(record)}\n`
    if (text.length < ENOUGH) continue
    yield text
    text = ''
  }
  if (text) yield text
}

async function* inOrderOfEnds(log: EventLog) {
  const reader = new Reader(log, 1)
  try {
    await reader.begin()
    await settled(log)
    const { settled: done } = (await log.db()).meta
    // After that: what is finished up to there has its end before the last.
    const last = await settled(log)
    const cache = new SegmentCache(log)
    for await (const { seq } of rows(log, 1, last)) {
      // It stays where it is, since it goes through all twice; but it is alive.
      reader.seq = 1
      const opened = await cache.open(seq)
      for (const [index, line] of opened?.lines.entries() ?? []) {
        const accepted = opened && isEnd(line) && (await acceptedFor(log, opened, index, line, cache))
        if (accepted) yield flatRecord(accepted, line)
      }
    }
    for await (const { seq, summary } of rows(log, done + 1, last)) {
      reader.seq = 1
      const opened = summary.events ? await cache.open(seq) : null
      for (const index of opened?.lines.keys() ?? []) {
        const accepted = opened?.accepted(index)
        const [end = Infinity] = opened?.endOf(index) ?? []
        if (accepted && end > last && !isTwin(summary, index)) yield flatRecord(accepted, null)
      }
    }
    await reader.missed()
  } finally {
    reader.end()
  }
}

/** The event whose first end this is. */
async function acceptedFor(
  log: EventLog,
  opened: OpenSegment,
  index: number,
  line: Line,
  cache: SegmentCache,
): Promise<RecordLine | undefined> {
  const place = await placeOf(log, line, opened, cache)
  const there = place && (await cache.open(place[0]))
  const end = there?.endOf(place?.[1] ?? -1)
  return end?.[0] === opened.segment.seq && end[1] === index ? there?.accepted(place?.[1] ?? -1) : undefined
}
