import { EventLog } from '../../src/log/event-log.js'
import type { Summary } from '../../src/log/log-db.js'
import { freshName } from './helpers.js'
import { inStore, rowsOf } from './raw.js'

/** A log whose segments `fill` plants before it is opened, as dead writers have left them. */
export async function planted(
  fill: (name: string) => Promise<unknown>,
  options?: ConstructorParameters<typeof EventLog>[1],
): Promise<{ name: string; log: EventLog }> {
  const name = freshName()
  const first = new EventLog(name)
  await first.db()
  await first.close()
  await fill(name)
  const log = new EventLog(name, options)
  await log.db()
  return { name, log }
}

/** Closes a log and deletes it. */
export async function discard({ name, log }: { name: string; log: EventLog }): Promise<void> {
  await log.close()
  await EventLog.destroy(name)
}

export const summaries = async (name: string): Promise<Map<number, Summary>> =>
  new Map(await rowsOf<Summary>(name, 'summaries'))

export const metaOf = async (name: string): Promise<{ indexed: number; settled: number; low: number }> =>
  (await inStore(name, 'meta', (it) => it.get('log'))) as { indexed: number; settled: number; low: number }

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}
