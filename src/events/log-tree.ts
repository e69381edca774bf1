import { stateOf } from '../brands.js'
import { show } from '../errors.js'
import { wallTime } from '../page.js'
import type { EventState } from './event-state.js'
import type { HandlerRun } from './handler-run.js'
import { COMPLETED, ERROR } from './status.js'

type Node = EventState | HandlerRun

const isEvent = (node: Node): node is EventState => 'meta' in node
/** Handlers are below their event, what they dispatched is below them. */
const below = (node: Node): Node[] => (isEvent(node) ? node.runs() : (node.children ?? []))

/** A clock time `HH:MM:SS.mmm` in UTC, and the seconds from start to end. */
function times(shown: number, from: number, to: number): string {
  const clock = new Date(wallTime(shown)).toISOString().slice(11, 23)
  return ` [${clock}${to ? ` (${((to - from) / 1000).toFixed(3)}s)` : ''}]`
}

function brief(value: unknown): string {
  if (typeof value !== 'object' || !value) return typeof value === 'function' ? 'function' : show(value)
  const event = stateOf(value)
  if (event) return `Event(${event.label})`
  if (Array.isArray(value)) return `list(${value.length} items)`
  const name = Object.getPrototypeOf(value)?.constructor?.name
  return name && name !== 'Object' ? `${name}(...)` : `dict(${Object.keys(value).length} items)`
}

/** `ValueError: message` of whatever was thrown; safe against hostile getters. */
export function briefError(error: unknown): string {
  try {
    const { name, message } = error as Error
    if (typeof message === 'string') return `${name}: ${message}`
  } catch {
    // Shown as what it is.
  }
  return show(error)
}

function treeLine(node: Node): string {
  const { status, startedAt, completedAt } = node
  const icon = '⏳🏃✅❌'.match(/./gu)?.[status] ?? '⏳'
  if (isEvent(node)) return `${icon} ${node.label}${times(node.event.timeStamp, startedAt || completedAt, completedAt)}`
  const { visit, handler, value, error } = node
  const outcome = status === ERROR ? ` ☠️ ${briefError(error)}` : status === COMPLETED ? ` → ${brief(value)}` : ''
  const when = startedAt ? times(startedAt, startedAt, completedAt) : ''
  return `${icon} ${visit.core.name}.${handler.name}#${handler.id}${when}${outcome}`
}

function draw(nodes: Node[], indent = ''): string {
  return nodes
    .map((node, i) => {
      const last = i === nodes.length - 1
      const rows = draw(below(node), indent + (last ? '    ' : '│   '))
      return `${indent}${last ? '└── ' : '├── '}${treeLine(node)}${rows && `\n${rows}`}`
    })
    .join('\n')
}

export function eventLogTree(state: EventState): string {
  return draw([state])
}

/** The events of a history: those without an ancestor among them, with their descendants below. */
export function historyTree(states: EventState[]): string {
  const known = new Set(states)
  const isRoot = ({ parent }: EventState) => {
    for (; parent; parent = parent.parent) if (known.has(parent)) return false
    return true
  }
  return draw(states.filter(isRoot)) || '(No events in history)'
}

/** What was going on when a run timed out: the whole tree, each handler's seconds against its limit. */
export function timeoutTree(late: HandlerRun, time: number): string {
  const seconds = (ms: number) => `${`${Math.round(ms / 1000)}`.padStart(2)}s`
  const rows = (node: Node, indent: string): string[] => {
    const spent = node.startedAt ? seconds((node.completedAt || time) - node.startedAt) : '   '
    const [icon, note] = isEvent(node) ? ['📣', ''] : node === late ? ['⏰', '⬅️ TIMEOUT HERE ⏰'] : timeoutNote(node)
    const name = isEvent(node) ? node.label : `${node.handler.name}(#${node.state.id.slice(-4)})`
    const limit = isEvent(node) ? '' : `/${seconds(node.timeout ?? 0)}   ${note}`
    return [`${`${indent}${icon} ${name}`.padEnd(64)} ${spent}${limit}`, ...below(node).flatMap((inner) => rows(inner, `${indent}   `))]
  }
  let top = late.state
  while (top.parent) top = top.parent
  const { visit, handler, state, timeout } = late
  const title = `⏱️  TIMEOUT ERROR - Handling took more than ${(timeout ?? 0) / 1000}s for ${visit.core.name}.${handler.name}(${state.label})`
  return [title, ...rows(top, '')].join('\n')
}

function timeoutNote({ status, error, startedAt }: HandlerRun): [icon: string, note: string] {
  if (status === COMPLETED) return ['☑️', '✓']
  if (status !== ERROR) return ['➡️', '']
  const name = (error as Error | null)?.name ?? 'Error'
  if (name !== 'EventCancelledError') return ['❌', `☠️ ${name}`]
  return startedAt ? ['➡️', '⬅️ INTERRUPTED ✂️'] : ['🔜', `⛔️ ${name}`]
}
