import type { Summary } from './log-db.js'

/** The summary of a segment of that bus, without any lines yet. */
export const newSummary = (bus: string): Summary => ({
  n: 0,
  events: 0,
  open: 0,
  ended: 0,
  until: 0,
  size: 0,
  bus,
  from: Infinity,
  to: -Infinity,
  types: [],
  least: '',
  most: '',
  keep: false,
})

/** A line of it accepts an event; `created` in ms. */
export function addEvent(summary: Summary, type: string, id: string, created: number): void {
  const { types, from, to, least, most } = summary
  // The same as the last, mostly.
  if (types.at(-1) !== type && !types.includes(type)) types.push(type)
  summary.from = Math.min(from, created)
  summary.to = Math.max(to, created)
  if (!summary.events++ || id < least) summary.least = id
  if (id > most) summary.most = id
  summary.open++
}
