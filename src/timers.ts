import { getPage } from './page.js'

/** Something that is due, unless it is taken back before. */
interface Timed {
  readonly due: number
  expired(): void
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
  for (const [ms, set] of timers.sets) {
    for (const item of set) {
      // A timer may fire a little early; what is due within the ms is due.
      if (item.due > time + 1) {
        arm(item.due, time)
        break
      }
      set.delete(item)
      try {
        item.expired()
      } catch (error) {
        console.error('bubus:', error)
      }
    }
    if (!set.size) timers.sets.delete(ms)
  }
}

/** Calls `expired` after `ms`; the returned function takes it back. */
export function after(ms: number, expired: () => void): () => void {
  const { sets } = getPage().timers
  const time = performance.now()
  const item = { due: time + ms, expired }
  const set = sets.get(ms) ?? new Set()
  sets.set(ms, set.add(item))
  arm(item.due, time)
  return () => set.delete(item)
}
