// What the page does until it dies.

import type { BaseEvent, EventBus } from '../../../src/index.js'
import { Bad, type Buses, Family, Letter, Notice, Plain, Slow, stamp } from './buses.js'
import type { Random } from './random.js'
import { report } from './report.js'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Dispatches, and reports the acknowledgement and the completion as soon as they are known. */
export function send(bus: EventBus, event: BaseEvent): BaseEvent {
  const { eventId: id } = bus.dispatch(event)
  event.eventPersisted.then(
    () => report({ ack: id, bus: bus.name, type: event.eventType }),
    (error) => report({ nack: id, why: String(error?.message) }),
  )
  event.eventCompletion.then(() => report({ done: id }))
  return event
}

const pad = (random: Random) => 'é"\\x'.repeat(random.below(40))

function oneOf({ shop, mail, audit }: Buses, random: Random): BaseEvent {
  const roll = random.next()
  const more = { ...stamp(), pad: pad(random) }
  if (roll < 0.35) return send(shop, new Plain(more))
  if (roll < 0.5) return send(shop, new Family({ ...more, kids: random.below(4) }))
  if (roll < 0.6) return send(shop, new Slow({ ...more, ms: random.below(30) }))
  if (roll < 0.75) return send(shop, new Letter(more))
  if (roll < 0.85) return send(shop, new Notice(more))
  if (roll < 0.9) return send(shop, new Bad(more))
  return send(random.next() < 0.5 ? mail : audit, new Notice(more))
}

/** Single events that are awaited, bursts, and pauses; never more than `most` unfinished events. */
export async function load(buses: Buses, random: Random, most = 150): Promise<never> {
  for (;;) {
    const roll = random.next()
    if (roll < 0.3) await oneOf(buses, random).eventPersisted.catch(() => {})
    else if (roll < 0.5) await oneOf(buses, random)
    else if (roll < 0.7) for (let i = random.below(30); i >= 0; i--) oneOf(buses, random)
    else if (roll < 0.75) for (let i = random.below(100); i >= 0; i--) send(buses.shop, new Plain(stamp()))
    else await pause(random.below(40))
    while (buses.all.some(({ stats }) => stats.queued + stats.inFlight > most)) await pause(5)
  }
}
