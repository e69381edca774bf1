import { CORE, stateOf } from '../brands.js'
import type { EventBus } from './event-bus.js'
import { callAndRecord } from './handler-call.js'
import { nextId } from './subscriptions.js'
import type { Visit } from './visit.js'

type Listener = EventListenerOrEventListenerObject

/**
 * The native side of a bus. Listeners are registered with the platform's own methods and called by its own dispatch, through one
 * wrapper per listener: so de-duplication, `once`, `signal`, removal and order are the platform's. The wrapper only sees
 * what a listener returns or throws, and records it while a bus dispatches an event of its own.
 */
const wrappers = new WeakMap<Listener, Listener>()

/** The listener to give to the platform, which refuses what is none. */
export function wrapperOf(listener: unknown): Listener {
  if (listener !== Object(listener)) return listener as Listener
  const wrapper = wrappers.get(listener as Listener) ?? wrap(listener as Listener)
  wrappers.set(listener as Listener, wrapper)
  return wrapper
}

function wrap(listener: Listener): Listener {
  const name = typeof listener === 'function' ? listener.name : listener.constructor?.name
  const handler = { id: nextId(), name: String(name || 'listener'), fn: listener }
  return function (this: EventBus, event: Event) {
    // Looked at in each call, as the platform does.
    const call = () =>
      typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event)
    const visit = stateOf(event)?.visit(this[CORE]) as Visit | undefined
    if (!visit) return call()
    // A listener before it has stopped the bus.
    if (!visit.done) callAndRecord(visit, handler, call, true)
  }
}
