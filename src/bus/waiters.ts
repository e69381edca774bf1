import { stateOf } from '../brands.js'
import { aFunction, aSignal, aTimeout, BusStoppedError, checkOptions, checkType, EventTimeoutError } from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import type { EventState } from '../events/event-state.js'
import type { HandlerRun } from '../events/handler-run.js'
import { RunPromise, settleWith } from '../running-handler.js'
import { after } from '../timers.js'
import type { BusCore } from './bus-core.js'
import type { ExpectOptions, FindOptions, Pattern } from './types.js'
import type { Visit } from './visit.js'

type Matches = (state: EventState) => boolean

/** Somebody who waits for an event to be dispatched on a bus. */
interface Waiter {
  matches: Matches
  /** Only an `expect` counts as having had the event. */
  expects: boolean
  give(event: BaseEvent): void
  fail(error: unknown): void
  /** The bus stops. */
  stop(error: Error): void
}

const checks = { where: aFunction, predicate: aFunction, timeout: aTimeout, signal: aSignal }

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
          taken ||= waiter.expects
          waiter.give(state.event)
        } catch (error) {
          waiter.fail(error)
        }
      }
    }
    return taken
  }

  stop(): void {
    const error = new BusStoppedError(`${this.#core.name} was stopped before the event was dispatched`)
    for (const set of [...this.#byType.values()]) for (const waiter of set) waiter.stop(error)
  }

  #add(type: string, waiter: Waiter): () => void {
    const set = this.#byType.get(type) ?? new Set()
    this.#byType.set(type, set.add(waiter))
    return () => {
      set.delete(waiter)
      if (!set.size && this.#byType.get(type) === set) this.#byType.delete(type)
    }
  }

  expect(pattern: Pattern, options: ExpectOptions = {}, run: HandlerRun | null): Promise<BaseEvent> {
    return new RunPromise((resolve, reject) => {
      const type = this.#core.typeOf(pattern)
      checkOptions(options, checks)
      const { where, predicate } = options
      const matches: Matches = ({ event }) => (!where || where(event)) && (!predicate || predicate(event))
      options.signal?.throwIfAborted()
      const visit = this.#lookBack(type, matches, run)
      if (!visit) return this.#wait(type, matches, options, resolve, reject, true)
      visit.expected = true
      settleWith(resolve, visit.state.event)
    })
  }

  /** The oldest event that has not started here and that no `expect` has had; in a handler also its event's descendants. */
  #lookBack(type: string, matches: Matches, run: HandlerRun | null): Visit | undefined {
    const fits = (visit: Visit) => !visit.expected && isOf(type, visit) && matches(visit.state)
    return this.#core.history.pending().find(fits) ?? (run ? this.#descendants(run.state).find(fits) : undefined)
  }

  /** Visits to this bus of an event's descendants, in order of dispatch. */
  #descendants(of: EventState): Visit[] {
    const states = new Set([of])
    for (const state of states) for (const run of state.runs()) for (const child of run.children ?? []) states.add(child)
    states.delete(of)
    const visits = [...states].flatMap((state) => (state.visit(this.#core) as Visit | null) ?? [])
    return visits.sort((a, b) => a.order - b.order)
  }

  find(pattern: Pattern, options: FindOptions = {}): Promise<BaseEvent | null> {
    return new RunPromise<BaseEvent | null>((resolve, reject) => {
      const type = this.#core.typeOf(pattern)
      checkOptions(options, checks)
      const { past = true, future = false, where, childOf, signal } = options
      const ancestor = stateOf(childOf)
      checkType(!childOf || ancestor, 'childOf', 'an event', childOf)
      const matches: Matches = (state) => (!ancestor || descends(state, ancestor)) && (!where || where(state.event))
      signal?.throwIfAborted()
      const visits = past ? this.#core.history.visits().reverse() : []
      const found = visits.find((visit) => isOf(type, visit) && matches(visit.state))
      if (future && !found) this.#wait(type, matches, options, resolve, reject, false)
      else settleWith(resolve, found?.state.event ?? null)
    })
  }

  /** Registers a waiter for one event, with everything that can end its wait. An `expect` fails when the bus stops. */
  #wait(
    type: string,
    matches: Matches,
    { signal, timeout }: ExpectOptions,
    resolve: (event: never) => void,
    reject: (error: unknown) => void,
    expects: boolean,
  ): void {
    const end = () => {
      remove()
      stopTimer?.()
      signal?.removeEventListener('abort', abort)
    }
    const give = (event: BaseEvent | null) => {
      end()
      settleWith(resolve, event as never)
    }
    const fail = (error: unknown) => {
      end()
      reject(error)
    }
    const late = () => fail(new EventTimeoutError(`No ${type} was dispatched on ${this.#core.name} within ${timeout} ms`))
    const abort = () => fail(signal?.reason)
    const remove = this.#add(type, { matches, expects, give, fail, stop: (error) => (expects ? fail(error) : give(null)) })
    const stopTimer = timeout == null ? null : after(timeout, late)
    signal?.addEventListener('abort', abort)
  }

  /** From now on; events that come between two `next()` calls wait in a buffer. */
  events(pattern: Pattern, options: { signal?: AbortSignal } = {}): AsyncIterableIterator<BaseEvent> {
    const type = this.#core.typeOf(pattern)
    checkOptions(options, checks)
    const { signal } = options
    const buffer: BaseEvent[] = []
    const askers: ((step: IteratorResult<BaseEvent>) => void)[] = []
    const over = { value: undefined, done: true } as const
    let ended = false
    const end = () => {
      ended = true
      remove()
      signal?.removeEventListener('abort', end)
      for (const ask of askers.splice(0)) ask(over)
    }
    const give = (value: BaseEvent) => {
      const ask = askers.shift()
      if (ask) ask({ value })
      else buffer.push(value)
    }
    const remove = this.#add(type, { matches: () => true, give, expects: false, fail: end, stop: end })
    signal?.addEventListener('abort', end)
    if (signal?.aborted) end()
    return {
      next: () =>
        new RunPromise((resolve) => {
          const value = buffer.shift()
          if (value) resolve({ value })
          else if (ended) resolve(over)
          else askers.push(resolve)
        }),
      return: () => {
        buffer.length = 0
        end()
        return Promise.resolve(over)
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}

const isOf = (type: string, { state }: Visit) => type === '*' || state.meta.type === type

function descends({ parent }: EventState, ancestor: EventState): boolean {
  for (; parent; parent = parent.parent) if (parent === ancestor) return true
  return false
}
