// A few tabs that do anything at any time, and die at any time. What a program does follows from its seed; when, from the engine.

import type { BaseEvent, EventBus, HandlerContext } from '../../src/index.js'
import type { EventLog } from '../../src/log/event-log.js'
import { Random } from '../crash/page/random.js'
import { foreign } from '../same-page/helpers.js'
import { freshName } from './helpers.js'
import { holdStore, rawOpen } from './raw.js'
import { catchWrites, openTab, type Tab, tell } from './tabs.js'

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Of one tab: `Shop` and `Mail` are on one log, `Audit` is on another. */
interface Life {
  tab: Tab
  n: number
  dead: boolean
  hidden: boolean
  logs: EventLog[]
  buses: EventBus[]
  /** Logs that have been other than `ok`: what runs there may be in no log. */
  loose: Set<EventLog>
  /** What it was promised, and has not got yet. */
  pending: Set<string>
}

export interface Run {
  id: string
  bus: string
  handler: string
  attempt: number
}

const steps = {
  plain: 12,
  family: 5,
  letter: 3,
  hang: 4,
  recover: 6,
  stop: 3,
  clear: 1,
  flush: 2,
  close: 1,
  records: 1,
  hideShow: 5,
  hide: 2,
  open: 4,
  die: 3,
  abort: 3,
  upgrade: 2,
  hold: 3,
}
type Step = keyof typeof steps
const all = Object.entries(steps).flatMap(([step, weight]) => Array<Step>(weight).fill(step as Step))

