// Random programs for the model-based test, as plain data that fast-check can shrink.
//
// Every number in a program is read modulo what there is (buses, events, children, gates), so that a shrunk program stays
// a program. `to` is an offset from the handler's own bus: 0, to which it shrinks, is the own bus.

import * as fc from 'fast-check'

export const types = ['A', 'B', 'C', 'D'] as const
export type EventName = (typeof types)[number]

export const gateCount = 3
/** A handler marked `short` times out after this many ms: long enough that a busy machine cuts off nobody else. */
export const shortTimeout = 25
/** And every `expect` after so many. */
export const expectTimeout = 15
/** A patient `stop()` waits for so many until the bus is idle. */
export const stopTimeout = 20

export interface Program {
  buses: BusPlan[]
  /** Done one after another; in between the page comes to rest. */
  main: Stretch[]
}

export interface BusPlan {
  mode: 'bus' | 'global' | 'parallel'
  parallelHandlers: boolean
  maxHistorySize: number | null
  handlers: Registration[]
}

export interface Registration {
  on: EventName | '*'
  /** A number: the bound `dispatch` of another bus, registered as it is. */
  does: HandlerPlan | number
}

export interface HandlerPlan {
  async: boolean
  short: boolean
  /** The same function is registered for `'*'` too; it must run once. */
  twice: boolean
  steps: Step[]
  end: Ending
}

export type Step =
  | { do: 'dispatch'; type: EventName; to: number; bare: boolean }
  | { do: 'await'; child: number; as: Reading }
  | { do: 'all' }
  | { do: 'foreign'; event: number; as: Reading }
  | { do: 'peek'; child: number }
  | { do: 'expect'; type: EventName; to: number; bare: boolean }
  | { do: 'forward'; to: number }
  | { do: 'gate'; gate: number }
  | { do: 'hop' }
  | { do: 'idle' }
  /** Longer than a bus may hold the page at a stretch. */
  | { do: 'spin' }

/** `await event`, or `await event.eventResult()`. */
export type Reading = 'event' | 'result'

export type Ending = 'value' | 'nothing' | 'null' | 'throw' | 'child' | 'forward' | 'block'

/** Actions of the program outside of all handlers, done in one synchronous stretch. */
export type Stretch = Action[]

export type Action =
  | { do: 'dispatch'; type: EventName; bus: number }
  | { do: 'redispatch'; event: number; bus: number }
  | { do: 'await'; event: number; as: Reading }
  | { do: 'expect'; type: EventName; bus: number }
  | { do: 'open'; gate: number }
  | { do: 'idle'; bus: number }
  | { do: 'stop'; bus: number; patient: boolean }

/** What a theme adds to dispatching, awaiting, throwing and returning. */
export interface Theme {
  buses?: number
  modes?: BusPlan['mode'][]
  parallelHandlers?: boolean
  forwards?: boolean
  gates?: boolean
  spins?: boolean
  expects?: boolean
  timeouts?: boolean
  stops?: boolean
}

const type = fc.constantFrom(...types)
const small = fc.nat({ max: 3 })
const reading = fc.constantFrom<Reading>('event', 'result')

/** Entries with weight 0 are left out: fast-check takes no generator that can never be chosen. */
function weighted<T>(entries: [number, fc.Arbitrary<T>][]): fc.Arbitrary<T> {
  return fc.oneof(
    ...entries.filter(([weight]) => weight > 0).map(([weight, arbitrary]) => ({ weight, arbitrary })),
  )
}

