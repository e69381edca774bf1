import { Fifo } from '../fifo.js'
import type { Incoming } from './incoming.js'

/** Events that came in, in order: the next one goes on when the buses that it goes to have room. */
export class Inbox {
  readonly #line = new Fifo<Incoming>()
  #pumping = false

  push(incoming: Incoming): void {
    this.#line.push(incoming)
  }

  async pump(): Promise<void> {
    if (this.#pumping) return
    this.#pumping = true
    for (let next = this.#line.shift(); next; next = this.#line.shift()) {
      // A bus that refuses says so when it is given the event.
      for (let full = next.full; full && !next.delivered; full = next.full)
        if (await full.then(no, yes)) break
      next.deliver()
    }
    this.#pumping = false
  }
}

const no = () => false
const yes = () => true
