import type { BenchCase, Figures } from './bench-case.js'

export interface Sample {
  readonly us: number
  readonly figures: Figures
}

/** Not in every engine, and in no standard. */
interface ProfilingConsole {
  profile(name: string): void
  profileEnd(name: string): void
}

interface Collectors {
  gc?: () => void
  TestUtils?: { gc(): Promise<void> }
}

/** A new task, without the 4 ms that nested timers are clamped to. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}

/** Leaves the garbage of one sample out of the next one's time. */
export async function collectGarbage(): Promise<void> {
  const { gc, TestUtils } = globalThis as Collectors
  if (gc) gc()
  else await TestUtils?.gc()
  await nextTask()
}

/** With `profile`, the browser's profiler (if anybody listens to it) runs as long as the clock does. */
export async function takeSample(bench: BenchCase, profile = false): Promise<Sample> {
  const profiler = profile ? (console as unknown as ProfilingConsole) : null
  const round = await bench.prepare()
  await collectGarbage()
  profiler?.profile(bench.name)
  const start = performance.now()
  const figures = await round.run()
  const ms = figures?.ms ?? performance.now() - start
  profiler?.profileEnd(bench.name)
  await round.finish?.()
  return { us: (ms * 1000) / bench.events, figures: figures ?? {} }
}
