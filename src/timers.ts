import { type Linked, LinkedList } from './linked-list.js'
import { getPage } from './page.js'

/** Something that is due `ms` after it was added, unless it is removed before. */
export interface Timed extends Linked<Timed> {
  due: number
  expired(): void
}

/** One FIFO list for each distinct duration: within a list the first is due first, so adding and removing are O(1). */
interface Duration extends LinkedList<Timed> {
  ms: number
}

/**
 * All time-outs of the page behind one timer that is armed at most 1 s ahead: an idle page has no timer 1 s later,
 * and a laptop that slept does not owe a pile of them.
 */
export class TimerQueue {
  #durations = new Map<number, Duration>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #armed = Infinity

  add(item: Timed, ms: number): void {
    let list = this.#durations.get(ms)
    if (!list) {
      list = Object.assign(new LinkedList<Timed>(), { ms })
      this.#durations.set(ms, list)
    }
    const time = performance.now()
    item.due = time + ms
    list.push(item)
    this.#arm(item.due, time)
  }

  #arm(due: number, time: number): void {
    const at = Math.min(due, time + 1000)
    if (at >= this.#armed - 1) return
    clearTimeout(this.#timer)
    this.#armed = at
    this.#timer = setTimeout(() => this.#tick(), at - time)
  }

  #tick(): void {
    this.#armed = Infinity
    const time = performance.now()
    let next = Infinity
    for (const list of this.#durations.values()) {
      // A timer may fire a little early; what is due within the ms is due.
      while (list.first && list.first.due <= time + 1) {
        const item = list.first
        LinkedList.remove(item)
        item.expired()
      }
      if (list.first) next = Math.min(next, list.first.due)
      else this.#durations.delete(list.ms)
    }
    if (next < Infinity) this.#arm(next, time)
  }
}

export function timers(): TimerQueue {
  const page = getPage()
  page.timers ??= new TimerQueue()
  return page.timers
}

/** Calls `expired` after `ms`; the returned function takes it back. */
export function after(ms: number, expired: () => void): () => void {
  const item: Timed = { list: null, prev: null, next: null, due: 0, expired }
  timers().add(item, ms)
  return () => LinkedList.remove(item)
}
