/** What a case measured itself; `ms`, where it is there, stands for the time of the whole run. */
export type Figures = Readonly<Record<string, number>>

/** One sample: made before the clock starts, checked and taken down after it has stopped. */
export interface Round {
  run(): void | Promise<void> | Promise<Figures>
  /** Throws unless the work was done: a bench that skips its work is fast. */
  finish?(): void | Promise<void>
}

/** Cases of one group share a page and its rounds; the yardstick runs in every group. */
export type Group =
  | 'main'
  // What its bursts leave behind, as timers and garbage, weighs on whatever comes after them in their page.
  | 'abxbus'
  | 'history'
  | 'buses'
  | 'children'
  | 'handlers'
  | 'tasks'
  | 'log'
  | 'recovery'
  | 'tabs'
  | 'worker'
  | 'slots'
  | 'inspector'
  | 'closed'

export interface BenchCase {
  readonly name: string
  readonly group: Group
  /** The sample's time is divided by this. */
  readonly events: number
  prepare(): Round | Promise<Round>
}

/** The length of a burst, as the targets name it. */
export const BURST = 20_000

export function check(truth: boolean, claim: string): asserts truth {
  if (!truth) throw new Error(`The bench did not do its work: ${claim}`)
}

/** 0 + 1 + … + (count - 1): what a summing listener must have reached after `count` events. */
export function sumBelow(count: number): number {
  return (count * (count - 1)) / 2
}
