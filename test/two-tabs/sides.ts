import { shared } from '../../src/bridges/awaited.js'
import { TabBridge, type TabBridgeOptions } from '../../src/bridges/tab-bridge.js'
import { type BusOptions, EventBus } from '../../src/index.js'

/** What one tab has: a bus and a bridge. Two of one page are as far from each other as two tabs: they share only the channel. */
export interface Side {
  bus: EventBus
  tabs: TabBridge
}

let channels = 0
export const channelName = (): string => `channel${channels++}`

const open = new Set<Side>()

export function side(channel: string, options?: TabBridgeOptions, bus: BusOptions = {}): Side {
  const made = { bus: new EventBus(bus), tabs: new TabBridge(channel, options) }
  open.add(made)
  return made
}

export async function closeAll(): Promise<void> {
  for (const { bus, tabs } of open) {
    tabs.close()
    await bus.stop({ clear: true })
  }
  open.clear()
}

/** How many events this page keeps because a handler elsewhere waits for them. */
export const keptForOthers = (): number =>
  Object.values(shared()).find((one) => one instanceof Set)?.size as number
