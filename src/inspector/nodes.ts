import { EVENT, FAILED, HIDDEN, HIT, MUTATED, ORPHAN, READ } from './node-bits.js'
import type { InspectedEvent, Subject } from './subjects.js'

/** The parent of the roots. */
export const ROOT = 0

/**
 * Numbered nodes in typed arrays, as a forest: a node stands for one subject until it is released, and is used again
 * afterwards. Nothing is made for a node but its entry in `nodes`.
 *
 * Invariant: siblings are a doubly linked list; the roots are the children of `ROOT`, which is no node itself.
 */
export class Nodes {
  parent = new Int32Array(64)
  first = new Int32Array(64)
  next = new Int32Array(64)
  status = new Uint8Array(64)
  flags = new Uint16Array(64)
  /** Of events, their type as a place in `typeNames`: to ask an event goes far through memory. */
  type = new Uint32Array(64)
  /** When it started and ended, wall clock in ms; read from the subject only when somebody asks. */
  protected starts = new Float64Array(64)
  protected ends = new Float64Array(64)

  /** The row of each node, -1 for none, and the node of each row. */
  index = new Int32Array(64)
  order = new Int32Array(64)
  /** Of nodes that have a row: how deep it is, from 1; its place among its siblings, from 1; how many it has below it. */
  level = new Uint16Array(64)
  place = new Int32Array(64)
  below = new Int32Array(64)

  /** What can be searched of an event, once somebody has searched; empty again when it changes. */
  readonly texts: string[] = []
  readonly nodes = new Map<Subject, number>()
  #last = new Int32Array(64)
  #prev = new Int32Array(64)
  readonly #subjects: (Subject | null)[] = [null]
  readonly #free: number[] = []

  /** How many nodes there are. */
  get size(): number {
    return this.nodes.size
  }
  /** Nodes are below this number. */
  get end(): number {
    return this.#subjects.length
  }
  /** 0 for what is not here. */
  nodeOf(subject: Subject | null | undefined): number {
    return (subject && this.nodes.get(subject)) ?? 0
  }
  subject(node: number): Subject {
    return this.#subjects[node] as Subject
  }

  isEvent(node: number): boolean {
    return (this.flags[node] & EVENT) > 0
  }
  isOrphan(node: number): boolean {
    return (this.flags[node] & ORPHAN) > 0
  }
  hasFailed(node: number): boolean {
    return (this.flags[node] & FAILED) > 0
  }
  isRead(node: number): boolean {
    return (this.flags[node] & READ) > 0
  }
  isMutated(node: number): boolean {
    return (this.flags[node] & MUTATED) > 0
  }
  /** Its payload was changed after it was dispatched. */
  setMutated(node: number): void {
    this.flags[node] |= MUTATED
  }
  /** Whether an event matches; only events are asked. */
  setHit(node: number, hit: boolean): void {
    if ((this.flags[node] & HIT) > 0 !== hit) this.flags[node] ^= HIT
  }
  isHidden(node: number): boolean {
    return (this.flags[node] & HIDDEN) > 0
  }

  /** All nodes, from the top: each before those below it. */
  *allNodes(): Generator<number> {
    let node = this.first[ROOT]
    while (node) {
      yield node
      if (this.first[node]) node = this.first[node]
      else {
        while (node && !this.next[node]) node = this.parent[node]
        node = this.next[node]
      }
    }
  }

  /** All events, oldest first. */
  *allEvents(): Generator<[InspectedEvent, number]> {
    for (const [subject, node] of this.nodes) {
      if (this.isEvent(node)) yield [subject as InspectedEvent, node]
    }
  }
  /** The event with this id. */
  eventOf(id: string | null): InspectedEvent | undefined {
    for (const [event] of this.allEvents()) if (event.eventId === id) return event
    return undefined
  }

  protected add(subject: Subject, parent: number, flags: number): number {
    const node = this.#free.pop() ?? this.#subjects.length
    if (node >= this.parent.length) this.#grow()
    this.#subjects[node] = subject
    this.nodes.set(subject, node)
    this.flags[node] = flags
    this.first[node] = this.#last[node] = 0
    this.status[node] = 0
    this.index[node] = -1
    this.link(node, parent)
    return node
  }

  protected release(node: number): void {
    this.nodes.delete(this.subject(node))
    this.unlink(node)
    // Nobody takes a node without flags for an event.
    this.flags[node] = 0
    this.#subjects[node] = null
    this.texts[node] = ''
    this.#free.push(node)
  }

  /** At the end of the parent's children, or before one of them. */
  protected link(node: number, parent: number, before = 0): void {
    const prev = before ? this.#prev[before] : this.#last[parent]
    this.parent[node] = parent
    this.#prev[node] = prev
    this.next[node] = before
    if (prev) this.next[prev] = node
    else this.first[parent] = node
    if (before) this.#prev[before] = node
    else this.#last[parent] = node
  }

  protected unlink(node: number): void {
    const [parent, prev, next] = [this.parent[node], this.#prev[node], this.next[node]]
    if (prev) this.next[prev] = next
    else this.first[parent] = next
    if (next) this.#prev[next] = prev
    else this.#last[parent] = prev
  }

  #grow(): void {
    const fields = this as unknown as Record<string, unknown>
    for (const name in fields) {
      const array = fields[name]
      if (ArrayBuffer.isView(array)) fields[name] = grown(array as Int32Array)
    }
    this.#last = grown(this.#last)
    this.#prev = grown(this.#prev)
  }
}

function grown<A extends Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array>(array: A): A {
  const bigger = new (array.constructor as new (length: number) => A)(array.length * 2)
  bigger.set(array)
  return bigger
}
