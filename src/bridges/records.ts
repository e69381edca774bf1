/** Events and outcomes on their way out, and outcomes on their way in. Events come in through their buses. */
import { finishRun } from '../bus/handler-call.js'
import type { InspectStep } from '../bus/types.js'
import type { Visit } from '../bus/visit.js'
import { checkType, show, WireError } from '../errors.js'
import type { EventState } from '../events/event-state.js'
import type { HandlerRun } from '../events/handler-run.js'
import { outcomeOf, pastRun, settledRuns } from '../events/record.js'
import { ERROR, STARTED } from '../events/status.js'
import { checkSize, type EventRecord, errorRecord, isoOf, type OutcomeRecord } from '../protocol.js'
import { isPlain, isRecord } from '../values-in.js'
import type { Carrier } from './exchange.js'

/** Whom an answer comes from. */
export interface Who {
  /** Of its bridge. */
  readonly id: string
  /** Of the buses that its bridge delivers to. */
  readonly busNames: readonly string[]
}

export interface Peer extends Who {
  /** When its bridge was made, or came back, in ms since 1970. */
  readonly since: number
}

/** What a structured clone takes as it is, and cannot share with its sender. */
const isPrimitive = (value: unknown) => Object(value) !== value && typeof value !== 'symbol'

/** A value as it is now, unless it `moves`, and as it can be sent, `far` or only within its agent cluster. @throws whatever stands against it */
function snapshot(value: unknown, far: boolean, moves: boolean): unknown {
  if (isPrimitive(value)) return value
  const copy = moves ? value : structuredClone(value)
  // Of the copy, as whoever gets it does: a class's instances are plain objects there.
  checkSize([copy])
  // So many values at most: in a map may be lists that have others twice.
  let left = 1e6
  if (far) JSON.stringify(copy, (_, one) => --left > 0 && nearOnly(one))
  return copy
}

/** For a replacer that lets nothing pass which stays in its agent cluster: nobody else would get anything of the message that has it, nor say so. */
function nearOnly(value: unknown): unknown {
  if (isPlain(value)) return value
  const kind = {}.toString.call((value as DataView | null)?.buffer ?? value)
  if (/WebA|Shared|Video|Audio/.test(kind)) throw new TypeError(`${kind} stays in its process`)
  return /Map|Set/.test(kind) ? [...(value as Set<unknown>)] : 0
}

const unsendable = (what: string, value: unknown, cause: unknown) =>
  new WireError(
    `Expected \`${what}\` to be cloneable, got \`${show(value)}\`: ${errorRecord(cause).message}`,
    {
      cause,
    },
  )

let head: Partial<EventRecord> = {}
/** What the records of a class's events that are made at one time have in common: the same object for all that are sent in a row. */
export function headOf({ meta, createdAt }: EventState): Partial<EventRecord> {
  const date = isoOf(createdAt)
  if (head.event_schema !== meta.schema || head.event_created_at !== date)
    head = { event_type: meta.type, event_schema: meta.schema, event_created_at: date }
  return head
}

/**
 * The event as it is now, without its head, so that one that cannot be sent is refused to its sender and harms no other. What `moves`
 * with it is left to the message that moves it.
 * @throws WireError naming the payload's key
 */
export function recordOut(state: EventState, moves: boolean, far: boolean): Partial<EventRecord> {
  const { payload, timeout, parentId, replayOf, origin, visits, event } = state
  const record: Partial<EventRecord> = {
    ...payload,
    event_id: state.id,
    event_timeout: timeout && timeout / 1000,
  }
  if (origin || visits.length) {
    record.event_path = [...event.eventPath]
    record.event_bus_ids = [...(origin?.busIds ?? []), ...visits.map(({ core }) => core.id)]
  }
  if (parentId) record.event_parent_id = parentId
  if (replayOf) record.event_replay_of = replayOf
  for (const key of Object.keys(payload)) {
    if (isPrimitive(payload[key])) continue
    try {
      // An assignment to `__proto__` would be no data.
      Object.defineProperty(record, key, { value: snapshot(payload[key], far, moves) })
    } catch (cause) {
      throw unsendable(`payload.${key}\` of \`${state.label}`, payload[key], cause)
    }
  }
  return record
}

