/**
 * What bridges say to each other: one union, and the check of what came. A message from another tab, worker or frame may be
 * anything until it has passed here; the records and outcomes inside are checked where they become events and results.
 */
import { aBoolean, type Check, checkType, from, isIdentifier } from '../errors.js'
import { isUuid } from '../ids.js'
import { MAX_LIST } from '../limits.js'
import type { ErrorRecord } from '../protocol.js'
import { isRecord } from '../values-in.js'

/** Of the messages; a bridge drops and counts those of another. */
export const VERSION = 1

/** One event on its way. `n` counts the sender's events: an answer, `urgent` and `cancel` name it. */
export interface Sent {
  n: number
  record: unknown
  /** 0: no handler waits for it; else how many awaited events, each sent by a handler of the one before, it ends. */
  hops: number
}

/** How one peer answers one event: with its handlers' outcomes. */
export interface Answer {
  n: number
  outcomes: unknown[]
}

export interface Hello {
  /** When the bridge was made, in ms since 1970. */
  since: number
  /** Of the buses that it delivers to. */
  busNames: string[]
  /** Patterns of the events that it delivers. */
  wanted: string[]
  /** It wants to be told the same. */
  asks: boolean
}

/** By kind, what a message holds. */
export interface Bodies {
  hello: Hello
  /** Whether the sender waits for answers. */
  events: { items: Sent[]; gather: boolean }
  results: { items: Answer[] }
  urgent: { n: number; hops: number }
  cancel: { n: number; error: ErrorRecord }
  /** `rests`: with its page, which may come back. */
  close: { rests: boolean }
}
export type Kind = keyof Bodies
/** What one bridge may call of another over comlink: by these names and no other. */
export const kinds: readonly Kind[] = ['hello', 'events', 'results', 'urgent', 'cancel', 'close']

/** `from` is the id of the bridge that says it. */
export type Message = { [K in Kind]: { bubus: typeof VERSION; from: string; kind: K; body: Bodies[K] } }[Kind]

const aCount = /* @__PURE__ */ from(0, 'a count')
const listOf =
  (check: Check): Check =>
  (name, value) => {
    checkType(Array.isArray(value) && value.length <= MAX_LIST, name, `a list of at most ${MAX_LIST}`, value)
    for (const one of value) check(name, one)
  }
/** An object that has all of these. */
const objectOf =
  (checks: Record<string, Check>): Check =>
  (name, value) => {
    checkType(isRecord(value), name, 'a plain object', value)
    for (const key in checks) checks[key](key, Object.hasOwn(value, key) ? value[key] : undefined)
  }
const aName: Check = (name, value) => checkType(isIdentifier(value), name, 'a name', value)
const aPattern: Check = (name, value) =>
  checkType(value === '*' || isIdentifier(value), name, 'a pattern', value)
/** Checked where it is used. */
const anything: Check = () => {}

const bodies: Record<Kind, Check> = {
  hello: /* @__PURE__ */ objectOf({
    since: aCount,
    busNames: listOf(aName),
    wanted: listOf(aPattern),
    asks: aBoolean,
  }),
  events: /* @__PURE__ */ objectOf({
    items: listOf(objectOf({ n: aCount, record: anything, hops: aCount })),
    gather: aBoolean,
  }),
  results: /* @__PURE__ */ objectOf({ items: listOf(objectOf({ n: aCount, outcomes: listOf(anything) })) }),
  urgent: /* @__PURE__ */ objectOf({ n: aCount, hops: aCount }),
  cancel: /* @__PURE__ */ objectOf({ n: aCount, error: anything }),
  close: /* @__PURE__ */ objectOf({ rests: aBoolean }),
}

/** A message as it came, checked. @throws TypeError, RangeError naming what is wrong */
export function checkMessage(value: unknown): Message {
  checkType(isRecord(value) && value.bubus === VERSION, 'bubus', `a message of version ${VERSION}`, value)
  const { kind, from: sender, body } = value
  checkType(isUuid(sender), 'from', 'a UUID', sender)
  checkType(typeof kind === 'string' && Object.hasOwn(bodies, kind), 'kind', 'a kind of message', kind)
  bodies[kind as Kind]('body', body)
  return value as never
}
