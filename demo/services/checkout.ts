import { Semaphore } from '../../src/index.js'
import { shop, warehouse } from '../buses.js'
import {
  type Carrier,
  CartCleared,
  ChargePayment,
  CheckoutRequested,
  MoodyPickup,
  ReleaseStock,
  ReserveStock,
  ReshipRequested,
  ShipOrder,
  SwiftPickup,
  TortoisePickup,
} from '../events.js'

const pickup: Record<Carrier, (orderId: string) => SwiftPickup | TortoisePickup | MoodyPickup> = {
  swift: (orderId) => new SwiftPickup({ orderId }),
  tortoise: (orderId) => new TortoisePickup({ orderId }),
  moody: (orderId) => new MoodyPickup({ orderId }),
}

/** Not on plain http, nor where the visitor lets no site store anything. */
const tabsHaveLocks = async (): Promise<boolean> => {
  try {
    await navigator.locks.query()
    return true
  } catch {
    return false
  }
}

/** There are two tills, for all tabs together: a third customer waits. Tabs that can share nothing have two each. */
const tills = tabsHaveLocks().then(
  (shared) => new Semaphore('shop-tills', { limit: 2, scope: shared ? 'multiprocess' : 'global' }),
)

export function openCheckout(): void {
  shop.on(
    CheckoutRequested,
    async ({ orderId, lines, amount, carrier, card }, { bus, signal }) => {
      using _till = await (await tills).acquire({ signal })
      await bus.dispatch(new ReserveStock({ orderId, lines })).eventResult()
      try {
        await bus.dispatch(new ChargePayment({ orderId, amount, card })).eventResult()
      } catch (error) {
        await bus.dispatch(new ReleaseStock({ orderId }))
        throw error
      }
      bus.dispatch(new CartCleared({ orderId }))
      return await bus.dispatch(new ShipOrder({ orderId, carrier })).eventResult()
    },
    { name: 'Checkout.run' },
  )

  shop.on(
    ReshipRequested,
    ({ orderId, carrier }, { bus }) => bus.dispatch(new ShipOrder({ orderId, carrier })).eventResult(),
    { name: 'Checkout.shipAgain' },
  )

  warehouse.on(
    ShipOrder,
    ({ orderId, carrier }, { bus }) => bus.dispatch(pickup[carrier](orderId)).eventResult(),
    { name: 'Warehouse.pack' },
  )
}
