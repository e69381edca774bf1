import type { TabBridge } from '../../src/bridges/tab-bridge.js'
import type { LogOptions } from '../../src/bus/types.js'
import { type BusOptions, EventBus } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'

type Library = typeof import('../../src/index.js')

/** Resolves once `condition` holds; for what has no event of its own. */
export async function eventually(what: string, condition: () => unknown, ms = 10_000): Promise<void> {
  const end = performance.now() + ms
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Whether two are the very same event. Chai's message about two events would take it minutes. */
export const same = (one: unknown, other: unknown): boolean => one === other

export interface Logged {
  bus: EventBus
  log: EventLog
  name: string
}

/** What a page that opens the same log, and makes a bus of the same name, has. The name of a living bus gets a suffix: hushed. */
export function openBus(
  name: string,
  { bus: busOptions, logName = name, ...rest }: LogOptions & { bus?: BusOptions; logName?: string } = {},
  lib: { EventBus: typeof EventBus; EventLog: typeof EventLog } = { EventBus, EventLog },
): Logged {
  const log = new lib.EventLog(logName, rest)
  const { warn } = console
  console.warn = () => {}
  try {
    return { name, log, bus: new lib.EventBus({ name, log, ...busOptions }) }
  } finally {
    console.warn = warn
  }
}

/** Open, and with a short deadline from now on: opening for the first time takes some engines long. */
export async function impatient<L extends { bus: EventBus; log: EventLog }>(logged: L): Promise<L> {
  await Promise.all([logged.log.db(), logged.bus.ready])
  Object.assign(logged.log, { deadline: 300 })
  return logged
}

/** The ids of the writers of a log that live in this page. */
export const writerIds = ({ log }: { log: EventLog }): string[] =>
  [...log.writers].map(({ id }) => id).filter(Boolean)

export async function heldLocks(): Promise<string[]> {
  const { held = [] } = await navigator.locks.query()
  return held.map(({ name = '' }) => name)
}

/**
 * The quick way to make a writer dead for everybody: its lock is taken from it. Its handlers must never end: it does not know.
 * `openTab` is the slow way.
 */
export async function loseLocks(...logged: { log: EventLog }[]): Promise<void> {
  for (const one of logged) {
    for (const id of writerIds(one)) {
      await navigator.locks.request(`bubus:w:${id}`, { steal: true }, () => {})
    }
  }
}

export interface Tab {
  readonly window: Window & typeof globalThis
  readonly bubus: Library
  readonly EventLog: typeof EventLog
  readonly TabBridge: typeof TabBridge
  open(name: string, options?: Parameters<typeof openBus>[1]): Logged
  /** Dies without a word: no `pagehide` is heard. Resolves once its locks are free. */
  die(): Promise<void>
}

const openTabs = new Set<HTMLIFrameElement>()
export function closeTabs(): void {
  for (const frame of openTabs) frame.remove()
  openTabs.clear()
}

/** A page of its own, with a copy of the library of its own, in a frame of the same origin. */
export async function openTab(): Promise<Tab> {
  const frame = document.createElement('iframe')
  const id = `tab${Math.random()}`
  frame.srcdoc = `<!doctype html><script>
    addEventListener('pagehide', (event) => event.stopImmediatePropagation(), { capture: true })
    console.warn = () => {}
  </script><script type="module">
    import * as bubus from ${JSON.stringify(new URL('./tab-library.js', import.meta.url).href)}
    Object.assign(window, bubus, { bubus })
    parent.postMessage('${id}', '*')
  </script>`
  openTabs.add(frame)
  const ready = new Promise<void>((resolve) => {
    addEventListener('message', function listen({ data }) {
      if (data !== id) return
      removeEventListener('message', listen)
      resolve()
    })
  })
  document.body.append(frame)
  await ready
  const window = frame.contentWindow as Tab['window'] & Pick<Tab, 'bubus' | 'EventLog' | 'TabBridge'>
  const { bubus, EventLog: Log, TabBridge } = window
  const mine: Logged[] = []
  return {
    window,
    bubus,
    EventLog: Log,
    TabBridge,
    open(name, options) {
      const logged = openBus(name, options, { EventBus: bubus.EventBus, EventLog: Log })
      mine.push(logged)
      return logged
    },
    async die() {
      const names = mine.flatMap(writerIds).map((writer) => `bubus:w:${writer}`)
      frame.remove()
      openTabs.delete(frame)
      await eventually('the locks of a removed frame are free', async () => {
        const held = await heldLocks()
        return !names.some((name) => held.includes(name))
      })
    },
  }
}

/** The frame's first listener keeps `pagehide` from the library when it dies: here it is heard. */
export function tell({ window }: Tab, type: 'pagehide' | 'pageshow'): void {
  const event = new window.PageTransitionEvent(type, { persisted: true })
  event.stopImmediatePropagation = () => {}
  window.dispatchEvent(event)
}

/** Writes of a tab, from now until `end`: none lands before it is aborted, or `held` says that something else holds them. */
export function catchWrites({ window }: Tab, held: boolean) {
  const sent: IDBTransaction[] = []
  const { prototype } = window.IDBDatabase
  const { transaction } = prototype
  prototype.transaction = function (...args) {
    const tx = transaction.apply(this, args)
    // What commits cannot be aborted any more.
    tx.commit = () => {}
    if (tx.mode !== 'readwrite' || !tx.objectStoreNames.contains('wal')) return tx
    sent.push(tx)
    const goOn = () => {
      try {
        tx.objectStore('wal').count().onsuccess = goOn
      } catch {
        // Aborted: WebKit answers all the same.
      }
    }
    if (!held) goOn()
    return tx
  }
  const end = () => {
    prototype.transaction = transaction
  }
  return { sent, end }
}
