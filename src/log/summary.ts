import type { Summary } from './log-db.js'

/** Makes the summary of a segment from its events, one by one. */
export class SummaryBuilder {
  readonly #bus: string
  readonly #types = new Set<string>()
  #events = 0
  #from = Infinity
  #to = -Infinity
  #least = ''
  #most = ''

  constructor(bus: string) {
    this.#bus = bus
  }

  /** `created` in ms. */
  add(type: string, id: string, created: number): void {
    this.#types.add(type)
    this.#from = Math.min(this.#from, created)
    this.#to = Math.max(this.#to, created)
    if (!this.#events++ || id < this.#least) this.#least = id
    if (id > this.#most) this.#most = id
  }

  /** Of `n` lines with so many characters. */
  done(n: number, size = 0): Summary {
    return {
      n,
      events: this.#events,
      open: this.#events,
      ended: 0,
      until: 0,
      size,
      bus: this.#bus,
      from: this.#from,
      to: this.#to,
      types: [...this.#types],
      least: this.#least,
      most: this.#most,
      keep: false,
    }
  }
}
