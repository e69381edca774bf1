import { META, STATE } from '../brands.js'
import type { BusHandle } from '../bus/bus-handle.js'
import { aTimeout, checkOptions, checkType } from '../errors.js'
import { dateOf } from '../page.js'
import { aUuid, type EventRecord, isRecordKey } from '../protocol.js'
import { currentRun } from '../running-handler.js'
import { wait } from '../wait.js'
import { readThen } from './awaiting.js'
import { type EventInstanceOptions, type EventMeta, type EventOptions, makeMeta } from './event-meta.js'
import type { EventResult } from './event-result.js'
import { EventState } from './event-state.js'
import { eventLogTree } from './log-tree.js'
import type { Payload } from './payload-check.js'
import { persistence } from './persistence.js'
import { eventOf, recordOf } from './record.js'
import { byHandler, collect, flatDict, flatList, type ResultOptions } from './result-views.js'
import { statuses } from './status.js'

/** Any payload: what `new BaseEvent(type, payload)` carries. */
export type AnyPayload = Record<string, unknown>

/**
 * An event on a bus, and a real DOM event. Subclasses come from `defineEvent`; `new BaseEvent(type, payload)` is the
 * untyped one. Its payload is an immutable copy; keys that an `Event` member hides are in `eventPayload` only.
 *
 * `await event` waits until every handler on every bus, and every descendant event, has finished. `then` exists only
 * meanwhile and is typed `undefined`: with a callable `then`, TypeScript would not let an async function return an event.
 */
export class BaseEvent<P extends object = AnyPayload, R = unknown> extends Event {
  /** @internal */
  declare readonly [STATE]: EventState
  /** Set by `defineEvent`. @internal */
  declare static readonly [META]: EventMeta | undefined

  /**
   * @throws TypeError for a type that is no identifier of at most 64 characters
   * @throws StructError (superstruct's) for a payload that the class's schema refuses
   */
  constructor(type: string, payload?: P, options?: EventOptions & EventInstanceOptions)
  constructor(first: unknown, second?: unknown, third?: EventOptions & EventInstanceOptions) {
    // A class of `defineEvent` knows its type; it is given the payload and the options.
    const known = new.target[META]
    const meta = known ?? makeMeta(first as string, third ?? {})
    const payload = known ? first : second
    const options = (known ? second : third) as (EventOptions & EventInstanceOptions) | undefined
    const content = meta.check ? meta.check(payload ?? {}) : anyPayload(payload)
    super(meta.type, options ? { ...meta.init, ...options } : meta.init)
    const state = new EventState(this as BaseEvent, meta, content)
    ;(this as { [STATE]: EventState })[STATE] = state
    if (!meta.closed) exposePayload(this as BaseEvent, content, meta.keys)
    if (options) takeOptions(state, options)
  }

  get eventType(): string {
    return this[STATE].meta.type
  }
  /** UUIDv7: ordered by creation within the page. */
  get eventId(): string {
    return this[STATE].id
  }
  /** `OrderCreated@1.0.0` */
  get eventSchema(): string {
    return this[STATE].meta.schema
  }
  get eventCreatedAt(): Date {
    return new Date(this[STATE].createdAt)
  }
  /** Names of the buses it was dispatched to, in order. */
  get eventPath(): readonly string[] {
    const { origin, visits } = this[STATE]
    return [...(origin?.path ?? []), ...visits.map(({ core }) => core.name)]
  }
  get eventParentId(): string | null {
    return this[STATE].parentId
  }
  /** The event in whose handler this one was dispatched, while that one was unfinished; else null. */
  get eventParent(): BaseEvent | null {
    return this[STATE].parent?.event ?? null
  }
  /** The id of the event that this one replays; else null. */
  get eventReplayOf(): string | null {
    return this[STATE].replayOf
  }
  /** Events dispatched by handlers of this one, in order. */
  get eventChildren(): readonly BaseEvent[] {
    return this[STATE].children
      .sort((a, b) => a.visits[0]?.order - b.visits[0]?.order)
      .map((child) => child.event)
  }
  get eventStatus(): 'pending' | 'started' | 'completed' {
    return statuses[this[STATE].status as 0 | 1 | 2] ?? 'pending'
  }
  get eventStartedAt(): Date | null {
    return dateOf(this[STATE].startedAt)
  }
  get eventCompletedAt(): Date | null {
    return dateOf(this[STATE].completedAt)
  }
  /** ms for each handler, null for none. */
  get eventTimeout(): number | null {
    return this[STATE].timeout
  }
  /** All payload keys, frozen. */
  get eventPayload(): Readonly<P> {
    return Object.freeze(this[STATE].payload) as Readonly<P>
  }
  /**
   * Resolves when the event is durable in the log of every logged bus that it has entered so far. Rejects with the log's
   * error where it could not be written in time, with LogError on no logged bus; never an unhandled rejection.
   */
  get eventPersisted(): Promise<void> {
    return persistence(this[STATE])
  }
  /** One entry a handler, by handler id, in order of execution. */
  get eventResults(): ReadonlyMap<string, EventResult<R>> {
    const results = new Map<string, EventResult<R>>()
    for (const { view } of this[STATE].runs) results.set(view.handlerId, view as EventResult<R>)
    return results
  }
  /** The same as `await event`, for observers: it never makes an event jump the queue. */
  get eventCompletion(): Promise<this> {
    const state = this[STATE]
    return (state.completion ??= wait<BaseEvent>({}, (resolve) =>
      state.onCompleted(resolve),
    )) as Promise<this>
  }

