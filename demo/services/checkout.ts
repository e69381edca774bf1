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

/** There are two tills, for all tabs together: a third customer waits. */
const tills = new Semaphore('shop-tills', { limit: 2, scope: 'multiprocess' })

export function openCheckout(): void {
  shop.on(
    CheckoutRequested,
    async ({ orderId, lines, amount, carrier, card }, { bus, signal }) => {
      using _till = await tills.acquire({ signal })
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
