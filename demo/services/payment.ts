import { shop } from '../buses.js'
import { BankAnswered, BankAsked, ChargePayment } from '../events.js'
import { pause } from '../pause.js'

export class PaymentDeclined extends Error {
  override name = 'PaymentDeclined'
}

/** This card is always refused, so that a visitor can see a checkout being undone. */
export const refusedCard = '0002'

export function openPayment(): void {
  shop.on(
    ChargePayment,
    async ({ orderId, amount, card }, { bus }) => {
      bus.dispatch(new BankAsked({ orderId, amount, card }))
      const answer = await bus.expect(BankAnswered, { where: (it) => it.orderId === orderId, timeout: 5000 })
      if (!answer.approved) throw new PaymentDeclined(`The bank declined the card ending ${card}`)
      return { receipt: `R-${orderId.slice(-4)}` }
    },
    { name: 'Payment.charge' },
  )

  shop.on(
    BankAsked,
    async ({ orderId, card }, { bus, signal }) => {
      await pause(450, signal)
      bus.dispatch(new BankAnswered({ orderId, approved: card !== refusedCard }))
    },
    { name: 'Bank.authorise' },
  )
}
