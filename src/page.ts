import type { EventBus } from './bus/event-bus.js'
import type { RunLoop } from './bus/run-loop.js'
import type { EventState } from './events/event-state.js'
import type { HandlerRun } from './events/handler-run.js'
import { HOPS } from './limits.js'
import type { Holding } from './retry/retry.js'
import type { SlotPool } from './retry/semaphore.js'
import type { Timers } from './timers.js'

/** Keeps the running handler over awaits. */
export interface Contexts {
  getStore?(): HandlerRun | undefined
  get?(): HandlerRun | undefined
  run<A extends unknown[]>(run: HandlerRun, call: (...args: A) => unknown, ...args: A): unknown
}

/** AsyncContext where the platform has it, else Node's AsyncLocalStorage, else nothing. */
function makeContexts(): Contexts | null {
  const { AsyncContext, process } = globalThis as {
    AsyncContext?: { Variable: new () => Contexts }
    process?: { getBuiltinModule?(id: string): { AsyncLocalStorage: new () => Contexts } }
  }
  if (AsyncContext) return new AsyncContext.Variable()
  const hooks = process?.getBuiltinModule?.('node:async_hooks')
  return hooks ? new hooks.AsyncLocalStorage() : null
}

/** A port as Node has it. */
export type Inbox = MessagePort & { ref?(): void; unref?(): void }

/** What all copies of the library in one page (or worker) share. Copies of one major version agree on this shape. */
export interface Page {
  /** The run whose synchronous code, or code after a direct await of ours, is running now. Set in running-handler.ts only. */
  current: HandlerRun | null
  /** The same where the platform can carry it over awaits; null in today's browsers. */
  contexts: Contexts | null
  /** The run that is likely running: one microtask level after code that was known. It lets an event jump, no more. */
  likely: HandlerRun | null
  /** The innermost call with a slot of `retry` whose code is running now, as `current` is known; set with it. */
  entered: Holding | null
  /** The calls that have a slot. */
  held: Set<Holding>
  /** While above 0, events are being delivered as values: their `then` is hidden. */
  delivering: number
  /** How many visits are queued, over all lanes. */
  queued: number
  /** How many microtasks no lane starts anything: an event that somebody waits for has completed, and their code runs first. */
  pause: number
  /** The lanes that go on after the pause. */
  paused: RunLoop[]
  /** Grows with each drain; tells whether code still runs in the stretch in which it read `then`. */
  drains: number
  /** Grows with each event and id of the page, from a random start: ids are unique and ordered over all copies. */
  count: number
  /** `performance.now()` as it was read last: nothing long has happened since. */
  time: number
  /** What the wall clock is ahead of `performance.now()`, and since when: it grows when the machine has slept. */
  clocks: { since: number; ahead: number }[]
  /** Numbers the handlers of all copies. */
  handlers: number
  /** Dispatch order over all buses. */
  dispatches: number
  /** The one lane of all buses with `eventConcurrency: 'global'`. */
  lane: RunLoop | null
  /** Living buses, weakly; a name is free once its bus is collected or cleared. */
  names: Map<string, WeakRef<EventBus>>
  timers: Timers
  /** In-page semaphores by name, while somebody holds or waits. */
  pools: Map<string, SlotPool>
  /** Completed events with errors that may still be read, and whether a report is under way. */
  unread: EventState[]
  /** Codes of warnings already given. */
  warned: Set<string>
  /** When the memory of all buses was last estimated, in ms. */
  weighed: number
  /** The task that is being used up: when it began, how often something was drained, and the lanes that wait for the next one. */
  task: {
    port: MessagePort | null
    inbox: Inbox | null
    since: number
    steps: number
    /** Drains without a mark, and when the first was; with a mark, those beyond its slice. */
    drains: number
    began: number
    marked: boolean
    lanes: RunLoop[]
  }
}

const PAGE = Symbol.for('bubus.page.v1')

let known: Page | undefined

/** The page's shared state, made on first use: importing the library has no side effect. */
export function getPage(): Page {
  const holder = globalThis as { [PAGE]?: Page }
  known ??= holder[PAGE] ??= {
    current: null,
    contexts: makeContexts(),
    likely: null,
    entered: null,
    held: new Set(),
    delivering: 0,
    queued: 0,
    pause: 0,
    paused: [],
    drains: 0,
    count: Math.floor(Math.random() * 2 ** 40),
    time: 0,
    clocks: [readClocks()],
    handlers: 0,
    dispatches: 0,
    lane: null,
    names: new Map(),
    timers: { items: new Set(), timer: undefined, armed: Infinity },
    pools: new Map(),
    unread: [],
    warned: new Set(),
    weighed: 0,
    task: { port: null, inbox: null, since: 0, steps: 0, drains: 0, began: 0, marked: false, lanes: [] },
  }
  return known
}

/** Reads the clock: ms since the page's time origin. Clocks are slow, so that what follows at once shares the reading. */
export const readClock = (): number => (getPage().time = performance.now())

/**
 * The wall clock time of a `performance.now()` time, in ms. It never goes backwards with it: a clock that is set back is
 * ignored, one that went on while the machine slept is followed from when that was noticed.
 */
export function wallTime(time: number): number {
  const { clocks } = getPage()
  let [{ ahead }] = clocks
  for (const clock of clocks) if (clock.since <= time) ahead = clock.ahead
  return Math.floor(time + ahead)
}

/** The date of a `performance.now()` time; null for 0: it has not come. */
export const dateOf = (time: number): Date | null => (time ? new Date(wallTime(time)) : null)

function readClocks() {
  const since = performance.now()
  return { since, ahead: Date.now() - since }
}

/** Called once a task that has drains. */
export function compareClocks(): void {
  const { clocks } = getPage()
  const now = readClocks()
  if (now.ahead > clocks[clocks.length - 1].ahead + 100) clocks.push(now)
}

/** Lets code that awaits something of ours run before the next event starts, on whatever bus; free where none is queued. */
export function pauseLanes(): void {
  const page = getPage()
  if (!page.queued) return
  const running = page.pause > 0
  page.pause = HOPS
  if (!running) microtask(countDown)
}

function countDown(): void {
  const page = getPage()
  if (--page.pause) microtask(countDown)
  else for (const lane of page.paused.splice(0)) lane.drain()
}

const resolved = Promise.resolve()

/** Like `queueMicrotask`, at a seventh of its price in Chromium; what `job` throws is an unhandled rejection. */
export const microtask = (job: () => unknown): unknown => resolved.then(job)
