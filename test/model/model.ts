// The reference model: what the bus owes to a program, written from its description of behaviour alone.
//
// It is a state machine that reads the trace of a program entry by entry. What the program's own code does (dispatch, wait,
// return, throw, expect, stop) moves the model; what the bus does (starts a handler, resumes a waiter, completes an event,
// aborts a signal) must be allowed in the model's state at that moment, and when all is at rest nothing may be owed.
// So it needs no guess about how the microtasks of unrelated buses interleave, which nothing fixes: it is exact about the
// order in every lane, given the order of the program's own acts.
//
// Exact: the start of every handler and its order in its lane, jumping included; parents, paths, children, results and their
// order; completion, never early and never late (late: at rest); circles; the recursion guard; which `expect` gets which
// event; cancelling.
// Not exact, because nothing fixes it:
// - which bus of the global lane goes next, if nobody jumps;
// - whether an event that a handler stopped waiting for (it timed out) still jumps;
// - the start of an event that is dispatched after another has completed, and before the code awaiting that one has its turn;
//   likewise if a handler of it in another lane returned so late that the bus need not know yet;
// - a jump within the microtasks between `await` and the engine's call of `then`: it may count or not;
// - a wait by unknown code for an event in the very microtask in which that event is forwarded: it may find nothing to wait for;
// - of several events which one wait makes jump (an awaited one and its children), which goes first;
// - of two waits that close one circle in the same microtasks, which is refused;
// - when exactly a time-out fires: the trace says so, and what it did is then checked;
// - an `expect` whose event came as it was about to time out, and what other `expect`s find in the same moment;
// - what a bus does with what reaches it in the microtasks in which a `stop()` of it ends;
// - the place of the entries of handlers that never ran (cancelled ones) among those of other buses.

import { Life, Mismatch, type Of } from './life.js'
import { whatIsStuck } from './order.js'
import { expectTimeout, type Program, stopTimeout } from './program.js'
import type { Bus, Ev, Run, Wait } from './state.js'
import * as state from './state.js'
import type { Place, Stamped, Trace } from './trace.js'
import { compareFacts } from './verdict.js'

export { Mismatch }

/** Throws a `Mismatch` where the trace first does what the model does not allow. */
export function check(program: Program, trace: Trace): void {
  const model = new Model(program)
  const { entries } = trace
  entries.forEach(({ k }, index) => {
    try {
      model.accept(entries, index)
    } catch (error) {
      if (error instanceof Mismatch) error.message = `at entry ${index} (${k}): ${error.message}`
      throw error
    }
  })
  compareFacts(model.events, trace)
}

/**
 * Follows a growing trace; tells whether the bus still owes something. (A busy bus gives way to the page now and then, so that
 * a few tasks in which nothing happens do not mean that it has done all it will.)
 */
export function follow(program: Program): (entries: Stamped[], statuses: string[]) => boolean {
  const model = new Model(program)
  let read = 0
  let failed = false
  return (entries, statuses) => {
    try {
      while (!failed && read < entries.length) model.accept(entries, read++)
      return !failed && model.owes(statuses) !== null
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error
      failed = true
      return false
    }
  }
}

export class Model extends Life {
  private readonly idles: { bus: Bus; run: Run | null; open: boolean; wasIdle: boolean }[] = []
  private readonly stops: Bus[] = []
  /** The stretch in which a stop last cancelled. */
  private cancelledIn = -1
  private aborts: { run: Run; reason: string }[] = []

  accept(entries: readonly Stamped[], now: number): void {
    const entry = entries[now]
    this.entries = entries
    this.now = now
    this.stretch = entry.stretch
    this.time = entry.time
    if (entry.k === 'abort') return this.abort(this.run(entry.run), entry.reason)
    this.explainAborts()
    this.lookForIdle()
    try {
      this.apply(entry)
    } catch (error) {
      if (!(error instanceof Mismatch && this.lapse())) throw error
      this.apply(entry)
    }
    this.lookForIdle()
  }

