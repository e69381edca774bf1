/** A member of at most one list at a time. */
export interface Linked<T> {
  list: LinkedList<T> | null
  prev: T | null
  next: T | null
}

/** A doubly linked list through its members: every step O(1) and without allocation. */
export class LinkedList<T> {
  first: (T & Linked<T>) | null = null
  last: (T & Linked<T>) | null = null
  size = 0

  push(item: T & Linked<T>): void {
    item.list = this
    item.prev = this.last
    item.next = null
    if (this.last) this.last.next = item
    else this.first = item
    this.last = item
    this.size++
  }

  /** Takes `item` out of whatever list it is in. */
  static remove<T>(item: T & Linked<T>): void {
    const { list, prev, next } = item as {
      list: LinkedList<T> | null
      prev: Linked<T> | null
      next: Linked<T> | null
    }
    if (!list) return
    if (prev) prev.next = next as T
    else list.first = next as T & Linked<T>
    if (next) next.prev = prev as T
    else list.last = prev as T & Linked<T>
    list.size--
    item.list = item.prev = item.next = null
  }

  toArray(): T[] {
    const items: T[] = []
    for (let item = this.first; item; item = item.next as (T & Linked<T>) | null) items.push(item)
    return items
  }
}

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
