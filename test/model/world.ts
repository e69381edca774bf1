// The real buses, events and gates of one program, and everything that both handlers and the program outside do to them.

import { BaseEvent, EventBus } from '../../src/index.js'
import {
  type EventName,
  expectTimeout,
  gateCount,
  type HandlerPlan,
  type Program,
  type Reading,
  stopTimeout,
} from './program.js'
import { errorName, Recorder } from './recorder.js'
import type { EventFacts, Place, ResultFacts } from './trace.js'
import { forwarder, probe } from './trace.js'

let programs = 0
/** A program that breeds more events, or deeper ones, is cut here. */
const maxEvents = 40
const maxDepth = 6

/** What a handler, or the program outside, waits for; `on` stays in the box until it is awaited in place. */
export interface Pending {
  on: unknown
  settled(error: unknown, value?: unknown): void
}

export class World extends Recorder {
  readonly buses: EventBus[]
  readonly events: BaseEvent[] = []
  readonly gates = Array.from({ length: gateCount }, () => deferred())
  /** What handlers that are to time out wait for; opened at the very end. */
  readonly never = deferred()
  /** Some handler may forward. */
  readonly forwards: boolean
  private readonly depths: number[] = []
  private readonly numbers = new Map<BaseEvent, number>()
  private dispatching = false

  constructor(program: Program) {
    super()
    const prefix = `P${programs++}B`
    const handlers = program.buses.flatMap((bus) => bus.handlers).map(({ does }) => does)
    const forwarders = handlers.filter((does) => typeof does === 'number')
    this.forwards =
      forwarders.length > 0 || handlers.some((does) => typeof does === 'object' && forwardsItself(does))
    const onDispatch = (event: BaseEvent, bus: EventBus) => this.entered(event, bus)
    this.buses = program.buses.map(
      ({ mode, parallelHandlers, maxHistorySize }, index) =>
        new EventBus({
          name: prefix + index,
          eventConcurrency: mode,
          parallelHandlers,
          maxHistorySize,
          // Only a bound `dispatch` needs it: it calls no code of ours.
          middlewares: forwarders.length > 0 ? [{ onDispatch }] : [],
        }),
    )
  }

  numberOf(event: BaseEvent): number {
    const number = this.numbers.get(event)
    if (number === undefined) throw new Error(`An event that no program dispatched: ${event.type}`)
    return number
  }

  isFull(parent: number | null): boolean {
    return this.events.length >= maxEvents || (parent !== null && this.depths[parent] >= maxDepth)
  }

  private entered(event: BaseEvent, bus: EventBus): void {
    if (!this.dispatching) this.add({ k: 'enter', event: this.numberOf(event), bus: this.buses.indexOf(bus) })
  }

  /** `by`: the event and run that do it. Gives the number of the event, or null if it was refused. */
  dispatch(
    event: BaseEvent,
    bus: number,
    target: Pick<EventBus, 'dispatch'>,
    by: { event: number; run: number } | null,
    place: Place | 'handle',
  ): number | null {
    const known = this.numbers.get(event)
    const number = known ?? this.events.length
    let error: string | null = null
    this.dispatching = true
    try {
      target.dispatch(event)
    } catch (thrown) {
      error = errorName(thrown)
    }
    this.dispatching = false
    const type = event.type as EventName
    this.add({ k: 'dispatch', event: number, type, bus, run: by?.run ?? null, place, error })
    if (error !== null) return null
    if (known === undefined) this.adopt(event, number, by?.event ?? null)
    return number
  }

  private adopt(event: BaseEvent, number: number, parent: number | null): void {
    this.events.push(event)
    this.numbers.set(event, number)
    this.depths.push(parent === null ? 0 : this.depths[parent] + 1)
    this.pending.add(`completion of e${number}`)
    event.eventCompletion.then(() => {
      this.add({ k: 'completed', event: number })
      this.pending.delete(`completion of e${number}`)
    })
  }

  /** Notes that the caller is about to wait for these events. */
  wait(run: number | null, events: number[], place: Place, as: Reading | 'all'): Pending {
    const wait = this.newWait()
    this.add({ k: 'wait', wait, run, events, place, direct: as === 'event' })
    this.pending.add(`wait ${wait}`)
    const awaited = events.map((event) => this.events[event])
    return {
      // An event must not be looked at before its time: reading its `then` has a meaning.
      get on() {
        if (as === 'all') return Promise.all(awaited)
        return as === 'event' ? awaited[0] : awaited[0].eventResult({ raiseIfAny: false })
      },
      settled: (error) => {
        this.pending.delete(`wait ${wait}`)
        this.add({ k: 'resume', wait, error: error === null ? null : errorName(error) })
      },
    }
  }

