// What the interpreter notes while a program runs on the real bus, in the order in which it happened.
//
// Events, runs of handlers, waits and buses are numbers, given in the order of their appearance. A handler is the number of
// its registration on its bus; `probe` is a silent `'*'` handler which every bus has last, so that no event passes unseen.

import type { EventName } from './program.js'

export const probe = -1
/** The number of every bound `dispatch` that is registered as a handler. */
export const forwarder = -2

/** What the library can know of the code that calls it: whose it is (`known`), likely whose (after `Promise.all`), or nothing. */
export type Place = 'known' | 'likely' | 'unknown'

export type Outcome =
  | { as: 'value'; value: string }
  | { as: 'nothing' }
  | { as: 'throw'; error: string }
  /** An event as the result; `wait`: by JavaScript's rule an async function's own result waits for this child. */
  | { as: 'event'; event: number; wait: number | null }

export type Entry =
  | {
      k: 'dispatch'
      event: number
      type: EventName
      bus: number
      run: number | null
      place: Place | 'handle'
      error: string | null
    }
  /** A bound `dispatch` registered as a handler was called. */
  | { k: 'enter'; event: number; bus: number }
  | { k: 'start'; run: number; event: number; bus: number; handler: number }
  | { k: 'end'; run: number; outcome: Outcome }
  /** `direct`: the code is `await event` itself, not `eventResult()` or `Promise.all`. */
  | { k: 'wait'; wait: number; run: number | null; events: number[]; place: Place; direct: boolean }
  /** The engine has called the `then` which the `await` before it had read. */
  | { k: 'bound'; wait: number }
  | { k: 'resume'; wait: number; error: string | null }
  | { k: 'expect'; expect: number; bus: number; type: EventName; run: number | null }
  | { k: 'expected'; expect: number; event: number | null; error: string | null }
  /** `reason`: the name of the signal's. */
  | { k: 'abort'; run: number; reason: string }
  /** An aborted run went on and tried to dispatch. */
  | { k: 'zombie'; run: number; error: string | null }
  | { k: 'completed'; event: number }
  | { k: 'idle'; idle: number; bus: number; run: number | null }
  | { k: 'idled'; idle: number; answer: boolean | string }
  | { k: 'stop'; stop: number; bus: number; patient: boolean }
  | { k: 'stopped'; stop: number }
  | { k: 'open'; gate: number }
  /** Nothing moves any more without a new action from outside. */
  | { k: 'rest'; statuses: string[] }

/** `stretch`: entries of one number happened before a microtask that the first of them queued. `time` in ms. */
export type Stamped = Entry & { stretch: number; time: number }

export interface ResultFacts {
  bus: number
  handler: number
  status: string
  value: string
  error: string | null
  children: number[]
}

/** An event as its public properties tell it when all is over. */
export interface EventFacts {
  status: string
  parent: number | null
  path: number[]
  children: number[]
  results: ResultFacts[]
  /** What `eventResult()` gives: `value …`, `error …` or `none`. */
  answer: string
}

export interface Trace {
  entries: Stamped[]
  events: EventFacts[]
  /** Promises that were handed out and never settled. */
  unsettled: string[]
}

/** One line an entry, for the report of a failure. */
export function format(entries: readonly Stamped[]): string {
  return entries
    .map(({ k, time, ...rest }, index) => {
      const fields = Object.entries(rest).map(
        ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      )
      return `${String(index).padStart(4)} ${k} ${fields.join(' ')}`
    })
    .join('\n')
}
