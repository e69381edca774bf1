// The life of events in the reference model: dispatched, started, run, cancelled, completed.

import { name, type Scene, whyNot } from './order.js'
import type { Program } from './program.js'
import type { Bus, Ev, Expectation, Pause, Result, Run, Visit, Wait } from './state.js'
import * as state from './state.js'
import type { Entry, Outcome } from './trace.js'

export class Mismatch extends Error {
  override name = 'Mismatch'
}

export type Of<K extends Entry['k']> = Extract<Entry, { k: K }>

/** The third unfinished event in a chain that one handler dispatches to itself is refused. */
const recursionLimit = 3
const NEVER = Number.NEGATIVE_INFINITY

export class Life implements Scene {
  readonly buses: Bus[]
  readonly events: Ev[] = []
  readonly runs = new Map<number, Run>()
  /** What is waited for, by the number of the wait. */
  readonly groups = new Map<number, Wait[]>()
  waiting: Wait[] = []
  expects: Expectation[] = []
  pauses: Pause[] = []
  /** The trace; `now` is the place in it. */
  protected entries: readonly Entry[] = []
  now = 0
  stretch = 0
  time = 0
  private readonly program: Program

  constructor(program: Program) {
    this.program = program
    this.buses = state.makeBuses(program)
  }

  dispatch({ event: id, type, bus: at, run: by, place, error }: Of<'dispatch'>): void {
    const bus = this.buses[at]
    const known = this.events[id]
    const here = known?.visits.some((visit) => visit.bus === bus)
    let expected = this.refusal(bus, by, place, error)
    if (here && error === null) expected = null
    else if (known?.done && !here && error !== 'BusStoppedError') expected = 'TypeError'
    if (error !== expected)
      throw new Mismatch(`dispatch of e${id} to b${at}: expected ${expected}, got ${error}`)
    if (known) known.hidden = this.stretch
    if (error !== null || here) return
    const run = by === null ? null : this.run(by)
    if (run && !run.live) throw new Mismatch(`r${run.id} is over and could still dispatch`)
    this.enter(known ?? this.born(id, type, place === 'known' || place === 'handle' ? run : null), bus)
  }

  /** A stop has ended a few microtasks before the code that awaits it can tell; until then a handler may find either. */
  private refusal(
    { stopping, grace }: Bus,
    by: number | null,
    place: string,
    error: string | null,
  ): string | null {
    if (stopping < 0) return null
    const isChild = by !== null && (place === 'known' || place === 'handle')
    if (grace) return isChild && (error === null || this.time < grace) ? null : 'BusStoppedError'
    const isOver = error === null && (by !== null || this.stretch > stopping)
    return isOver ? null : 'BusStoppedError'
  }

  private born(id: number, type: Ev['type'], origin: Run | null): Ev {
    if (id !== this.events.length) throw new Mismatch(`e${id} is not the next new event`)
    const flags = { started: false, done: false, announced: false, hidden: -2 }
    const lists = { children: [], visits: [], waits: [], results: [], returnedBy: [] }
    const event: Ev = { id, type, parent: origin?.visit.event ?? null, origin, ...lists, ...flags }
    this.events.push(event)
    event.parent?.children.push(event)
    origin?.children.push(event)
    return event
  }

  private enter(event: Ev, bus: Bus): void {
    const items = state.itemsFor(bus, event.type, this.buses.length)
    const rest = { next: 0, runs: [], at: this.now, expected: false, skipped: [] }
    const visit: Visit = { event, bus, state: 'queued', items, ...rest }
    if (bus.grace) this.interrupt(bus)
    else if (bus.stopping >= 0) {
      // Over a moment ago: who waits may have begun before or after.
      this.doubt(bus)
      bus.stopping = -1
    }
    event.visits.push(visit)
    bus.queue.push(visit)
    for (const expectation of this.expects) {
      const matches = expectation.bus === bus && expectation.type === event.type
      if (!matches || !expectation.open || expectation.event || expectation.refused) continue
      expectation.event = event
      expectation.late ||= this.time > expectation.deadline
      visit.expected ||= !expectation.late
    }
    // Another bus that was about to forward it here has nothing left to do.
    for (const other of event.visits) this.advance(other)
  }

