import { stateOf } from '../brands.js'
import { aBoolean, aFunction, aSignal, type Check, checkOptions, checkType } from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import type { EventState } from '../events/event-state.js'
import type { HandlerRun } from '../events/handler-run.js'
import { Fifo } from '../fifo.js'
import { RunPromise } from '../running-handler.js'
import { wait } from '../wait.js'
import type { BusCore } from './bus-core.js'
import { byOrder } from './history.js'
import { subscription } from './subscriptions.js'
import type { ExpectOptions, FindOptions, Pattern } from './types.js'
import type { Visit } from './visit.js'

const anEvent: Check = (name, value) => checkType(stateOf(value), name, 'an event', value)
const checks = { where: aFunction, predicate: aFunction, childOf: anEvent, past: aBoolean, future: aBoolean }

/** Whether an event is wanted. It may throw: `where` is the user's. */
type Matches = (state: EventState) => boolean

/** Somebody who waits for an event to be dispatched on a bus. */
interface Waiter {
  matches: Matches
  give(event: BaseEvent): void
  fail(error: unknown): void
  /** The bus stops; without this, that is a failure. */
  stop?(): void
  /** Only an `expect` counts as having had the event. */
  expects?: true
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
      const set = this.#byType.get(type)
      for (const waiter of set ?? []) {
        try {
          // Unless `where` has ended the wait.
          if (waiter.matches(state) && set?.has(waiter)) {
            taken ||= !!waiter.expects
            waiter.give(state.event)
          }
        } catch (error) {
          waiter.fail(error)
        }
      }
    }
    return taken
  }

  stop(error: Error): void {
    for (const set of this.#byType.values())
      for (const waiter of set) waiter.stop ? waiter.stop() : waiter.fail(error)
  }

  #add(type: string, waiter: Waiter): () => void {
    const set = this.#byType.get(type) ?? new Set()
    this.#byType.set(type, set.add(waiter))
    return () => {
      if (set.delete(waiter) && !set.size) this.#byType.delete(type)
    }
  }

  #matcher(type: string, options: ExpectOptions & FindOptions): Matches {
    checkOptions(options, checks)
    const { where = all, predicate = all, childOf } = options
    const ancestor = stateOf(childOf)
    return (state) =>
      (type === '*' || state.meta.type === type) &&
      (!ancestor || descends(state, ancestor)) &&
      where(state.event) &&
      predicate(state.event)
  }

  expect(pattern: Pattern, options: ExpectOptions = {}, run: HandlerRun | null): Promise<BaseEvent> {
    const type = this.#core.typeOf(pattern)
    return wait<BaseEvent>(
      options,
      (give, fail) => {
        const matches = this.#matcher(type, options)
        // The oldest that has not started here and that no `expect` has had; in a handler also its event's descendants.
        const fits = (visit: Visit) => !visit.handedOut && matches(visit.state)
        const visit =
          this.#core.history.pending.find(fits) ?? (run && this.#descendants(run.state).find(fits))
        if (visit) {
          visit.handedOut = !options.signal?.aborted
          return give(visit.state.event)
        }
        if (this.#core.cleared) throw this.#core.cleared
        return this.#add(type, { matches, give, fail, expects: true })
      },
      () => `The next ${type} on ${this.#core.name}`,
    )
  }

  /** Visits to this bus of an event's descendants, in order of dispatch. */
  #descendants(of: EventState): Visit[] {
    const states = new Set([of])
    for (const state of states) for (const child of state.children) states.add(child)
    states.delete(of)
    const visits = [...states].flatMap((state) => (state.visit(this.#core) as Visit | null) ?? [])
    return visits.sort(byOrder)
  }

  find(pattern: Pattern, options: FindOptions = {}): Promise<BaseEvent | null> {
    const type = this.#core.typeOf(pattern)
    return wait<BaseEvent | null>(options, (give, fail) => {
      const { past = true, future } = options
      const matches = this.#matcher(type, options)
      const found = past && this.#core.remembered().reverse().find(matches)
      if (future && !found && !this.#core.cleared)
        return this.#add(type, { matches, give, fail, stop: () => give(null) })
      return give(found ? found.event : null)
    })
  }

  /** From now on; events that come between two `next()` calls wait in a buffer. */
  events(pattern: Pattern, options: { signal?: AbortSignal } = {}): AsyncIterableIterator<BaseEvent> {
    const type = this.#core.typeOf(pattern)
    checkOptions(options, { signal: aSignal })
    /** Events that nobody has asked for yet, and those who ask. */
    const events = new Fifo<BaseEvent>()
    let over = false
    const askers: ((step: IteratorResult<BaseEvent>) => void)[] = []
    const serve = () => {
      while (askers.length) {
        const value = events.shift()
        if (!value && !over) return
        askers.shift()?.({ value, done: !value } as IteratorResult<BaseEvent>)
      }
    }
    const give = (event: BaseEvent) => {
      events.push(event)
      serve()
    }
    const forget = this.#add(type, { matches: all, give, fail: () => end() })
    const end = subscription(() => {
      forget()
      over = true
      serve()
    }, options.signal)
    if (this.#core.cleared) end()
    const next = () =>
      new RunPromise<IteratorResult<BaseEvent>>((resolve) => {
        askers.push(resolve)
        serve()
      })
    return {
      next,
      return() {
        events.clear()
        end()
        return next()
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}

const all = () => true

function descends({ parent }: EventState, ancestor: EventState): boolean {
  for (; parent; parent = parent.parent) if (parent === ancestor) return true
  return false
}
