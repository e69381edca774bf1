/// <reference lib="esnext.disposable" preserve="true" />
import { coreOf, DISPOSE } from '../brands.js'
import type { EventBus } from '../bus/event-bus.js'
import { aFunction, aTimeout, checkOptions, checkType } from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import { Bridge } from './bridge.js'
import { type DedicatedPort, placeOf, type Target, type WindowTarget } from './endpoint.js'
import type { BridgeStats } from './exchange.js'
import { WorkerLink } from './worker-link.js'

export type { BridgeStats } from './exchange.js'
export type { Receiver, ReceiverOptions } from './routes.js'
export type { WindowTarget }

export interface WorkerBridgeOptions {
  /** What of an event is moved instead of copied: it is then no longer here. Default: nothing. */
  transfer?: (event: BaseEvent) => Transferable[]
  /** ms for the answer to one event; null for none: the handlers' own time-outs run on the other side. @default null */
  timeout?: number | null
}

export interface ExposeOptions {
  /** What of a handler's result is moved instead of copied. Default: nothing. */
  transfer?: (result: unknown) => Transferable[]
}

/** A bus that others can reach. */
export interface ExposedBus extends Disposable {
  readonly stats: BridgeStats
  close(): void
}

/**
 * The bus in a worker, a frame, or at the other end of a port, which has to call `exposeBus` there: `bus.on(ResizeImage,
 * images.dispatch)` has events handled there, their results land here. `images.on(pattern, bus.dispatch)` gets that bus's events.
 */
export class WorkerBridge extends Bridge {
  /** @throws TypeError, RangeError for wrong arguments */
  constructor(target: Worker | SharedWorker | MessagePort | WindowTarget, options: WorkerBridgeOptions = {}) {
    checkOptions(options, { transfer: aFunction, timeout: aTimeout })
    super(new WorkerLink(`WorkerBridge to a ${placeOf(target)}`, target, null, options))
  }
}

/** Where a bus is exposed: of two, a page would take each for the other, started anew. */
const exposedAt = new WeakSet<object>()

/** The other side of a WorkerBridge. */
class Exposed extends Bridge implements ExposedBus {
  readonly #place: object

  constructor(bus: EventBus, target: Target, options: ExposeOptions) {
    const place = (target as WindowTarget).window ?? target
    checkType(!exposedAt.has(place), 'endpoint', 'one without an exposed bus: close that one first', target)
    const link = new WorkerLink(`exposeBus(${bus.name})`, target, bus, options)
    super(link)
    this.#place = place
    exposedAt.add(place)
    link.dispatch = this.dispatch
    this.on('*', bus.dispatch)
  }

  override close(): void {
    exposedAt.delete(this.#place)
    super.close()
  }
}

/**
 * Lets the page that has started this worker handle events with this bus: it makes a `WorkerBridge`. In a shared worker every page that
 * connects may. Elsewhere give the endpoint: a MessagePort, or `{ window: parent, origin }` in a frame.
 * @throws TypeError for what is no bus or no endpoint, or has a bus
 */
export function exposeBus(
  bus: EventBus,
  endpoint?: Worker | MessagePort | WindowTarget,
  options: ExposeOptions = {},
): ExposedBus {
  checkType(coreOf(bus), 'bus', 'an EventBus', bus)
  checkOptions(options, { transfer: aFunction })
  if (endpoint === undefined && 'onconnect' in globalThis) return exposeToAll(bus, options)
  const own = 'document' in globalThis ? undefined : (globalThis as unknown as DedicatedPort)
  const target = endpoint ?? own
  checkType(target, 'endpoint', 'a MessagePort or { window, origin } outside of workers', endpoint)
  return new Exposed(bus, target, options)
}

/** Of more, a page that has left is forgotten, the first that did; until then it may come back from the back/forward cache. */
const MAX_PAGES = 200

/** A shared worker's bus, for each page that connects, until the page closes its bridge or has long been away. */
function exposeToAll(bus: EventBus, options: ExposeOptions): ExposedBus {
  const ended = new AbortController()
  const exposed = new Set<Exposed>()
  const stats = { sent: 0, received: 0, wireErrors: 0 }
  const forget = (one: Exposed, forGood: boolean) => {
    exposed.delete(one)
    if (forGood) one.close()
    // A lock does not tell a page that is gone from one that rests, and will want its port again.
    else exposed.add(one)
  }
  const connect = ({ ports: [port] }: MessageEvent) => {
    const away = [...exposed].find(({ exchange }) => !exchange.carrier.open)
    if (away && exposed.size >= MAX_PAGES) forget(away, true)
    const one = new Exposed(bus, port, options)
    const { exchange } = one
    exchange.stats = stats
    ;(exchange.carrier as WorkerLink).onLost = (forGood) => forget(one, forGood)
    exposed.add(one)
  }
  globalThis.addEventListener('connect', connect as never, { signal: ended.signal })
  const close = () => {
    ended.abort()
    for (const one of exposed) forget(one, true)
  }
  return {
    get stats() {
      return { ...stats }
    },
    close,
    [DISPOSE]: close,
  }
}
