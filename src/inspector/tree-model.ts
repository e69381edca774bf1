import {
  CLOSED_HIT,
  COLLAPSED,
  EVENT,
  FAILED,
  HIDDEN,
  HIT,
  KEPT,
  ORPHAN,
  PATH,
  READ,
  TIMED,
} from './node-bits.js'
import { Nodes, ROOT } from './nodes.js'
import { eventStatus, isFailure, isOpen, resultStatus, worseOf } from './statuses.js'
import { type InspectedEvent, type InspectedResult, isResult } from './subjects.js'

/**
 * The rows: events, below them their handlers, below these the events they dispatched.
 *
 * Invariant: `nodes` has events in order of arrival, each before its handlers, so its first key is the oldest event;
 * `order[0..length)` are the rows as they are shown.
 */
export class TreeModel extends Nodes {
  /** How many rows there are. */
  length = 0
  events = 0
  /** Events that have failed and are not cleared. */
  failures = 0
  /** Events that have failed since somebody emptied it. */
  failed: InspectedEvent[] = []
  /** Events that match the filter and are not cleared, as of the last `flatten`. */
  shown = 0
  /** Events that `clear` has taken from sight. */
  hidden = 0
  /** How many events were let go. */
  evicted = 0
  /** They do not come back, whatever buses remember. */
  gone = new WeakSet<InspectedEvent>()
  filtering = false
  /** The roots are shown by duration, not by arrival. */
  slowestFirst = false

  /** Events that know no more of their parent than its id, which may be that of one to come. */
  readonly #strays = new Set<number>()
  readonly #types = new Map<string, number>()
  readonly #typeNames: string[] = []