  /** A patient stop took an event: if the bus was idle, it may have been over already, which is told a little later. */
  private interrupt(bus: Bus): void {
    if (this.unfinished(bus).length > 0) return
    bus.maybeOver = true
    this.doubt(bus)
  }

  /** Whether a stop has refused what waits on the bus is seen later. */
  doubt(bus: Bus): void {
    for (const expectation of this.expects) {
      if (expectation.bus === bus && expectation.open && !expectation.event) expectation.late = true
    }
  }

  unfinished(bus: Bus): Ev[] {
    return this.events.filter(({ done, visits }) => !done && visits.some((visit) => visit.bus === bus))
  }

  /** A bound `dispatch`, registered as a handler, had its turn; the next handler that starts for the event tells on which bus. */
  forward({ event: id, bus: to }: Of<'enter'>): void {
    const event = this.events[id]
    event.hidden = this.stretch
    const target = this.buses[to]
    if (event.visits.some(({ bus }) => bus === target)) return
    const next = this.entries.find((entry, at) => at > this.now && entry.k === 'start' && entry.event === id)
    const visit = event.visits.find(({ bus }) => next?.k === 'start' && bus.id === next.bus)
    if (visit?.state === 'queued') this.begin(visit)
    const isSkipped = visit?.skipped.includes(target)
    const isNext =
      visit?.state === 'running' && visit.items[visit.next]?.forward === to && !this.isBusy(visit)
    if (!visit || !(isNext || isSkipped))
      throw new Mismatch(`e${id} was forwarded to b${to}, and no forwarder had its turn`)
    if (!isSkipped) visit.next++
    this.enter(event, target)
  }

  start({ run: id, event, bus, handler }: Of<'start'>): void {
    const visit = this.events[event].visits.find((candidate) => candidate.bus.id === bus)
    if (!visit) throw new Mismatch(`e${event} was never dispatched to b${bus}`)
    if (visit.state === 'queued') this.begin(visit)
    const item = visit.items[visit.next]
    if (visit.state === 'done' || !item)
      throw new Mismatch(`${name(visit)} is over; handler ${handler} must not run`)
    if (item.handler !== handler || item.forward !== null) {
      throw new Mismatch(`handler ${handler} of ${name(visit)} started; the next one is ${item.handler}`)
    }
    if (this.isBusy(visit))
      throw new Mismatch(`handler ${handler} of ${name(visit)} started before the one before it ended`)
    const plan = this.program.buses[bus].handlers[handler]?.does
    const short = typeof plan === 'object' && plan.short
    const result: Result = { bus, handler, run: null, value: '', errors: null }
    const run: Run = {
      id,
      visit,
      handler,
      live: true,
      short,
      condemned: false,
      aborted: false,
      ended: NEVER,
      children: [],
      result,
    }
    result.run = run
    visit.event.results.push(result)
    visit.runs.push(run)
    this.runs.set(id, run)
    visit.next++
    this.advance(visit)
  }

  private begin(visit: Visit): void {
    const reason = whyNot(visit, this)
    if (reason) throw new Mismatch(`${name(visit)} started; but ${reason}`)
    const { bus, event } = visit
    bus.queue.splice(bus.queue.indexOf(visit), 1)
    bus.running.push(visit)
    visit.state = 'running'
    event.started = true
    const lane = state.laneOf(bus, this.buses)
    for (const owed of this.expects) {
      if (lane && owed.open && !owed.late && owed.bus === bus && owed.event === event)
        this.pauses.push({ owed, lane, since: this.now })
    }
    this.advance(visit)
  }

  /** Handlers run one after another, unless the bus runs them at once. */
  private isBusy(visit: Visit): boolean {
    return !visit.bus.plan.parallelHandlers && visit.runs.some(({ live }) => live)
  }

  /** Passes over what leaves no trace of its own (idle forwarders, refused recursion) and ends the visit after the last. */
  advance(visit: Visit): void {
    if (visit.state !== 'running' || this.isBusy(visit)) return
    const { event, bus, items } = visit
    for (; visit.next < items.length; visit.next++) {
      const { handler, forward } = items[visit.next]
      if (forward === null) {
        if (state.recursions(event, bus, handler) < recursionLimit) return
        event.results.push({ bus: bus.id, handler, run: null, value: '', errors: ['EventLoopError'] })
      } else {
        const target = this.buses[forward]
        event.hidden = this.stretch
        const isThere = event.visits.some((other) => other.bus === target)
        if (!isThere && (target.stopping < 0 || target.grace > this.time)) return
        if (!isThere) visit.skipped.push(target)
      }
    }
    if (visit.runs.some(({ live }) => live)) return
    this.leave(visit)
    this.settle(event, state.laneOf(bus, this.buses))
  }

