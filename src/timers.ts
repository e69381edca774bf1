import { type Linked, LinkedList } from './linked-list.js'
import { getPage } from './page.js'

/** Something that is due `ms` after it was added, unless it is removed before. */
export interface Timed extends Linked<Timed> {
  due: number
  expired(): void
}

/**
 * All time-outs of the page behind one timer that is armed at most 1 s ahead: an idle page has no timer 1 s later,
 * and a laptop that slept does not owe a pile of them.
 */
export class TimerQueue {
  /** A FIFO list for each distinct duration: within a list the first is due first, so adding and removing are O(1). */
  #lists = new Map<number, LinkedList<Timed>>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #armed = Infinity

  add(item: Timed, ms: number): void {
    const list = this.#lists.get(ms) ?? new LinkedList<Timed>()
    this.#lists.set(ms, list)
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
    this.#timer = setTimeout(this.#tick, at - time)
  }

  #tick = (): void => {
    this.#armed = Infinity
    const time = performance.now()
    for (const [ms, list] of this.#lists) {
      // A timer may fire a little early; what is due within the ms is due.
      while (list.first && list.first.due <= time + 1) {
        const item = list.first
        LinkedList.remove<Timed>(item)
        try {
          item.expired()
        } catch (error) {
          console.error('bubus:', error)
        }
      }
      if (list.first) this.#arm(list.first.due, time)
      else this.#lists.delete(ms)
    }
  }
}

/** Calls `expired` after `ms`; the returned function takes it back. */
export function after(ms: number, expired: () => void): () => void {
  const item: Timed = { list: null, prev: null, next: null, due: 0, expired }
  const page = getPage()
  page.timers ??= new TimerQueue()
  page.timers.add(item, ms)
  return () => LinkedList.remove(item)
}
