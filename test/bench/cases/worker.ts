import { wrap } from 'comlink'
import { WorkerBridge } from '../../../src/bridges/worker-bridge.js'
import { type BenchCase, check } from '../bench-case.js'
import { peer, upToSpeed } from './peers.js'
import { Tick } from './tick.js'

const MANY = 10_000
const FEW = 500
const s = 'tick'

interface Remote {
  tick(record: unknown): Promise<number>
}

/** A call of comlink's with a record, for each event: all at once, or one after another. */
function bare(
  name: string,
  events: number,
  run: (remote: Remote, records: unknown[]) => Promise<void>,
): BenchCase {
  return {
    name,
    group: 'worker',
    events,
    async prepare() {
      const other = await peer('comlink')
      const remote = wrap<Remote>(other.worker) as unknown as Remote
      const all = Array.from({ length: events }, (_, n) => new Tick({ n, s }).toJSON())
      check((await remote.tick(all[1])) === 1, 'the worker answers')
      await upToSpeed(() => run(remote, all))
      return { run: () => run(remote, all), finish: other.end }
    },
  }
}

function ours(
  name: string,
  events: number,
  run: (bridge: WorkerBridge, all: Tick[]) => Promise<void>,
): BenchCase {
  return {
    name,
    group: 'worker',
    events,
    async prepare() {
      const other = await peer('exposed')
      const bridge = new WorkerBridge(other.worker)
      const ticks = () => Array.from({ length: events }, (_, n) => new Tick({ n, s }))
      const first = await bridge.dispatch(new Tick({ n: -1, s }))
      check((await first.eventResult()) === -1, 'the worker answers')
      await upToSpeed(() => run(bridge, ticks()))
      const all = ticks()
      return {
        run: () => run(bridge, all),
        async finish() {
          check((await all[events - 1].eventResult()) === events - 1, 'every event was answered')
          bridge.close()
          other.end()
        },
      }
    },
  }
}

export const worker: readonly BenchCase[] = [
  bare('comlink, in bulk', MANY, async (remote, records) => {
    await Promise.all(records.map((record) => remote.tick(record)))
  }),
  ours('WorkerBridge, in bulk', MANY, async (bridge, all) => {
    for (const tick of all) bridge.dispatch(tick)
    await Promise.all(all.map((tick) => tick.eventCompletion))
  }),
  bare('comlink, one at a time', FEW, async (remote, records) => {
    for (const record of records) await remote.tick(record)
  }),
  ours('WorkerBridge, one at a time', FEW, async (bridge, all) => {
    for (const tick of all) await bridge.dispatch(tick)
  }),
]
