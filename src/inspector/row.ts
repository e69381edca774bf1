import { outcomeText } from './outcome.js'
import { icons, isFailure, statuses } from './statuses.js'
import { type InspectedEvent, isResult } from './subjects.js'
import type { TreeModel } from './tree-model.js'
import { preview, type Redact } from './values.js'

/** Deeper rows are not moved in any further: there would be no room left. */
const DEEPEST = 24
const SVG = 'http://www.w3.org/2000/svg'

/** What an event's row says about it, instead of its payload; by type, `'*'` for all others. */
export type Formatters = Readonly<Record<string, (event: InspectedEvent) => string>>

/** The parts of a row's element that change. */
interface Parts {
  icon: SVGPathElement
  name: Text
  id: Text
  tags: HTMLElement
  note: Text
  status: Text
  bus: Text
  time: Text
  duration: Text
  /** What the row looks like: its part and level. */
  dressed: string
  /** What the texts were made for. */
  shown: object | null
  version: string
}

const partsOf = new WeakMap<HTMLElement, Parts>()

function make<E extends Element>(
  element: E,
  attributes: Record<string, string>,
  ...content: (Node | string)[]
): E {
  for (const name in attributes) element.setAttribute(name, attributes[name])
  element.append(...content)
  return element
}

const span = (className: string, ...content: (Node | string)[]) =>
  make(document.createElement('span'), { class: className }, ...content)

const cell = (name: string, ...content: Node[]) =>
  make(
    document.createElement('div'),
    { class: `cell ${name}`, role: 'gridcell', part: `cell ${name}` },
    ...content,
  )

/** An empty row; its parts are found again by `showRow`. */
export function createRow(): HTMLElement {
  const [name, id, note, status, bus, time, duration] = Array.from({ length: 7 }, () =>
    document.createTextNode(''),
  )
  const icon = document.createElementNS(SVG, 'path')
  const svg = make(
    document.createElementNS(SVG, 'svg'),
    { viewBox: '0 0 16 16', class: 'icon', part: 'status-icon', 'aria-hidden': 'true' },
    icon,
  )
  const twisty = make(span('twisty'), { part: 'twisty' })
  const tags = span('tags')
  const row = make(
    document.createElement('div'),
    { class: 'row', role: 'row', tabindex: '-1' },
    cell('name', span('guides'), twisty, svg, span('type', name), span('id', id), tags, span('note', note)),
    cell('bus', bus),
    cell('status', status),
    cell('time', time),
    cell('duration', duration),
  )
  partsOf.set(row, {
    icon,
    name,
    id,
    tags,
    note,
    status,
    bus,
    time,
    duration,
    dressed: '',
    shown: null,
    version: '',
  })
  return row
}

const write = (text: Text, value: string) => {
  if (text.data !== value) text.data = value
}
const set = (element: Element, name: string, value: string | number | boolean | null) => {
  if (value === null) element.removeAttribute(name)
  else if (element.getAttribute(name) !== `${value}`) element.setAttribute(name, `${value}`)
}

/** `12:04:05.678`, in the reader's time zone. */
export function clockText(ms: number): string {
  if (Number.isNaN(ms)) return ''
  return `${new Date(ms).toTimeString().slice(0, 8)}.${String(1000 + (ms % 1000)).slice(1)}`
}

