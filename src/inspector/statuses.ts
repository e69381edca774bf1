import { failureOf, type InspectedEvent, type InspectedResult } from './subjects.js'

/** How a row can stand. Its place here is its code in the tree's arrays. */
export const statuses = [
  'pending',
  'started',
  'completed',
  'error',
  'timeout',
  'cancelled',
  'aborted',
  'forwarded',
  'replayed',
] as const
export type Status = (typeof statuses)[number]

const [PENDING, STARTED, COMPLETED, ERROR, TIMEOUT, CANCELLED, ABORTED, FORWARDED, REPLAYED] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8,
] as const

/** A path in a box of 16 for each status: told apart by shape, not by colour alone. */
export const icons: readonly string[] = [
  // A dotted ring, a half-filled one, a tick, a cross.
  'M8 2.5v0M11.9 4.1v0M13.5 8v0M11.9 11.9v0M8 13.5v0M4.1 11.9v0M2.5 8v0M4.1 4.1v0',
  'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 5.5a2.5 2.5 0 0 1 0 5',
  'M3 8.5l3.5 3.5L13 4.5',
  'M4 4l8 8M12 4l-8 8',
  // A clock, a barred ring, a square, an arrow onwards, an arrow round.
  'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 5v3.2l2.2 1.5',
  'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M4.2 11.8l7.6-7.6',
  'M4 4h8v8h-8z',
  'M2.5 8h10M9 4.5L12.5 8L9 11.5',
  'M13 8a5 5 0 1 1-1.6-3.7M12 1.5v3h-3',
]

/** Not over yet. */
export const isOpen = (code: number) => code < COMPLETED
/** Failed, in whatever way. */
export const isFailure = (code: number) => code >= ERROR && code <= ABORTED

const failureCodes = new Map([
  ['EventTimeoutError', TIMEOUT],
  ['TimeoutError', TIMEOUT],
  ['EventCancelledError', CANCELLED],
  ['AbortError', ABORTED],
])

/** How a handler's run stands; what passes the event on returns it. */
export function resultStatus(event: InspectedEvent, result: InspectedResult): number {
  const { status } = result
  if (status === 'pending') return PENDING
  if (status === 'started') return STARTED
  if (status === 'error') return failureCodes.get(failureOf(event, result).name) ?? ERROR
  return (result.result as unknown) === event ? FORWARDED : COMPLETED
}

/** An error of a handler's own weighs more than a time-out, and that more than having been cancelled. */
const worse = [0, 0, 0, 4, 3, 1, 2, 0, 0]

/** How an event stands, given the worst that came of its handlers. */
export function eventStatus(event: InspectedEvent, worst: number): number {
  if (event.eventStatus === 'pending') return PENDING
  if (event.eventStatus === 'started') return STARTED
  if (worse[worst]) return worst
  return event.eventReplayOf ? REPLAYED : COMPLETED
}

export const worseOf = (one: number, other: number) => (worse[other] > worse[one] ? other : one)
