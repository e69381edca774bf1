import { retry } from '../../src/index.js'
import { shop, warehouse } from '../buses.js'
import {
  type Carrier,
  MoodyPickup,
  ParcelDelivered,
  PickupFailed,
  type Quote,
  QuotesRequested,
  SwiftPickup,
  TortoisePickup,
} from '../events.js'
import { pause } from '../pause.js'

export const carrierNames: Record<Carrier, string> = {
  swift: 'Swift Post',
  moody: 'Moody Couriers',
  tortoise: 'Tortoise Freight',
}

/** How long the warehouse waits for Tortoise Freight, which needs far longer. */
export const tortoiseTimeout = 1500

export class DriverMissing extends Error {
  override name = 'DriverMissing'
}

/** Orders whose parcel is on the road, or was. */
const sent = new Set<string>()

/**
 * The road is no handler: what happens there comes back as an event of its own, whenever it happens. A checkout that is run again
 * after a crash sends no second parcel.
 */
function drive(orderId: string, ms: number): void {
  if (sent.has(orderId)) return
  sent.add(orderId)
  setTimeout(() => shop.dispatch(new ParcelDelivered({ orderId })), ms)
}

/** Parcels of earlier pages: those that came are not sent again, and the vans of a page that is gone start anew. */
export function driveOn(shipped: Iterable<string>, delivered: Iterable<string>): void {
  for (const orderId of delivered) sent.add(orderId)
  for (const orderId of shipped) drive(orderId, 900)
}

const tracking = (prefix: string, orderId: string) => ({ tracking: `${prefix}-${orderId.slice(-4)}` })

class MoodyCouriers {
  static readonly excuses = ['the driver is having a coffee', 'the van would not start']
  readonly #calls = new Map<string, number>()

  /** There is one van: the semaphore lets one order have it, over all of its attempts. */
  @retry({ retries: 3, wait: 700, retryOn: [DriverMissing], semaphoreLimit: 1, semaphoreName: 'moody-van' })
  async pickup(orderId: string, report: (attempt: number, reason: string) => void, signal: AbortSignal) {
    const attempt = (this.#calls.get(orderId) ?? 0) + 1
    this.#calls.set(orderId, attempt)
    await pause(250, signal)
    const excuse = MoodyCouriers.excuses[attempt - 1]
    if (excuse) {
      report(attempt, excuse)
      throw new DriverMissing(`Attempt ${attempt} failed: ${excuse}`)
    }
    this.#calls.delete(orderId)
    drive(orderId, 1200)
    return tracking('MC', orderId)
  }
}

const moody = new MoodyCouriers()

function openPickups(): void {
  warehouse.on(
    SwiftPickup,
    async ({ orderId }, { signal }) => {
      await pause(500, signal)
      drive(orderId, 900)
      return tracking('SP', orderId)
    },
    { name: 'Swift.pickup' },
  )

  warehouse.on(
    TortoisePickup,
    async ({ orderId }, { signal }) => {
      await pause(6000, signal)
      return tracking('TF', orderId)
    },
    { name: 'Tortoise.pickup', timeout: tortoiseTimeout },
  )

  warehouse.on(
    MoodyPickup,
    ({ orderId }, { via, signal }) => {
      // The warehouse is busy with this very parcel; the shop has time to hear what goes wrong with it.
      const shopFloor = via(shop)
      const report = (attempt: number, reason: string) => {
        shopFloor.dispatch(new PickupFailed({ orderId, attempt, reason }))
      }
      return moody.pickup(orderId, report, signal)
    },
    { name: 'Moody.pickup' },
  )
}

function quote(carrier: Carrier, price: number, promise: string, hint: string): void {
  const answer: Quote[] = [{ carrier, name: carrierNames[carrier], price, promise, hint }]
  warehouse.on(QuotesRequested, () => answer, { name: `${carrierNames[carrier].split(' ')[0]}.quote` })
}

export function openCarriers(): void {
  openPickups()
  quote('swift', 4.9, 'Tomorrow', 'Reliable')
  quote('tortoise', 1.9, 'Some day', 'Slow: runs into its time-out')
  quote('moody', 2.9, 'In two days', 'Flaky: fails twice, is retried')
}
