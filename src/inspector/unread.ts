import type { InspectedEvent } from './subjects.js'

/** ms between two announcements, at least. */
const QUIET = 1000

/** Errors that nobody has looked for yet: of each bus, and under `''` of all. Announced at most once a second. */
export class Unread {
  readonly counts = new Map<string, number>()
  /** What a screen reader is told. */
  announcement = ''
  /** Wall clock time since which nobody has looked at all of them: what failed before is not unread, nor what did so before this page. */
  #since = performance.timeOrigin
  #total = 0
  #announced = 0
  #last = Number.NEGATIVE_INFINITY
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `changed` is called when the announcement changes. */
  add(events: readonly InspectedEvent[], changed: () => void): void {
    const failed = events.filter(
      ({ eventCompletedAt }) => !eventCompletedAt || eventCompletedAt.getTime() >= this.#since,
    )
    if (!failed.length) return
    this.#count(failed)
    this.#total += failed.length
    this.#announce(changed)
  }

  #count(failed: Iterable<InspectedEvent>): void {
    for (const { eventPath } of failed) {
      for (const bus of ['', ...eventPath]) this.counts.set(bus, (this.counts.get(bus) ?? 0) + 1)
    }
  }

  #announce(changed: () => void): void {
    if (this.#timer !== undefined) return
    const wait = this.#last + QUIET - performance.now()
    if (wait > 0) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.#announce(changed)
      }, wait)
      return
    }
    if (this.#announced === this.#total) return
    this.#announced = this.#total
    this.#last = performance.now()
    this.announcement = `${this.#total} ${this.#total === 1 ? 'event has' : 'events have'} failed`
    changed()
  }

  /** Somebody has looked, at one bus or at all. */
  clear(bus = ''): void {
    if (bus) this.counts.delete(bus)
    else {
      this.counts.clear()
      this.#since = Date.now()
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Counts what failed since nobody listens: while closed, only when somebody comes near. Never rejects. */
  async peek(): Promise<void> {
    const part = await import('./failed-since.js').catch(() => null)
    if (!part) return
    this.counts.clear()
    this.#count(part.failedSince(this.#since))
  }
}
