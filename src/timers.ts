import { getPage, microtask, readClock } from './page.js'

/** Something that is due, unless it is taken back before. */
interface Timed {
  readonly due: number
  readonly expired: () => void
}

/**
 * All time-outs of the page behind one timer that is armed at most 1 s ahead: an idle page has no timer 1 s later,
 * and a laptop that slept does not owe a pile of them. Adding and taking back are O(1).
 */
export interface Timers {
  readonly items: Set<Timed>
  timer: ReturnType<typeof setTimeout> | undefined
  armed: number
}

function arm(due: number, time: number): void {
  const { timers } = getPage()
  let at = Math.min(due, time + 1000)
  // Late by a second: other code has cleared it, with all timers of the page, or has replaced the platform's for a while (tests do).
  if (timers.armed + 1000 < time) at = time
  else if (at >= timers.armed - 1) return
  clearTimeout(timers.timer)
  timers.armed = at
  timers.timer = setTimeout(tick, at - time)
}

function tick(): void {
  const { timers } = getPage()
  timers.armed = Infinity
  const time = readClock()
  const due: Timed[] = []
  let next = Infinity
  for (const item of timers.items) {
    // A timer may fire a little early; what is due within the ms is due.
    if (item.due > time + 1) next = Math.min(next, item.due)
    else due.push(item)
  }
  if (next < Infinity) arm(next, time)
  // A handler's time is over before its parent's, though the page was busy when both came. Each has a microtask of its own: what one
  // throws is reported, and the others have their turns.
  for (const item of due.sort((a, b) => a.due - b.due)) {
    microtask(() => timers.items.delete(item) && void item.expired())
  }
}

/** Calls `expired` after `ms`, counted from `since`; the returned function takes it back. */
export function after(ms: number, expired: () => void, since?: number): () => void {
  const { items } = getPage().timers
  const time = readClock()
  const item = { due: (since ?? time) + ms, expired }
  items.add(item)
  arm(item.due, time)
  return () => items.delete(item)
}