  private apply(entry: Stamped): void {
    switch (entry.k) {
      case 'dispatch':
        return this.dispatch(entry)
      case 'enter':
        return this.forward(entry)
      case 'start':
        return this.start(entry)
      case 'end':
        return this.end(entry)
      case 'wait':
        return this.wait(entry)
      case 'bound':
        return this.bind(entry.wait)
      case 'resume':
        return this.resume(entry)
      case 'expect':
        return this.expect(entry)
      case 'expected':
        return this.expected(entry)
      case 'zombie':
        return this.zombie(entry)
      case 'completed':
        return this.completed(this.events[entry.event])
      case 'idle':
        return this.idle(entry)
      case 'idled':
        return this.idled(entry)
      case 'stop':
        return this.stop(this.buses[entry.bus], entry.patient)
      case 'stopped':
        return this.stopped(entry.stop)
      case 'open':
        return
      case 'rest':
        return this.rest(entry.statuses)
    }
  }

  private wait({ wait: id, run: by, events, place, direct }: Of<'wait'>): void {
    const group = events.map((index, position) => {
      const event = this.events[index]
      const run = this.waiter(by, place, event)
      const circular = run !== null && state.closesCircle(run, event)
      const hidden = place !== 'known' && this.stretch <= event.hidden + 1
      const bound = Number.POSITIVE_INFINITY
      const wait: Wait = {
        event,
        run,
        at: this.now + position / 100,
        bound,
        open: true,
        direct,
        circular,
        hidden,
      }
      event.waits.push(wait)
      return wait
    })
    this.groups.set(id, group)
    this.waiting.push(...group)
  }

  /** "A child's `then` read in an unknown place takes the run that dispatched it, while that run lives, as the waiter". */
  private waiter(by: number | null, place: Place, { origin }: Ev): Run | null {
    if (by !== null && place !== 'unknown') return this.run(by)
    return origin?.live ? origin : null
  }

  private bind(id: number): void {
    for (const wait of this.groups.get(id) ?? []) wait.bound = this.now
  }

  private resume({ wait: id, error }: Of<'resume'>): void {
    const group = this.groups.get(id) ?? []
    for (const wait of group) wait.open = false
    this.waiting = this.waiting.filter(({ open }) => open)
    this.pauses = this.pauses.filter(({ owed }) => owed.open)
    if (error === 'EventLoopError') {
      if (!group.some(isCircular)) throw new Mismatch(`wait ${id} was refused, and it closes no circle`)
      for (const wait of group) wait.event.waits.splice(wait.event.waits.indexOf(wait), 1)
      for (const wait of this.waiting) wait.circular &&= closes(wait)
    } else if (error) {
      throw new Mismatch(`wait ${id} was rejected with ${error}`)
    } else {
      const early = group.find(({ event, hidden }) => !event.done && !hidden)
      if (early) throw new Mismatch(`wait ${id} resumed before e${early.event.id} was completed`)
    }
    this.groups.delete(id)
  }

  private expect({ bus: at, type, run: by }: Of<'expect'>): void {
    const bus = this.buses[at]
    const run = by === null ? null : this.run(by)
    const visits = this.events.flatMap(({ visits }) => visits).sort((a, b) => a.at - b.at)
    const free = visits.filter((visit) => visit.bus === bus && visit.event.type === type && !visit.expected)
    const queued = free.find(({ state }) => state === 'queued')
    const visit =
      queued ?? free.find(({ event }) => run !== null && state.isDescendant(event, run.visit.event))
    const late = this.expects.some(
      (other) => other.open && other.late && other.bus === bus && other.type === type,
    )
    if (visit && !late) visit.expected = true
    const rest = { open: true, refused: false, deadline: this.time + expectTimeout - 1, late }
    this.expects.push({ bus, type, run, event: visit?.event ?? null, ...rest })
  }