  /**
   * The bus that handles the event now, bound to the handler that runs: what is dispatched through it has this event
   * as its parent. @throws Error outside its handlers, and where several run and the place is unknown
   */
  get eventBus(): BusHandle {
    const state = this[STATE]
    const run = currentRun()
    if (run?.state === state) return run.handle
    const runs = state.runs.filter(({ over }) => !over)
    if (runs.length === 1) return runs[0].handle
    throw new Error(
      `Expected one handler of ${state.label} to run, got ${runs.length}: \`event.eventBus\` is that one's, use \`context.bus\``,
    )
  }

  get then(): undefined {
    return readThen(this[STATE]) as undefined
  }

  /** The first result that counts, in order of execution. @throws TypeError before the event was dispatched */
  eventResult(options?: ResultOptions<R>): Promise<R | undefined> {
    return collect<R, R | undefined>(this[STATE], options, ([first]) => first?.result)
  }
  /** All results that count, in order of execution. */
  eventResultsList(options?: ResultOptions<R>): Promise<R[]> {
    return collect<R, R[]>(this[STATE], options, (results) => results.map(({ result }) => result))
  }
  eventResultsByHandlerId(options?: ResultOptions<R>): Promise<Record<string, R>> {
    return collect(this[STATE], options, byHandler<R>('handlerId'))
  }
  /** Of handlers with the same name the last wins. */
  eventResultsByHandlerName(options?: ResultOptions<R>): Promise<Record<string, R>> {
    return collect(this[STATE], options, byHandler<R>('handlerName'))
  }
  /** Merges results that are plain objects; the last handler wins unless `raiseIfConflicts`. */
  eventResultsFlatDict(options?: ResultOptions<R>): Promise<Record<string, unknown>> {
    return collect<R, Record<string, unknown>>(this[STATE], options, (results) =>
      flatDict(results, options?.raiseIfConflicts),
    )
  }
  /** Concatenates results that are arrays. */
  eventResultsFlatList(
    options?: ResultOptions<R>,
  ): Promise<R extends readonly (infer Item)[] ? Item[] : unknown[]> {
    return collect<R, never>(this[STATE], options, (results) => flatList(results) as never)
  }

  /** The flat record that logs, tabs and the Python library share. */
  toJSON(): EventRecord {
    return recordOf(this[STATE])
  }

  /**
   * The event of a record: its class's schema applies. A record that says it was completed gives a completed event.
   * @throws WireError for anything that is not a valid record
   */
  static fromJSON(record: unknown): BaseEvent {
    // `BaseEvent` takes a type, what `defineEvent` made knows its own, and its version.
    return eventOf(record, ({ event_type: type, event_schema: schema }, payload) =>
      'eventType' in this
        ? new (this as unknown as new (payload: Payload) => BaseEvent)(payload)
        : untyped(type, payload, { version: schema?.split('@')[1] }),
    )
  }

  /** This event and its descendants as text. */
  eventLogTree(): string {
    return eventLogTree(this[STATE])
  }
}

function takeOptions(state: EventState, options: EventInstanceOptions): void {
  checkOptions(options, { timeout: aTimeout, id: aUuid, parentId: aUuid })
  const { timeout = state.timeout, parentId = null, id = null } = options
  state.timeout = timeout
  state.parentId = parentId
  state.idText = id
  state.cancelable = state.event.cancelable
}

// Outside of the class: bundlers rename one that names itself.
const untyped = (type: string, payload: Payload, options: EventOptions) =>
  new BaseEvent(type, payload, options)

function anyPayload(payload: unknown): Payload {
  checkType(
    payload === undefined || (typeof payload === 'object' && payload),
    'payload',
    'an object',
    payload,
  )
  return Object.fromEntries(Object.entries(payload ?? {}))
}

// `isTrusted` is an own member of every event.
const hiddenKey = /^(event[\p{Lu}_]|_|isTrusted$)/u

/** Whether a payload key may be a member of the event: it hides nothing of the platform's, of ours or of promises. */
export const isFreeKey = (key: string): boolean => !hiddenKey.test(key) && !(key in BaseEvent.prototype)

/** Keys without an accessor in the class become own members, unless they would hide one of the event's. */
function exposePayload(event: BaseEvent, payload: Payload, known: ReadonlySet<string>): void {
  for (const key of Object.keys(payload)) {
    if (known.has(key)) continue
    if (isFreeKey(key) && !(key in event))
      Object.defineProperty(event, key, { value: payload[key], enumerable: true, configurable: true })
    else
      checkType(
        !isRecordKey(key),
        `payload.${key}`,
        'named otherwise: records of events have that key',
        payload[key],
      )
  }
}
