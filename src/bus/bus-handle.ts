import { coreOf } from '../brands.js'
import { checkType } from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import type { EventResult } from '../events/event-result.js'
import type { HandlerRun } from '../events/handler-run.js'
import type { BusCore } from './bus-core.js'
import type { EventBus } from './event-bus.js'
import type { HandlerContext } from './types.js'
import type { Visit } from './visit.js'

/** A bus as one handler run has it: what is dispatched through it records that run as its parent. */
export interface BusHandle
  extends Pick<EventBus, 'dispatch' | 'expect' | 'find' | 'on' | 'off' | 'name' | 'id'> {
  readonly bus: EventBus
}

export function busHandle(core: BusCore, run: HandlerRun): BusHandle {
  const { bus, name, id } = core
  return {
    bus,
    name,
    id,
    dispatch: <E extends BaseEvent>(event: E) => core.dispatch(event, run),
    expect: (pattern: never, options: never) => core.waiters.expect(pattern, options, run),
    find: bus.find.bind(bus),
    on: bus.on.bind(bus),
    off: bus.off.bind(bus),
  } as BusHandle
}

/** A handler's second argument: made for each run, so it holds the run and nothing else. */
export class RunContext implements HandlerContext {
  readonly #run: HandlerRun

  constructor(run: HandlerRun) {
    this.#run = run
  }
  get bus(): BusHandle {
    return this.#run.handle
  }
  get via(): (bus: EventBus) => BusHandle {
    return (bus) => {
      const core = coreOf(bus)
      checkType(core, 'bus', 'an EventBus', bus)
      return busHandle(core, this.#run)
    }
  }
  get signal(): AbortSignal {
    return this.#run.signal
  }
  get result(): EventResult {
    return this.#run.view
  }
  get attempt(): number {
    return (this.#run.visit as Visit).mark?.attempt ?? 1
  }
}