  private expected({ expect: id, event, error }: Of<'expected'>): void {
    const expectation = this.expects[id]
    // Told a moment before what else the end of a stop does.
    if (error === 'BusStoppedError' && expectation.bus.grace) this.lapse()
    if (error === 'BusStoppedError' && expectation.bus.stopping >= 0) this.refuse(expectation.bus)
    expectation.open = false
    const wanted = expectation.event
    if (expectation.late) return this.takeAsSeen(expectation.bus, event)
    if (wanted ? event !== wanted.id : event !== null) {
      throw new Mismatch(
        `expect ${id}: expected ${wanted ? `e${wanted.id}` : 'no event'}, got ${error ?? `e${event}`}`,
      )
    }
    if (!wanted && !expectation.refused && error !== 'EventTimeoutError') {
      throw new Mismatch(`expect ${id}: expected an EventTimeoutError, got ${error}`)
    }
  }

  /** It was about to time out when its event came; or it met events that another such one may have had. */
  private takeAsSeen(bus: Bus, event: number | null): void {
    const visit = event === null ? null : this.events[event].visits.find((candidate) => candidate.bus === bus)
    if (visit) visit.expected = true
  }

  private zombie({ run, error }: Of<'zombie'>): void {
    if (this.run(run).live) throw new Mismatch(`r${run} found its signal aborted, and it is not over`)
    const isRefusedAnyway = error === 'BusStoppedError' && this.run(run).visit.bus.stopping >= 0
    if (error !== 'EventCancelledError' && !isRefusedAnyway)
      throw new Mismatch(`r${run} is over; its dispatch gave ${error}`)
  }

  private completed(event: Ev): void {
    if (!event.done) throw new Mismatch(`e${event.id} was completed early`)
    const child = event.children.find(({ announced }) => !announced)
    if (child) throw new Mismatch(`e${event.id} was completed before its child e${child.id}`)
    event.announced = true
  }

  private idle({ bus, run }: Of<'idle'>): void {
    this.idles.push({
      bus: this.buses[bus],
      run: run === null ? null : this.run(run),
      open: true,
      wasIdle: false,
    })
    this.lookForIdle()
  }

  private idled({ idle: id, answer }: Of<'idled'>): void {
    const idle = this.idles[id]
    idle.open = false
    const expected = idle.run ? 'EventLoopError' : true
    if (answer !== expected) throw new Mismatch(`waitUntilIdle: expected ${expected}, got ${answer}`)
    if (!idle.run && !idle.wasIdle) throw new Mismatch(`b${idle.bus.id} is called idle, and it never was`)
  }

  private lookForIdle(): void {
    for (const idle of this.idles) idle.wasIdle ||= idle.bus.queue.length + idle.bus.running.length === 0
  }

  private stop(bus: Bus, patient: boolean): void {
    bus.stopping = this.stretch
    this.stops.push(bus)
    bus.maybeOver = false
    if (patient) bus.grace = this.time + stopTimeout - 1
    else this.cancelAll(bus)
  }

  private cancelAll(bus: Bus): void {
    bus.grace = 0
    this.cancelledIn = this.stretch
    this.refuse(bus)
    for (const event of this.unfinished(bus)) this.cancel(event)
    for (const visit of this.buses.flatMap(({ running }) => running)) this.advance(visit)
  }

  /** A stop settles who waits when it ends what is there, and who has begun to wait since when it is over. */
  private refuse(bus: Bus): void {
    for (const expectation of this.expects) {
      if (expectation.bus === bus && expectation.open && !expectation.event) expectation.refused = true
    }
  }

  /** Patient stops that have run out of time, or whose bus is idle: it is seen by what comes of it. False if there is none. */
  private lapse(): boolean {
    const isOver = (bus: Bus) =>
      bus.grace > 0 && (bus.grace <= this.time || this.unfinished(bus).length === 0)
    const due = this.buses.filter(isOver)
    for (const bus of due) this.cancelAll(bus)
    return due.length > 0
  }

