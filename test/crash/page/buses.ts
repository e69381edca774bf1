// The buses of the page under test, and their handlers: named and unnamed, quick and slow, with children and forwards.

import { number, optional, string } from 'superstruct'
import type { HandlerContext } from '../../../src/bus/types.js'
import { type BaseEvent, defineEvent, EventBus } from '../../../src/index.js'
import { EventLog } from '../../../src/log/event-log.js'
import { report, session } from './report.js'

/** Every event says which life of which tab dispatched it, as the how manieth. A child says which place of its parent it fills. */
const common = { s: string(), k: number(), pad: optional(string()) }
const child = { ...common, slot: optional(string()) }

export class Plain extends defineEvent('Plain', common) {}
export class Slow extends defineEvent('Slow', { ...common, ms: number() }) {}
export class Bad extends defineEvent('Bad', common) {}
export class Family extends defineEvent('Family', { ...common, kids: number() }) {}
export class Kid extends defineEvent('Kid', { ...child, deeper: optional(number()) }) {}
/** A child that lies in another log than its parent. */
export class Receipt extends defineEvent('Receipt', child) {}
/** Goes on to another bus in the same log, `Notice` to one in another log. */
export class Letter extends defineEvent('Letter', common) {}
export class Notice extends defineEvent('Notice', common) {}

let count = 0
export const stamp = () => ({ s: session, k: count++ })

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Nothing may be compacted: the judge reads everything. */
const options = { retain: { events: 10_000_000 } }

export function openBuses() {
  const logs = { crash: new EventLog('crash', options), audit: new EventLog('audit', options) }
  const shop = new EventBus({ name: 'Shop', log: logs.crash, maxPending: null })
  const mail = new EventBus({ name: 'Mail', log: logs.crash, maxPending: null })
  const audit = new EventBus({ name: 'Audit', log: logs.audit, maxPending: null })
  for (const [name, log] of Object.entries(logs)) listen(name, log)
  onShop(shop, mail, audit)
  const ran = saying(mail)
  mail.on('*', async (event, context) => ran(event, context, 'deliver'), { name: 'deliver' })
  const seen = saying(audit)
  audit.on('Receipt', (event, context) => seen(event, context, 'file'), { name: 'file' })
  audit.on('Notice', async (event, context) => {
    await pause(2)
    seen(event, context, 'anonymous')
  })
  return { logs, shop, mail, audit, all: [shop, mail, audit] }
}

export type Buses = ReturnType<typeof openBuses>

function listen(name: string, log: EventLog): void {
  log.addEventListener('dataloss', (event) => {
    const { from, to, reason } = event as unknown as { from: number; to: number; reason: string }
    report({ dataloss: name, from, to, reason })
  })
  log.addEventListener('statechange', () => report({ state: log.state, log: name }))
}

/** Reports a handler's run, before it does anything. */
const saying =
  ({ name: bus }: EventBus) =>
  ({ eventId }: BaseEvent, { attempt }: HandlerContext, handler: string) =>
    report({ run: eventId, bus, handler, attempt })

function onShop(shop: EventBus, mail: EventBus, audit: EventBus): void {
  const ran = saying(shop)
  shop.on(Plain, (event, context) => ran(event, context, 'note'), { name: 'note' })
  shop.on(Plain, async (event, context) => ran(event, context, 'anonymous'))
  shop.on(
    Slow,
    async (event, context) => {
      ran(event, context, 'first')
      await pause(event.ms)
    },
    { name: 'first' },
  )
  shop.on(
    Slow,
    async (event, context) => {
      ran(event, context, 'second')
      await pause(event.ms)
    },
    { name: 'second' },
  )
  shop.on(
    Bad,
    (event, context) => {
      ran(event, context, 'fail')
      throw new Error('on purpose')
    },
    { name: 'fail' },
  )
  shop.on('Letter', mail.dispatch)
  shop.on('Notice', audit.dispatch)
  withChildren(shop, audit)
}

function withChildren(shop: EventBus, audit: EventBus): void {
  const ran = saying(shop)
  const slotOf = ({ eventId }: BaseEvent, slot: string) => ({ ...stamp(), slot: `${eventId}/${slot}` })
  shop.on(
    Family,
    async (event, context) => {
      ran(event, context, 'family')
      for (let i = 0; i < event.kids; i++) {
        const kid = context.bus.dispatch(
          new Kid({ ...slotOf(event, `${i}`), deeper: i === 0 ? 1 : undefined }),
        )
        if (i % 2) await kid
      }
      context.via(audit).dispatch(new Receipt(slotOf(event, 'receipt')))
    },
    { name: 'family' },
  )
  shop.on(Family, async (event, context) => {
    ran(event, context, 'anonymous')
    await pause(3)
    context.bus.dispatch(new Kid(slotOf(event, 'unnamed')))
  })
  shop.on(
    Kid,
    async (event, context) => {
      ran(event, context, 'kid')
      if (event.deeper) await context.bus.dispatch(new Kid(slotOf(event, 'deeper')))
    },
    { name: 'kid' },
  )
}
