import { getPage, readClock } from './page.js'

/** Something that is due, unless it is taken back before. */
interface Timed {
  readonly due: number
  expired(): void
  /** Those that were given the same time; it is in there until it is over or taken back. */
  readonly set: Set<Timed>
}

/**
 * All time-outs of the page behind one timer that is armed at most 1 s ahead: an idle page has no timer 1 s later,
 * and a laptop that slept does not owe a pile of them.
 */
export interface Timers {
  /** By duration: within a set the first is due first, so adding and taking back are O(1). */
  readonly sets: Map<number, Set<Timed>>
  timer: ReturnType<typeof setTimeout> | undefined
  armed: number
}

function arm(due: number, time: number): void {
  const { timers } = getPage()
  const at = Math.min(due, time + 1000)
  if (at >= timers.armed - 1) return
  clearTimeout(timers.timer)
  timers.armed = at
  timers.timer = setTimeout(tick, at - time)
}

function tick(): void {
  const { timers } = getPage()
  timers.armed = Infinity
  const time = performance.now()
  const due: Timed[] = []
  for (const [ms, set] of timers.sets) {
    for (const item of set) {
      // A timer may fire a little early; what is due within the ms is due.
      if (item.due > time + 1) {
        arm(item.due, time)
        break
      }
      due.push(item)
    }
    if (!set.size) timers.sets.delete(ms)
  }
  // A handler's time is over before its parent's, though the page was busy when both came.
  for (const item of due.sort((a, b) => a.due - b.due)) {
    if (!item.set.delete(item)) continue
    try {
      item.expired()
    } catch (error) {
      console.error('bubus:', error)
    }
  }
}

/** Calls `expired` after `ms`, counted from `since`; the returned function takes it back. */
export function after(ms: number, expired: () => void, since?: number): () => void {
  const { sets } = getPage().timers
  const time = readClock()
  const set = sets.get(ms) ?? new Set()
  const item: Timed = { due: (since ?? time) + ms, expired, set }
  sets.set(ms, set.add(item))
  arm(item.due, time)
  return () => set.delete(item)
}
