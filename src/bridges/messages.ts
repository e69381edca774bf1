/**
 * What bridges say to each other, and the check of what came. A message from another tab, worker or frame may be anything until it
 * has passed here; what is in its items is checked where it becomes an event, a result or a peer.
 */
import { isUuid } from '../ids.js'
import { MAX_LIST } from '../limits.js'
import { isRecord } from '../values-in.js'

/** Of the messages; a bridge drops and counts those of another. */
export const VERSION = 1

/**
 * What a message may be about, and what its items hold:
 *
 *     hello    who is there: `value` is a Hello. flag: tell me the same; over a channel: I am back, send again what is in no log yet
 *     events   `value` and `head` are a record; those that are sent again have the number 0. flag: I wait for answers
 *     results  `value` is a list of outcomes
 *     urgent   a handler waits for this event now
 *     cancel   `value` is why, as an error's record. flag: a stop has ended it, and it may come again
 *     close    no items. flag: I rest with my page, and may come back
 */
export const kinds = ['hello', 'events', 'results', 'urgent', 'cancel', 'close'] as const
export type Kind = (typeof kinds)[number]

export interface Item {
  /** The sender's number of the event that it sends or that it was sent: its answer, `urgent` and `cancel` name it. */
  n: number
  /** How many awaited events, each sent by a handler of the one before, it ends; absent where no handler waits for the event. */
  hops?: number
  value?: unknown
  /** The rest of an event's record. Where it is the same as of the event before it is the same object, which a message holds once. */
  head?: object
}

export interface Message {
  bubus: typeof VERSION
  kind: Kind
  /** The id of the bridge that says it. */
  from: string
  /** Whom it is for, where several may hear it; absent where it is for all. */
  to?: string
  items: Item[]
  flag: boolean
}

/** Who is there. */
export interface Hello {
  /** Of the buses that it delivers to. */
  busNames: string[]
  /** Patterns of the events that it delivers. */
  wanted: string[]
  /** It holds a lock of its id, as far as it knows. */
  locked: boolean
  /** It is an exposed bus; else a bridge to one. */
  exposes: boolean
}

/** Lists from outside are short. */
export const isList = (value: unknown): value is unknown[] => Array.isArray(value) && value.length <= MAX_LIST

/** A number from 0 on. */
const isCount = (value: unknown) => Math.abs(value as number) === value

const isItem = (value: unknown) =>
  isRecord(value) && isCount(value.n) && isCount(value.hops ?? 0) && isRecord(value.head ?? {})

/** Whether what came is a message. May throw where it is none. */
export function isMessage(value: unknown): value is Message {
  const { bubus, kind, from, items, flag } = Object(value)
  const isKnown = bubus === VERSION && kinds.includes(kind) && isUuid(from) && typeof flag === 'boolean'
  return isKnown && isList(items) && [...items].every(isItem)
}
