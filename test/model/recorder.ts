// What the interpreter keeps: the trace, the numbers of things, and the promises that are still out.

import type { Entry, Outcome, Stamped } from './trace.js'

export class Recorder {
  readonly entries: Stamped[] = []
  /** Promises that have not settled, by what they are. */
  readonly pending = new Set<string>()
  /** Things that only a real time-out will end. */
  readonly ticking = new Set<string>()
  private readonly counts = new Map<string, number>()
  private stretch = 0
  private isSameStretch = false

  add(entry: Entry): void {
    if (!this.isSameStretch) {
      this.isSameStretch = true
      this.stretch++
      queueMicrotask(() => {
        this.isSameStretch = false
      })
    }
    this.entries.push({ ...entry, stretch: this.stretch, time: performance.now() })
  }

  number(kind: string): number {
    const next = this.counts.get(kind) ?? 0
    this.counts.set(kind, next + 1)
    return next
  }

  start(event: number, bus: number, handler: number, short: boolean): number {
    const run = this.number('run')
    this.add({ k: 'start', run, event, bus, handler })
    if (short) this.ticking.add(`run ${run}`)
    return run
  }

  /** `last`: what it waits for still, after its code. */
  end(run: number, outcome: Outcome, last?: Promise<unknown>): void {
    this.add({ k: 'end', run, outcome })
    void Promise.resolve(last).then(() => this.ticking.delete(`run ${run}`))
  }

  abort(run: number, reason: unknown): void {
    this.add({ k: 'abort', run, reason: errorName(reason) })
    this.ticking.delete(`run ${run}`)
  }
}

export const errorName = (error: unknown) => (error instanceof Error ? error.name : String(error))

/** The page is at rest when several tasks in a row have added nothing, no time-out is running and nothing is owed. */
export async function rest(recorder: Recorder, isOwed: () => boolean): Promise<void> {
  // Far more than it takes: what spins takes its time on a busy machine.
  const deadline = performance.now() + 10_000
  let quiet = 0
  for (let turns = 0; turns < 1000 || performance.now() < deadline; turns++) {
    const before = recorder.entries.length
    const isTicking = recorder.ticking.size > 0
    await (isTicking || quiet > 100 ? later() : task())
    quiet = recorder.entries.length === before && !isTicking ? quiet + 1 : 0
    if (quiet >= 3 && !isOwed()) return
  }
  // What is owed and does not come, the model finds.
  if (recorder.ticking.size > 0) throw new Error(`Nothing ends ${[...recorder.ticking].join()}`)
}

const { port1, port2 } = new MessageChannel()
const tasks: (() => void)[] = []
port1.onmessage = () => tasks.shift()?.()

/** A task later; unlike a timer it is not delayed by the nesting of timers. */
function task(): Promise<void> {
  return new Promise((resolve) => {
    tasks.push(resolve)
    port2.postMessage(null)
  })
}

const later = () => new Promise<void>((resolve) => setTimeout(resolve, 1))
