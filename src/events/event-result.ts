import { stateOf } from '../brands.js'
import { uuidv7 } from '../ids.js'
import { dateOf, getPage, wallTime } from '../page.js'
import { awaitable, currentRun } from '../running-handler.js'
import type { BaseEvent } from './base-event.js'
import type { HandlerRun } from './handler-run.js'
import { COMPLETED, statuses } from './status.js'

/** A handler may return nothing or an event instead of a result; so `counts` says. */
type Value<Result> = Result | BaseEvent | null | undefined

/**
 * One handler's outcome for one event. `await result` gives the handler's value or throws its own error.
 * Reading `error` counts as seeing it: it is then not reported to the console.
 */
export class EventResult<Result = unknown> {
  readonly #run: HandlerRun
  #id: string | undefined

  /** @internal */
  constructor(run: HandlerRun) {
    this.#run = run
  }

  get id(): string {
    return (this.#id ??= uuidv7(wallTime(this.#run.startedAt), getPage().count++))
  }
  /** `<busId>.<n>`: unique in every context. */
  get handlerId(): string {
    return `${this.busId}.${this.#run.handler.id}`
  }
  get handlerName(): string {
    return this.#run.handler.name
  }
  get eventId(): string {
    return this.#run.state.id
  }
  get busId(): string {
    return this.#run.visit.core.id
  }
  get busName(): string {
    return this.#run.visit.core.name
  }
  get status(): 'pending' | 'started' | 'completed' | 'error' {
    return statuses[this.#run.status]
  }
  /** What the handler returned, as the event's `result` struct gave it; a forwarder's is the event itself. */
  get result(): Value<Result> {
    return this.#run.value as Value<Result>
  }
  /** What the handler threw, whatever it is; else undefined. */
  get error(): unknown {
    this.#run.errorRead = true
    return this.#run.error
  }
  get startedAt(): Date | null {
    return dateOf(this.#run.startedAt)
  }
  get completedAt(): Date | null {
    return dateOf(this.#run.completedAt)
  }
  /** ms, null for none. */
  get timeout(): number | null {
    return this.#run.timeout
  }
  /** The events that this run dispatched, in order. */
  get eventChildren(): readonly BaseEvent[] {
    return this.#run.children.map((child) => child.event)
  }

  /** Makes `await result` work; hidden from the handler whose result it is, which would wait for itself. */
  get then(): PromiseLike<Value<Result>>['then'] {
    const run = this.#run
    if (getPage().delivering || currentRun() === run) return undefined as never
    return awaitable<Value<Result>>(
      (resolve, reject) => {
        const settle = () => {
          run.errorRead = true
          if (run.status === COMPLETED) resolve(run.value as Value<Result>)
          else reject(run.error)
        }
        if (run.over) settle()
        else (run.waiters ??= []).push(settle)
      },
      run.over ? null : run.state,
      undefined,
      false,
    )
  }

  /** Whether this result counts as an answer: completed, and neither nothing nor an event. */
  get counts(): boolean {
    const { status, value } = this.#run
    return status === COMPLETED && value != null && !stateOf(value)
  }
}
