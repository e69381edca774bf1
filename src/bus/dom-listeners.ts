import { checkType } from '../errors.js'
import type { Handler } from '../events/handler-run.js'
import { getPage } from '../page.js'
import { callHandler } from '../running-handler.js'
import type { BusCore } from './bus-core.js'
import { finishRun, startRun, takeAnswer } from './handler-call.js'
import type { Visit } from './visit.js'

type Listener = EventListenerOrEventListenerObject

/**
 * The native side of a bus. Listeners are registered with the platform's own methods and called by its own dispatch, through one
 * wrapper per listener: so de-duplication, `once`, `signal`, removal and order are the platform's. The wrapper only sees
 * what a listener returns or throws, and records it while a bus dispatches.
 */
const wrappers = new WeakMap<Listener, Listener>()

function wrapperOf(listener: Listener): Listener {
  let wrapper = wrappers.get(listener)
  if (!wrapper) {
    wrapper = function (this: unknown, event: Event) {
      const visit = getPage().listening
      return visit?.state.event === event ? callListener(visit, listener, this, event) : invoke(listener, this, event)
    }
    wrappers.set(listener, wrapper)
  }
  return wrapper
}

function invoke(listener: Listener, self: unknown, event: Event): unknown {
  // Read at each call, as the platform does.
  return typeof listener === 'function' ? listener.call(self as EventTarget, event) : listener.handleEvent(event)
}

/** Records the listener's outcome; what it throws goes on to the platform, which reports it. */
function callListener(visit: Visit, listener: Listener, self: unknown, event: Event): unknown {
  const run = startRun(visit, visit.core.listeners.handlerOf(listener), visit.state.timeout)
  let value: unknown
  try {
    value = callHandler(run, () => invoke(listener, self, event), null, null)
  } catch (error) {
    run.errorRead = true
    finishRun(run, error, true)
    throw error
  }
  takeAnswer(run, value)
  return undefined
}

export class DomListeners {
  readonly #core: BusCore
  /** Types that a listener was ever registered for: only these are dispatched natively. */
  readonly #types = new Set<string>()
  #some = false
  #handlers = new WeakMap<Listener, Handler>()

  constructor(core: BusCore) {
    this.#core = core
  }

  hears(type: string): boolean {
    return this.#some && this.#types.has(type)
  }

  note(type: string): void {
    this.#types.add(type)
    this.#some = true
  }

  /** The listener to give to the platform. */
  wrap(listener: unknown): Listener | null {
    if (listener === null || listener === undefined) return null
    checkType(typeof listener === 'function' || typeof listener === 'object', 'listener', 'a function or an object with handleEvent', listener)
    return wrapperOf(listener as Listener)
  }

  handlerOf(listener: Listener): Handler {
    let handler = this.#handlers.get(listener)
    if (!handler) {
      const name = typeof listener === 'function' ? listener.name : listener.constructor?.name
      handler = { id: this.#core.nextHandlerId(), name: name || 'listener' }
      this.#handlers.set(listener, handler)
    }
    return handler
  }

  /** Dispatches the visit's event natively: its listeners run now. */
  dispatch(visit: Visit): void {
    const page = getPage()
    const before = page.listening
    page.listening = visit
    try {
      this.#core.dispatchNatively(visit.state.event)
    } finally {
      page.listening = before
    }
  }
}
