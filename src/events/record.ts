import { stateOf } from '../brands.js'
import { checkType, WireError } from '../errors.js'
import {
  cap,
  type EventRecord,
  errorOf,
  errorRecord,
  isoDate,
  isoOf,
  msOf,
  type OutcomeRecord,
  readRecord,
  timeOf,
} from '../protocol.js'
import type { BaseEvent } from './base-event.js'
import type { EventState } from './event-state.js'
import { HandlerRun, type RunVisit } from './handler-run.js'
import type { Payload } from './payload-check.js'
import { COMPLETED, ERROR } from './status.js'

/** The event's flat record. Events as results (forwarders) stay out: they are entries of the record itself. */
export function recordOf(state: EventState): EventRecord {
  const { meta, timeout, event } = state
  const started = isoDate(state.startedAt)
  return {
    ...state.payload,
    event_type: meta.type,
    event_id: state.id,
    event_schema: meta.schema,
    event_timeout: timeout && timeout / 1000,
    event_parent_id: state.parentId,
    event_path: [...event.eventPath],
    event_created_at: isoOf(state.createdAt),
    event_processed_at: started,
    event_result_type: meta.result?.type,
    event_bus_ids: [...(state.origin?.busIds ?? []), ...state.visits.map(({ core }) => core.id)],
    event_started_at: started,
    event_completed_at: isoDate(state.completedAt),
    event_replay_of: state.replayOf,
    event_outcomes: settledRuns(state).map(outcomeOf),
  }
}

/** What forwarders give is the event itself, and left out. */
export const settledRuns = (state: EventState) => state.runs.filter((run) => run.over && !stateOf(run.value))

export function outcomeOf({ view, status, value, error, startedAt, completedAt }: HandlerRun): OutcomeRecord {
  return {
    handler_id: view.handlerId,
    handler_name: view.handlerName,
    bus_id: view.busId,
    bus_name: view.busName,
    status: view.status,
    started_at: isoDate(startedAt),
    completed_at: isoDate(completedAt),
    result: value,
    error: status === ERROR ? errorRecord(error) : null,
  }
}

/** Makes the event of a record; `make` knows the class. @throws WireError, whatever is wrong */
export function eventOf(
  value: unknown,
  make: (record: EventRecord, payload: Payload) => BaseEvent,
): BaseEvent {
  try {
    const { record, payload } = readRecord(value)
    const { event_type: type, event_timeout: timeout, event_created_at: created } = record
    const event = make(record, payload)
    const state = stateOf(event) as EventState
    state.idText = record.event_id
    state.parentId = record.event_parent_id ?? null
    // Not `1.001 * 1000`, which is a hair less than 1001.
    if (timeout !== undefined) state.timeout = timeout && (Math.round(timeout * 1e6) / 1e3 || timeout * 1e3)
    checkType(type === state.meta.type, 'event_type', state.meta.type, type)
    if (created) state.recordedAt = msOf(created)
    state.replayOf = record.event_replay_of ?? null
    state.origin = { path: record.event_path ?? [], busIds: record.event_bus_ids ?? [] }
    for (const outcome of record.event_outcomes ?? []) state.addRun(pastRun(state, outcome))
    if (record.event_completed_at) {
      state.startedAt = timeOf(record.event_started_at)
      state.completedAt = timeOf(record.event_completed_at)
      state.status = COMPLETED
    }
    return event
  } catch (cause) {
    throw new WireError(`Not an event's record: ${(cause as Error).message}`, { cause })
  }
}

/** A run of another time or place: only its outcome is here. */
export function pastRun(state: EventState, outcome: OutcomeRecord): HandlerRun {
  const { bus_id, bus_name, handler_id, handler_name, status, error } = outcome
  const visit = { core: { id: cap(bus_id), name: cap(bus_name) } } as RunVisit
  const handler = { id: Number(cap(handler_id).split('.').pop()), name: cap(handler_name), fn: null }
  return Object.assign(new HandlerRun(state, visit, handler), {
    startedAt: timeOf(outcome.started_at),
    completedAt: timeOf(outcome.completed_at),
    status: status === 'error' ? ERROR : COMPLETED,
    error: error ? errorOf(error) : undefined,
    value: outcome.result,
    errorRead: true,
  } as const)
}