function steps(theme: Theme, async: boolean): fc.Arbitrary<Step[]> {
  const when = (on: unknown, weight: number) => (on ? weight : 0)
  const step = weighted<Step>([
    [6, fc.record({ do: fc.constant('dispatch'), type, to: small, bare: fc.boolean() })],
    [1, fc.record({ do: fc.constant('peek'), child: small })],
    [when(theme.forwards, 2), fc.record({ do: fc.constant('forward'), to: small })],
    [when(async, 5), fc.record({ do: fc.constant('await'), child: small, as: reading })],
    [when(async, 1), fc.record({ do: fc.constant('all') })],
    [when(async, 2), fc.record({ do: fc.constant('foreign'), event: fc.nat({ max: 9 }), as: reading })],
    [when(async, 1), fc.record({ do: fc.constant('hop') })],
    [when(async, 1), fc.record({ do: fc.constant('idle') })],
    [when(theme.spins, 1), fc.record({ do: fc.constant('spin') })],
    [when(async && theme.gates, 3), fc.record({ do: fc.constant('gate'), gate: small })],
    [
      when(async && theme.expects, 3),
      fc.record({ do: fc.constant('expect'), type, to: small, bare: fc.boolean() }),
    ],
  ])
  return fc.array(step, { maxLength: 4 })
}

function handler(theme: Theme): fc.Arbitrary<HandlerPlan> {
  const plain: [number, fc.Arbitrary<Ending>][] = [
    [4, fc.constantFrom<Ending>('value', 'nothing', 'null')],
    [1, fc.constant<Ending>('throw')],
    [1, fc.constant<Ending>('child')],
    [theme.forwards ? 2 : 0, fc.constant<Ending>('forward')],
  ]
  const twice = weighted([
    [9, fc.constant(false)],
    [1, fc.constant(true)],
  ])
  const of = (async: boolean, short: boolean) =>
    fc.record({
      async: fc.constant(async),
      short: fc.constant(short),
      twice,
      steps: steps(theme, async),
      end: weighted<Ending>([...plain, [short ? 6 : 0, fc.constant<Ending>('block')]]),
    })
  return weighted([
    [2, of(false, false)],
    [5, of(true, false)],
    [theme.timeouts ? 3 : 0, of(true, true)],
  ])
}

function busPlan(theme: Theme): fc.Arbitrary<BusPlan> {
  const on = weighted<Registration['on']>([
    [5, type],
    [1, fc.constant('*')],
  ])
  const does = weighted<HandlerPlan | number>([
    [5, handler(theme)],
    [theme.forwards ? 2 : 0, fc.integer({ min: 1, max: 3 })],
  ])
  return fc.record({
    mode: fc.constantFrom(...(theme.modes ?? (['bus'] as const))),
    parallelHandlers: theme.parallelHandlers ? fc.boolean() : fc.constant(false),
    maxHistorySize: fc.constantFrom(50, 50, null, 2, 0),
    handlers: fc.array(fc.record({ on, does }), { minLength: 1, maxLength: 4 }),
  })
}

function action(theme: Theme): fc.Arbitrary<Action> {
  const event = fc.nat({ max: 9 })
  return weighted<Action>([
    [8, fc.record({ do: fc.constant('dispatch'), type, bus: small })],
    [3, fc.record({ do: fc.constant('await'), event, as: reading })],
    [1, fc.record({ do: fc.constant('idle'), bus: small })],
    [theme.forwards ? 1 : 0, fc.record({ do: fc.constant('redispatch'), event, bus: small })],
    [theme.gates ? 3 : 0, fc.record({ do: fc.constant('open'), gate: small })],
    [theme.expects ? 2 : 0, fc.record({ do: fc.constant('expect'), type, bus: small })],
    [
      theme.stops ? 2 : 0,
      fc.record({
        do: fc.constant('stop'),
        bus: small,
        patient: weighted([
          [4, fc.constant(false)],
          [1, fc.constant(true)],
        ]),
      }),
    ],
  ])
}

/** Programs of one theme. */
export function programs(theme: Theme): fc.Arbitrary<Program> {
  return fc.record({
    buses: fc.array(busPlan(theme), { minLength: 1, maxLength: theme.buses ?? 1 }),
    main: fc.array(fc.array(action(theme), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
  })
}
