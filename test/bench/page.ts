import type { BenchCase } from './bench-case.js'
import { settleInAbxBus } from './cases/abxbus-tick.js'
import { settleIn } from './cases/resident.js'
import { type Sample, takeSample } from './measure.js'
import { servePeer } from './peer.js'
import { cases } from './registry.js'

export interface CaseInfo {
  readonly name: string
  readonly group: string
  readonly events: number
}

/** What the runner calls, over the browser's protocol. */
export interface BenchPage {
  list(): CaseInfo[]
  sample(name: string): Promise<Sample>
  /** The same while the browser's profiler runs. */
  profile(name: string): Promise<Sample>
}

function caseNamed(name: string): BenchCase {
  const found = cases.find((bench) => bench.name === name)
  if (!found) throw new Error(`Expected the name of a case, got ${JSON.stringify(name)}`)
  return found
}

const benchPage: BenchPage = {
  list: () => cases.map(({ name, group, events }) => ({ name, group, events })),
  sample: (name) => takeSample(caseNamed(name)),
  profile: (name) => takeSample(caseNamed(name), true),
}

if ('document' in globalThis) {
  await settleInAbxBus()
  await settleIn()
  Object.assign(globalThis, { benchPage })
} else servePeer()
