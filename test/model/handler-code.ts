// What the handlers of a program do: one step after another, as a user's code would.

import { BaseEvent, type EventBus, type HandlerContext } from '../../src/index.js'
import type { Ending, HandlerPlan, Step } from './program.js'
import type { Place } from './trace.js'
import type { Pending, World } from './world.js'

type Handler = (event: BaseEvent, context: HandlerContext) => unknown

/**
 * The `await`s stand in the handler itself: the bus knows a running handler after its own direct `await`s only, so code that
 * waited in a helper would be another program.
 */
export function asyncHandler(world: World, plan: HandlerPlan, bus: number, handler: number): Handler {
  return async (event, context) => {
    const run = new Running(world, plan, event, context, bus, handler)
    for (const step of plan.steps) {
      const pending = run.begin(step)
      if (!pending) continue
      try {
        pending.settled(null, await pending.on)
      } catch (error) {
        pending.settled(error)
      }
      if (run.isOver()) return undefined
    }
    if (plan.end === 'block') {
      await world.never.promise
      if (run.isOver()) return undefined
    }
    return run.finish(plan.end)
  }
}

export function syncHandler(world: World, plan: HandlerPlan, bus: number, handler: number): Handler {
  return (event, context) => {
    const run = new Running(world, plan, event, context, bus, handler)
    for (const step of plan.steps) run.begin(step)
    return run.finish(plan.end)
  }
}

class Running {
  private readonly world: World
  private readonly plan: HandlerPlan
  private readonly own: BaseEvent
  private readonly context: HandlerContext
  private readonly bus: number
  private readonly event: number
  private readonly id: number
  private readonly children: number[] = []
  /** `vague`: the library may or may not know whose code this is; such code uses its context only. */
  private place: Place | 'vague' = 'known'

  constructor(
    world: World,
    plan: HandlerPlan,
    own: BaseEvent,
    context: HandlerContext,
    bus: number,
    handler: number,
  ) {
    this.world = world
    this.plan = plan
    this.own = own
    this.context = context
    this.bus = bus
    this.event = world.numberOf(own)
    this.id = world.start(this.event, bus, handler, plan.short)
    context.signal.addEventListener('abort', () => world.abort(this.id, context.signal.reason))
  }

  /** Does the synchronous part of a step; gives what is then to be awaited. */
  begin(step: Step): Pending | null {
    switch (step.do) {
      case 'dispatch':
        return this.dispatch(step)
      case 'forward':
        this.forward(step.to)
        return null
      case 'peek':
        if (this.children.length > 0) void this.child(step.child).then
        return null
      case 'await':
        if (this.children.length === 0) return null
        return this.wait([this.pick(step.child)], step.as)
      case 'all':
        return this.children.length === 0 ? null : this.wait([...this.children], 'all')
      case 'foreign':
        return this.foreign(step)
      case 'expect':
        return this.expect(step)
      case 'idle':
        return this.place === 'known' ? this.world.idle(this.bus, this.id) : null
      case 'gate':
        this.place = 'unknown'
        return foreignPromise(this.world.gates[step.gate % this.world.gates.length].promise)
      case 'spin':
        for (const end = performance.now() + 9; performance.now() < end; );
        return null
      case 'hop':
        this.place = 'unknown'
        return foreignPromise(Promise.resolve())
    }
  }

  private dispatch({ type, to, bare }: Extract<Step, { do: 'dispatch' }>): null {
    if (this.world.isFull(this.event)) return null
    const bus = this.at(to)
    const by = { event: this.event, run: this.id }
    const isBare = bare && this.place !== 'vague'
    const place = isBare ? (this.place as Place) : 'handle'
    const target = isBare ? this.world.buses[bus] : this.handle(bus)
    const child = this.world.dispatch(new BaseEvent(type), bus, target, by, place)
    if (child !== null && (place === 'handle' || place === 'known')) this.children.push(child)
    return null
  }

  private forward(to: number): BaseEvent | null {
    const bus = this.at(to)
    const by = { event: this.event, run: this.id }
    return this.world.dispatch(this.own, bus, this.handle(bus), by, 'handle') === null ? null : this.own
  }

  private wait(events: number[], as: 'event' | 'result' | 'all'): Pending {
    const place = this.place === 'vague' ? 'likely' : this.place
    if (as === 'all') this.place = 'likely'
    else if (place === 'likely') this.place = 'vague'
    return this.world.wait(this.id, events, place, as)
  }

  /** Any event of the program, by code that the library knows: elsewhere a handler may wait for its own children only. */
  private foreign({ event, as }: Extract<Step, { do: 'foreign' }>): Pending | null {
    const { events } = this.world
    const target = event % events.length
    return this.place !== 'known' || target === this.event ? null : this.wait([target], as)
  }

  private expect({ type, to, bare }: Extract<Step, { do: 'expect' }>): Pending {
    const bus = this.at(to)
    const isKnown = this.place === 'known'
    if (!isKnown) this.place = 'vague'
    return this.world.expect(bus, type, bare && isKnown ? this.world.buses[bus] : this.handle(bus), this.id)
  }

  /** Whether the run was cancelled or timed out meanwhile; then nothing it dispatches may be taken. */
  isOver(): boolean {
    if (!this.context.signal.aborted) return false
    let error: string | null = null
    try {
      this.context.bus.dispatch(new BaseEvent('A'))
    } catch (thrown) {
      error = (thrown as Error).name
    }
    this.world.add({ k: 'zombie', run: this.id, error })
    return true
  }

  /** Notes the end of the run and gives what the handler returns; throws if it is to throw. */
  finish(end: Ending): unknown {
    const isRunKnown = this.place === 'known' || !this.plan.async
    if (end === 'forward') {
      const own = this.forward(1)
      if (own && isRunKnown) return this.returns({ as: 'event', event: this.event, wait: null }, own)
    }
    // Elsewhere a child that is just being forwarded cannot be told from one's own event, and is not waited for.
    const isWaitSure = isRunKnown || !this.world.forwards
    if (end === 'child' && this.children.length > 0 && isWaitSure) {
      const event = this.pick(-1)
      return this.returns(
        { as: 'event', event, wait: this.plan.async ? this.world.newWait() : null },
        this.world.events[event],
      )
    }
    if (end === 'throw') {
      const error = Object.assign(new Error('thrown by the program'), { name: `Thrown${this.id}` })
      this.world.end(this.id, { as: 'throw', error: error.name })
      throw error
    }
    if (end !== 'value') return this.returns({ as: 'nothing' }, end === 'null' ? null : undefined)
    return this.returns({ as: 'value', value: `v${this.id}` }, `v${this.id}`)
  }

  private returns(outcome: Parameters<World['end']>[1], value: unknown): unknown {
    const isAwaited = outcome.as === 'event' && outcome.wait !== null
    this.world.end(this.id, outcome, isAwaited ? (value as BaseEvent).eventCompletion : undefined)
    return value
  }

  private pick(index: number): number {
    return this.children.at(index % this.children.length) as number
  }

  private child(index: number): BaseEvent {
    return this.world.events[this.pick(index)]
  }

  private at(to: number): number {
    return (this.bus + to) % this.world.buses.length
  }

  private handle(bus: number): Pick<EventBus, 'dispatch' | 'expect'> {
    return bus === this.bus ? this.context.bus : this.context.via(this.world.buses[bus])
  }
}

/** A promise of somebody else: after it the library does not know whose code runs. */
const foreignPromise = (on: Promise<void>): Pending => ({ on, settled() {} })
