/** What the reader has set up, as plain data: it can be stored, and comes back hostile. */
export interface InspectorState {
  open: boolean
  paused: boolean
  preserve: boolean
  filter: string
  /** The name of the only bus that is shown; empty for all. */
  bus: string
  /** The id of the selected event; empty for none. */
  selected: string
  sort: Sort
  /** Widths in px; 0 for a column that is not shown. */
  columns: Columns
  /** Share of the details, in percent. */
  detail: number
}

export const sorts = ['time', 'duration'] as const
export type Sort = (typeof sorts)[number]

export interface Columns {
  bus: number
  status: number
  time: number
  duration: number
}

export const defaultColumns: Readonly<Columns> = { bus: 128, status: 96, time: 96, duration: 72 }
export const columnNames = ['bus', 'status', 'time', 'duration'] as const

const clamp = (value: number, least: number, most: number) =>
  Math.max(least, Math.min(most, Math.round(value)))

/** Widths that can be shown, from what may be anything. */
export function columnsOf(value: unknown): Columns {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Partial<Record<string, unknown>>
  const columns: Columns = { ...defaultColumns }
  for (const name of columnNames) {
    const width = given[name]
    if (typeof width === 'number' && Number.isFinite(width))
      columns[name] = width <= 0 ? 0 : clamp(width, 40, 400)
  }
  return columns
}

/** Of what may be anything, the parts that are a state. */
export function stateOf(value: unknown): Partial<InspectorState> {
  if (typeof value !== 'object' || value === null) return {}
  const given = value as Record<string, unknown>
  const state: Record<string, unknown> = {}
  for (const key of ['open', 'paused', 'preserve'])
    if (typeof given[key] === 'boolean') state[key] = given[key]
  for (const key of ['filter', 'bus', 'selected']) {
    const text = given[key]
    if (typeof text === 'string') state[key] = text.slice(0, 1000)
  }
  if (sorts.includes(given.sort as Sort)) state.sort = given.sort
  if (typeof given.columns === 'object') state.columns = columnsOf(given.columns)
  if (typeof given.detail === 'number' && Number.isFinite(given.detail))
    state.detail = clamp(given.detail, 15, 85)
  return state
}

/** Storage may be blocked, full or tampered with: then nothing is remembered. */
export function readState(key: string): Partial<InspectorState> {
  try {
    return stateOf(JSON.parse(localStorage.getItem(key) ?? 'null'))
  } catch {
    return {}
  }
}

export function writeState(key: string, state: InspectorState): void {
  try {
    localStorage.setItem(key, JSON.stringify(state))
  } catch {
    // Full, or not allowed.
  }
}
