import type { Figures } from './bench-case.js'
import { nextTask } from './measure.js'

/**
 * Runs `work` and tells the longest task meanwhile. `longTask` is the browser's own word, which it gives for
 * tasks over 50 ms only (-1 where it gives none at all). `gap` is the longest time between two ticks of a
 * message loop: at least the longest task, and known in every engine.
 */
export async function watchTasks(work: () => Promise<void>): Promise<Figures> {
  const longTasks = observeLongTasks(performance.now())
  // What came before is a task of its own, and `work` begins with one.
  await nextTask()
  const ticker = startTicker()
  const start = performance.now()
  await work()
  const ms = performance.now() - start
  const gap = ticker.stop()
  return { ms, gap, ticks: ticker.ticks, longTask: await longTasks.stop() }
}

function observeLongTasks(since: number) {
  const supported = PerformanceObserver.supportedEntryTypes.includes('longtask')
  let longest = 0
  const note = (entries: PerformanceEntryList) => {
    for (const entry of entries) if (entry.startTime >= since) longest = Math.max(longest, entry.duration)
  }
  const observer = new PerformanceObserver((list) => note(list.getEntries()))
  if (supported) observer.observe({ type: 'longtask' })
  return {
    async stop(): Promise<number> {
      if (!supported) return -1
      // An entry is made when its task has ended and may be queued for a moment more.
      await new Promise((resolve) => setTimeout(resolve, 100))
      note(observer.takeRecords())
      observer.disconnect()
      return longest
    },
  }
}

function startTicker() {
  const { port1, port2 } = new MessageChannel()
  let last = performance.now()
  let longest = 0
  const ticker = {
    ticks: 0,
    stop(): number {
      longest = Math.max(longest, performance.now() - last)
      port1.close()
      return longest
    },
  }
  port1.onmessage = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    ticker.ticks++
    port2.postMessage(null)
  }
  port2.postMessage(null)
  return ticker
}
