import { LogError } from '../errors.js'
import { wait } from '../wait.js'
import type { EventState } from './event-state.js'
import { DURABLE, FAILED } from './status.js'

/**
 * `eventPersisted`: resolves when the event is durable in the log of every logged bus that it has entered so far. Kept from its
 * first reading on; where nobody can ever say so, each reading gives a rejected promise of its own.
 */
export function persistence(state: EventState): Promise<void> {
  if (state.persisted) return state.persisted
  const marks = () => state.visits.flatMap(({ mark }) => mark ?? [])
  const promise = wait<void>({}, (give, fail) => {
    const look = () => {
      const all = marks()
      const failed = all.find(({ status }) => status === FAILED)
      if (failed) fail(failed.error)
      else if (!all.length) {
        const path = state.event.eventPath.join(', ') || 'no bus'
        fail(new LogError(`Expected ${state.label} to be on a bus with a log; it is on ${path}`))
      } else if (all.every(({ status }) => status === DURABLE)) give()
    }
    look()
    state.onPersisted = look
  })
  promise.catch(() => {})
  if (marks().length) state.persisted = promise
  return promise
}
