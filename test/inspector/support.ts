import { BaseEvent, EventBus } from '../../src/index.js'
import '../../src/inspector/define.js'
import type { BusInspector } from '../../src/inspector/bus-inspector.js'

let mounted: BusInspector[] = []
let buses: EventBus[] = []

/** A bus that `cleanUp` stops. */
export function makeBus(options: ConstructorParameters<typeof EventBus>[0] = {}): EventBus {
  const bus = new EventBus({ maxHistorySize: null, ...options })
  buses.push(bus)
  return bus
}

/** An inspector in the page, with its first rows. */
export async function mount(
  properties: Partial<BusInspector> = {},
  size = { width: '1000px', height: '500px' },
): Promise<BusInspector> {
  const inspector = document.createElement('bus-inspector')
  Object.assign(inspector.style, size)
  Object.assign(inspector, properties)
  document.body.append(inspector)
  mounted.push(inspector)
  await inspector.updateComplete
  await frames(2)
  await inspector.updateComplete
  return inspector
}

export async function cleanUp(): Promise<void> {
  for (const inspector of mounted) inspector.remove()
  mounted = []
  for (const bus of buses) await bus.stop({ clear: true })
  buses = []
  history.replaceState(null, '', location.pathname + location.search)
}

export const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))
export async function frames(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await frame()
}
export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Waits until it holds; says what was there instead when it does not come. */
export async function until(
  holds: () => boolean,
  what: () => unknown = () => holds.toString(),
  ms = 15_000,
): Promise<void> {
  const end = performance.now() + ms
  while (!holds()) {
    if (performance.now() > end) throw new Error(`It did not come: ${String(what())}`)
    await frame()
  }
}

/** What has happened so far is in the tree, and the tree on the screen. */
export async function caughtUp(inspector: BusInspector): Promise<void> {
  const { commits } = inspector.tree
  inspector.tree.commit()
  await until(() => inspector.tree.commits > commits)
  await inspector.updateComplete
}

export const $ = <E extends Element = HTMLElement>(inspector: BusInspector, selector: string): E => {
  const found = inspector.shadowRoot?.querySelector<E>(selector)
  if (!found) throw new Error(`There is no ${selector}`)
  return found
}
export const $$ = <E extends Element = HTMLElement>(inspector: BusInspector, selector: string): E[] => [
  ...(inspector.shadowRoot?.querySelectorAll<E>(selector) ?? []),
]

export const rows = (inspector: BusInspector) => $$(inspector, '.row')

/** The element of an event's row, or of the nth handler below it. */
export function rowOf(inspector: BusInspector, event: BaseEvent): HTMLElement {
  return $(inspector, `.row[data-id="${event.eventId}"]`)
}
export const rowNamed = (inspector: BusInspector, name: string): HTMLElement => {
  const found = rows(inspector).find((row) => row.querySelector('.type')?.textContent === name)
  if (!found)
    throw new Error(`There is no row ${name}, only ${rows(inspector).map((row) => row.textContent)}`)
  return found
}

/** All rows, on the screen or not, as `level name status`. */
export function outline(inspector: BusInspector): string[] {
  const { model } = inspector.tree
  return Array.from({ length: model.length }, (_, i) => {
    const node = model.order[i]
    const subject = model.subject(node)
    const name = 'handlerId' in subject ? subject.handlerName : `${subject.eventType}#${subject.eventId}`
    return `${model.level[node]} ${name}`
  })
}

/** A press of a key where the focus is, as the platform would tell of it. */
export function press(inspector: BusInspector, key: string, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent('keydown', {
    key,
    bubbles: true,
    composed: true,
    cancelable: true,
    ...more,
  })
  ;(inspector.shadowRoot?.activeElement ?? inspector).dispatchEvent(event)
  return event
}

export const scroller = (inspector: BusInspector) => $(inspector, '.scroller')

export async function scrollTo(inspector: BusInspector, top: number): Promise<void> {
  scroller(inspector).scrollTop = top
  await frames(2)
}

/** Where a row is, from the upper edge of the tree. */
export const topOf = (inspector: BusInspector, row: HTMLElement) =>
  row.getBoundingClientRect().top - scroller(inspector).getBoundingClientRect().top

export async function dispatchMany(bus: EventBus, count: number, type = 'Tick'): Promise<BaseEvent[]> {
  const events = Array.from({ length: count }, (_, i) => bus.dispatch(new BaseEvent(type, { i })))
  await bus.waitUntilIdle()
  return events
}
