import type { Infer, Struct } from 'superstruct'
import { META, STATE } from '../brands.js'
import { checkType } from '../errors.js'
import { type AnyPayload, BaseEvent, isFreeKey } from './base-event.js'
import {
  aStruct,
  type EventInstanceOptions,
  type EventMeta,
  type EventOptions,
  makeMeta,
} from './event-meta.js'
import { type AnyStruct, noPayload, objectStruct, payloadChecker } from './payload-check.js'

/** A record of structs, or one `object()` or `type()` struct. */
export type EventSchema = Record<string, AnyStruct> | AnyStruct

/** The payload that a schema gives. */
export type PayloadOf<S> =
  S extends Struct<infer P, infer _>
    ? P extends object
      ? P
      : never
    : S extends Record<string, AnyStruct>
      ? OptionalUndefined<{ [K in keyof S]: Infer<S[K]> }>
      : AnyPayload

type UndefinedKeys<P> = { [K in keyof P]: undefined extends P[K] ? K : never }[keyof P]
/** superstruct infers `optional()` as `T | undefined`; here such keys may be left out. */
type OptionalUndefined<P> = { [K in Exclude<keyof P, UndefinedKeys<P>>]: P[K] } & {
  [K in UndefinedKeys<P>]?: P[K]
}

/** What `defineEvent` returns; without arguments any such class. */
// biome-ignore lint/suspicious/noExplicitAny: with `AnyPayload` a class that has a schema would be none
export interface EventClass<P extends object = any, R = any> {
  /** @throws StructError (superstruct's) for a payload that the schema refuses */
  new (
    ...args: Partial<P> extends P
      ? [payload?: P, options?: EventInstanceOptions]
      : [payload: P, options?: EventInstanceOptions]
  ): BaseEvent<P, R> & Readonly<P>
  readonly prototype: BaseEvent<P, R> & Readonly<P>
  readonly eventType: string
  /** The event of a record. @throws WireError */
  fromJSON<C extends new (...args: never[]) => BaseEvent>(this: C, record: unknown): InstanceType<C>
}

/**
 * A class of events: `class OrderCreated extends defineEvent('OrderCreated', { total: number() }) {}`.
 * The type is given as a string because minifiers rename classes. Instances have the payload's keys as readonly members.
 * @throws TypeError for a wrong type, schema or option, and for keys that an event needs itself
 */
export function defineEvent<
  S extends EventSchema | undefined = undefined,
  R extends AnyStruct = Struct<unknown, unknown>,
>(
  type: string,
  schema?: S,
  options: Omit<EventOptions, 'result'> & { result?: R } = {},
): EventClass<PayloadOf<S>, Infer<R>> {
  const meta = withSchema(makeMeta(type, options), schema)
  // Without a constructor of its own: the engine then skips the step.
  const DefinedEvent = class extends BaseEvent {
    static readonly eventType = type
    static override readonly [META] = meta
  }
  for (const key of meta.keys) {
    Object.defineProperty(DefinedEvent.prototype, key, {
      get(this: BaseEvent) {
        return this[STATE].payload[key]
      },
      enumerable: true,
      configurable: true,
    })
  }
  return DefinedEvent as never
}

function withSchema(meta: EventMeta, schema: EventSchema | undefined): EventMeta {
  if (schema === undefined) return meta
  checkType(
    typeof schema === 'object' && schema && !Array.isArray(schema),
    'schema',
    'a record of structs',
    schema,
  )
  const given = typeof schema.validator === 'function'
  const fields = schema as Record<string, AnyStruct>
  if (!given) {
    const leaves = Object.entries(fields)
    if (!leaves.length) return { ...meta, check: noPayload, closed: true }
    for (const [key, leaf] of leaves) aStruct(`schema.${key}`, leaf)
  }
  const struct: AnyStruct = given ? (schema as AnyStruct) : objectStruct(fields)
  checkType(
    /^(object|type)$/.test(struct.type) && struct.schema,
    'schema',
    'an object() or type() struct',
    struct.type,
  )
  const keys = Object.keys(struct.schema)
  for (const key of keys) checkType(isFreeKey(key), 'schema', 'without names that an event has itself', key)
  return {
    ...meta,
    check: payloadChecker(struct, !given),
    keys: new Set(keys),
    closed: struct.type === 'object',
  }
}
