import { BusFullError, LogError } from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import type { EventState } from '../events/event-state.js'
import type { HandlerRun } from '../events/handler-run.js'
import { payloadJSON } from '../events/payload-json.js'
import { ASK, type DURABLE, FAILED, OPEN, SHUT, WAITING } from '../events/status.js'
import { MAX_CHARS, MAX_WAITING } from '../limits.js'
import { getPage, microtask } from '../page.js'
import type { BusCore } from './bus-core.js'
import type { RegisteredHandler } from './subscriptions.js'
import type { LogOptions } from './types.js'
import type { Visit } from './visit.js'

/** What a bus asks of its log: the core knows no more of it. */
export interface BusLog {
  /** Entries wait in the journal. */
  wake(): void
  /** @throws LogError when a dispatch is to be refused. */
  check(): void
  /** The history is restored. */
  readonly ready: Promise<void>
  recover(): Promise<BaseEvent[]>
  /** An attempt after a crash is at the head of its queue: opens its gate, or shuts it until the log knows. */
  starting(mark: Mark): void
  /** A handler has its outcome. */
  settled(run: HandlerRun): void
  /** The event is completed. */
  completed(visit: Visit): void
  /** Writes what waits and gives the writer up; settles in any case. */
  end(): Promise<void>
}

/** A log as an option of a bus, whatever copy of the library it is from. */
export interface LogLike {
  openFor(journal: Journal): BusLog
}

/**
 * One line of the log to be: `E` accepted, `A` adopted, `S` attempt started, `R` a handler settled, `C` completed, `X` dead,
 * `B` broadcast to other tabs.
 */
export interface Entry {
  readonly kind: 'E' | 'A' | 'S' | 'R' | 'C' | 'X' | 'B'
  readonly mark: Mark
  /** What was serialised when it happened. */
  text: string
  /** Whose outcome an `R` is. */
  readonly run?: HandlerRun
}

/** An event in the log of one bus: the entry that accepts it, and what is known of it there. */
export class Mark implements Entry {
  readonly kind = 'E'
  readonly visit: Visit
  /** The payload as JSON, until it is durable. */
  text: string
  /** When it was accepted, as `performance.now()`. */
  readonly time = getPage().time
  status: typeof WAITING | typeof DURABLE | typeof FAILED = WAITING
  error: unknown = undefined
  /** Whether its handlers may start: not before its entry is durable, in an attempt after a crash not before that is. */
  gate: typeof OPEN | typeof SHUT | typeof ASK
  /** 1; in attempts after a crash more. */
  attempt = 1
  /** Who accepted it, once that is durable; with the event's id that is its name in the log. */
  writer = ''
  /** Where its `E` is, once it is durable. */
  seq = 0
  index = 0
  /** Whether a handler has had its turn in an earlier attempt. */
  spares: ((handler: RegisteredHandler) => boolean) | undefined

  constructor(visit: Visit, text: string, gate: Mark['gate']) {
    this.visit = visit
    this.text = text
    this.gate = gate
  }

  get journal(): Journal | null {
    return this.visit.core.journal
  }
  get mark(): this {
    return this
  }

  /** It is at the head of its queue: must it wait? */
  holds(): boolean {
    if (this.gate === ASK) this.journal?.log?.starting(this)
    return this.gate === SHUT
  }

  /** Its handlers may start, durable or not. */
  release(): void {
    if (this.gate !== SHUT) return
    this.gate = OPEN
    this.visit.core.lane.schedule()
  }

  /** Its entry is durable, or has failed to be so in time: what has failed may still become durable. */
  settle(status: typeof DURABLE | typeof FAILED, error?: unknown): void {
    this.status = status
    this.error = error
    this.visit.state.onPersisted?.()
    this.release()
  }
}

/**
 * What a bus has to say to its log, in order. It waits here until the log, which is loaded on demand, takes it: so `dispatch`
 * stays synchronous, and the log is no part of an application that has none.
 */
export class Journal {
  readonly core: BusCore
  /** The bus's, as it was asked for: so the log knows it after a reload. */
  readonly name: string
  /** No handler starts before its event is durable. */
  readonly ahead: boolean
  waiting: Entry[] = []
  /** Characters of payloads that wait, and accepted events that are not durable. */
  chars = 0
  unpersisted = 0
  log: BusLog | null = null
  /** Nobody is about to take what waits. */
  idle = true
  /** Writing fails for now: nobody waits for it. */
  degraded = false
  /** The event that is dispatched again and is in the log already; what is dispatched in the midst of that is not. */
  adopted: { state: EventState; go(mark: Mark): void } | null = null
  /** Why nothing is written; undefined while something may be. */
  lost: unknown
  /** Never rejects: undefined where the log could not be loaded. */
  readonly loaded: Promise<BusLog | undefined>

  constructor(core: BusCore, name: string, log: LogLike | LogOptions | string) {
    this.core = core
    this.name = name
    const options = typeof log === 'string' ? { name: log } : log
    this.ahead = (options as LogOptions).mode !== 'behind'
    this.loaded = this.#load(name, options).catch((cause) => {
      this.lose(new LogError(`The log of ${name} could not be opened: ${cause?.message}`, { cause }))
      console.error('bubus:', this.lost)
      return undefined
    })
  }

  async #load(name: string, options: LogLike | LogOptions): Promise<BusLog> {
    let log = options as LogLike
    if (!log.openFor) {
      const { EventLog } = await import('../log/event-log.js')
      log = Object.assign(new EventLog((options as LogOptions).name ?? name, options as LogOptions), {
        onDemand: true,
      })
    }
    this.log = log.openFor(this)
    this.log.wake()
    // Until here, what happens could not have been told.
    if (!this.ahead) for (const { mark } of this.waiting) mark.release()
    return this.log
  }

  /** @throws BusFullError, LogError */
  check(): void {
    if (this.full) throw new BusFullError(`The log of ${this.core.name} is behind: \`await bus.whenRoom()\``)
    this.log?.check()
  }

  get full(): boolean {
    return this.waiting.length >= MAX_WAITING || this.chars >= MAX_CHARS
  }

  /** The event's payload as the log will have it. @throws WireError */
  serialise(state: EventState): string {
    return this.adopts(state) ? '' : payloadJSON(state)
  }

  adopts(state: EventState): boolean {
    return this.adopted?.state === state
  }

  accept(visit: Visit, text: string): Mark {
    const { ahead, degraded, log } = this
    const mark = new Mark(visit, text, (ahead || !log) && !degraded ? SHUT : OPEN)
    mark.spares = visit.state.sparedOn?.(this.name)
    if (this.adopts(visit.state)) this.adopted?.go(mark)
    else {
      this.unpersisted++
      if (this.lost) mark.settle(FAILED, this.lost)
      else this.add(mark)
    }
    return mark
  }

  /** Nothing can be written any more: the bus goes on without. */
  lose(error: unknown): void {
    this.lost = error
    for (const { kind, mark } of this.waiting.splice(0)) {
      if (kind === 'E') mark.settle(FAILED, error)
      else mark.release()
    }
    this.chars = 0
  }

  /** How long the oldest of what waits has done so, in ms. */
  get lag(): number {
    return this.unpersisted && this.waiting.length ? performance.now() - this.waiting[0].mark.time : 0
  }

  add(entry: Entry): void {
    this.chars += entry.text.length
    this.waiting.push(entry)
    if (!this.idle) return
    this.idle = false
    microtask(() => this.log?.wake())
  }
}