/**
 * What came of an event here, for whoever asked; its errors count as seen. What the carrier moves of it joins `moved`; a result that
 * cannot be sent is a WireError.
 */
export function outcomesOut(state: EventState, carrier: Carrier, moved: Transferable[]): OutcomeRecord[] {
  const outcomes = settledRuns(state).map((run) => {
    run.errorRead = true
    return outcomeOf(run)
  })
  return sendable(outcomes, carrier, moved, (result, moves) =>
    snapshot(result, carrier.far, moves.length > 0),
  )
}

/** The same once more, where something of it could not be moved: each for itself, so that one that cannot harms no other. */
export const movedApart = (
  outcomes: OutcomeRecord[],
  carrier: Carrier,
  moved: Transferable[],
): OutcomeRecord[] =>
  sendable(outcomes, carrier, [], (result, transfer) => {
    const clone = structuredClone(result, { transfer })
    if (transfer.length) moved.push(...carrier.moves(clone, true))
    return clone
  })

function sendable(
  outcomes: OutcomeRecord[],
  carrier: Carrier,
  moved: Transferable[],
  copy: (result: unknown, moves: Transferable[]) => unknown,
): OutcomeRecord[] {
  return outcomes.map((outcome) => {
    const { result, handler_name: name } = outcome
    try {
      const moves = isPrimitive(result) ? [] : carrier.moves(result, true)
      const sent = { ...outcome, result: copy(result, moves) }
      // Two handlers may give the same.
      moved.push(...moves.filter((one) => !moved.includes(one)))
      return sent
    } catch (cause) {
      const error = errorRecord(unsendable(`result\` of \`${name}`, result, cause))
      return { ...outcome, status: 'error', result: undefined, error }
    }
  })
}

/** Outcomes of one peer become entries of the event, as if their handlers had run here. `where` is for trees. */
export function takeOutcomes(
  state: EventState,
  peer: Who,
  where: string,
  outcomes: readonly unknown[],
): void {
  const known = new Set(state.runs.map(({ view }) => view.handlerId))
  for (const value of outcomes) {
    try {
      checkType(isRecord(value), 'outcome', 'a plain object', value)
      checkSize(value)
      addEntry(state, pastRun(state, value as unknown as OutcomeRecord), peer, where, known)
    } catch (cause) {
      const { message } = cause as Error
      failEntry(state, peer, where, new WireError(`${peer.id} sent no valid outcome: ${message}`, { cause }))
    }
  }
}

/** An outcome of a context as a whole: why nothing came of an event there. */
export function refusalOf({ id, busNames }: Who, error?: unknown): OutcomeRecord {
  return {
    handler_id: `${id}.0`,
    handler_name: 'peer',
    bus_id: id,
    bus_name: busNames[0] ?? 'peer',
    status: 'error',
    error: errorRecord(error),
  }
}

/** What stands for the answer of a peer that gave none. */
export function failEntry(state: EventState, peer: Who, where: string, error: Error): void {
  addEntry(state, Object.assign(pastRun(state, refusalOf(peer)), { error }), peer, where)
}

/** A handler's run of another context joins those of this one. Its entry is under its own id, or one that cannot be here. */
function addEntry(state: EventState, run: HandlerRun, peer: Who, where: string, known?: Set<string>): void {
  const { status, value, error, completedAt } = run
  const here = (state.visits[0] as Visit | undefined)?.core
  const tellResult = (step: InspectStep) => here?.inspected && here.tell(step, state, run)
  const visit = { core: { ...run.visit.core, where, tellResult }, runEnded() {}, waiting() {} }
  Object.assign(run, { visit, status: STARTED, value: undefined, error: undefined, errorRead: false })
  const { handlerId } = run.view
  if (known?.has(handlerId)) Object.assign(run.handler, { id: `${run.handler.id}@${peer.id}` })
  known?.add(handlerId)
  state.addRun(run)
  finishRun(run, status === ERROR ? error : value, status as 2 | 3)
  if (completedAt) run.completedAt = completedAt
}
