import { type Change, differences } from './differences.js'
import { dataOf, isArray } from './objects.js'
import type { InspectedEvent } from './subjects.js'
import type { TreeModel } from './tree-model.js'
import { platformValues } from './values.js'

/** So many values are copied of a payload, and so deep: what is beyond is the original, where no change can be seen. */
const MOST = 10_000
const DEEPEST = 100
const MOST_BYTES = 1_000_000

/** A copy that nothing of the original's code takes part in; what cannot be copied (a blob, an element, a function) stays what it is. */
export function copyOf(value: unknown): unknown {
  const copies = new Map<object, object>()
  let left = MOST
  const copy = (one: unknown, deep: number): unknown => {
    if (typeof one !== 'object' || one === null || left-- <= 0 || deep > DEEPEST) return one
    const known = copies.get(one)
    if (known) return known
    try {
      const [made, fill] = shellOf(one)
      copies.set(one, made)
      fill((held) => copy(held, deep + 1))
      return made
    } catch {
      copies.set(one, one)
      return one
    }
  }
  return copy(value, 0)
}

type Fill = (copy: (held: unknown) => unknown) => void
const whole: Fill = () => {}

/** An empty one of the same kind, and how to fill it. */
function shellOf(one: object): [made: object, fill: Fill] {
  const platform = platformValues.value
  const name = isArray(one) ? undefined : platform?.nameOf(one)
  if (name === undefined) return plainShell(one)
  if (platform?.sizeOf(one) === undefined) {
    const time = platform?.timeOf(one)
    return [time === undefined ? one : new Date(time), whole]
  }
  if (ArrayBuffer.isView(one)) return [one.byteLength > MOST_BYTES ? one : structuredClone(one), whole]
  return collectionShell(one)
}

function collectionShell(one: object): [object, Fill] {
  let entries: Iterable<[unknown, unknown]>
  try {
    entries = Map.prototype.entries.call(one)
  } catch {
    const set = new Set()
    return [
      set,
      (copy) => {
        for (const held of Set.prototype.values.call(one)) set.add(copy(held))
      },
    ]
  }
  const map = new Map()
  return [
    map,
    (copy) => {
      for (const [key, held] of entries) map.set(key, copy(held))
    },
  ]
}

function plainShell(one: object): [object, Fill] {
  const made: object = isArray(one) ? [] : Object.create(Object.getPrototypeOf(one))
  return [
    made,
    (copy) => {
      const keys = Reflect.ownKeys(one)
      if (isArray(one)) (made as unknown[]).length = Number(dataOf(one, 'length'))
      for (const key of keys.slice(0, MOST)) {
        const descriptor = Object.getOwnPropertyDescriptor(one, key)
        if (!descriptor || (key === 'length' && isArray(one))) continue
        if ('value' in descriptor)
          Object.assign(descriptor, { value: copy(descriptor.value), writable: true, configurable: true })
        Object.defineProperty(made, key, descriptor)
      }
    },
  ]
}

/** A payload as it was when a bus took the event. */
interface Hop {
  bus: string
  payload: unknown
}

/** What became of a payload between two moments. */
export interface Mutation {
  /** Where the event was before and after; empty for now. */
  from: string
  to: string
  changes: Change[]
}

/** Payloads as they were dispatched, for as long as their events live. */
export class Snapshots {
  readonly #hops = new WeakMap<InspectedEvent, Hop[]>()

  /** A bus has taken the event. Called while it is being dispatched: it never throws. */
  take(event: InspectedEvent, bus: string): void {
    const hops = this.#hops.get(event)
    try {
      const { eventPayload } = event
      const last = hops?.[hops.length - 1]
      if (last && !differences(last.payload, eventPayload).length) return
      const hop = { bus, payload: copyOf(eventPayload) }
      if (hops) hops.push(hop)
      else this.#hops.set(event, [hop])
    } catch {
      // Nothing is known of it then.
    }
  }

  /** Marks the rows of those events whose payloads were changed. */
  mark(model: TreeModel, events: Iterable<InspectedEvent>): void {
    for (const event of events) {
      const node = model.nodeOf(event)
      if (node && this.mutations(event).length) model.setMutated(node)
    }
  }

  /** What was changed since it was dispatched: from one bus to the next, and since. */
  mutations(event: InspectedEvent): Mutation[] {
    const hops = this.#hops.get(event) ?? []
    const found: Mutation[] = []
    for (const [i, { bus, payload }] of hops.entries()) {
      const next = hops[i + 1]
      const changes = differences(payload, next ? next.payload : event.eventPayload, ['payload'])
      if (changes.length) found.push({ from: bus, to: next?.bus ?? '', changes })
    }
    return found
  }
}