export class FaultProgram {
  readonly names = [freshName(), freshName()] as const
  readonly acks = new Map<string, string>()
  readonly runs: Run[] = []
  readonly losses: string[] = []
  /** What must not happen, as it happened. */
  readonly oops: string[] = []
  readonly #random: Random
  readonly #late: number
  readonly #lives: Life[] = []
  readonly #after: Promise<unknown>[] = []
  #released = false
  #count = 0

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.#late = this.#random.pick([2000, 2000, 200, 60])
  }

  async run(length: number): Promise<void> {
    await this.#open()
    for (let i = 0; i < length; i++) {
      await this.#step(this.#random.pick(all))
      const roll = this.#random.next()
      if (roll < 0.3) await foreign()
      else if (roll < 0.8) await pause(this.#random.below(12))
    }
    await this.#calm()
  }

  get #living(): Life[] {
    return this.#lives.filter(({ dead }) => !dead)
  }

  async #open(last = false): Promise<Life> {
    const tab = await openTab()
    const life: Life = {
      ...{ tab, n: this.#lives.length, dead: false, hidden: false },
      ...{ logs: [], buses: [], loose: new Set(), pending: new Set() },
    }
    this.#lives.push(life)
    tab.window.addEventListener('unhandledrejection', ({ reason }) => {
      if (!life.dead) this.oops.push(`unhandled in tab ${life.n}: ${reason?.stack}`)
    })
    life.logs = this.names.map((name) => new tab.EventLog(name))
    for (const log of life.logs) {
      log.addEventListener('statechange', () => life.loose.add(log))
      log.addEventListener('dataloss', ({ from, to, reason }) =>
        this.losses.push(`${from} to ${to}: ${reason}`),
      )
    }
    await Promise.all(life.logs.map((log) => log.db()))
    if (!last) for (const log of life.logs) Object.assign(log, { deadline: this.#late })
    for (const i of [0, 1, 2]) this.#makeBus(life, i)
    return life
  }

  #makeBus(life: Life, i: number): void {
    const { tab } = life
    const log = life.logs[i >> 1]
    const name = ['Shop', 'Mail', 'Audit'][i]
    const bus = new tab.bubus.EventBus({ name, log, maxPending: null })
    life.buses[i] = bus
    const on = (
      type: string,
      handler: string,
      act: (event: BaseEvent, context: HandlerContext) => unknown,
      named = true,
    ) => {
      const listener = (event: BaseEvent, context: HandlerContext) => {
        const { attempt } = context
        if (!life.dead && !life.loose.has(log))
          this.runs.push({ id: event.eventId, bus: name, handler, attempt })
        return act(event, context)
      }
      bus.on(type, listener, named ? { name: handler } : {})
    }
    // Those of a page that is gone never go on.
    const wait = (ms: number) => new Promise<void>((resolve) => tab.window.setTimeout(resolve, ms))
    const child = (type = 'Plain') => new tab.bubus.BaseEvent(type, this.#stamp(life))
    on('Plain', 'note', () => {})
    on('Plain', 'unnamed', () => wait(1), false)
    on('Hang', 'hold', async () => {
      while (!this.#released) await wait(10)
    })
    on('Hang', 'after', () => {})
    on('Family', 'family', async (_, { bus: own, via }) => {
      own.dispatch(child())
      via(life.buses[2]).dispatch(child())
      await own.dispatch(child())
    })
    on('Family', 'late', () => wait(5), false)
    if (i) on('Letter', 'read', () => {})
    else bus.on('Letter', (event) => life.buses[1 + (this.#count % 2)].dispatch(event))
  }

  #stamp = ({ n }: Life) => ({ s: `${n}`, k: this.#count++ })

  #send(life: Life, bus: EventBus, type: string): void {
    const event = new life.tab.bubus.BaseEvent(type, this.#stamp(life))
    try {
      bus.dispatch(event)
    } catch (error) {
      if (!(error instanceof life.tab.bubus.BusStoppedError)) this.oops.push(String(error))
      return
    }
    const { eventId: id, eventPersisted, eventCompletion } = event
    void this.#expect(life, `${id} persisted`, eventPersisted).then((durable) => {
      if (durable && !life.dead) this.acks.set(id, bus.name)
    })
    void this.#expect(life, `${id} completed`, eventCompletion)
  }

  /** Whether it came about. */
  #expect(life: Life, what: string, promise: Promise<unknown>): Promise<boolean> {
    life.pending.add(what)
    return promise.then(
      () => life.pending.delete(what),
      (error) => {
        life.pending.delete(what)
        const known = /LogError|BusStoppedError|InvalidStateError|AbortError/.test(error?.name)
        if (!known && !life.dead) this.oops.push(`${what}: ${error?.stack}`)
        return false
      },
    )
  }

  async #step(step: Step): Promise<void> {
    const random = this.#random
    if (step === 'open' && this.#living.length > 3) return
    if (step === 'open' || !this.#living.length) await this.#open()
    const life = random.pick(this.#living)
    const i = random.below(3)
    const bus = life.buses[i]
    const log = life.logs[i >> 1]
    const ask = (promise: Promise<unknown>) => void this.#expect(life, `${step} ${this.#count++}`, promise)
    if (step === 'plain') for (let n = random.below(4); n >= 0; n--) this.#send(life, bus, 'Plain')
    else if (step === 'family' || step === 'letter')
      this.#send(life, life.buses[0], step === 'family' ? 'Family' : 'Letter')
    else if (step === 'hang') this.#send(life, bus, 'Hang')
    else if (step === 'recover') for (const one of life.buses) ask(one.recover())
    else if (step === 'stop') ask(bus.stop({ timeout: random.pick([0, 20]) }))
    else if (step === 'clear')
      ask(bus.stop({ clear: true }).then(() => life.buses[i] === bus && this.#makeBus(life, i)))
    else if (step === 'flush') ask(log.flush())
    else if (step === 'close') ask(log.close())
    else if (step === 'records') ask(readAll(log))
    else await this.#fault(step, life, this.names[i >> 1])
  }

  async #fault(step: Step, life: Life, name: string): Promise<void> {
    const random = this.#random
    const { tab } = life
    if (step === 'die') {
      if (random.next() < 0.4) tell(tab, 'pagehide')
      await this.#die(life)
    } else if (step === 'hide') {
      life.hidden = true
      tell(tab, 'pagehide')
    } else if (step === 'hideShow') {
      for (let n = random.below(3); n >= 0; n--) {
        tell(tab, 'pagehide')
        await random.pick([foreign, () => pause(3), () => null])()
        tell(tab, 'pageshow')
      }
      life.hidden = false
    } else if (step === 'abort') {
      const { sent, end } = catchWrites(tab, false)
      await pause(3)
      end()
      for (const tx of sent) tx.abort()
    } else if (step === 'upgrade') {
      const db = await rawOpen(name)
      db.close()
      this.#after.push(rawOpen(name, db.version + 1).then((newer) => newer.close()))
    } else if (step === 'hold') {
      const ms = random.below(250)
      this.#after.push(holdStore(name).then((release) => pause(ms).then(release)))
    }
  }

  async #die(life: Life): Promise<void> {
    life.dead = true
    await life.tab.die()
  }

  /** Whoever lives gets what it was promised; then all die but a last one, which finishes what they have left. */
  async #calm(): Promise<void> {
    this.#released = this.#random.next() < 0.6
    await Promise.all(this.#after)
    for (const { tab, hidden } of this.#living) if (hidden) tell(tab, 'pageshow')
    if (this.#released) for (const life of this.#living) await this.#settled(life)
    await Promise.all(this.#living.map((life) => this.#die(life)))
    this.#released = true
    const { buses, logs } = await this.#open(true)
    for (let calm = 0; calm < 2; ) {
      let found = 0
      for (const bus of buses) found += (await bus.recover()).length
      for (const bus of buses) await bus.waitUntilIdle()
      for (const log of logs) await log.flush()
      calm = found ? 0 : calm + 1
    }
  }

  async #settled({ n, pending, logs, buses }: Life): Promise<void> {
    const late = () => [
      ...pending,
      ...logs.flatMap((log) => (log.state === 'degraded' ? `${log.name} is degraded` : [])),
      ...buses.flatMap(({ name, stats }, i) =>
        stats.unpersisted && logs[i >> 1].state === 'ok'
          ? `${name} has ${stats.unpersisted} unpersisted`
          : [],
      ),
    ]
    const end = performance.now() + 10_000
    while (late().length && performance.now() < end) await pause(5)
    for (const what of late()) this.oops.push(`tab ${n}: never ${what}`)
  }
}

async function readAll(log: EventLog): Promise<void> {
  for await (const _ of log.records()) await pause(0)
}
