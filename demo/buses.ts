import { EventBus, type Inspector } from '../src/index.js'
import { EventLog } from '../src/log/event-log.js'

/** Both buses write one log: what a crash leaves unfinished is finished by the next page. */
export const log = new EventLog('shop')

/** Starts events as they come: the cart answers at once while an order is on its way. The history has room for a sample. */
export const shop = new EventBus({ name: 'shop', eventConcurrency: 'parallel', maxHistorySize: 400, log })

/** One parcel at a time, as one pair of hands packs them. */
export const warehouse = new EventBus({ name: 'warehouse', maxHistorySize: 200, log })

const hook = Symbol.for('bubus.inspect')

/** Tells of every step on a bus. The hook is found by its symbol, so that a tool needs no import of the library. */
export function inspect(bus: EventBus, inspector: Inspector): Disposable {
  return (bus as unknown as Record<symbol, (inspector: Inspector) => Disposable>)[hook](inspector)
}

/** Not every engine has `Symbol.dispose` yet; the library falls back to the same. */
export const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose')