  /** The number of a wait that begins now; the engine calls the `then` that it reads in a later microtask. */
  newWait(): number {
    const wait = this.number('wait')
    afterMicrotasks(4, () => this.add({ k: 'bound', wait }))
    return wait
  }

  expect(bus: number, type: EventName, from: Pick<EventBus, 'expect'>, run: number | null): Pending {
    const expect = this.number('expect')
    // First: by the time that it has here it must not be over before its time.
    this.add({ k: 'expect', expect, bus, type, run })
    const on = from.expect(type, { timeout: expectTimeout })
    this.pending.add(`expect ${expect}`)
    this.ticking.add(`expect ${expect}`)
    return {
      on,
      settled: (error, event) => {
        this.pending.delete(`expect ${expect}`)
        this.ticking.delete(`expect ${expect}`)
        const got = error === null ? this.numberOf(event as BaseEvent) : null
        this.add({ k: 'expected', expect, event: got, error: error === null ? null : errorName(error) })
      },
    }
  }

  idle(bus: number, run: number | null): Pending {
    const idle = this.number('idle')
    this.add({ k: 'idle', idle, bus, run })
    this.pending.add(`idle ${idle}`)
    return {
      on: this.buses[bus].waitUntilIdle(),
      settled: (error, value) => {
        this.pending.delete(`idle ${idle}`)
        this.add({ k: 'idled', idle, answer: error === null ? (value as boolean) : errorName(error) })
      },
    }
  }

  stop(bus: number, patient: boolean): void {
    // What a second, impatient stop does to a patient one is not written anywhere.
    if (this.ticking.has(`stop of b${bus}`) || (patient && this.pending.has(`stop of b${bus}`))) return
    const stop = this.number('stop')
    this.add({ k: 'stop', stop, bus, patient })
    this.pending.add(`stop of b${bus}`)
    if (patient) this.ticking.add(`stop of b${bus}`)
    this.buses[bus].stop(patient ? { timeout: stopTimeout } : {}).then(() => {
      this.pending.delete(`stop of b${bus}`)
      this.ticking.delete(`stop of b${bus}`)
      this.add({ k: 'stopped', stop })
    })
  }

  open(gate: number): void {
    this.add({ k: 'open', gate })
    this.gates[gate].resolve()
  }

  async facts(): Promise<EventFacts[]> {
    const facts: EventFacts[] = []
    for (const event of this.events) facts.push(await this.factsOf(event))
    return facts
  }

  private async factsOf(event: BaseEvent): Promise<EventFacts> {
    const numbers = (events: readonly BaseEvent[]) => events.map((child) => this.numberOf(child))
    const parent = this.events.findIndex(({ eventId }) => eventId === event.eventParentId)
    const results = [...event.eventResults.values()].map(
      (result): ResultFacts => ({
        bus: this.buses.findIndex(({ name }) => name === result.busName),
        handler: handlerNumber(result.handlerName),
        status: result.status,
        value: this.text(result.result),
        error: result.error == null ? null : errorName(result.error),
        children: numbers(result.eventChildren),
      }),
    )
    const value = (found: unknown) => (found == null ? 'none' : `value ${this.text(found)}`)
    return {
      status: event.eventStatus,
      parent: event.eventParentId === null ? null : parent,
      path: event.eventPath.map((name) => this.buses.findIndex((bus) => bus.name === name)),
      children: numbers(event.eventChildren),
      results,
      answer: await event.eventResult().then(value, (error) => `error ${errorName(error)}`),
    }
  }

  private text(value: unknown): string {
    if (value instanceof BaseEvent) return `e${this.numberOf(value)}`
    return value == null ? '' : String(value)
  }
}

const forwardsItself = ({ steps, end }: HandlerPlan) =>
  end === 'forward' || steps.some((step) => step.do === 'forward')

export const handlerName = (handler: number) => (handler === probe ? 'probe' : `h${handler}`)

function handlerNumber(name: string): number {
  if (name === 'probe') return probe
  return /^h\d+$/.test(name) ? Number(name.slice(1)) : forwarder
}

function deferred() {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

function afterMicrotasks(count: number, then: () => void): void {
  queueMicrotask(count > 1 ? () => afterMicrotasks(count - 1, then) : then)
}
