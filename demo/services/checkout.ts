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

export function openCheckout(): void {
  shop.on(
    CheckoutRequested,
    async ({ orderId, lines, amount, carrier, card }, { bus }) => {
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
