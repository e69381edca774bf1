import type { BaseEvent } from '../events/base-event.js'
import type { EventState } from '../events/event-state.js'
import { NEW } from '../events/status.js'
import type { OutcomeRecord } from '../protocol.js'
import { type Awaited, shared } from './awaited.js'
import type { Exchange } from './exchange.js'
import type { Hold } from './hold.js'
import type { Route } from './routes.js'

type Answer = (outcomes: OutcomeRecord[], moved?: Transferable[]) => void

/** An event that came in: on its way to the buses here, then until they are done with it. */
export class Incoming implements Awaited {
  readonly plan: readonly Route[]
  readonly state: EventState
  /** It went to the buses, or will not go. */
  delivered = false
  readonly #exchange: Exchange
  readonly #event: BaseEvent
  readonly #answer: Answer

  constructor(
    exchange: Exchange,
    event: BaseEvent,
    state: EventState,
    plan: readonly Route[],
    answer: Answer,
  ) {
    this.#exchange = exchange
    this.#event = event
    this.state = state
    this.plan = plan
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

  /** A bus that must be waited for, if there is one. */
  get full(): Promise<void> | undefined {
    const core = this.plan.find((route) => route.core && !route.core.hasRoom)?.core
    return core?.whenRoom()
  }

  deliver(): void {
    if (this.delivered) return
    this.delivered = true
    const { state } = this
    const refused: OutcomeRecord[] = []
    for (const route of this.plan) {
      try {
        if (route.once) route.remove()
        if (route.core) route.core.dispatch(this.#event, null)
        else route.fn(this.#event)
      } catch (error) {
        if (route.core) refused.push(this.#exchange.refusal(error))
        else console.error('bubus: a function that was given to a bridge failed:', error)
      }
    }
    if (state.status === NEW) return this.#end(refused)
    state.onCompleted(() => {
      const [outcomes, moved] = this.#exchange.outcomes(state)
      this.#end([...refused, ...outcomes], moved)
    })
  }

  cancel(cause: Error): void {
    if (!this.delivered) this.#end([])
    this.delivered = true
    this.state.cancel(cause)
  }

  #end(outcomes: OutcomeRecord[], moved?: Transferable[]): void {
    shared().awaited.delete(this)
    this.#answer(outcomes, moved)
  }
}

/** What it has sent on, and what came of it here, is waited for as well. */
function spread(state: EventState): void {
  for (const hold of state.holds) (hold as Hold).urge()
  for (const child of state.children) spread(child)
}