  private leave(visit: Visit): void {
    const { bus } = visit
    const list = visit.state === 'queued' ? bus.queue : bus.running
    list.splice(list.indexOf(visit), 1)
    visit.state = 'done'
  }

  end({ run: id, outcome }: Of<'end'>): void {
    const run = this.run(id)
    if (!run.live) throw new Mismatch(`r${id} was over before it ended`)
    if (outcome.as === 'event' && outcome.wait !== null) {
      const child = this.events[outcome.event]
      run.result.value = `e${child.id}`
      if (child.done) return this.finish(run)
      const rest = {
        at: this.now,
        bound: Number.POSITIVE_INFINITY,
        open: true,
        direct: false,
        circular: false,
        hidden: false,
      }
      const wait: Wait = { event: child, run, ...rest }
      child.waits.push(wait)
      child.returnedBy.push([outcome.wait, run])
      this.waiting.push(wait)
      this.groups.set(outcome.wait, [wait])
      return
    }
    record(run.result, outcome)
    this.finish(run)
  }

  private finish(run: Run): void {
    run.live = false
    run.ended = this.stretch
    this.advance(run.visit)
  }

  /** "completed when all its results on all buses are settled and all its children are completed". */
  private settle(event: Ev, lane: Bus[] | null): void {
    if (event.done || !event.visits.every((visit) => visit.state === 'done')) return
    if (!event.children.every(({ done }) => done)) return
    event.done = true
    for (const owed of event.waits) {
      if (lane && owed.open && owed.direct && !this.isFresh(event, lane))
        this.pauses.push({ owed, lane, since: this.now })
    }
    for (const [wait, run] of event.returnedBy) {
      this.groups.delete(wait)
      this.waiting = this.waiting.filter((waiting) => waiting.run !== run || waiting.event !== event)
      if (run.live) this.finish(run)
    }
    if (event.parent) this.settle(event.parent, lane)
  }

  /** A handler in another lane has just returned: the bus may not know yet, and complete the event a little later. */
  private isFresh({ visits, children }: Ev, lane: Bus[]): boolean {
    const runs = visits.filter(({ bus }) => !lane.includes(bus)).flatMap((visit) => visit.runs)
    return (
      runs.some(({ ended }) => this.stretch < ended + 3) ||
      children.some((child) => this.isFresh(child, lane))
    )
  }

  timeOut(run: Run): void {
    run.result.errors = ['EventTimeoutError']
    run.live = false
    run.condemned = true
    for (const child of run.children) this.cancel(child)
    this.advance(run.visit)
  }

  /** "every handler that would have run gets such a result"; what has run keeps its own. */
  cancel(event: Ev): void {
    if (event.done) return
    for (const visit of event.visits.filter(({ state }) => state !== 'done')) this.cancelVisit(visit)
    for (const child of event.children) this.cancel(child)
    this.settle(event, null)
  }

  private cancelVisit(visit: Visit): void {
    const { event, bus } = visit
    for (const run of visit.runs.filter(({ live }) => live)) {
      run.live = false
      run.condemned = true
      run.result.errors = ['EventCancelledError']
    }
    for (const { handler, forward } of visit.items.slice(visit.next)) {
      if (forward !== null) continue
      const errors = ['EventCancelledError']
      if (state.recursions(event, bus, handler) >= recursionLimit) errors.push('EventLoopError')
      event.results.push({ bus: bus.id, handler, run: null, value: '', errors })
    }
    this.leave(visit)
  }

  run(id: number): Run {
    const run = this.runs.get(id)
    if (!run) throw new Mismatch(`r${id} is unknown`)
    return run
  }
}

function record(result: Result, outcome: Outcome): void {
  if (outcome.as === 'value') result.value = outcome.value
  if (outcome.as === 'event') result.value = `e${outcome.event}`
  if (outcome.as === 'throw') result.errors = [outcome.error]
}
