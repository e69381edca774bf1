import type { EventRecord } from '../protocol.js'
import type { EventLog } from './event-log.js'
import { flatRecord } from './reading.js'
import { SegmentCache } from './segment-cache.js'

/** An event that somebody has sent over a channel, as its log has it. */
export interface Broadcast {
  /** The sender's bridge, and its number of the event. */
  from: string
  n: number
  record: EventRecord
}

/** What was sent over a channel, from behind one segment up to another, in the order in which the log was told. */
export async function* broadcasts(
  log: EventLog,
  channel: string,
  after: number,
  last: number,
): AsyncGenerator<Broadcast, void, void> {
  const reader = { seq: after + 1 }
  log.readers.add(reader)
  try {
    const { low } = (await log.db()).meta
    const cache = new SegmentCache(log)
    for (reader.seq = Math.max(reader.seq, low); reader.seq <= last; reader.seq++) {
      const { seq } = reader
      for (const line of (await cache.open(seq))?.lines ?? []) {
        if (line?.event_entry !== 'B' || line.channel !== channel) continue
        const [at, index] = line.at ?? [0, -1]
        const accepted = (await cache.open(at || seq))?.accepted(index)
        if (accepted?.event_id === line.event_id)
          yield { from: String(line.from), n: Number(line.n), record: flatRecord(accepted, null) }
      }
    }
  } finally {
    log.readers.delete(reader)
  }
}
