import { stateOf } from '../brands.js'
import { show } from '../errors.js'
import { dateOf } from '../page.js'
import { errorRecord } from '../protocol.js'
import type { EventState } from './event-state.js'
import type { HandlerRun } from './handler-run.js'
import { COMPLETED, ERROR } from './status.js'

type Node = EventState | HandlerRun

const isEvent = (node: Node): node is EventState => 'event' in node

function brief(value: unknown): string {
  try {
    return describe(value)
  } catch {
    return show(value)
  }
}

function describe(value: unknown): string {
  if (Object(value) !== value) return show(value)
  const object = value as object
  const event = stateOf(object)
  if (event) return `Event(${event.label})`
  if (Array.isArray(object)) return `list(${object.length} items)`
  const { name } = object.constructor ?? {}
  return name && name !== 'Object' ? `${name}(...)` : `dict(${Object.keys(object).length} items)`
}

/** What came of a run. */
function outcome({ status, value, error }: HandlerRun): string {
  if (status === COMPLETED) return ` → ${brief(value)}`
  if (status !== ERROR) return ''
  const { name, message } = errorRecord(error)
  return ` ☠️ ${name}: ${message}`
}

/** Icon, name, `[clock time in UTC (seconds)]`, and what came of it. */
function line(node: Node): string {
  const { status, startedAt, completedAt } = node
  const icon = ['⏳', '🏃', '✅', '❌'][status] ?? '⏳'
  const times = (shown: number) => {
    const spent = completedAt ? ` (${((completedAt - (startedAt || completedAt)) / 1000).toFixed(3)}s)` : ''
    return shown ? ` [${dateOf(shown)?.toISOString().slice(11, 23)}${spent}]` : ''
  }
  if (isEvent(node)) return `${icon} ${node.label}${times(node.event.timeStamp)}`
  const { visit, handler } = node
  return `${icon} ${visit.core.name}.${handler.name}#${handler.id}${times(startedAt)}${outcome(node)}`
}

/** Handlers are below their event, what they dispatched is below them. */
const below = (node: Node): readonly Node[] => (isEvent(node) ? node.runs : node.children)

function draw(nodes: readonly Node[], indent = ''): string {
  return nodes
    .map((node, i) => {
      const [branch, deeper] = i < nodes.length - 1 ? ['├── ', '│   '] : ['└── ', '    ']
      return `\n${indent}${branch}${line(node)}${draw(below(node), indent + deeper)}`
    })
    .join('')
}

export function eventLogTree(state: EventState): string {
  return draw([state]).slice(1)
}

/** The events of a history: those without an ancestor among them, with their descendants below. */
export function historyTree(states: EventState[]): string {
  const known = new Set(states)
  const isRoot = ({ parent }: EventState) => {
    for (; parent; parent = parent.parent) if (known.has(parent)) return false
    return true
  }
  return draw(states.filter(isRoot)).slice(1) || '(No events in history)'
}

/** What was going on when a run timed out: the whole tree, with each handler's seconds, its limit and its fate. */
export function timeoutTree(late: HandlerRun): string {
  const seconds = (ms: number) => `${Math.round(ms / 1000)}`.padStart(2)
  const rows = (nodes: readonly Node[], indent: string): string =>
    nodes
      .map((node) => {
        const { startedAt, completedAt, timeout } = node
        const [icon, note] = isEvent(node) ? ['📣'] : fate(node, late)
        const name = isEvent(node) ? node.label : `${node.handler.name}(#${node.state.id.slice(-4)})`
        const spent = startedAt ? `${seconds((completedAt || late.completedAt) - startedAt)}s` : '   '
        const limit = isEvent(node) ? '' : `/${seconds(timeout ?? 0)}s   ${note}`
        return `\n${`${indent}${icon} ${name}`.padEnd(64)} ${spent}${limit}${rows(below(node), `${indent}   `)}`
      })
      .join('')
  let top = late.state
  while (top.parent) top = top.parent
  return `⏱️  TIMEOUT ERROR - ${(late.error as Error).message}${rows([top], '')}`
}

function fate(run: HandlerRun, late: HandlerRun): [icon: string, note: string] {
  const { status, error, startedAt } = run
  if (run === late) return ['⏰', '⬅️ TIMEOUT HERE ⏰']
  if (status === COMPLETED) return ['☑️', '✓']
  if (status !== ERROR) return ['➡️', '']
  const { name } = errorRecord(error)
  if (name !== 'EventCancelledError') return ['❌', `☠️ ${name}`]
  return startedAt ? ['➡️', '⬅️ INTERRUPTED ✂️'] : ['🔜', `⛔️ ${name}`]
}
