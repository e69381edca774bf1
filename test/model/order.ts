// The rules of order: which queued event may start now, and which must have started when all is at rest.

import {
  type Bus,
  type Ev,
  hasWaitingRun,
  type Jump,
  jump,
  laneOf,
  type Pause,
  type Visit,
  type Wait,
} from './state.js'

export interface Scene {
  buses: Bus[]
  /** All waits of known runs that have not resumed. */
  waiting: Wait[]
  pauses: Pause[]
  stretch: number
}

/** Why this queued visit must not start now; null if it may. */
export function whyNot(visit: Visit, scene: Scene): string | null {
  const lane = laneOf(visit.bus, scene.buses)
  const own = jump(visit)
  const jumps = Number.isFinite(own.from)
  const first = visit.bus.queue[0] === visit
  if (!lane)
    return first || jumps ? null : `e${visit.bus.queue[0].event.id} was dispatched to this bus earlier`

  const busy = running(lane).find((other) => !hasWaitingRun(other, scene.waiting, scene.stretch, false))
  if (busy) return `${name(busy)} is running in this lane, and none of its handlers waits`
  const rival = queued(lane).find((other) => other !== visit && precedes(other, own))
  if (rival) return `${name(rival)} jumps and came first`
  if (!jumps) {
    const held = running(lane)[0]
    if (held) return `${name(held)} holds the lane, and nobody waits for this event`
    if (!first) return `${name(visit.bus.queue[0])} was dispatched to this bus earlier`
  }
  return whyPaused(visit, lane, scene.pauses, jumps)
}

/** "Code directly awaiting event A, or an `expect` that A fulfilled, runs before the handlers of the next event B start". */
function whyPaused(visit: Visit, lane: Bus[], pauses: Pause[], jumps: boolean): string | null {
  for (const { owed, lane: paused, since } of pauses) {
    const due = owed.open && (!owed.run || owed.run.live) && paused.some((bus) => lane.includes(bus))
    // An `expect` is fulfilled by an event that still runs: what this event's own handlers wait for may start.
    if (!due || visit.at > since || (jumps && 'bus' in owed)) continue
    return `the code that waits for e${owed.event?.id} has not run yet`
  }
  return null
}

/** Another jumper that must start before this visit: "first come first served". */
function precedes(other: Visit, own: Jump): boolean {
  const { from, by, waited } = jump(other)
  if (!Number.isFinite(by)) return false
  return waited && own.waited ? from < own.from : by < own.from
}

/** What ought to have happened by now although nothing moves any more; null if all is well. */
export function whatIsStuck(scene: Scene): string | null {
  for (const bus of scene.buses) {
    for (const visit of bus.running) {
      if (!visit.runs.some(({ live }) => live))
        return `the next handler of ${name(visit)} should have started`
    }
    const lane = laneOf(bus, scene.buses)
    const [head] = bus.queue
    if (head && !(lane && running(lane).length > 0))
      return `${name(head)} should have started: nothing is running`
    const jumper = bus.queue.find((visit) => Number.isFinite(jump(visit).by))
    if (
      jumper &&
      lane &&
      running(lane).every((visit) => hasWaitingRun(visit, scene.waiting, scene.stretch, true))
    ) {
      return `${name(jumper)} should have started: a handler waits for it, and so does every running one of its lane`
    }
  }
  return null
}

export const name = (visit: { event: Ev; bus: Bus }) => `e${visit.event.id} on b${visit.bus.id}`

const running = (lane: Bus[]) => lane.flatMap((bus) => bus.running)
const queued = (lane: Bus[]) => lane.flatMap((bus) => bus.queue)
