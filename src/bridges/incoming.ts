import type { RegisteredHandler } from '../bus/subscriptions.js'
import type { HandlerContext } from '../bus/types.js'
import type { EventState } from '../events/event-state.js'
import { NEW } from '../events/status.js'
import type { OutcomeRecord } from '../protocol.js'
import { type Awaited, shared } from './awaited.js'
import type { Exchange } from './exchange.js'
import type { Hold } from './hold.js'
import { outcomesOut } from './records.js'
import { coreBehind } from './routes.js'

export type Answer = (outcomes: OutcomeRecord[], moved?: Transferable[]) => void

/** An event that came in: on its way to the buses here, then until they are done with it. */
export class Incoming implements Awaited {
  declare readonly state: EventState
  /** It went to the buses, or will not go. */
  delivered = false
  readonly #exchange: Exchange
  readonly #plan: readonly RegisteredHandler[]
  /** Null where nobody waits for it. */
  readonly #answer: Answer | null

  constructor(
    exchange: Exchange,
    state: EventState,
    plan: readonly RegisteredHandler[],
    answer: Answer | null,
  ) {
    this.#exchange = exchange
    this.state = state
    this.#plan = plan
    this.#answer = answer
  }

  /** Where it came from, a handler waits for it. */
  urge(hops: number): void {
    const page = shared()
    if (page.hops.has(this.state)) return
    page.hops.set(this.state, hops)
    page.awaited.add(this)
    if (page.waiting) this.jump()
    spread(this.state)
  }

  /** A handler here waits for an answer as well: this one goes first. */
  jump(): void {
    this.state.markUrgent()
    this.deliver()
  }

  /** Settles when the next of its buses that is full has room, or never will; undefined if none is full, or it went there all the same. */
  get full(): Promise<unknown> | undefined {
    for (const handler of this.delivered ? [] : this.#plan) {
      const core = coreBehind(handler)
      if (core && !core.hasRoom(true)) return core.whenRoom(undefined, true)
    }
    return undefined
  }

  deliver(): void {
    if (this.delivered) return
    this.delivered = true
    const { state } = this
    const exchange = this.#exchange
    const refused: OutcomeRecord[] = []
    let again: boolean | undefined
    for (const handler of this.#plan) {
      // Gone meanwhile, or it has had the one event that it was for.
      if (handler.removed) continue
      const core = coreBehind(handler)
      // A bus knows what it had. Bridges that hand on to each other would do so for ever.
      if (!core && (again ??= exchange.isAgain(state.id))) continue
      try {
        if (handler.once) handler.remove()
        if (core) core.dispatch(state.event, null, true)
        else handler.fn(state.event, {} as HandlerContext)
      } catch (error) {
        if (handler.forwards) {
          exchange.stats.wireErrors++
          refused.push(exchange.refusal(error))
        } else console.error('bubus: a function that was given to a bridge failed:', error)
      }
    }
    if (state.status === NEW) return this.#end(refused)
    if (this.#answer)
      state.onCompleted(() => {
        const moved: Transferable[] = []
        const outcomes = outcomesOut(state, exchange.carrier, moved)
        this.#end([...refused, ...outcomes], moved)
      })
  }

  /** `again`: the stop of a bus has ended it there, and it may come again. */
  cancel(cause: Error, again: boolean): void {
    if (!this.delivered) this.#end([])
    this.delivered = true
    if (again) this.state.abandon()
    this.state.cancel(cause)
  }

  #end(outcomes: OutcomeRecord[], moved?: Transferable[]): void {
    shared().awaited.delete(this)
    this.#answer?.(outcomes, moved)
  }
}

/** What it has sent on, and what came of it here, is waited for as well. */
function spread(state: EventState): void {
  for (const hold of state.holds) (hold as Hold).urge()
  for (const child of state.children) spread(child)
}
