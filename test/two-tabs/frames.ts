// Pages in frames, each with a bus that has a log and a bridge. The events of the platform are dispatched at them.
import { expect } from '@esm-bundle/chai'
import type { TabBridge, TabBridgeOptions } from '../../src/bridges/tab-bridge.js'
import type { BaseEvent } from '../../src/index.js'
import { freshName } from '../log/helpers.js'
import { eventually, type Logged, type openBus, openTab, type Tab, tell } from '../log/tabs.js'
import { channelName } from './sides.js'

export interface Side extends Logged {
  tab: Tab
  tabs: TabBridge
  /** Numbers of the events that its handler had, and that came to a function of its own. */
  seen: unknown[]
  heard: unknown[]
  /** What its handler waits for. */
  until: { promise?: Promise<unknown> }
  send(...numbers: number[]): Promise<BaseEvent[]>
}

export interface SideOptions extends TabBridgeOptions {
  /** Of its log and bus; null for a bus without a log. */
  logged?: Parameters<typeof openBus>[1] | null
}

export const numberOf = ({ eventPayload: { n } }: BaseEvent) => n

/** A page with a bus that has a log, which sends every `X` and takes what the others send. */
export async function side(name: string, channel: string, options: SideOptions = {}): Promise<Side> {
  const { logged: hasLog, ...rest } = options
  const tab = await openTab()
  const logged = hasLog === null ? { name, bus: new tab.bubus.EventBus({ name }) } : tab.open(name, hasLog)
  const { bus } = logged
  const tabs = new tab.TabBridge(channel, rest)
  const seen: unknown[] = []
  const heard: unknown[] = []
  const until: Side['until'] = {}
  bus.on('X', async (event) => {
    seen.push(numberOf(event))
    await until.promise
    return numberOf(event)
  })
  bus.on('Private', (event) => void seen.push(`private ${numberOf(event)}`))
  bus.on('X', tabs.dispatch)
  tabs.on('*', bus.dispatch)
  tabs.on('*', (event: BaseEvent) => void heard.push(numberOf(event)))
  await Promise.all([bus.ready, tabs.ready])
  const send = async (...numbers: number[]) => {
    const events = numbers.map((n) => bus.dispatch(new tab.bubus.BaseEvent('X', { n })))
    for (const event of events) await event
    return events
  }
  return { ...(logged as Logged), tab, tabs, seen, heard, until, send }
}

/** Two that have heard of each other, and the second of three events of the first. */
export async function pair(one?: SideOptions, two?: SideOptions): Promise<[sender: Side, other: Side]> {
  const name = freshName()
  const channel = channelName()
  const both = [await side(name, channel, one), await side(name, channel, two)] as [Side, Side]
  await eventually('they know each other', async () => (await both[0].tabs.peers()).length === 1)
  await both[0].send(1, 2, 3)
  await eventually('it hears', () => both[1].seen.length === 3)
  expect(both[1].heard).to.eql([1, 2, 3])
  return both
}

export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** A page that rests is back once another one has sent these and has written them. */
export async function comeBack({ tab }: Side, sender: Side, ...numbers: number[]): Promise<void> {
  await sender.send(...numbers)
  await sender.log.flush()
  tell(tab, 'pageshow')
}
