import { show } from '../errors.js'
import { stateOf } from '../brands.js'
import { wallTime } from '../page.js'
import type { EventState } from './event-state.js'
import type { HandlerRun } from './handler-run.js'
import { COMPLETED, ERROR, STARTED } from './status.js'

/** A clock time `HH:MM:SS.mmm` in UTC, and the seconds from start to end in brackets. */
function times(shown: number, from: number, to: number): string {
  const clock = new Date(wallTime(shown)).toISOString().slice(11, 23)
  return to ? ` [${clock} (${((to - from) / 1000).toFixed(3)}s)]` : ` [${clock}]`
}

function brief(value: unknown): string {
  if (value === undefined || value === null || typeof value !== 'object') return typeof value === 'function' ? 'function' : show(value)
  const event = stateOf(value)
  if (event) return `Event(${event.label})`
  if (Array.isArray(value)) return `list(${value.length} items)`
  const prototype = Object.getPrototypeOf(value)
  if (!prototype || prototype === Object.prototype) return `dict(${Object.keys(value).length} items)`
  return `${prototype.constructor?.name ?? 'object'}(...)`
}

/** `ValueError: message` of whatever was thrown; without its stack, and safe against hostile getters. */
export function briefError(error: unknown): string {
  try {
    const { name, message } = error as Error
    if (typeof message === 'string') return `${name}: ${message}`
  } catch {
    // Falls through to the printable form.
  }
  return show(error)
}

function resultLine(run: HandlerRun): string {
  const { status, handler, visit, startedAt, completedAt } = run
  const icon = status === ERROR ? '❌' : status === COMPLETED ? '✅' : status === STARTED ? '🏃' : '⏳'
  const name = `${visit.core.name}.${handler.name}#${handler.id}`
  const outcome = status === ERROR ? ` ☠️ ${briefError(run.error)}` : status === COMPLETED ? ` → ${brief(run.value)}` : ''
  return `${icon} ${name}${startedAt ? times(startedAt, startedAt, completedAt) : ''}${outcome}`
}

function eventLine({ status, label, event, startedAt, completedAt }: EventState): string {
  const icon = status === COMPLETED ? '✅' : status === STARTED ? '🏃' : '⏳'
  return `${icon} ${label}${times(event.timeStamp, startedAt || completedAt, completedAt)}`
}

interface Row {
  text: string
  rows: () => Row[]
}

const eventRow = (state: EventState): Row => ({ text: eventLine(state), rows: () => state.runs().map(runRow) })
const runRow = (run: HandlerRun): Row => ({ text: resultLine(run), rows: () => run.children?.map(eventRow) ?? [] })

/** Rows as a tree. Walks with a stack of its own: a chain of a thousand descendants is no reason to overflow. */
function draw(roots: Row[]): string {
  const lines: string[] = []
  const stack = [{ rows: roots, at: 0, indent: '' }]
  while (stack.length) {
    const level = stack[stack.length - 1]
    const row = level.rows[level.at++]
    if (!row) {
      stack.pop()
      continue
    }
    const last = level.at === level.rows.length
    lines.push(`${level.indent}${last ? '└── ' : '├── '}${row.text}`)
    stack.push({ rows: row.rows(), at: 0, indent: level.indent + (last ? '    ' : '│   ') })
  }
  return lines.join('\n')
}

export function eventLogTree(state: EventState): string {
  return draw([eventRow(state)])
}

/** The events of a history: those whose parent is not among them, with their descendants below. */
export function historyTree(states: EventState[]): string {
  const known = new Set(states)
  const below = (state: EventState) => {
    for (let at = state.parent; at; at = at.parent) if (known.has(at)) return true
    return false
  }
  const roots = states.filter((state) => !below(state))
  return roots.length ? draw(roots.map(eventRow)) : '(No events in history)'
}

/** What was going on when a run timed out: the event at the top of the tree, and each handler's time against its limit. */
export function timeoutTree(run: HandlerRun, time: number): string {
  let top = run.state
  while (top.parent) top = top.parent
  const seconds = (ms: number) => `${Math.round(ms / 1000)}`.padStart(2)
  const lines = [
    `⏱️  TIMEOUT ERROR - Handling took more than ${(run.timeout ?? 0) / 1000}s for ${run.visit.core.name}.${run.handler.name}(${run.state.label})`,
  ]
  const stack: { state?: EventState; run?: HandlerRun; depth: number }[] = [{ state: top, depth: 0 }]
  for (let item = stack.pop(); item; item = stack.pop()) {
    const indent = '   '.repeat(item.depth)
    if (item.state) {
      lines.push(`${`${indent}📣 ${item.state.label}`.padEnd(64)} ${seconds(time - item.state.event.timeStamp)}s`)
      for (const inner of item.state.runs().reverse()) stack.push({ run: inner, depth: item.depth + 1 })
    } else if (item.run) {
      const inner = item.run
      const [icon, note] = inner === run ? ['⏰', '⬅️ TIMEOUT HERE ⏰'] : timeoutNote(inner)
      const spent = inner.startedAt ? `${seconds((inner.completedAt || time) - inner.startedAt)}s` : '   '
      const name = `${indent}${icon} ${inner.handler.name}(#${inner.state.id.slice(-4)})`
      lines.push(`${name.padEnd(64)} ${spent}/${seconds(inner.timeout ?? 0)}s   ${note}`)
      for (const child of [...(inner.children ?? [])].reverse()) stack.push({ state: child, depth: item.depth + 1 })
    }
  }
  return lines.join('\n')
}

function timeoutNote({ status, error, startedAt }: HandlerRun): [icon: string, note: string] {
  if (status === COMPLETED) return ['☑️', '✓']
  if (status !== ERROR) return ['➡️', '']
  const name = (error as Error | null)?.name ?? 'Error'
  if (name !== 'EventCancelledError') return ['❌', `☠️ ${name}`]
  return startedAt ? ['➡️', '⬅️ INTERRUPTED ✂️'] : ['🔜', '⛔️ EventCancelledError']
}
