import { stateOf } from '../brands.js'
import { BusStoppedError, checkFunction, checkSignal, checkTimeout, checkType, EventTimeoutError } from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import type { EventState } from '../events/event-state.js'
import type { HandlerRun } from '../events/handler-run.js'
import { RunPromise, settleWith } from '../running-handler.js'
import { after } from '../timers.js'
import type { BusCore } from './bus-core.js'
import { type PatternClass, patternType } from './subscriptions.js'
import type { ExpectOptions, FindOptions, Pattern } from './types.js'
import type { Visit } from './visit.js'

type Where = ((event: BaseEvent) => boolean) | undefined

/** Somebody who waits for an event to be dispatched on a bus. */
interface Waiter {
  matches(state: EventState): boolean
  /** The event is given; only an `expect` counts as having had it. */
  give(event: BaseEvent): void
  expects: boolean
  fail(error: unknown): void
  /** The bus stops. */
  stop(): void
}

/** `expect`, `find` and `events` of one bus: fulfilled when an event is dispatched, whatever its handlers do. */
export class Waiters {
  readonly #core: BusCore
  /** By type, so that an event meets only those who may want it. */
  #byType = new Map<string, Set<Waiter>>()

  constructor(core: BusCore) {
    this.#core = core
  }

  get size(): number {
    return this.#byType.size
  }

  /** An event is dispatched: true if an `expect` took it. */
  offer(state: EventState): boolean {
    let taken = false
    for (const type of [state.meta.type, '*']) {
      for (const waiter of this.#byType.get(type) ?? []) {
        try {
          if (!waiter.matches(state)) continue
        } catch (error) {
          waiter.fail(error)
          continue
        }
        taken ||= waiter.expects
        waiter.give(state.event)
      }
    }
    return taken
  }

  stop(): void {
    for (const set of [...this.#byType.values()]) for (const waiter of set) waiter.stop()
  }

  #add(type: string, waiter: Waiter): () => void {
    let set = this.#byType.get(type)
    if (!set) this.#byType.set(type, (set = new Set()))
    set.add(waiter)
    return () => {
      set.delete(waiter)
      if (!set.size && this.#byType.get(type) === set) this.#byType.delete(type)
    }
  }

  #type(pattern: Pattern): string {
    const type = patternType(pattern)
    if (typeof pattern === 'function') this.#core.learn(type, pattern as PatternClass)
    return type
  }

  expect(pattern: Pattern, options: ExpectOptions = {}, run: HandlerRun | null): Promise<BaseEvent> {
    return new RunPromise((resolve, reject) => {
      const type = this.#type(pattern)
      checkType(typeof options === 'object' && options, 'options', 'an object', options)
      const { where, predicate, timeout, signal } = options
      checkSignal(signal)
      checkFunction('where', where)
      checkFunction('predicate', predicate)
      checkTimeout('timeout', timeout)
      const matches = matcher(where, predicate)
      signal?.throwIfAborted()
      const visit = this.#lookBack(type, matches, run)
      if (visit) {
        visit.expected = true
        return settleWith(resolve, visit.state.event)
      }
      this.#wait(type, { matches, expects: true, signal, timeout, give: (event) => settleWith(resolve, event), fail: reject })
    })
  }

  /** The oldest event that has not started here and that no `expect` has had; in a handler also its event's descendants. */
  #lookBack(type: string, matches: (state: EventState) => boolean, run: HandlerRun | null): Visit | undefined {
    const fits = (visit: Visit) =>
      !visit.expected && (type === '*' || visit.state.meta.type === type) && matches(visit.state)
    return this.#core.history.pending().find(fits) ?? (run ? this.#descendants(run.state).find(fits) : undefined)
  }

