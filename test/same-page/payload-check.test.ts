// The quick check of payloads takes a short cut around superstruct: here it is compared with superstruct itself.
import { expect } from '@esm-bundle/chai'
import fc from 'fast-check'
import {
  any,
  array,
  boolean,
  coerce,
  create,
  date,
  defaulted,
  define,
  enums,
  integer,
  literal,
  min,
  nullable,
  number,
  object,
  optional,
  pattern,
  record,
  refine,
  Struct,
  StructError,
  size,
  string,
  trimmed,
  type as typeStruct,
  union,
} from 'superstruct'
import { defineEvent } from '../../src/index.js'
import { hasTime } from '../support/long-tests.js'

describe('the quick check of payloads and superstruct', () => {
  // Imitations and refinements: structs that the quick check must not take for the plain ones whose names they have.
  const even = refine(number(), 'even', (value) => value % 2 === 0)
  const leaves: Struct<any, any>[] = [
    string(),
    number(),
    boolean(),
    integer(),
    any(),
    date(),
    literal('a'),
    enums(['a', 'b']),
    define('string', (value) => value === 'only this'),
    define('number', (value) => typeof value === 'bigint'),
    define('integer', () => true),
    define('boolean', () => 'never'),
    new Struct({
      ...string(),
      coercer: (value) => (typeof value === 'string' ? value.replaceAll('b', 'a') : value),
    }),
    new Struct({
      ...number(),
      refiner: () => [{ message: 'refined by a function without parameters' }] as never,
    }),
    even,
    min(number(), 3),
    min(integer(), 3),
    size(string(), 1, 2),
    pattern(string(), /^a/),
    trimmed(string()),
    optional(string()),
    optional(even),
    nullable(number()),
    nullable(size(string(), 1)),
    defaulted(string(), 'a'),
    defaulted(number(), () => 1),
    coerce(number(), string(), Number),
    array(string()),
    array(even),
    record(string(), number()),
    object({ s: string() }),
    object({ n: optional(number()) }),
    typeStruct({ b: boolean() }),
    union([string(), number()]),
  ]
  const keys = ['a', 'b', 'c', 'toString2', '__proto__', 'constructor2', '1']
  /** New ones each time: superstruct's `create` writes into the arrays that it is given. */
  const makeValues = (): unknown[] => {
    const texts = ['', 'a', 'b', ' a ', 'only this']
    const numbers = [0, 1, 2, 4, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -0]
    const objects = [[], ['a'], [2], {}, { s: 'a' }, { b: true }, { n: 1, m: 2 }, new String('a')]
    const others = [
      10n,
      true,
      false,
      null,
      undefined,
      Symbol.iterator,
      new Date(0),
      new Date(Number.NaN),
      Number,
    ]
    return [...texts, ...numbers, ...objects, ...others]
  }
  const leafValue = fc.nat(makeValues().length - 1)
  // A schema without fields is no struct of superstruct's: below.
  const schemas = fc.dictionary(fc.constantFrom(...keys.slice(0, 3)), fc.constantFrom(...leaves), {
    minKeys: 1,
    maxKeys: 3,
  })
  const kinds = [
    'plain',
    'null-prototype',
    'inherited',
    'getters',
    'class',
    'symbol',
    'hidden',
    'list',
  ] as const
  class Holder {}

  const shape = (picked: [string, number][], kind: (typeof kinds)[number]): unknown => {
    const values = makeValues()
    const entries = picked.map(([key, index]) => [key, values[index]] as [string, unknown])
    const define = (target: object, descriptor: (value: unknown) => PropertyDescriptor) => {
      for (const [key, value] of entries)
        Object.defineProperty(target, key, { configurable: true, ...descriptor(value) })
      return target
    }
    const data = (value: unknown) => ({ value, writable: true, enumerable: true })
    if (kind === 'null-prototype') return define(Object.create(null), data)
    if (kind === 'inherited') return Object.create(define({}, data))
    if (kind === 'getters') return define({}, (value) => ({ get: () => value, enumerable: true }))
    if (kind === 'class') return define(new Holder(), data)
    if (kind === 'symbol') return { ...define({}, data), [Symbol.iterator]: 1 }
    if (kind === 'hidden') return define({}, (value) => ({ value, enumerable: false }))
    if (kind === 'list') return define([], data)
    return define({}, data)
  }
  const payloads = fc
    .tuple(
      fc.array(fc.tuple(fc.constantFrom(...keys), leafValue), { maxLength: 5 }),
      fc.constantFrom(...kinds),
    )
    .map(([entries, kind]) => ({ entries, kind }))

  const outcome = (make: () => unknown) => {
    try {
      return { value: make() }
    } catch (error) {
      // superstruct's own messages fail on values that cannot be made text
      if (!(error instanceof StructError)) return { error: String(error) }
      return {
        path: error.path,
        message: error.message,
        failures: error.failures().map((one) => one.message),
      }
    }
  }

  const numRuns = hasTime ? 3000 : 600
  const wrappers = { record: (schema: object) => schema, object, type: typeStruct } as const
  for (const [name, wrap] of Object.entries(wrappers)) {
    it(`give the same for random values and schemas: schema given as ${name}`, function () {
      this.timeout(60_000)
      let [accepted, refused] = [0, 0]
      const property = fc.property(schemas, payloads, (schema, { entries, kind }) => {
        const struct = name === 'type' ? typeStruct(schema) : object(schema)
        const Random = defineEvent('Random', wrap(schema) as Record<string, Struct<any, any>>)
        // Twice: the first use may differ from the later ones.
        for (let i = 0; i < 2; i++) {
          const ours = outcome(() => new Random(shape(entries, kind) as never).eventPayload)
          const theirs = outcome(() => ({ ...(create(shape(entries, kind), struct) as object) }))
          expect(ours).to.deep.equal(theirs)
          if ('value' in ours) accepted++
          else refused++
        }
      })
      fc.assert(property, { numRuns })
      expect(Math.min(accepted, refused), 'accepted and refused ones').to.be.greaterThan(numRuns / 60)
    })
  }

  it('give the same for each struct and each value, alone and beside plain ones', () => {
    for (const leaf of leaves) {
      for (const schema of [{ a: leaf }, { s: string(), a: leaf, n: number() }]) {
        const Single = defineEvent('Single', schema as Record<string, typeof leaf>)
        for (const [index, value] of makeValues().entries()) {
          const payload = () => {
            const a = makeValues()[index]
            return 's' in schema ? { s: 'b', a, n: 1.5 } : { a }
          }
          const ours = outcome(() => new Single(payload()).eventPayload)
          const theirs = outcome(() => create(payload(), object(schema as Record<string, typeof leaf>)))
          expect(ours, `${leaf.type} of ${typeof value}`).to.deep.equal(theirs)
        }
      }
    }
  })

  it('an `undefined` payload is an empty one', () => {
    class Optional extends defineEvent('Optional', { s: optional(string()) }) {}
    expect(new Optional().eventPayload).to.deep.equal({})
    expect(new (defineEvent('Empty', {}))().eventPayload).to.deep.equal({})
  })

  it('a schema without fields takes no payload', () => {
    const Empty = defineEvent('Empty', {}) as new (payload?: unknown) => Event
    for (const payload of [{ a: 1 }, [], 'text', 1]) {
      expect(() => new Empty(payload), String(payload)).to.throw(TypeError, '`payload`')
    }
  })

  it('errors are instances of the StructError whose structs the schema has', () => {
    class Typed extends defineEvent('Typed', { s: string() }) {}
    const bad = { s: 1 } as never
    expect(() => new Typed(bad)).to.throw(StructError, 'At path: s -- Expected a string, but received: 1')
    expect(() => new Typed({ s: 'a', b: 1 } as never)).to.throw(
      StructError,
      'At path: b -- Expected a value of type `never`',
    )
    expect(() => new Typed('text' as never)).to.throw(StructError, 'Expected an object, but received: "text"')
  })

  it('a payload is copied once: later changes of the given object change nothing', () => {
    class Copied extends defineEvent('Copied', { s: string() }) {}
    const given = { s: 'before' }
    const event = new Copied(given)
    given.s = 'after'
    expect([event.s, event.eventPayload.s]).to.deep.equal(['before', 'before'])
  })
})
