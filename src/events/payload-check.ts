/**
 * Checks payloads against superstruct structs, quickly where that is provably the same.
 *
 * superstruct is the truth for coercion and for every error. But its `create` is the most expensive thing in an event's
 * life, so payloads whose fields are all plain strings, numbers, integers or booleans are *accepted* without it.
 * superstruct hides a struct's inner validator, so plainness is inferred: no schema, no entries, a default coercer and
 * refiner (told by their number of parameters), and, on probes, the very answers and messages of the original, which
 * a `define('string', …)` of one's own does not give. Anything else, and everything that is not accepted, goes to `create`.
 * The assumption that is left: a struct that imitates the type name and the messages of superstruct's `string()` also
 * accepts what it accepts. `events.test.ts` compares the two on random structs and values.
 *
 * Of superstruct only types are imported. Who has a schema has superstruct, and structs know their class: so an application
 * without schemas loads none, one with schemas never two, and the errors are instances of *its* `StructError`.
 */
import type { Struct } from 'superstruct'
import { checkType } from '../errors.js'
import { isRecord } from '../values-in.js'

// biome-ignore lint/suspicious/noExplicitAny: superstruct's own type for "some struct"
export type AnyStruct = Struct<any, any>
export type Payload = Record<string, unknown>

type Test = (value: unknown) => boolean

/** What superstruct says of anything else, and values that its own structs take as they are. */
type Plain = [test: Test, said: string, ...good: unknown[]]

const plain: Record<string, Plain> = {
  string: [(v) => typeof v === 'string', 'Expected a string,', '', ' a '],
  number: [(v) => typeof v === 'number' && !Number.isNaN(v), 'Expected a number,', -1.5, Infinity],
  integer: [Number.isInteger, 'Expected an integer,', -1, 2 ** 60],
  boolean: [(v) => typeof v === 'boolean', 'Expected a value of type `boolean`,', true, false],
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
const isPayload = (value: unknown): value is Payload => isObject(value) && !Array.isArray(value)

/** superstruct's `object(fields)`, made by the class of the fields: one at least. */
export function objectStruct(fields: Record<string, AnyStruct>): AnyStruct {
  const keys = Object.keys(fields)
  const Class = fields[keys[0]].constructor as typeof Struct
  const never = new Class({ type: 'never', schema: null, validator: () => false })
  return new Class({
    type: 'object',
    schema: fields,
    *entries(value) {
      if (!isObject(value)) return
      for (const key of new Set([...keys, ...Object.keys(value)])) {
        yield [key, (value as Payload)[key], Object.hasOwn(fields, key) ? fields[key] : never]
      }
    },
    validator: (value) =>
      isPayload(value) ||
      `Expected an object, but received: ${typeof value === 'string' ? JSON.stringify(value) : value}`,
    coercer: (value) => (isPayload(value) ? { ...value } : value),
  })
}

function plainTest({ type, schema, coercer, refiner, entries, validator }: AnyStruct): Test | undefined {
  if (!Object.hasOwn(plain, type) || schema !== null || refiner.length || coercer.length > 1) return undefined
  const [test, said, ...good] = plain[type]
  const context = { path: [], branch: [], mask: false }
  try {
    const same = (value: unknown) =>
      coercer(value, context) === value && ![...entries(value, context), ...validator(value, context)].length
    const [bad] = validator(NaN, context)
    return good.every(same) && bad?.message?.startsWith(said) ? test : undefined
  } catch {
    return undefined
  }
}

/** For a schema without fields. @throws TypeError for a payload that has any */
export function noPayload(payload: unknown): Payload {
  const empty = isPayload(payload) && !Object.keys(payload).length
  checkType(empty, 'payload', 'without keys, as its schema is', payload)
  return {}
}

/** A function giving the checked, coerced copy of a payload; it throws superstruct's StructError. */
export function payloadChecker(struct: AnyStruct, quick: boolean): (payload: unknown) => Payload {
  const slow = (payload: unknown): Payload => ({ ...(struct.create(payload) as Payload) })
  const schema = (struct.schema ?? {}) as Record<string, AnyStruct>
  const keys = Object.keys(schema)
  const tests = keys.map((key) => plainTest(schema[key]))
  if (!quick || tests.includes(undefined)) return slow
  const count = keys.length
  return (payload) => {
    if (!isRecord(payload)) return slow(payload)
    const copy = { ...payload }
    // As many keys as the schema has, and all of its keys fit: so there is no other.
    if (Object.keys(copy).length !== count) return slow(payload)
    for (let i = 0; i < count; i++) {
      const key = keys[i]
      if (!(tests[i] as Test)(copy[key])) return slow(payload)
    }
    return copy
  }
}
