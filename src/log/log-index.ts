// A stand-in until the reading side is there.
import type { EventLog } from './event-log.js'
import type { Ends, Summary } from './log-db.js'

export class SummaryBuilder {
  readonly #summary: Summary
  constructor(bus: string) {
    this.#summary = {
      n: 0,
      events: 0,
      open: 0,
      bus,
      from: Infinity,
      to: -Infinity,
      types: [],
      least: '',
      most: '',
      keep: false,
    }
  }
  add(type: string, id: string, created: number): void {
    const s = this.#summary
    s.events++
    s.open++
    if (!s.types.includes(type)) s.types.push(type)
    s.from = Math.min(s.from, created)
    s.to = Math.max(s.to, created)
    if (!s.least || id < s.least) s.least = id
    if (id > s.most) s.most = id
  }
  done(n: number): Summary {
    this.#summary.n = n
    return this.#summary
  }
}

export class LogIndex {
  constructor(_log: EventLog) {}
  note(_seq: number, _summary: Summary, _ended: Map<number, Ends>): void {}
  async flush(): Promise<void> {}
  async catchUp(): Promise<void> {}
}
