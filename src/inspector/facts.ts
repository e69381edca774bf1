import { dataOf, isObject } from './objects.js'
import { outcomeText } from './outcome.js'
import type { Facts } from './query.js'
import { slices } from './slices.js'
import { statuses } from './statuses.js'
import type { InspectedEvent } from './subjects.js'
import type { TreeModel } from './tree-model.js'
import { membersOf, nameOf, type Redact } from './values.js'

/** From how many ms on an event is slow. */
export const SLOW = 100
/** How much of an event is searched, in characters. */
const SEARCHED = 20_000

/** What filters ask of the tree's events. Texts are made on first use, and kept until their event changes. */
export class TreeFacts implements Facts {
  readonly #model: () => TreeModel
  readonly #redact: () => Redact

  constructor(model: () => TreeModel, redact: () => Redact) {
    this.#model = model
    this.#redact = redact
  }

  type(node: number): string {
    return this.#model().typeName(node)
  }
  id(node: number): string {
    return this.#event(node).eventId
  }
  status(node: number) {
    return statuses[this.#model().status[node]]
  }
  buses(node: number): readonly string[] {
    return this.#event(node).eventPath
  }
  handlers(node: number): readonly string[] {
    return [...this.#model().results(node)].map(({ handlerName }) => handlerName)
  }
  duration(node: number): number {
    return this.#model().duration(node)
  }
  tab(node: number): string {
    return this.#model().isRead(node) ? 'file' : 'here'
  }

  is(node: number, word: string): boolean {
    const model = this.#model()
    const event = this.#event(node)
    switch (word) {
      case 'slow':
        return model.duration(node) >= SLOW
      case 'open':
        return event.eventStatus !== 'completed'
      case 'failed':
        return model.hasFailed(node)
      case 'orphan':
        return model.isOrphan(node)
      case 'forwarded':
        return event.eventPath.length > 1
      case 'replayed':
        return event.eventReplayOf !== null
      case 'vetoed':
        return event.defaultPrevented
      case 'mutated':
        return model.isMutated(node)
      case 'root':
        return !model.parent[node]
      default:
        return model.isRead(node)
    }
  }

  payload(node: number, path: readonly string[]): unknown {
    const redact = this.#redact()
    let value: unknown = this.#event(node).eventPayload
    for (const [i, key] of path.entries()) {
      if (!isObject(value)) return undefined
      value = redact(path.slice(0, i + 1), dataOf(value, key))
    }
    return value
  }

  text(node: number): string {
    const { texts } = this.#model()
    return (texts[node] ||= this.#write(this.#event(node), node))
  }

  #event(node: number): InspectedEvent {
    return this.#model().subject(node) as InspectedEvent
  }

  #write(event: InspectedEvent, node: number): string {
    const redact = this.#redact()
    const parts = [
      event.eventType,
      event.eventId,
      event.eventPath.join('>'),
      statuses[this.#model().status[node]],
    ]
    let left = SEARCHED
    const walk = (value: unknown, path: readonly string[], deep: number) => {
      if (left <= 0) return
      if (typeof value === 'string') {
        parts.push(value.slice(0, left))
        left -= value.length
        return
      }
      const { kind, text } = nameOf(value)
      if (kind !== 'object' || deep > 20) {
        parts.push(text)
        left -= text.length
        return
      }
      if (text !== '{…}') parts.push(text)
      for (const { key, value: inner, getter } of membersOf(value, 0, 1000)) {
        if (left <= 0) return
        const at = [...path, key]
        parts.push(key)
        left -= key.length
        if (!getter) walk(redact(at, inner), at, deep + 1)
      }
    }
    walk(event.eventPayload, [], 0)
    for (const result of this.#model().results(node)) {
      parts.push(result.busName, result.handlerName, outcomeText(event, result, redact))
    }
    return parts.join(' ').toLowerCase()
  }
}

/**
 * Asks all events in slices, so that texts can be written; what is added meanwhile is judged when it comes. `progress` is told
 * how much is done, 0 to 1, and says whether that is enough. False if it was.
 */
export async function search(
  model: TreeModel,
  matches: (node: number) => boolean,
  progress: (done: number) => boolean,
): Promise<boolean> {
  const breathe = slices()
  let done = 0
  if (progress(0)) return false
  for (const [event] of [...model.allEvents()]) {
    const node = model.nodeOf(event)
    if (node) model.setHit(node, matches(node))
    done++
    const pause = breathe()
    if (!pause) continue
    progress(done / model.events)
    await pause
    if (progress(done / model.events)) return false
  }
  return true
}

export { parseQuery, QueryError } from './query.js'
