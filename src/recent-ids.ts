import { SEEN_IDS } from './limits.js'

/** Ids of events, in two generations: so many of those that were added last are remembered at least. */
export class RecentIds {
  #sets = [new Set<string>(), new Set<string>()]

  has(id: string): boolean {
    return this.#sets.some((ids) => ids.has(id))
  }

  delete(id: string): void {
    for (const ids of this.#sets) ids.delete(id)
  }

  add(id: string): void {
    const [ids] = this.#sets
    if (ids.add(id).size > SEEN_IDS) this.#sets = [new Set(), ids]
  }
}
