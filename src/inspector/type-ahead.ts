import { isResult } from './subjects.js'
import type { TreeModel } from './tree-model.js'

/** ms within which letters belong to one word. */
const TYPING = 700

/** Letters that are typed one after another. */
export class TypeAhead {
  #typed = ''
  #typedAt = 0

  /** The next row after `at` whose name begins with what was typed, -1 for none. */
  find(model: TreeModel, key: string, at: number): number {
    const { length, order } = model
    const now = performance.now()
    this.#typed = now - this.#typedAt < TYPING ? this.#typed + key.toLowerCase() : key.toLowerCase()
    this.#typedAt = now
    // A longer word may still be the same row.
    const from = Math.max(0, at) + (this.#typed.length > 1 ? 0 : 1)
    for (let i = 0; i < length; i++) {
      const index = (from + i) % length
      const subject = model.subject(order[index])
      const name = isResult(subject) ? subject.handlerName : subject.eventType
      if (name.toLowerCase().startsWith(this.#typed)) return index
    }
    return -1
  }
}
