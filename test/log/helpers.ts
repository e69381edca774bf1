import type { LogOptions } from '../../src/bus/types.js'
import { type BusOptions, EventBus } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'

let count = 0
/** A log name that no other test has. */
export const freshName = (): string =>
  `log${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}${count++}`

/** A bus with a log of its own; `name` is the log's and the bus's. */
export function loggedBus(options: LogOptions & { bus?: BusOptions } = {}) {
  const { bus: busOptions, name = freshName(), ...rest } = options
  const log = new EventLog(name, rest)
  const bus = new EventBus({ name, log, ...busOptions })
  return { name, log, bus }
}

/** The raw rows of the log's store, as they lie on the disk. */
export async function rawSegments(
  name: string,
): Promise<{ writer: string; n: number; body: string; bus: string }[]> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(`bubus:${name}`)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const all = db.transaction('wal').objectStore('wal').getAll()
  await new Promise((resolve) => {
    all.onsuccess = resolve
  })
  db.close()
  return all.result
}

/** The entries of segments, with one for each event that a line adopts: of these `all` tells the ids, the first of which is number 1. */
export function lines(segments: { body: string }[], all = segments): Record<string, unknown>[] {
  const read = ({ body }: { body: string }) =>
    body
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  const ids = all.map((segment) => read(segment).map(({ event_id: id }) => id))
  return segments.flatMap(read).flatMap(({ also = [], ...line }) => {
    const others: unknown[] = []
    for (let i = 0; i < also.length; i += 3)
      for (let index = also[i + 1]; index <= also[i + 2]; index++) others.push(ids[also[i] - 1]?.[index])
    return [line.event_id, ...others].map((id) => ({ ...line, event_id: id }))
  })
}

export const kinds = (segments: { body: string }[]): string =>
  lines(segments)
    .map((line) => line.event_entry)
    .join('')
