import { CORE } from '../brands.js'
import type { Journal } from '../bus/journal.js'
import { livingBuses } from '../bus/page-buses.js'
import type { RegisteredHandler } from '../bus/subscriptions.js'
import { none } from '../fifo.js'
import { type Fate, type Fold, handlerKey, whence } from './fold.js'
import { unnamed } from './log-queries.js'
import type { LogWriter } from './writer.js'

/** Who runs again, and what was dispatched by whom: see log.md, promise 5. */
export class Lineage {
  readonly #fold: Fold
  readonly #journal: Journal
  readonly #dead: ReadonlySet<string>
  readonly #superseded = new Map<Fate, boolean>()

  readonly #writers: readonly LogWriter[]

  constructor(fold: Fold, { journal, log }: LogWriter, dead: ReadonlySet<string>) {
    this.#writers = [...log.writers]
    this.#fold = fold
    this.#journal = journal
    this.#dead = dead
  }

  /** What is over of it on other buses, where handlers have had their turn. */
  others({ line, bus }: Fate): Fate[] {
    const all = this.#fold.all(line.event_id)
    return all.filter((it) => it.bus !== bus && (it.ended || (it.settled && this.#isOver(it))))
  }

  /** Unfinished, and nobody is left to finish it. */
  orphaned(fate: Fate): boolean {
    return !fate.ended && this.#dead.has(fate.owner)
  }

  children({ line }: Fate): readonly Fate[] {
    const children = this.#fold.byParent.get(line.event_id)
    return children ? children.filter((child) => this.#isOver(child)) : none
  }

  /** Nobody is at it: it is orphaned, or a stop has ended it on a bus of this page that lives. */
  #isOver(fate: Fate): boolean {
    const { ended, writer, line } = fate
    return (
      this.orphaned(fate) ||
      (!ended && this.#writers.some(({ left }) => left.get(line.event_id)?.writer === writer))
    )
  }

  /** The run that dispatched it, or one above it, will run again: it will dispatch anew. */
  superseded(fate: Fate): boolean {
    const above = whence(fate.line)
    if (!above) return false
    const known = this.#superseded.get(fate)
    if (known !== undefined) return known
    // A circle of parents is a lie.
    this.#superseded.set(fate, false)
    const parents = this.#fold.all(above).filter((it) => this.orphaned(it))
    const superseded = parents.some((parent) => this.superseded(parent)) || this.#runsAgain(parents, fate)
    this.#superseded.set(fate, superseded)
    return superseded
  }

  #runsAgain(parents: Fate[], { line }: Fate): boolean {
    if (!parents.length) return false
    const [pattern, name, bus] = (line.event_by ?? []) as string[]
    if (name === undefined)
      return parents.some((parent) => parent.bus !== this.#journal.name || this.#handlers(parent).length > 0)
    const settled = (parent: Fate) => !!parent.settled?.has(handlerKey(pattern, name))
    const there = parents.filter((parent) => bus === undefined || parent.bus === bus)
    if (there.length) return name === '' || !there.every(settled)
    // Brought back there already: then what comes of runs that were not spared is closed already, too.
    there.push(...this.#fold.all(parents[0].line.event_id).filter((it) => it.bus === bus))
    if (there.length) return name === '' || !there.some(settled)
    return this.#comesTo(bus, name, parents)
  }

  /** Whether it comes again to a bus that has no entry of it here, and finds the handler there that is not spared. */
  #comesTo(bus: string, name: string, parents: Fate[]): boolean {
    const core = livingBuses().find((it) => it.name === bus)?.[CORE]
    // In another log, which knows whether it is spared.
    if (core?.journal) return name === ''
    // What came by there on its way here is not brought there again.
    return (!!core || unnamed.test(bus)) && parents.some(({ line }) => !line.event_path?.includes(bus))
  }

  /** The handlers that will run for it here. */
  #handlers(fate: Fate): readonly RegisteredHandler[] {
    const { subscriptions } = this.#journal.core
    return subscriptions.plan(fate.line.event_type).filter((handler) => !spares(fate, handler))
  }
}

export const spares = ({ settled }: Fate, { named, pattern, name }: RegisteredHandler) =>
  named && !!settled?.has(handlerKey(pattern, name))
