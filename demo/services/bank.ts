import { shared } from '../drawers.js'

/** What the bank has taken, by the key that it was asked with. */
interface Charge {
  orderId: string
  amount: number
  approved: boolean
}

/** This card is always refused, so that a visitor can see a checkout being undone. */
export const refusedCard = '0002'

const ledgerName = 'bank-ledger'

/**
 * A house of its own: its books survive whatever becomes of the shop. Who asks again with the same key gets the first answer,
 * and nothing is taken twice.
 */
class Bank {
  charge(key: string, orderId: string, amount: number, card: string): boolean {
    const ledger = this.#ledger()
    const before = ledger.find(([known]) => known === key)
    if (before) return before[1].approved
    const approved = card !== refusedCard
    shared.setItem(ledgerName, JSON.stringify([...ledger, [key, { orderId, amount, approved }]]))
    return approved
  }

  #ledger(): [key: string, charge: Charge][] {
    try {
      return JSON.parse(shared.getItem(ledgerName) ?? '[]')
    } catch {
      return []
    }
  }
}

export const bank = new Bank()
