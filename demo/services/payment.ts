import { shop } from '../buses.js'
import { BankAnswered, BankAsked, ChargePayment } from '../events.js'
import { pause } from '../pause.js'
import { bank } from './bank.js'

export class PaymentDeclined extends Error {
  override name = 'PaymentDeclined'
}

export function openPayment(): void {
  shop.on(
    ChargePayment,
    async ({ orderId, amount, card, eventParentId, eventId }, { bus }) => {
      // After a crash the checkout asks again, by another event; the checkout's own id stays the same.
      const key = eventParentId ?? eventId
      bus.dispatch(new BankAsked({ orderId, amount, card, key }))
      const answer = await bus.expect(BankAnswered, { where: (it) => it.orderId === orderId, timeout: 5000 })
      if (!answer.approved) throw new PaymentDeclined(`The bank declined the card ending ${card}`)
      return { receipt: `R-${orderId.slice(-4)}` }
    },
    { name: 'Payment.charge' },
  )

  shop.on(
    BankAsked,
    async ({ orderId, amount, card, key = orderId }, { bus, signal }) => {
      await pause(450, signal)
      bus.dispatch(new BankAnswered({ orderId, approved: bank.charge(key, orderId, amount, card) }))
    },
    { name: 'Bank.authorise' },
  )
}