/** `<1 ms`, `12 ms`, `1.25 s`, `3 m 4 s`, `5 h 6 m`, `7 d 8 h`. The buses' clocks have a resolution of a millisecond. */
export function durationText(ms: number): string {
  if (Number.isNaN(ms)) return ''
  if (ms < 1) return '<1 ms'
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`
  const [big, small, names] =
    ms < 36e5 ? [6e4, 1e3, 'ms'] : ms < 864e5 ? [36e5, 6e4, 'hm'] : [864e5, 36e5, 'dh']
  return `${Math.floor(ms / big)} ${names[0]} ${Math.floor((ms % big) / small)} ${names[1]}`
}

export interface RowContext {
  model: TreeModel
  redact: Redact
  formatters: Formatters
  selected: object | null
  /** Another one: all rows are written again. */
  epoch: number
}

function tagsOf(model: TreeModel, node: number, event: InspectedEvent): string[] {
  return [
    model.isOrphan(node) ? 'orphan' : '',
    event.defaultPrevented ? 'vetoed' : '',
    model.isMutated(node) ? 'mutated' : '',
    model.isRead(node) ? 'file' : '',
  ].filter(Boolean)
}

function noteOf(event: InspectedEvent, { redact, formatters }: RowContext): string {
  const format = Object.hasOwn(formatters, event.eventType) ? formatters[event.eventType] : formatters['*']
  if (!format) return preview(event.eventPayload, redact)
  try {
    return String(format(event)).slice(0, 500)
  } catch (error) {
    return `[formatter failed: ${String((error as Error)?.message).slice(0, 100)}]`
  }
}

/** Where the row is in the tree, for those who cannot see it. */
function place(row: HTMLElement, node: number, { model, selected }: RowContext): void {
  const isSelected = model.subject(node) === selected
  const status = statuses[model.status[node]]
  set(row, 'aria-level', model.level[node])
  set(row, 'aria-posinset', model.place[node])
  set(row, 'aria-setsize', model.below[model.parent[node]])
  set(row, 'aria-rowindex', model.index[node] + 2)
  set(row, 'aria-expanded', model.isParent(node) ? model.isExpanded(node) : null)
  set(row, 'aria-selected', isSelected)
  set(row, 'tabindex', isSelected ? 0 : -1)
  set(row, 'data-status', status)
  set(row, 'data-dimmed', model.isDimmed(node) ? '' : null)
  const part = `row row-${status}${isSelected ? ' row-selected' : ''}`
  const level = Math.min(model.level[node], DEEPEST)
  const parts = partsOf.get(row) as Parts
  if (parts.dressed === part + level) return
  parts.dressed = part + level
  row.setAttribute('part', part)
  row.style.setProperty('--_status', `var(--_${status})`)
  row.style.setProperty('--_level', String(level))
}

/** Makes an element show the row of a node. Only what differs is written. */
export function showRow(row: HTMLElement, node: number, context: RowContext): void {
  const { model } = context
  place(row, node, context)
  const parts = partsOf.get(row) as Parts
  const subject = model.subject(node)
  const event = model.event(node)
  const code = model.status[node]
  const started = model.startOf(node)
  const version = `${context.epoch} ${code} ${started} ${model.endOf(node)} ${model.isOrphan(node)} ${model.isMutated(node)} ${event.eventPath.length}`
  if (parts.shown === subject && parts.version === version) return
  parts.shown = subject
  parts.version = version
  set(parts.icon, 'd', icons[code])
  write(parts.status, statuses[code])
  write(parts.duration, durationText(model.duration(node)))
  set(row, 'data-kind', isResult(subject) ? 'handler' : 'event')
  set(row, 'data-id', isResult(subject) ? null : event.eventId)
  if (isResult(subject)) {
    const outcome = outcomeText(event, subject, context.redact)
    write(parts.time, clockText(started))
    write(parts.name, subject.handlerName)
    write(parts.id, '')
    write(parts.bus, subject.busName)
    write(parts.note, outcome && !isFailure(code) ? `→ ${outcome}` : outcome)
    if (parts.tags.firstChild) parts.tags.replaceChildren()
  } else {
    write(parts.time, clockText(Number.isNaN(started) ? event.eventCreatedAt.getTime() : started))
    write(parts.name, event.eventType)
    write(parts.id, `#${event.eventId.slice(-4)}`)
    write(parts.bus, event.eventPath.join(' › '))
    write(parts.note, noteOf(event, context))
    const tags = tagsOf(model, node, event)
    if (tags.length || parts.tags.firstChild)
      parts.tags.replaceChildren(...tags.map((tag) => span('tag', tag)))
  }
}

/** An element is not to keep alive what it last showed. */
export function forgetRow(row: HTMLElement): void {
  const parts = partsOf.get(row) as Parts
  parts.shown = null
  write(parts.note, '')
}
