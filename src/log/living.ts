import { nanoid } from 'nanoid'
import { lockName, take } from '../locks.js'

/** Whoever has an id, and holds its lock for as long as it lives under it: who can take the lock knows that it is dead. */
export class Living {
  /** '' while there is none. */
  id = ''
  /** All that it has had. */
  readonly ids = new Set<string>()
  /** The lock is. */
  held = false
  #wseq = 0
  #alive: Promise<unknown> | null = null
  #giveUp: (() => void) | null = null

  /** Requests the lock of a new id; resolves once it is held. Without Web Locks nobody can ask whether it lives. */
  alive(): Promise<unknown> {
    this.#alive ??= this.#begin()
    return this.#alive
  }

  async #begin(): Promise<void> {
    const id = nanoid()
    this.id = id
    this.ids.add(id)
    this.#wseq = 0
    // Nobody else knows the id: the lock is free, or there are no locks.
    const release = await take(lockName(id))
    if (id !== this.id) return release?.()
    this.#giveUp = release
    this.held = true
  }

  /** The number of the next segment under this id. */
  nextSegment = (): number => this.#wseq++

  /** Gives the lock back: what is written from now on is another one's. */
  resign(): void {
    this.held = false
    this.#giveUp?.()
    this.#giveUp = this.#alive = null
    this.id = ''
  }
}
