import { log, shop } from './buses.js'
import {
  CartChanged,
  CheckoutRequested,
  InvoiceRequested,
  NoticeShown,
  ParcelDelivered,
  QuotesRequested,
  ReshipRequested,
  StockChanged,
} from './events.js'

/** Money and parcels move once, and what the shop tells of itself is true once. */
const onceOnly = new Set(
  [
    CartChanged,
    CheckoutRequested,
    InvoiceRequested,
    NoticeShown,
    ParcelDelivered,
    QuotesRequested,
    ReshipRequested,
    StockChanged,
  ].map(({ eventType }) => eventType),
)

interface RecordLike {
  event_type: string
  event_parent_id?: string | null
  event_replay_of?: string | null
}

/** What a replay dispatches: what nobody else will dispatch as its consequence, and what is no repetition itself. */
export const repeatable = ({ event_type, event_parent_id, event_replay_of }: RecordLike): boolean =>
  !event_parent_id && !event_replay_of && !onceOnly.has(event_type)

export async function countRepeatable(): Promise<number> {
  let count = 0
  for await (const record of log.records({ busName: shop.name })) if (repeatable(record)) count++
  return count
}