  /** The type of an event's node. */
  typeName(node: number): string {
    return this.#typeNames[this.type[node]]
  }
  #typeOf({ eventType }: InspectedEvent): number {
    const known = this.#types.get(eventType)
    if (known !== undefined) return known
    this.#types.set(eventType, this.#typeNames.length)
    return this.#typeNames.push(eventType) - 1
  }

  /** The event of a node, or that whose handler it is. */
  event(node: number): InspectedEvent {
    return this.subject(this.isEvent(node) ? node : this.parent[node]) as InspectedEvent
  }
  /** It is neither filtered out nor cleared away, itself or with the event whose handler it is. */
  isShown(node: number): boolean {
    return (this.flags[this.isEvent(node) ? node : this.parent[node]] & (HIT | HIDDEN)) === HIT
  }
  /** It is here for what lies below it only. */
  isDimmed(node: number): boolean {
    return this.#partial && !this.isShown(node)
  }
  isExpanded(node: number): boolean {
    return !(this.flags[node] & (this.filtering ? CLOSED_HIT : COLLAPSED))
  }
  /** Whether there is anything to expand, as the rows are now. */
  isParent(node: number): boolean {
    for (let child = this.first[node]; child; child = this.next[child]) if (this.#shown(child)) return true
    return false
  }
  /** Wall clock in ms; NaN while it has not come. */
  startOf(node: number): number {
    this.#time(node)
    return this.starts[node]
  }
  endOf(node: number): number {
    this.#time(node)
    return this.ends[node]
  }
  /** ms from start to end, NaN while it has not ended. */
  duration(node: number): number {
    return this.endOf(node) - this.starts[node]
  }
  #time(node: number): void {
    if (this.flags[node] & TIMED) return
    this.flags[node] |= TIMED
    const subject = this.subject(node)
    const [start, end] = isResult(subject)
      ? [subject.startedAt, subject.completedAt]
      : [subject.eventStartedAt, subject.eventCompletedAt]
    this.starts[node] = start?.getTime() ?? Number.NaN
    this.ends[node] = end?.getTime() ?? Number.NaN
  }
  /** Asks all events at once whether they match. */
  judge(matches: (node: number) => boolean): void {
    for (let node = this.end; --node; ) if (this.isEvent(node)) this.setHit(node, matches(node))
  }
  /** The handlers of an event. */
  *results(node: number): Generator<InspectedResult> {
    for (let child = this.first[node]; child; child = this.next[child]) {
      const subject = this.subject(child)
      if (isResult(subject)) yield subject
    }
  }

  /** Takes in what has become of these events, in their order; `read` says that they are from a file. Gives their nodes and those of what hangs on them. */
  update(events: Iterable<InspectedEvent>, read = false): number[] {
    // First all nodes, then the links: an event may come before its parent.
    const batch: number[] = []
    const strays = this.#strays.size
    for (const event of events) batch.push(this.#sync(event, read))
    const walked = new Set<number>()
    // What handlers have dispatched is there too, though no history remembers it: the batch grows.
    for (const node of batch) {
      this.#adopt(node, walked, batch)
      this.#adoptChildren(node, walked, batch)
    }
    // The parent of one that is new may be here for long; that of one that was here comes now.
    if (this.#strays.size) this.#gather(this.#strays.size > strays ? this.nodes.values() : batch)
    return batch
  }

  #gather(nodes: Iterable<number>): void {
    const known = new Map<string, number>()
    for (const node of nodes) if (this.isEvent(node)) known.set(this.event(node).eventId, node)
    for (const node of this.#strays) {
      const parent = known.get(this.event(node).eventParentId as string)
      if (!parent) continue
      this.#strays.delete(node)
      this.flags[node] &= ~ORPHAN
      this.#reparent(node, parent)
    }
  }

  /** Lets the oldest events go until at most `most` rows are left. */
  evict(most: number): void {
    for (const [event, node] of this.allEvents()) {
      if (this.size <= most) break
      this.letGo([event])
      this.#remove(node)
    }
  }

  /** Takes out what came to none of these buses; it comes back with its own. */
  keepOnly(buses: readonly string[]): void {
    for (const [{ eventPath }, node] of this.allEvents()) {
      const stays = this.parent[node] || this.isRead(node) || eventPath.some((name) => buses.includes(name))
      if (!stays) this.#remove(node)
    }
  }

  #remove(node: number): void {
    const place = this.parent[node]
    for (let child = this.first[node]; child; child = this.first[node]) {
      if (this.isEvent(child)) this.#move(child, place, node)
      else {
        for (let below = this.first[child]; below; below = this.first[child]) this.#move(below, place, node)
        this.release(child)
      }
    }
    this.#count(node, -1)
    this.#strays.delete(node)
    this.release(node)
  }

  /** Counts events that are not to be shown any more, or were too many to be shown at all. */
  letGo(events: InspectedEvent[]): void {
    for (const event of events) this.gone.add(event)
    this.evicted += events.length
  }

  /** An event whose parent goes takes its parent's place. */
  #move(node: number, parent: number, before: number): void {
    this.unlink(node)
    this.link(node, parent, before)
    if (parent === ROOT) this.flags[node] |= ORPHAN
  }

  /** What is known of the rows of an older tree, and what the reader has made of them, holds in this one. */
  inherit(old: TreeModel): void {
    this.evicted = old.evicted
    for (const [subject, node] of this.nodes) {
      const known = old.nodeOf(subject)
      if (!known) continue
      this.flags[node] = (this.flags[node] & ~HIT) | (old.flags[known] & KEPT)
      if (old.isHidden(known)) this.#hide(node, true)
    }
    this.failed = this.failed.filter((event) => !old.hasFailed(old.nodeOf(event)))
  }

  #count(node: number, change: 1 | -1): void {
    this.events += change
    if (this.isHidden(node)) this.hidden += change
    else if (this.hasFailed(node)) this.failures += change
  }

  #sync(event: InspectedEvent, read: boolean): number {
    let node = this.nodeOf(event)
    if (!node) {
      node = this.add(event, ROOT, EVENT | HIT | (read ? READ : 0))
      this.type[node] = this.#typeOf(event)
      this.#count(node, 1)
    }
    let worst = 0
    for (const result of event.eventResults.values()) {
      let run = this.nodeOf(result)
      if (!run) {
        // Before the events that are below the event itself: their handler is not known.
        run = this.add(result, node, 0)
      }
      if (isOpen(this.status[run])) {
        this.status[run] = resultStatus(event, result)
        this.flags[run] &= ~TIMED
      }
      worst = worseOf(worst, this.status[run])
    }
    this.status[node] = eventStatus(event, worst)
    this.flags[node] &= ~TIMED
    if (this.texts[node]) this.texts[node] = ''
    if (isFailure(worst) && !this.hasFailed(node)) {
      // It was cleared before: this is news.
      this.#hide(node, false)
      this.flags[node] |= FAILED
      this.failures++
      this.failed.push(event)
    }
    return node
  }

  /** Puts an event below the handler that dispatched it. */
  #adopt(node: number, walked: Set<number>, batch: number[]): void {
    if (this.parent[node] !== ROOT || this.isOrphan(node)) return
    const event = this.subject(node) as InspectedEvent
    const missing: InspectedEvent[] = []
    let parent = event.eventParent
    // A history may have forgotten the parent and still have the parent's parent; `missing` ends circles of hostile files.
    for (; parent && !this.nodeOf(parent) && missing.length < 100; parent = parent.eventParent)
      missing.push(parent)
    if (parent && this.nodeOf(parent)) {
      this.#adoptChildren(this.nodeOf(parent), walked, batch)
      for (const between of missing.reverse()) {
        let at = this.nodeOf(between)
        if (!at) batch.push((at = this.#sync(between, false)))
        this.#adoptChildren(at, walked, batch)
      }
      // No handler of its parent knows it.
      if (this.parent[node] === ROOT) this.#reparent(node, this.nodeOf(event.eventParent))
    }
    if (this.parent[node] === ROOT && event.eventParentId) {
      this.flags[node] |= ORPHAN
      if (!event.eventParent) this.#strays.add(node)
    }
  }

  #adoptChildren(parent: number, walked: Set<number>, batch: number[]): void {
    let run = this.first[parent]
    if (!run || walked.has(parent)) return
    walked.add(parent)
    for (; run; run = this.next[run]) {
      const subject = this.subject(run)
      if (!isResult(subject)) continue
      for (const child of subject.eventChildren) {
        let node = this.nodeOf(child)
        if (!node) {
          node = this.#sync(child, this.isRead(run))
          batch.push(node)
        }
        if (this.parent[node] === ROOT) this.#reparent(node, run)
      }
    }
  }

  #reparent(node: number, parent: number): void {
    // A file may say that an event is its own ancestor.
    for (let above = parent; above; above = this.parent[above]) if (above === node) return
    this.unlink(node)
    this.link(node, parent)
    // What goes on below something that was cleared brings it back.
    if (!this.isHidden(node)) for (let up = parent; up && this.#hide(up, false); up = this.parent[up]);
  }

  #hide(node: number, hide: boolean): boolean {
    if (this.isHidden(node) === hide) return false
    this.flags[node] ^= HIDDEN
    if (this.isEvent(node)) {
      this.hidden += hide ? 1 : -1
      if (this.hasFailed(node)) this.failures += hide ? -1 : 1
    }
    return true
  }

  /** Takes all events from sight, or brings them back. */
  hideAll(hide: boolean): void {
    for (let node = this.end; --node; ) if (this.isEvent(node)) this.#hide(node, hide)
  }
  /** The same for those that ended before a time, wall clock in ms: they are the oldest. */
  clearBefore(time: number): void {
    for (const [event, node] of this.allEvents()) {
      if (event.eventCreatedAt.getTime() >= time) break
      if (!this.isRead(node) && this.endOf(node) < time) this.#hide(node, true)
    }
  }

  /** A new filter, or none: everything is open again in it. */
  startFilter(on: boolean): void {
    this.filtering = on
    for (let node = this.end; --node; ) this.flags[node] &= ~CLOSED_HIT
  }

  expand(node: number, expanded: boolean): void {
    if (this.isExpanded(node) === expanded) return
    this.flags[node] ^= this.filtering ? CLOSED_HIT : COLLAPSED
  }

  /** Expands what lies above `level` (from 1), and collapses the rest. */
  expandTo(level: number): void {
    const bit = this.filtering ? CLOSED_HIT : COLLAPSED
    let depth = 1
    let node = this.first[ROOT]
    while (node) {
      if (depth < level) this.flags[node] &= ~bit
      else this.flags[node] |= bit
      if (this.first[node]) {
        node = this.first[node]
        depth++
        continue
      }
      for (; node && !this.next[node]; node = this.parent[node]) depth--
      node = this.next[node]
    }
  }

  get #partial(): boolean {
    return this.filtering || this.hidden > 0
  }

  #shown(node: number): boolean {
    return !this.#partial || (this.flags[node] & PATH) > 0 || this.isShown(node)
  }

  /** Marks what is above the hits, every ancestor once, so that the whole is O(rows); gives how many hits there are. */
  #markPaths(): number {
    const { flags } = this
    let shown = 0
    for (let node = this.end; --node; ) flags[node] &= ~PATH
    for (let node = this.end; --node; ) {
      if ((flags[node] & (EVENT | HIT | HIDDEN)) !== (EVENT | HIT)) continue
      shown++
      for (let up = this.parent[node]; up && !(flags[up] & PATH); up = this.parent[up]) flags[up] |= PATH
    }
    return shown
  }

  /** The rows, from the top: one pass, and nothing is made for a row. */
  flatten(): void {
    const { parent, first, next, order, index, level, place, below } = this
    this.shown = this.#partial ? this.#markPaths() : this.events
    index.fill(-1)
    below[ROOT] = 0
    const roots = this.slowestFirst ? this.#slowestRoots() : null
    let root = 0
    let length = 0
    let depth = 1
    let node = roots ? (roots[root] ?? ROOT) : first[ROOT]
    while (node) {
      if (this.#shown(node)) {
        order[length] = node
        index[node] = length++
        level[node] = depth
        place[node] = ++below[parent[node]]
        below[node] = 0
        if (first[node] && this.isExpanded(node)) {
          node = first[node]
          depth++
          continue
        }
      }
      if (roots) {
        for (; parent[node] && !next[node]; node = parent[node]) depth--
        node = parent[node] ? next[node] : (roots[++root] ?? ROOT)
      } else {
        for (; node && !next[node]; node = parent[node]) depth--
        node = next[node]
      }
    }
    this.length = length
  }

  #slowestRoots(): number[] {
    const roots: number[] = []
    for (let node = this.first[ROOT]; node; node = this.next[node]) roots.push(node)
    return roots.sort((one, other) => (this.duration(other) || 0) - (this.duration(one) || 0))
  }
}