  private stopped(id: number): void {
    const bus = this.stops[id]
    if (bus.grace > this.time && this.unfinished(bus).length > 0 && !bus.maybeOver)
      throw new Mismatch(`b${bus.id} stopped before it was idle`)
    if (bus.maybeOver) this.doubt(bus)
    else if (bus.grace) this.cancelAll(bus)
    else this.refuse(bus)
    bus.grace = 0
    bus.stopping = -1
  }

  private abort(run: Run, reason: string): void {
    if (run.aborted) throw new Mismatch(`the signal of r${run.id} aborted twice`)
    run.aborted = true
    if (run.condemned) return
    if (!run.live) {
      // The bus hears a few microtasks later that a handler has returned: if it is stopped in between, it cancels the run.
      const isStopped = this.lapse() || this.cancelledIn === this.stretch
      const mayBeUnheard = isStopped && this.stretch <= run.ended + 2
      if (!mayBeUnheard) throw new Mismatch(`the signal of r${run.id} aborted after it had ended`)
      run.result.errors = ['EventCancelledError']
      return
    }
    this.aborts.push({ run, reason })
  }

  /** Signals that aborted in one stretch: each is a time-out, or below one of the same stretch, or a stop is out of patience. */
  private explainAborts(): void {
    const group = this.aborts.map(({ run }) => run)
    const isBelow = (run: Run) => group.some((other) => other !== run && below(run, other))
    for (const { run: root, reason } of this.aborts.splice(0)) {
      if (isBelow(root)) continue
      if (root.live && reason === 'EventTimeoutError' && root.short) this.timeOut(root)
      else if (root.live) this.lapse()
    }
    for (const run of group) {
      if (run.live) throw new Mismatch(`the signal of r${run.id} aborted without a cause`)
      // Both were due: it may have timed out itself just before it would have been cancelled.
      if (run.short && isBelow(run)) run.result.errors = ['EventCancelledError', 'EventTimeoutError']
    }
  }

  /** Nothing moves any more: what is owed now will never come. */
  private rest(statuses: string[]): void {
    this.pauses = []
    const owed = this.owes(statuses)
    if (owed) throw new Mismatch(owed)
  }

  /** What the bus still has to do before it may rest; null if nothing. */
  owes(statuses: string[]): string | null {
    for (const [id, { event, open, refused, late }] of this.expects.entries()) {
      if (open && !late && (event || refused))
        return `expect ${id} should have settled: ${event ? `e${event.id}` : 'stopped'}`
    }
    for (const [id, group] of this.groups) {
      if (group.every(({ event }) => event.done)) return `wait ${id} should have resumed: all is completed`
      if (group.some((wait) => wait.run?.live && closes(wait)))
        return `wait ${id} should have been refused: a circle`
    }
    for (const [id, status] of statuses.entries()) {
      const { done, started } = this.events[id]
      const expected = done ? 'completed' : started ? 'started' : 'pending'
      if (status !== expected) return `e${id} should be ${expected}, and is ${status}`
    }
    return whatIsStuck(this) ?? this.whatIsOwed()
  }

  private whatIsOwed(): string | null {
    for (const run of this.runs.values()) {
      if (run.condemned && !run.aborted) return `the signal of r${run.id} should have aborted`
    }
    const late = this.events.find(({ done, announced }) => done && !announced)
    if (late) return `e${late.id} should have been completed`
    const bus = this.stops.find(({ stopping }) => stopping >= 0)
    if (bus) return `stop() of b${bus.id} should have resolved`
    const busy = (at: Bus) =>
      this.events.some(({ done, visits }) => !done && visits.some((visit) => visit.bus === at))
    const idle = this.idles.find((waiting) => waiting.open && (waiting.run || !busy(waiting.bus)))
    return idle ? `waitUntilIdle() of b${idle.bus.id} should have settled` : null
  }
}

const isCircular = (wait: Wait) => wait.circular || closes(wait)

const closes = ({ run, event }: Wait) => run !== null && !event.done && state.closesCircle(run, event)

function below(run: Run, ancestor: Run): boolean {
  for (let event: Ev | null = run.visit.event; event; event = event.parent) {
    if (event.origin === ancestor) return true
  }
  return false
}
