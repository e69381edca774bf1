import type { RunLoop } from './bus/run-loop.js'
import type { EventBus } from './bus/event-bus.js'
import type { Visit } from './bus/visit.js'
import type { EventState } from './events/event-state.js'
import type { HandlerRun } from './events/handler-run.js'
import type { SlotPool } from './retry/semaphore.js'
import type { TimerQueue } from './timers.js'

/** What all copies of the library in one page (or worker) share. Copies of one major version agree on this shape. */
export interface Page {
  /** The run whose synchronous code, or code after a direct await of ours, is running now. Set in running-handler.ts only. */
  current: HandlerRun | null
  /** The run that is likely running: one microtask level after code that was known. It lets an event jump, no more. */
  likely: HandlerRun | null
  /** While above 0, events are being delivered as values: their `then` is hidden. */
  delivering: number
  /** An event that somebody waits for has completed: the next drain lets their code run first. */
  pause: boolean
  /** Grows with each drain; tells whether code still runs in the stretch in which it read `then`. */
  drains: number
  /** The visit whose event is being dispatched natively, by its bus. */
  listening: Visit | null
  /** Last time stamp and the number of ids made in it: ids are unique and ordered over all copies. */
  idTime: number
  idCount: number
  /** The wall clock, made monotonic. */
  time: number
  /** Dispatch order over all buses. */
  dispatches: number
  /** The one lane of all buses with `eventConcurrency: 'global'`. */
  lane: RunLoop | null
  /** Living buses, weakly; a name is free once its bus is collected or cleared. */
  buses: Set<WeakRef<EventBus>>
  names: Map<string, WeakRef<EventBus>>
  timers: TimerQueue | null
  /** In-page semaphores by name, while somebody holds or waits. */
  pools: Map<string, SlotPool>
  /** Completed events with errors that may still be read, and whether a report is under way. */
  unread: EventState[]
  /** Codes of warnings already given. */
  warned: Set<string>
  /** When the memory of all buses was last estimated, in ms. */
  weighed: number
  /** The task that is being used up: when it began, and the lanes that wait for the next one. */
  task: { port: MessagePort | null; since: number; steps: number; marked: boolean; lanes: RunLoop[] }
}

const PAGE = Symbol.for('bubus.page.v1')

let known: Page | undefined

/** The page's shared state, made on first use: importing the library has no side effect. */
export function getPage(): Page {
  if (known) return known
  const holder = globalThis as { [PAGE]?: Page }
  holder[PAGE] ??= {
    current: null,
    likely: null,
    delivering: 0,
    pause: false,
    drains: 0,
    listening: null,
    idTime: 0,
    idCount: 0,
    time: 0,
    dispatches: 0,
    lane: null,
    buses: new Set(),
    names: new Map(),
    timers: null,
    pools: new Map(),
    unread: [],
    warned: new Set(),
    weighed: 0,
    task: { port: null, since: 0, steps: 0, marked: false, lanes: [] },
  }
  known = holder[PAGE]
  return known
}

/** Wall clock time in ms that never goes backwards within the page. */
export function now(page: Page): number {
  const time = Date.now()
  if (time > page.time) page.time = time
  return page.time
}

const resolved = Promise.resolve()

/** Like `queueMicrotask`, at a seventh of its price in Chromium. `job` must not throw. */
export function microtask(job: () => void): void {
  resolved.then(job)
}
