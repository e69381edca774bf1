/** Messages that no bridge has sent: what a hostile tab, or one of another version, might post. */
import * as fc from 'fast-check'
import { VERSION } from '../../src/bridges/messages.js'

export const uuid = (n: number): string => `01a21e01-a3b3-7350-8b22-${n.toString(16).padStart(12, '0')}`

function deep(levels: number): unknown {
  let value: unknown = 'bottom'
  for (let i = 0; i < levels; i++) value = { value }
  return value
}
function circle(): unknown {
  const value: Record<string, unknown> = {}
  value.itself = value
  return value
}
/** Sixty lists, each of which has the one before twice: sent in a moment, and as a text it would never end. */
export function bomb(): unknown {
  let value: unknown = 'bottom'
  for (let i = 0; i < 60; i++) value = [value, value]
  return value
}
/** An own key that is an accessor everywhere else. */
const polluted = (): unknown =>
  JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}')

export const record = (n: number, more: object = {}) => ({
  event_type: 'Ping',
  event_id: uuid(n),
  n,
  ...more,
})
export const message = (kind: string, items: unknown, more: object = {}) => ({
  bubus: VERSION,
  kind,
  from: uuid(1),
  items,
  flag: true,
  ...more,
})
const item = (value: unknown, more: object = {}) => ({ n: 1, hops: 0, value, ...more })
const events = (value: unknown, more: object = {}) => message('events', [item(value, more)])

/** Each is refused as a whole, or has one item that is. */
export const malformed: (() => unknown)[] = [
  () => undefined,
  () => null,
  () => 0,
  () => 'hello',
  () => [],
  () => new Map([['bubus', 1]]),
  () => circle(),
  () => deep(50),
  () => polluted(),
  () => message('events', [], { bubus: VERSION + 1 }),
  () => message('events', [], { bubus: '1' }),
  () => message('constructor', []),
  () => message('__proto__', []),
  () => message('events', [], { from: 'me' }),
  () => message('events', [], { from: { toString: 'x' } }),
  () => message('events', 'many'),
  () => message('events', new Array(1001).fill(0)),
  () => message('events', { length: 1, 0: item(record(1)) }),
  () => message('events', [null]),
  // With a hole at its end: a valid one before it.
  () => message('events', Object.assign(new Array(2), [item(record(1))])),
  () => message('events', [[1, 2]]),
  () => message('events', [], { flag: 1 }),
  () => message('results', [item('no list')]),
  () => message('results', [item(new Array(1001).fill(0))]),
  () => message('urgent', [item(null, { hops: Number.NaN })]),
  () => message('cancel', [item(null, { n: -1 })]),
  () => events(null),
  () => events('Ping'),
  () => events([]),
  () => events(record(1), { head: 'Ping' }),
  () => events(record(1), { head: ['Ping'] }),
  () => events(record(1), { head: 7 }),
  () => events(record(1), { head: polluted() }),
  () => events(record(1), { head: { event_type: 'not an identifier' } }),
  () => events(record(1), { head: { more: 1 } }),
  () => events(record(1, { event_id: 'no id' })),
  () => events(record(1, { event_id: polluted() })),
  () => events(record(1, { event_type: 'not an identifier' })),
  () => events(record(1, { event_type: 'x'.repeat(65) })),
  () => events(record(1, { event_type: bomb() })),
  () => events(record(1, { event_schema: bomb() })),
  () => events(record(1, { event_path: [bomb()] })),
  () => events(record(1, { event_timeout: bomb() })),
  () => events(record(1, { event_created_at: bomb() })),
  () => events(record(1, { event_path: ['a b'] })),
  () => events(record(1, { event_path: new Array(1001).fill('a') })),
  () => events(record(1, { event_path: { length: 2 } })),
  () => events(record(1, { event_bus_ids: ['no id'] })),
  () => events(record(1, { event_timeout: -1 })),
  () => events(record(1, { event_timeout: 'soon' })),
  () => events(record(1, { event_created_at: 'some day' })),
  () => events(record(1, { event_parent_id: 7 })),
  () => events(record(1, { event_schema: 7 })),
  () => events(record(1, { n: 'a text' })),
  () => events(record(1, { n: undefined })),
  () => events(record(1, { more: 1 })),
  () => events(record(1, { n: deep(200) })),
  () => events(record(1, { n: circle() })),
  () => events(record(1, { event_completed_at: '2026-01-01T00:00:00Z' })),
  () => events(record(1, { event_outcomes: [{ status: 'completed', result: 'forged' }] })),
  () => events(record(1, { event_outcomes: 'none' })),
  () => events(JSON.parse(`{"event_type":"Ping","event_id":"${uuid(1)}","n":1,"__proto__":{"polluted":1}}`)),
]

/** The same; each takes its time to be sent. */
export const oversized: (() => unknown)[] = [
  () => events(new Uint8Array(1_000_000)),
  () => events(record(1), { head: new Uint8Array(1_000_000) }),
]

/** Passes, and means nothing. */
export const meaningless: (() => unknown)[] = [
  () =>
    message('results', [item([{ status: 'completed', result: 'forged', handler_id: 'x.1' }], { n: 4242 })]),
  () => message('results', [item([null, 7, polluted(), circle()], { n: 4243 })]),
  () => message('urgent', [item(null, { n: 4244, hops: 1 })]),
  () => message('cancel', [item(null, { n: 4244 })]),
  () => message('cancel', [item(polluted(), { n: 4244 })]),
  () => message('close', []),
  () => events({ event_type: 'Unknown', event_id: uuid(7) }),
]

/** Values of every kind that can be cloned. */
export const values: unknown[] = fc
  .sample(
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
    {
      numRuns: 400,
      seed: 12,
    },
  )
  .filter((value) => {
    try {
      structuredClone(value)
      return true
    } catch {
      return false
    }
  })

/** No items are as good as some. */
const isEmpty = (value: unknown) => Array.isArray(value) && !value.length

/** One of the keys of a valid message has another value. */
export const mutated: (() => unknown)[] = values.flatMap((value) =>
  ['bubus', 'kind', 'from', ...(isEmpty(value) ? [] : ['items'])].map(
    (key) => () =>
      message('events', [item(record(1))], { [key]: key === 'bubus' && value === 1 ? 2 : value }),
  ),
)
