import type { EventBus } from '../../../src/index.js'
import { type BenchCase, BURST, check, sumBelow } from '../bench-case.js'
import { watchTasks } from '../long-tasks.js'
import { nextTask } from '../measure.js'
import { dismiss, newBus, Tick } from './tick.js'

const EVENTS = 100_000
const CHUNK = 1_000
const s = 'tick'

async function feedInChunks(bus: EventBus): Promise<void> {
  for (let n = 0; n < EVENTS; ) {
    for (const end = n + CHUNK; n < end; n++) bus.dispatch(new Tick({ n, s }))
    await nextTask()
  }
}

async function feedAtOnce(bus: EventBus): Promise<void> {
  for (let n = 0; n < BURST; n++) bus.dispatch(new Tick({ n, s }))
}

/** A handler that has something to do: the burst outgrows a task by far. */
function workFor(us: number): void {
  const end = performance.now() + us / 1000
  while (performance.now() < end);
}

function watched(name: string, events: number, feed: (bus: EventBus) => Promise<void>, us = 0): BenchCase {
  return {
    name,
    group: 'tasks',
    events,
    prepare() {
      const bus = newBus()
      let sum = 0
      bus.on(Tick, ({ n }) => {
        sum += n
        if (us > 0) workFor(us)
        return n
      })
      return {
        run: () =>
          watchTasks(async () => {
            await feed(bus)
            await bus.waitUntilIdle()
          }),
        async finish() {
          check(sum === sumBelow(events), 'the handler saw every event')
          await dismiss(bus)
        },
      }
    },
  }
}

/** However much there is to drain, the page gets its turns. */
export const tasks: readonly BenchCase[] = [
  watched('100 000 events in chunks of 1 000', EVENTS, feedInChunks),
  watched('20 000 events at once, 20 µs each', BURST, feedAtOnce, 20),
]
