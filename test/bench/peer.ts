import { BroadcastChannel as PackagedChannel } from 'broadcast-channel'
import { expose } from 'comlink'
import { TabBridge } from '../../src/bridges/tab-bridge.js'
import { exposeBus } from '../../src/bridges/worker-bridge.js'
import { packageListens } from './cases/peers.js'
import { newBus, Tick } from './cases/tick.js'

/** What the other context is to be, in the bench's cases about contexts. */
export type Role = 'raw' | 'packaged' | 'tabs' | 'exposed' | 'comlink'
export interface Order {
  role: Role
  channel: string
  /** It tells whenever it has seen so many events. */
  count: number
}

/** Tells each time when it has seen `count` events. */
function counter(count: number): (more: number) => void {
  let seen = 0
  return (more) => {
    seen += more
    if (seen < count) return
    seen = 0
    postMessage('done')
  }
}

/** Each may give a promise to wait for before it is ready. */
const roles: Record<Role, (order: Order) => unknown> = {
  /** Counts what comes, one or many a message; sends a number back to whoever sends one. */
  raw({ channel, count }) {
    const raw = new BroadcastChannel(channel)
    const saw = counter(count)
    raw.onmessage = ({ data }) => {
      if (typeof data === 'number') return raw.postMessage(-data)
      saw(Array.isArray(data) ? data.length : 1)
    }
  },
  packaged({ channel, count }) {
    const packaged = new PackagedChannel<unknown>(channel, { type: 'native', webWorkerSupport: true })
    const saw = counter(count)
    packaged.onmessage = (data) => {
      if (typeof data === 'number') void packaged.postMessage(-data)
      else saw(1)
    }
    return packageListens()
  },
  tabs({ channel, count }) {
    const bus = newBus()
    const tabs = new TabBridge(channel)
    const saw = counter(count)
    bus.on(Tick, ({ n }) => {
      saw(1)
      return n
    })
    tabs.on(Tick, bus.dispatch)
    return tabs.ready
  },
  exposed() {
    const bus = newBus()
    bus.on(Tick, ({ n }) => n)
    exposeBus(bus)
  },
  comlink() {
    expose({ tick: (record: { n: number }) => record.n })
  },
}

/**
 * Resolves when the browser knows of every channel that was opened here before. It hears of that on another way than of what the page
 * sends as soon as it has our word: Chromium lost the first message to one new channel in 17.
 */
async function areOpen(): Promise<void> {
  const name = `opened ${Math.random()}`
  const mouth = new BroadcastChannel(name)
  const ear = new BroadcastChannel(name)
  await new Promise((heard) => {
    ear.onmessage = heard
    mouth.postMessage(null)
  })
  mouth.close()
  ear.close()
}

/** The script is the page's own; a worker that runs it does as it is told. */
export function servePeer(): void {
  const order = async ({ data }: MessageEvent<Order>) => {
    if (!Object.hasOwn(roles, data.role)) return
    removeEventListener('message', order)
    await roles[data.role](data)
    await areOpen()
    postMessage('ready')
  }
  addEventListener('message', order)
}
