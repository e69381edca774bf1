/// <reference lib="esnext.disposable" preserve="true" />
import { BUS, DISPOSE } from '../brands.js'
import type { EventOf, Pattern, Subscription } from '../bus/types.js'
import type { BaseEvent } from '../events/base-event.js'
import { type BridgeStats, type Carrier, Exchange } from './exchange.js'
import type { Receiver, ReceiverOptions } from './routes.js'

/** A way to the buses of other contexts, in the form of a bus: `bus.on('*', bridge.dispatch)` out, `bridge.on('*', bus.dispatch)` in. */
export abstract class Bridge implements Disposable {
  /**
   * Sends an event to the other side, and returns the same event at once. Bound: give it to `bus.on`. Where answers are waited for, the
   * event completes when they are there, and its results have the other side's entries. What came in this way is not sent back.
   * @throws WireError for a payload that cannot be sent, naming the key; BusStoppedError when the bridge is closed; TypeError for
   * what is no event, or is completed
   */
  declare readonly dispatch: <E extends BaseEvent>(event: E) => E
  /** @internal */
  declare readonly exchange: Exchange

  /** @internal */
  protected constructor(carrier: Carrier) {
    const exchange = new Exchange(carrier)
    Object.defineProperties(this, {
      exchange: { value: exchange },
      dispatch: {
        value: Object.defineProperties((event: BaseEvent) => exchange.dispatch(event), {
          name: { value: `${carrier.name}.dispatch` },
          [BUS]: { value: this },
        }),
      },
    })
    carrier.start(exchange)
  }

  get stats(): BridgeStats {
    return { ...this.exchange.stats }
  }

  /**
   * Where events from the other side go: to a bus's `dispatch`, another bridge's, or a function, whose result is nobody's. Routes of the
   * type come before those of `'*'`.
   * @throws TypeError; nothing is registered then
   */
  on<P extends Pattern>(
    pattern: P,
    receiver: Receiver<EventOf<P>>,
    options: ReceiverOptions = {},
  ): Subscription {
    return this.exchange.routes.route(pattern, receiver, options)
  }

  /** Sends what waits, ends every wait for the other side, and leaves. Doing so twice does no harm. */
  close(): void {
    this.exchange.carrier.close()
  }

  [DISPOSE](): void {
    this.close()
  }
}
