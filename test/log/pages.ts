import type { BaseEvent, EventBus } from '../../src/index.js'
import { forever } from '../same-page/helpers.js'
import { freshName } from './helpers.js'
import { loseLocks, openBus } from './tabs.js'

/** Dispatches on a page that dies in the first handler. */
export async function left(name: string, ...events: BaseEvent[]): Promise<void> {
  const logged = openBus(name)
  logged.bus.on('*', forever)
  for (const event of events) logged.bus.dispatch(event)
  await logged.log.flush()
  await loseLocks(logged)
}

/** A bus of a later page, and what its handlers saw. */
export function next(
  name: string,
  ...types: string[]
): { bus: EventBus; seen: unknown[] } & ReturnType<typeof openBus> {
  const logged = openBus(name)
  const seen: unknown[] = []
  for (const type of types) logged.bus.on(type, ({ eventPayload }) => void seen.push(eventPayload.n ?? type))
  return { ...logged, seen }
}

/** An empty log that is there. */
export async function emptyLog(): Promise<string> {
  const name = freshName()
  const logged = openBus(name)
  await logged.log.db()
  await logged.log.close()
  return name
}
