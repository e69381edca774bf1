export { INSPECT as inspect } from './brands.js'
export type { BusHandle } from './bus/bus-handle.js'
export { EventBus } from './bus/event-bus.js'
export type {
  BusMiddleware,
  BusOptions,
  BusStats,
  EventOf,
  ExpectOptions,
  FindOptions,
  HandlerContext,
  HandlerFunction,
  HandlerOptions,
  HandlerReturn,
  Inspector,
  InspectStep,
  LogOptions,
  Pattern,
  Subscription,
} from './bus/types.js'
export {
  BusFullError,
  BusStoppedError,
  EventCancelledError,
  EventLoopError,
  EventTimeoutError,
  LogError,
  ResultTypeError,
  SemaphoreTimeoutError,
  WireError,
} from './errors.js'
export { type AnyPayload, BaseEvent } from './events/base-event.js'
export { defineEvent, type EventClass, type EventSchema, type PayloadOf } from './events/define-event.js'
export type { EventInstanceOptions, EventOptions } from './events/event-meta.js'
export { EventResult } from './events/event-result.js'
export type { ResultOptions } from './events/result-views.js'
export type { ErrorRecord, EventRecord, OutcomeRecord } from './protocol.js'
export { type RetryOptions, retry } from './retry/retry.js'
export { Semaphore, type SemaphoreOptions, type Slot } from './retry/semaphore.js'
