import { stateOf } from '../brands.js'
import { show } from '../errors.js'
import { errorRecord, isoDate, isoOf } from '../protocol.js'
import type { EventState } from './event-state.js'
import type { HandlerRun } from './handler-run.js'
import { COMPLETED, ERROR } from './status.js'

type Node = EventState | HandlerRun

const isEvent = (node: Node): node is EventState => 'event' in node

function brief(value: unknown): string {
  try {
    if (Object(value) === value) {
      const object = value as object
      const event = stateOf(object)
      if (event) return `Event(${event.label})`
      if (Array.isArray(object)) return `list(${object.length} items)`
      const { name } = object.constructor ?? {}
      return name && name !== 'Object' ? `${name}(...)` : `dict(${Object.keys(object).length} items)`
    }
  } catch {
    // It may not be looked at.
  }
  return show(value)
}

/** What came of a run, and how it ended if it was given up. */
function outcome({ status, value, error, reason, startedAt }: HandlerRun): string {
  if (status === COMPLETED) return ` → ${brief(value)}`
  if (status !== ERROR) return ''
  const { name, message } = errorRecord(error)
  const ending =
    name === 'EventTimeoutError' ? 'TIMEOUT HERE ⏰' : startedAt ? 'INTERRUPTED ✂️' : 'NOT STARTED 🔜'
  return ` ☠️ ${name}: ${message}${reason ? ` ⬅️ ${ending}` : ''}`
}

/** Icon, name, `[clock time in UTC (seconds)]`, and what came of it. */
function line(node: Node): string {
  const { status, startedAt, completedAt } = node
  const icon = ['⏳', '🏃', '✅', '❌'][status] ?? '⏳'
  const times = (shown: string | null) => {
    const spent = completedAt ? ` (${((completedAt - (startedAt || completedAt)) / 1000).toFixed(3)}s)` : ''
    return shown ? ` [${shown.slice(11, 23)}${spent}]` : ''
  }
  if (isEvent(node)) return `${icon} ${node.label}${times(isoOf(node.createdAt))}`
  const { visit, handler } = node
  const { name, where = '' } = visit.core
  return `${icon} ${where && `${where}: `}${name}.${handler.name}#${handler.id}${times(isoDate(startedAt))}${outcome(node)}`
}

/** Below an event are its handlers, and below these what they dispatched; then what names it as its parent only by its id. */
function draw(nodes: readonly Node[], indent = '\n', byParent?: Map<unknown, EventState[]>): string {
  return nodes
    .map((node, i) => {
      const [branch, deeper] = i < nodes.length - 1 ? ['├── ', '│   '] : ['└── ', '    ']
      const below = isEvent(node) ? [...node.runs, ...(byParent?.get(node.id) ?? [])] : node.children
      return `${indent}${branch}${line(node)}${draw(below, indent + deeper, byParent)}`
    })
    .join('')
}

export const eventLogTree = (state: EventState): string => draw([state]).slice(1)

/** The events of a history: those without an ancestor among them, with their descendants below. */
export function historyTree(states: EventState[]): string {
  const byParent = new Map<unknown, EventState[]>(states.map(({ id }) => [id, []]))
  const roots = states.filter((state) => {
    for (let up: EventState | null = state; up; up = up.parent) {
      // An id is later than that of its parent: no file can make a circle.
      const siblings = (up.parent || up.id > (up.parentId as string)) && byParent.get(up.parentId)
      if (!siblings) continue
      if (!state.parent) siblings.push(state)
      return false
    }
    return true
  })
  return draw(roots, '\n', byParent).slice(1) || '(No events in history)'
}

/** What was going on when a run timed out: the whole tree. */
export function timeoutTree({ state, error }: HandlerRun): string {
  while (state.parent) state = state.parent
  return `⏱️ TIMEOUT: ${(error as Error).message}${draw([state])}`
}
