import { anIdentifier, aString, aTimeout, type Check, checkOptions, checkType } from '../errors.js'
import { DEFAULT_TIMEOUT } from '../limits.js'
import type { AnyStruct, Payload } from './payload-check.js'

/** What all events of one class share. */
export interface EventMeta {
  readonly type: string
  /** `OrderCreated@1.0.0` */
  readonly schema: string
  /** ms for each handler, null for none. */
  readonly timeout: number | null
  readonly result: AnyStruct | null
  readonly init: EventInit | undefined
  /** Gives the checked copy of a payload; null takes any payload as it is. */
  readonly check: ((payload: unknown) => Payload) | null
  /** Payload keys that the class has accessors for. */
  readonly keys: ReadonlySet<string>
  /** The schema allows no other keys than those. */
  readonly closed: boolean
}

/** Options of an event class, and of a single untyped event. */
export interface EventOptions extends EventInit {
  /** Validates and coerces what each handler returns. */
  result?: AnyStruct
  /** ms for each handler; null for none. @default 60_000 */
  timeout?: number | null
  /** Goes into `eventSchema`. @default '1.0.0' */
  version?: string
}

/** Options of one event, beside its payload. */
export interface EventInstanceOptions extends EventInit {
  /** ms for each handler; null for none. Default: the class's. */
  timeout?: number | null
  /** A parent set here is never overwritten by the handler that dispatches the event. */
  parentId?: string
  /** A UUID; made when it is left out. */
  id?: string
}

export const aStruct: Check = (name, value) =>
  checkType(typeof (value as AnyStruct | null)?.validator === 'function', name, 'a superstruct struct', value)

const noKeys: ReadonlySet<string> = new Set()

/** @throws TypeError, RangeError for a wrong type or option. */
export function makeMeta(type: string, options: EventOptions): EventMeta {
  anIdentifier('type', type)
  checkOptions(options, { timeout: aTimeout, result: aStruct, version: aString })
  const {
    result = null,
    timeout = DEFAULT_TIMEOUT,
    version = '1.0.0',
    bubbles,
    cancelable,
    composed,
  } = options
  const init = bubbles || cancelable || composed ? { bubbles, cancelable, composed } : undefined
  const schema = `${type}@${version}`
  return { type, schema, timeout, result, init, check: null, keys: noKeys, closed: false }
}
