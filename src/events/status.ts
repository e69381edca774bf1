/** Life cycle of an event and of a result, as numbers: compared on the hot path. */
export const NEW = -1
export const PENDING = 0
export const STARTED = 1
export const COMPLETED = 2
export const ERROR = 3

/** Their names: of events, and of results, which alone have the last. */
export const statuses = ['pending', 'started', 'completed', 'error'] as const

export type EventStatus = -1 | 0 | 1 | 2
export type ResultStatus = 0 | 1 | 2 | 3
