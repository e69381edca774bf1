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
 */
import { create, type Struct } from 'superstruct'
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

/** A function giving the checked, coerced copy of a payload; it throws superstruct's StructError. */
export function payloadChecker(struct: AnyStruct, quick: boolean): (payload: unknown) => Payload {
  const slow = (payload: unknown): Payload => ({ ...(create(payload, struct) as Payload) })
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
