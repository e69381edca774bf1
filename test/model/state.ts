// The nouns of the reference model, and what follows from them. Nothing here changes anything.

import type { BusPlan, EventName, Program } from './program.js'
import { probe } from './trace.js'

/** A handler of a bus in its order; `forward`: the bus whose bound `dispatch` it is. */
export interface Item {
  handler: number
  forward: number | null
}

export interface Bus {
  id: number
  plan: BusPlan
  /** Events waiting here, in the order of their dispatch. */
  queue: Visit[]
  running: Visit[]
  /** The stretch in which `stop()` was called and has not resolved yet; otherwise -1. */
  stopping: number
  /** Until when a patient stop may wait for the bus to be idle; 0 when it does not. */
  grace: number
  /** An event came while a patient stop found the bus idle: the stop may have been over, or may wait for it. */
  maybeOver: boolean
}

/** An event on one bus. */
export interface Visit {
  event: Ev
  bus: Bus
  state: 'queued' | 'running' | 'done'
  items: Item[]
  /** The first of `items` that has not had its turn. */
  next: number
  runs: Run[]
  at: number
  /** Some `expect` of this bus has had it. */
  expected: boolean
  /** Buses that were stopping when a bound `dispatch` had its turn: whether they refused it is seen later. */
  skipped: Bus[]
}

export interface Ev {
  id: number
  type: EventName
  parent: Ev | null
  /** The run that dispatched it as its child. */
  origin: Run | null
  children: Ev[]
  visits: Visit[]
  waits: Wait[]
  results: Result[]
  /** Runs that returned this event, their child: their own results wait for it. */
  returnedBy: [wait: number, run: Run][]
  started: boolean
  done: boolean
  /** `eventCompletion` was seen to resolve. */
  announced: boolean
  /** The last stretch in which one of its handlers ran and it was forwarded: that hides its `then` for a moment. */
  hidden: number
}

export interface Run {
  id: number
  visit: Visit
  handler: number
  live: boolean
  short: boolean
  /** Its `signal` must have aborted. */
  condemned: boolean
  aborted: boolean
  /** The stretch in which its handler returned: the bus hears of it a few microtasks later. */
  ended: number
  children: Ev[]
  result: Result
}

export interface Result {
  bus: number
  handler: number
  run: Run | null
  value: string
  /** Any of these names; null for success. */
  errors: string[] | null
}

export interface Wait {
  event: Ev
  /** The waiting run as the library knows it; null for code that it does not know. */
  run: Run | null
  at: number
  /** When the engine has called the event's `then` at the latest; `Infinity` before. */
  bound: number
  open: boolean
  direct: boolean
  circular: boolean
  /** The event's `then` may have been hidden: then nothing was waited for. */
  hidden: boolean
}

export interface Expectation {
  bus: Bus
  type: EventName
  run: Run | null
  event: Ev | null
  open: boolean
  /** The bus was stopped while it waited. */
  refused: boolean
  deadline: number
  /** It was fulfilled so late that it may just have timed out: the code behind it will tell. */
  late: boolean
}

/** Code that must run before the next event starts in a lane. */
export interface Pause {
  owed: Wait | Expectation
  lane: Bus[]
  since: number
}

/** The lane of a bus: the buses among which one event runs at a time; null if they start as they come. */
export function laneOf(bus: Bus, buses: readonly Bus[]): Bus[] | null {
  if (bus.plan.mode === 'parallel') return null
  return bus.plan.mode === 'bus' ? [bus] : buses.filter(({ plan }) => plan.mode === 'global')
}

export function makeBuses({ buses }: Program): Bus[] {
  return buses.map((plan, id) => ({
    id,
    plan,
    queue: [],
    running: [],
    stopping: -1,
    grace: 0,
    maybeOver: false,
  }))
}

/** "those for its type, then those for '*', in order of registration ... a function runs at most once". */
export function itemsFor(bus: Bus, type: EventName, busCount: number): Item[] {
  const typed: Item[] = []
  const any: Item[] = []
  bus.plan.handlers.forEach(({ on, does }, handler) => {
    const forward = typeof does === 'number' ? (bus.id + does) % busCount : null
    const item = { handler, forward }
    if (on === type) typed.push(item)
    if (on === '*' || (typeof does === 'object' && does.twice)) any.push(item)
  })
  any.push({ handler: probe, forward: null })
  return [...typed, ...any].filter(
    (item, index, all) => all.findIndex((other) => same(item, other)) === index,
  )
}

/** A bound `dispatch` is one function, however often it is registered. */
const same = (a: Item, b: Item) => (a.forward === null ? a.handler === b.handler : a.forward === b.forward)

/** The run waits for something that is not there yet. `surely`: the library must know so by now. */
export function waits(run: Run, waiting: readonly Wait[], surely: boolean): boolean {
  return waiting.some(
    (wait) =>
      wait.open &&
      wait.run === run &&
      (!surely || (Number.isFinite(wait.bound) && !wait.circular && !wait.hidden && !wait.event.done)),
  )
}

export function hasWaitingRun(visit: Visit, waiting: readonly Wait[], now: number, surely: boolean): boolean {
  const mayLive = (run: Run) => run.live || (!surely && now <= run.ended + 2)
  return visit.runs.some((run) => mayLive(run) && waits(run, waiting, surely))
}

/**
 * Since when a queued visit jumps, because a run waits for its event or for an unfinished ancestor: at the earliest
 * (`from`), and at the latest if it must (`by`, else `Infinity`). They differ while the engine has not yet called the `then`
 * that it read, and where a waiting run timed out, on which nothing is said.
 */
export interface Jump {
  from: number
  by: number
  /** It was queued first and waited for later; otherwise it jumps from its dispatch on. */
  waited: boolean
}

export function jump(visit: Visit): Jump {
  let from = Number.POSITIVE_INFINITY
  let by = Number.POSITIVE_INFINITY
  for (let event: Ev | null = visit.event; event && !event.done; event = event.parent) {
    for (const wait of event.waits) {
      if (!wait.run) continue
      from = Math.min(from, wait.at)
      if (wait.open && wait.run.live && !wait.circular && !wait.hidden) by = Math.min(by, wait.bound)
    }
  }
  return { from: Math.max(from, visit.at), by: Math.max(by, visit.at), waited: from > visit.at }
}

/** Whether a wait of this run for this event would close a circle of runs that wait for events that wait for runs. */
export function closesCircle(run: Run, target: Ev): boolean {
  const open: Ev[] = [run.visit.event]
  const seen = new Set<Ev>()
  for (let event = open.pop(); event; event = open.pop()) {
    if (event === target) return true
    if (seen.has(event)) continue
    seen.add(event)
    if (event.parent && !event.parent.done) open.push(event.parent)
    for (const wait of event.waits) {
      if (wait.run?.live && wait.open) open.push(wait.run.visit.event)
    }
  }
  return false
}

/** The recursion guard: unfinished events of the chain, this one included, that the same handler dispatched. */
export function recursions(event: Ev, bus: Bus, handler: number): number {
  let count = 0
  for (let link: Ev | null = event; link && !link.done; link = link.parent) {
    const origin = link.origin
    if (origin && origin.visit.bus === bus && origin.handler === handler) count++
  }
  return count
}

export function isDescendant(event: Ev, ancestor: Ev): boolean {
  for (let link = event.parent; link; link = link.parent) {
    if (link === ancestor) return true
  }
  return false
}
