/**
 * A first-in-first-out queue: what came in is turned over when the way out is empty. (A `Map` or `Set` is none: after
 * deletes its first key is found by walking the graves.)
 */
export class Fifo<T> {
  #in: T[] = []
  #out: T[] = []

  push(item: T): void {
    this.#in.push(item)
  }

  clear(): void {
    this.#in.length = this.#out.length = 0
  }

  /** The next one, left where it is. */
  peek(): T | undefined {
    if (!this.#out.length) [this.#in, this.#out] = [this.#out, this.#in.reverse()]
    return this.#out[this.#out.length - 1]
  }

  shift(): T | undefined {
    this.peek()
    return this.#out.pop()
  }
}

/** Most lists of an event have one member or none: no list is made before it is needed, and then of the right size. */
export const none: readonly never[] = []
export function with1<T>(list: readonly T[], item: T): readonly T[] {
  if (!list.length) return [item]
  ;(list as T[]).push(item)
  return list
}
