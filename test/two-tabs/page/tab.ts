/** What a real tab of the tests runs: a bus and a bridge, and what it has seen. */
import { number } from 'superstruct'
import { TabBridge, type TabBridgeOptions } from '../../../src/bridges/tab-bridge.js'
import { type BusOptions, defineEvent, EventBus } from '../../../src/index.js'

class Job extends defineEvent('Job', { n: number(), ms: number() }, { result: number() }) {}

const seen: number[] = []
const paths: string[][] = []
let cameBack = false
addEventListener('pageshow', ({ persisted }) => {
  cameBack ||= persisted
})

let lastPulse = 0

const page = {
  bus: undefined as EventBus | undefined,
  tabs: undefined as TabBridge | undefined,
  seen,
  paths,
  errors: [] as string[],
  /** `sends`: what is dispatched here goes to the others; else this tab handles what they send. */
  async open(
    options: TabBridgeOptions & BusOptions & { sends?: boolean; handles?: boolean },
  ): Promise<string> {
    const { results, timeout, sends, handles = true, ...busOptions } = options
    const bus = new EventBus(busOptions)
    const tabs = new TabBridge('real', { ...(results && { results }), ...(timeout && { timeout }) })
    Object.assign(page, { bus, tabs })
    if (handles) {
      bus.on(Job, async ({ n, ms, eventPath }) => {
        seen.push(n)
        paths.push([...eventPath])
        if (ms < 0) throw new RangeError(`no ${n}`)
        if (ms) await new Promise((resolve) => setTimeout(resolve, ms))
        return n * 2
      })
      tabs.on('*', bus.dispatch)
    }
    if (sends) bus.on('*', tabs.dispatch)
    await tabs.ready
    return tabs.exchange.id
  },
  /** From now on it shows other tabs that it runs, and notes when it last saw one that does. */
  pulse() {
    const channel = new BroadcastChannel('pulse')
    setInterval(() => channel.postMessage(null), 20)
    channel.onmessage = () => {
      lastPulse = performance.now()
    }
  },
  /** What the event has when it is completed, how long that took, and how long it is then since another tab was last seen to run. */
  async send(n: number, ms = 0) {
    const start = performance.now()
    const event = await page.bus?.dispatch(new Job({ n, ms }))
    const results = [...(event?.eventResults.values() ?? [])].filter(({ result }) => result !== event)
    return {
      ms: performance.now() - start,
      late: performance.now() - lastPulse,
      results: results.map(({ result, error, handlerName, busName }) => ({
        result,
        handlerName,
        busName,
        error: (error as Error | undefined)?.name,
      })),
    }
  },
  async sendMany(count: number) {
    for (let n = 0; n < count; n++) {
      await page.bus?.whenRoom()
      page.bus?.dispatch(new Job({ n, ms: 0 }))
    }
  },
  peers: async () => (await page.tabs?.peers()) ?? [],
  locks: async () => {
    const { held = [], pending = [] } = await navigator.locks.query()
    return [...held, ...pending].filter(({ name }) => name?.startsWith('bubus:t:')).length
  },
  /** Came out of the back/forward cache. */
  cameBack: () => cameBack,
}
addEventListener('error', ({ message }) => page.errors.push(message))
addEventListener('unhandledrejection', ({ reason }) => page.errors.push(String(reason)))

Object.assign(globalThis, { page })