  /** Visits to this bus of an event's descendants, in order of dispatch. */
  #descendants(of: EventState): Visit[] {
    const states = new Set([of])
    for (const state of states) {
      for (const { children } of state.runs()) if (children) for (const child of children) states.add(child)
    }
    states.delete(of)
    const visits = [...states].map((state) => state.visit(this.#core) as Visit | null)
    return visits.filter((visit) => visit !== null).sort((a, b) => a.order - b.order)
  }

  find(pattern: Pattern, options: FindOptions = {}): Promise<BaseEvent | null> {
    return new RunPromise((resolve, reject) => {
      const type = this.#type(pattern)
      checkType(typeof options === 'object' && options, 'options', 'an object', options)
      const { past = true, future = false, where, childOf, signal } = options
      checkSignal(signal)
      checkFunction('where', where)
      const ancestor = childOf === undefined ? undefined : stateOf(childOf)
      checkType(childOf === undefined || ancestor, 'childOf', 'an event', childOf)
      const fits = matcher(where)
      const matches = (state: EventState) => (!ancestor || descends(state, ancestor)) && fits(state)
      signal?.throwIfAborted()
      const visits = past ? this.#core.history.visits().reverse() : []
      const found = visits.find(({ state }) => (type === '*' || state.meta.type === type) && matches(state))
      if (found || !future) return settleWith(resolve, found?.state.event ?? null)
      const give = (event: BaseEvent | null) => settleWith(resolve, event)
      this.#wait(type, { matches, expects: false, signal, give, fail: reject, stop: () => give(null) })
    })
  }

  /** Registers a waiter for one event, with everything that can end its wait. */
  #wait(type: string, waits: Omit<Waiter, 'stop'> & { signal?: AbortSignal; timeout?: number | null; stop?(): void }): void {
    const { signal, timeout, give, fail } = waits
    const abort = () => end(() => fail(signal?.reason))
    const remove = this.#add(type, {
      ...waits,
      give: (event) => end(() => give(event)),
      fail: (error) => end(() => fail(error)),
      stop: () => end(waits.stop ?? (() => fail(new BusStoppedError(`${this.#core.name} was stopped before ${type} was dispatched`)))),
    })
    const what = () => new EventTimeoutError(`No ${type} was dispatched on ${this.#core.name} within ${timeout} ms`)
    const cancelTimer = timeout == null ? undefined : after(timeout, () => end(() => fail(what())))
    signal?.addEventListener('abort', abort)
    const end = (outcome: () => void) => {
      remove()
      cancelTimer?.()
      signal?.removeEventListener('abort', abort)
      outcome()
    }
  }

  /** From now on; events that come between two `next()` calls wait in a buffer. */
  events(pattern: Pattern, options: { signal?: AbortSignal } = {}): AsyncIterableIterator<BaseEvent> {
    const type = this.#type(pattern)
    const { signal } = options
    checkSignal(signal)
    const buffer: BaseEvent[] = []
    const askers: ((step: IteratorResult<BaseEvent>) => void)[] = []
    let over = false
    const end = () => {
      over = true
      remove()
      signal?.removeEventListener('abort', end)
      for (const ask of askers.splice(0)) ask({ value: undefined, done: true })
    }
    const give = (value: BaseEvent) => {
      const ask = askers.shift()
      if (ask) ask({ value, done: false })
      else buffer.push(value)
    }
    const remove = this.#add(type, { matches: () => true, give, expects: false, fail: end, stop: end })
    signal?.addEventListener('abort', end)
    if (signal?.aborted) end()
    return {
      next: () =>
        new RunPromise((resolve) => {
          const value = buffer.shift()
          if (value) resolve({ value, done: false })
          else if (over) resolve({ value: undefined, done: true })
          else askers.push(resolve)
        }),
      return: () => {
        buffer.length = 0
        end()
        return Promise.resolve({ value: undefined, done: true })
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}

/** One test of all conditions; a throwing one rejects the wait that it belongs to. */
function matcher(...conditions: Where[]): (state: EventState) => boolean {
  return ({ event }) => conditions.every((where) => !where || where(event))
}

function descends(state: EventState, ancestor: EventState): boolean {
  for (let at = state.parent; at; at = at.parent) if (at === ancestor) return true
  return false
}
