import { WireError } from '../errors.js'
import { stateOf } from '../brands.js'
import { errorOf, errorRecord, type EventRecord, isoDate, type OutcomeRecord, readRecord, timeOf } from '../protocol.js'
import type { BaseEvent } from './base-event.js'
import type { EventInstanceOptions } from './event-meta.js'
import type { EventState } from './event-state.js'
import { HandlerRun, type RunVisit } from './handler-run.js'
import type { Payload } from './payload-check.js'
import { COMPLETED, ERROR } from './status.js'

/** The event's flat record. Events as results (forwarders) stay out: they are entries of the record itself. */
export function recordOf(state: EventState): EventRecord {
  const { meta, timeout, event, startedAt, completedAt } = state
  const outcomes = state.runs().flatMap((run) => (run.settled && !stateOf(run.value) ? [outcomeOf(run)] : []))
  const busIds = state.origin ? [...state.origin.busIds] : []
  for (let visit = state.firstVisit; visit; visit = visit.nextVisit) busIds.push(visit.core.id)
  const record: EventRecord = {
    ...state.payload,
    event_type: meta.type,
    event_id: state.id,
    event_schema: meta.schema,
    event_timeout: timeout === null ? null : timeout / 1000,
    event_parent_id: state.parentId,
    event_path: [...event.eventPath],
    event_created_at: isoDate(event.eventCreatedAt),
    event_processed_at: isoDate(event.eventStartedAt),
  }
  if (meta.result) record.event_result_type = meta.result.type
  if (busIds.length) record.event_bus_ids = busIds
  if (startedAt) record.event_started_at = isoDate(event.eventStartedAt)
  if (completedAt) record.event_completed_at = isoDate(event.eventCompletedAt)
  if (state.replayOf) record.event_replay_of = state.replayOf
  if (outcomes.length) record.event_outcomes = outcomes
  return record
}

function outcomeOf({ view, status, value, error }: HandlerRun): OutcomeRecord {
  const outcome: OutcomeRecord = {
    handler_id: view.handlerId,
    handler_name: view.handlerName,
    bus_id: view.busId,
    bus_name: view.busName,
    status: view.status,
    started_at: isoDate(view.startedAt),
    completed_at: isoDate(view.completedAt),
  }
  if (status === ERROR) outcome.error = errorRecord(error)
  else if (value !== undefined) outcome.result = value
  return outcome
}

/** Makes the event of a record; `make` knows the class. @throws WireError */
export function eventOf(
  value: unknown,
  make: (type: string, payload: Payload, options: EventInstanceOptions) => BaseEvent,
): BaseEvent {
  const { record, payload } = readRecord(value)
  const { event_timeout: timeout, event_parent_id: parentId, event_id: id, event_path: path } = record
  let event: BaseEvent
  try {
    event = make(record.event_type, payload, {
      id,
      parentId: parentId ?? undefined,
      timeout: timeout == null ? timeout : timeout * 1000,
    })
  } catch (cause) {
    throw new WireError(`Expected a record of ${record.event_type}: ${(cause as Error).message}`, { cause })
  }
  const state = stateOf(event) as EventState
  if (record.event_type !== state.meta.type) {
    throw new WireError(`Expected a record of ${state.meta.type}, got one of ${record.event_type}`)
  }
  state.recordedAt = record.event_created_at ? Date.parse(record.event_created_at) : null
  state.replayOf = record.event_replay_of ?? null
  state.origin = { path: path ?? [], busIds: record.event_bus_ids ?? [] }
  for (const outcome of record.event_outcomes ?? []) state.addRun(pastRun(state, outcome))
  if (record.event_completed_at) {
    state.startedAt = timeOf(record.event_started_at)
    state.completedAt = timeOf(record.event_completed_at)
    state.status = COMPLETED
  }
  return event
}

/** A run of another time or place: only its outcome is here. */
function pastRun(state: EventState, outcome: OutcomeRecord): HandlerRun {
  const { bus_id, bus_name, handler_id, handler_name, status } = outcome
  const visit = { core: { id: bus_id, name: bus_name } } as RunVisit
  const number = Number(handler_id.slice(handler_id.lastIndexOf('.') + 1))
  const run = new HandlerRun(state, visit, { id: number, name: handler_name }, state.timeout)
  run.startedAt = timeOf(outcome.started_at)
  run.completedAt = timeOf(outcome.completed_at)
  run.settled = true
  run.status = status === 'error' ? ERROR : COMPLETED
  if (outcome.error) run.error = errorOf(outcome.error)
  run.value = outcome.result
  run.errorRead = true
  return run
}
