import type { INSPECT as BusInspect } from '../brands.js'
import type { EventBus } from '../bus/event-bus.js'
import type { BaseEvent } from '../events/base-event.js'
import type { EventResult } from '../events/event-result.js'
import type { ErrorRecord, EventRecord } from '../protocol.js'

/**
 * What the tree shows, by the library's public names only: a bus of any copy of the library will do, and so will what was
 * read from a file.
 */
export type InspectedResult = Pick<
  EventResult,
  | 'handlerId'
  | 'handlerName'
  | 'busId'
  | 'busName'
  | 'status'
  | 'result'
  | 'error'
  | 'startedAt'
  | 'completedAt'
  | 'timeout'
> & { readonly eventChildren: readonly InspectedEvent[] }

export type InspectedEvent = Pick<
  BaseEvent,
  | 'eventType'
  | 'eventId'
  | 'eventSchema'
  | 'eventCreatedAt'
  | 'eventPath'
  | 'eventParentId'
  | 'eventStatus'
  | 'eventStartedAt'
  | 'eventCompletedAt'
  | 'eventTimeout'
  | 'eventPayload'
  | 'eventReplayOf'
  | 'defaultPrevented'
> & {
  readonly eventParent: InspectedEvent | null
  readonly eventResults: ReadonlyMap<string, InspectedResult>
  toJSON(): EventRecord
}

export type Subject = InspectedEvent | InspectedResult

/** The public inspection hook, of a bus and (as a set of functions that are told of new buses) of the page. */
export const INSPECT: typeof BusInspect = Symbol.for('bubus.inspect') as never
/** WebKitGTK has no dispose symbol; the library falls back to the same one. */
export const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose')

export type InspectedBus = Pick<EventBus, 'name' | 'id' | 'eventHistory' | 'ready' | typeof INSPECT>

/** `OrderCreated#1a2b`, as the library's own messages name an event. */
export const labelOf = ({ eventType, eventId }: InspectedEvent) => `${eventType}#${eventId.slice(-4)}`

export const isResult = (subject: Subject): subject is InspectedResult => 'handlerId' in subject

const failures = new WeakMap<InspectedResult, ErrorRecord>()

/**
 * What a handler threw, as the record has it. Not by `result.error`: to read that counts as having seen the error, and the
 * console would not be told of it.
 */
export function failureOf(event: InspectedEvent, result: InspectedResult): ErrorRecord {
  const known = failures.get(result)
  if (known) return known
  for (const { handler_id, error } of event.toJSON().event_outcomes ?? []) {
    const failed = event.eventResults.get(handler_id)
    if (failed && error) failures.set(failed, error)
  }
  return failures.get(result) ?? { name: 'Error', message: '' }
}

/**
 * The thing itself that a handler threw, once that can be looked at without hiding it from anybody: unread errors are reported
 * a task after their event completed.
 */
export function thrownBy(event: InspectedEvent, result: InspectedResult): unknown {
  const completed = event.eventCompletedAt
  return completed && Date.now() - completed.getTime() > 250 ? result.error : undefined
}
