import { livingBuses } from './sources.js'
import type { InspectedEvent } from './subjects.js'

/** Events that have failed since a time, wall clock in ms, of all that the page's buses remember; each once. */
export function failedSince(time: number): Set<InspectedEvent> {
  const failed = livingBuses()
    .flatMap(({ eventHistory }) => [...eventHistory.values()])
    .filter(({ eventCompletedAt, eventResults }) => {
      const missed = (eventCompletedAt?.getTime() ?? 0) >= time
      return missed && [...eventResults.values()].some(({ status }) => status === 'error')
    })
  return new Set(failed)
}
