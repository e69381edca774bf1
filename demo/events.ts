import {
  array,
  boolean,
  enums,
  type Infer,
  integer,
  min,
  number,
  object,
  optional,
  string,
  type,
} from 'superstruct'
import { defineEvent } from '../src/index.js'
import { catalogue } from './catalogue.js'

/** Fired by elements: they climb the page as DOM events do, out of every shadow root, up to the document. */
const fromThePage = { bubbles: true, composed: true }

/** Whatever names a product names one of ours, also when it comes from a file. */
const Sku = enums(catalogue.map(({ sku }) => sku))

export const Line = object({ sku: Sku, quantity: min(integer(), 1) })
export type Line = Infer<typeof Line>

export const Carrier = enums(['swift', 'tortoise', 'moody'])
export type Carrier = Infer<typeof Carrier>

export const Quote = object({
  carrier: Carrier,
  name: string(),
  price: number(),
  promise: string(),
  hint: string(),
})
export type Quote = Infer<typeof Quote>

const Tracking = object({ tracking: string() })
const orderId = string()

/* Fired by clicks ------------------------------------------------------------------------------------ */

/** Cancelable: whoever knows better may `preventDefault()`, and the cart never hears of it. */
export class ItemAdded extends defineEvent('ItemAdded', { sku: Sku }, { ...fromThePage, cancelable: true }) {}

export class ItemRemoved extends defineEvent('ItemRemoved', { sku: Sku }, fromThePage) {}

export class CheckoutRequested extends defineEvent(
  'CheckoutRequested',
  { orderId, lines: array(Line), amount: number(), carrier: Carrier, card: string() },
  { ...fromThePage, result: Tracking },
) {}

/** A parcel that one carrier failed to take is given to another. */
export class ReshipRequested extends defineEvent(
  'ReshipRequested',
  { orderId, carrier: Carrier },
  { ...fromThePage, result: Tracking },
) {}

/* Fired by the services ------------------------------------------------------------------------------ */

export class CartChanged extends defineEvent('CartChanged', { lines: array(Line) }) {}

export class CartCleared extends defineEvent('CartCleared', { orderId }) {}

export class StockChanged extends defineEvent('StockChanged', { sku: Sku, left: number() }) {}

export class NoticeShown extends defineEvent('NoticeShown', {
  text: string(),
  tone: enums(['good', 'warn', 'bad']),
}) {}

export class ReserveStock extends defineEvent(
  'ReserveStock',
  { orderId, lines: array(Line) },
  { result: object({ reserved: number() }) },
) {}

export class ReleaseStock extends defineEvent('ReleaseStock', { orderId }) {}

export class ChargePayment extends defineEvent(
  'ChargePayment',
  { orderId, amount: number(), card: string() },
  { result: object({ receipt: string() }) },
) {}

/** Asked again with the same key, the bank takes nothing more. */
export class BankAsked extends defineEvent('BankAsked', {
  orderId,
  amount: number(),
  card: string(),
  key: optional(string()),
}) {}

export class BankAnswered extends defineEvent('BankAnswered', { orderId, approved: boolean() }) {}

/** Answered by a worker. */
export class InvoiceRequested extends defineEvent(
  'InvoiceRequested',
  { orderId, lines: array(Line), amount: number() },
  { result: object({ svg: string() }) },
) {}

/** Every carrier answers with a list; the form shows all lists as one. */
export class QuotesRequested extends defineEvent('QuotesRequested', {}, { result: array(Quote) }) {}

export class ShipOrder extends defineEvent(
  'ShipOrder',
  { orderId, carrier: Carrier },
  { result: Tracking },
) {}

export class SwiftPickup extends defineEvent('SwiftPickup', { orderId }, { result: Tracking }) {}

export class TortoisePickup extends defineEvent('TortoisePickup', { orderId }, { result: Tracking }) {}

export class MoodyPickup extends defineEvent('MoodyPickup', { orderId }, { result: Tracking }) {}

export class PickupFailed extends defineEvent('PickupFailed', {
  orderId,
  attempt: integer(),
  reason: string(),
}) {}

export class ParcelDelivered extends defineEvent('ParcelDelivered', { orderId }) {}

/* Found in recorded sessions: `type` lets through the keys that nobody here knows ---------------------- */

export class NavigateToUrlEvent extends defineEvent('NavigateToUrlEvent', type({ url: string() })) {}

export class ClickElementEvent extends defineEvent(
  'ClickElementEvent',
  type({ element_index: integer(), label: optional(string()) }),
) {}

export class CreateAgentStepEvent extends defineEvent(
  'CreateAgentStepEvent',
  type({ step: integer(), next_goal: string() }),
) {}

export class UpdateAgentTaskEvent extends defineEvent(
  'UpdateAgentTaskEvent',
  type({ success: boolean(), done_output: string() }),
) {}
