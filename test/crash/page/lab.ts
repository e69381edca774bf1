// A page with the library in it, for tests that say themselves what happens there.

import { BaseEvent, EventBus } from '../../../src/index.js'
import type { DataLossEvent } from '../../../src/log/event-log.js'
import { EventLog } from '../../../src/log/event-log.js'
import { rows } from './dump.js'

/** What has happened here: handler runs as number and attempt, acknowledgements, refusals, completions, losses, states. */
const seen = {
  runs: [] as [n: number, attempt: number][],
  acks: [] as number[],
  nacks: [] as string[],
  done: [] as number[],
  cancelled: [] as number[],
  losses: [] as { from: number; to: number; reason: string }[],
  states: [] as string[],
}

/** While true, handlers do not end: the page is to die over them. */
let hold = false
let letGo: () => void = () => {}
const go = new Promise<void>((resolve) => {
  letGo = resolve
})

let log: EventLog
let bus: EventBus

/** The bus `Lab` on a log. */
function open(name: string, options: ConstructorParameters<typeof EventLog>[1] = {}): void {
  log = new EventLog(name, options)
  bus = new EventBus({ name: 'Lab', log, maxPending: null })
  log.addEventListener('dataloss', (event) => {
    const { from, to, reason } = event as DataLossEvent
    seen.losses.push({ from, to, reason })
  })
  log.addEventListener('statechange', () => seen.states.push(log.state))
  bus.on('Work', async ({ eventPayload }, { attempt, signal }) => {
    const n = Number(eventPayload.n)
    seen.runs.push([n, attempt])
    signal.addEventListener('abort', () => seen.cancelled.push(n))
    if (hold) await go
    return n
  })
}

function send(n: number, more: object = {}): BaseEvent {
  const event = bus.dispatch(new BaseEvent('Work', { n, ...more }, { timeout: null }))
  event.eventPersisted.then(
    () => seen.acks.push(n),
    (error) => seen.nacks.push(`${error?.name}: ${error?.message}`),
  )
  event.eventCompletion.then(() => seen.done.push(n))
  return event
}

/** Sends `count` events from a number on; resolves when all are durable, or known not to be. */
async function sendMany(first: number, count: number, more: object = {}): Promise<void> {
  for (let n = first; n < first + count; n++) send(n, more)
  await log.flush()
}

async function recover(): Promise<number[]> {
  return (await bus.recover()).map(({ eventPayload }) => Number(eventPayload.n))
}

/** One event after the other, so that every one has a segment of its own. */
async function sendSingly(first: number, count: number, more: object = {}): Promise<void> {
  for (let n = first; n < first + count; n++) await send(n, more).eventPersisted
}

/** Lines of the log as they lie there, with who wrote them. */
async function lines() {
  const found: { seq: number; writer: string; kind: string; id: string; n?: number }[] = []
  const ids = new Map<string, string>()
  for await (const some of rows(log.name, 'wal')) {
    for (const { seq, value } of some) {
      const { body, writer } = value as { body: string; writer: string }
      for (const [index, text] of body.trimEnd().split('\n').entries()) {
        const { event_entry: kind, event_id: id, also = [], n } = JSON.parse(text)
        ids.set(`${seq}:${index}`, id)
        found.push({ seq, writer, kind, id, n })
        for (let i = 0; i < also.length; i += 3)
          for (let at = also[i + 1]; at <= also[i + 2]; at++)
            found.push({ seq, writer, kind, id: ids.get(`${also[i]}:${at}`) ?? '', n })
      }
    }
  }
  return found
}

async function eventually(what: string, holds: () => unknown, ms = 15_000): Promise<void> {
  const end = performance.now() + ms
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`never: ${what}; ${JSON.stringify(seen).slice(0, 2000)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Locks of writers that somebody holds. */
async function writers(): Promise<string[]> {
  const { held = [] } = await navigator.locks.query()
  return held.flatMap(({ name = '' }) => (name.startsWith('bubus:w:') ? [name.slice(8)] : []))
}

const lab = {
  BaseEvent,
  EventBus,
  EventLog,
  seen,
  open,
  send,
  sendMany,
  sendSingly,
  recover,
  lines,
  eventually,
  writers,
  mine: () => [...log.writers].map(({ id }) => id),
  hold: (on: boolean) => {
    hold = on
  },
  release: () => letGo(),
  ready: () => bus.ready,
  idle: (ms?: number) => bus.waitUntilIdle(ms),
  log: () => log,
  flush: () => log.flush(),
  state: () => log.state,
  unpersisted: () => bus.stats.unpersisted,
}

export type Lab = typeof lab
Object.assign(globalThis, { lab })
