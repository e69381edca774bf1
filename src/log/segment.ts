import type { Mark } from '../bus/journal.js'
import type { Visit } from '../bus/visit.js'
import type { EventMeta } from '../events/event-meta.js'
import type { EventState } from '../events/event-state.js'
import { type EventRecord, isoDate, isoOf, parse } from '../protocol.js'

/** One record of the store `wal`: some entries of one writer, whole or not at all. */
export interface Segment {
  /** Of the format: others are kept untouched and not read. */
  v: number
  writer: string
  /** Counts the writer's segments: a write in doubt is found again by it. */
  wseq: number
  /** The bus's name, as it was asked for. */
  bus: string
  /** How many lines the body has. */
  n: number
  /** Checksum of the body. */
  sum: number
  /** JSON lines, one an entry, each with a line feed. */
  body: string
}

/** The format that this code writes, and reads. */
export const FORMAT = 1

/** A segment with its place in the log. */
export interface Placed extends Segment {
  seq: number
}

/** A sound one, and what its body says. */
export interface Read extends Placed {
  lines: (Line | null)[]
}

export interface Position {
  seq: number
  index: number
}

/** A line, read: `E` is the event's flat record with these two, the others name the event by its id and its first writer. */
export interface Line {
  event_entry: string
  event_id: string
  /**
   * `E`: the handler run that dispatched it, as pattern, name and bus, and its event where that is not the parent; '' for an
   * unnamed one, null for an unknown place.
   */
  event_by?: [pattern: string, name: string, bus: string, event?: string] | null
  /** Who accepted the event; absent where that is the segment's. */
  writer?: string
  /** Where its `E` is: a segment's number, 0 for this segment, and the line's; absent when that was not known. */
  at?: [seq: number, index: number]
  /** `A`: where further events stand that the same writer accepted: segment, first and last line, again and again. */
  also?: number[]
  [key: string]: unknown
}

export type RecordLine = Line & EventRecord

/** As FNV-1a, two UTF-16 code units at a time: finds what rotted or was torn, and guards against nobody. */
export function checksum(text: string): number {
  let sum = 0x811c9dc5
  for (let i = text.length - 1; i > 0; i -= 2) {
    sum = Math.imul(sum ^ (text.charCodeAt(i) | (text.charCodeAt(i - 1) << 16)), 0x01000193)
  }
  return Math.imul(sum ^ (text.charCodeAt(0) | 0), 0x01000193) >>> 0
}

export function seal(writer: string, wseq: number, bus: string, lines: readonly string[]): Segment {
  const body = lines.join('')
  return { v: FORMAT, writer, wseq, bus, n: lines.length, sum: checksum(body), body }
}

/** Why a segment cannot be read; undefined if it can. One of a newer format is no fault. */
export function fault(value: unknown): string | undefined {
  const { v, writer, bus, n, sum, body } = Object(value) as Segment
  if (typeof v !== 'number') return 'no segment'
  if (v !== FORMAT) return undefined
  if (typeof writer !== 'string' || typeof bus !== 'string' || typeof body !== 'string') return 'no segment'
  return checksum(body) === sum && body.split('\n').length - 1 === n ? undefined : 'checksum'
}

/** The lines of a sound segment, in order; null for one that is no entry. */
export function linesOf({ v, n, body }: Segment): (Line | null)[] {
  if (v !== FORMAT) return []
  return parsed(body, n).map((value) => {
    const line = Object(value) as Line
    return typeof line.event_entry === 'string' && typeof line.event_id === 'string' ? line : null
  })
}

/** All lines at once, which is quicker; one by one where one of them is none. */
function parsed(body: string, n: number): unknown[] {
  try {
    const values = parse(`[${body.slice(0, -1).replaceAll('\n', ',')}]`) as unknown[]
    if (values.length === n) return values
  } catch {
    // Told below, line by line.
  }
  return body
    .slice(0, -1)
    .split('\n')
    .map((text) => {
      try {
        return parse(text)
      } catch {
        return null
      }
    })
}

const string = JSON.stringify

/** The handler run that dispatched an event, as a crash leaves it to be found again. */
function by({ dispatchedBy: run, parentId }: EventState): string {
  if (!run) return 'null'
  const {
    pattern = '',
    named = false,
    name,
  } = run.handler as { pattern?: string; named?: boolean; name: string }
  const { journal, name: bus } = (run.visit as Visit).core
  const { id } = run.state
  return string([pattern, named ? name : '', journal?.name ?? bus, ...(id === parentId ? [] : [id])])
}

/** What lines of accepted events say around their ids, parents and times. */
type Frame = readonly [type: string, schema: string, path: string, buses: string]

function frameOf({ meta, timeout, origin, visits }: EventState, here: number): Frame {
  const cores = visits.slice(0, here + 1).map(({ core }) => core)
  const result = meta.result?.type
  return [
    `"event_type":"${meta.type}","event_id":"`,
    `","event_schema":${string(meta.schema)},"event_timeout":${timeout && timeout / 1000},"event_parent_id":`,
    `,"event_path":${string([...(origin?.path ?? []), ...cores.map(({ name }) => name)])},"event_created_at":"`,
    `","event_bus_ids":${string([...(origin?.busIds ?? []), ...cores.map(({ id }) => id)])}` +
      (result ? `,"event_result_type":${string(result)}` : ''),
  ]
}

/** By bus, for the class of events that came last: those that start on it have it in common. */
const frames = new WeakMap<object, { meta: EventMeta; timeout: number | null; frame: Frame }>()

function commonFrame(state: EventState, { core }: Visit): Frame {
  const { meta, timeout } = state
  const last = frames.get(core)
  if (last?.meta === meta && last.timeout === timeout) return last.frame
  const frame = frameOf(state, 0)
  frames.set(core, { meta, timeout, frame })
  return frame
}

/** The line that accepts an event: its record with what it was dispatched by. The payload comes first, as its keys give way. */
export function acceptedLine({ visit, text }: Mark): string {
  const { state } = visit
  const { origin, visits, parentId, replayOf } = state
  const here = visits.indexOf(visit)
  const [type, schema, path, buses] = here || origin ? frameOf(state, here) : commonFrame(state, visit)
  const payload = text.length > 2 ? `${text.slice(0, -1)},` : '{'
  const line = `${payload}${type}${state.id}${schema}${parentId ? `"${parentId}"` : null}${path}${isoOf(state.createdAt)}${buses}`
  return `${replayOf ? `${line},"event_replay_of":"${replayOf}"` : line},"event_entry":"E","event_by":${by(state)}}\n`
}

/** What the other entries begin with: which event of whose. One accepted in the same segment is of the same writer, whoever that will be. */
export function lineHead(kind: string, id: string, writer: string, { seq, index }: Position): string {
  return `{"event_entry":"${kind}","event_id":"${id}",${writer && `"writer":"${writer}",`}"at":[${seq},${index}]`
}

/** A date as JSON; null for one that has not come. */
export const dateJSON = (time: number) => (time ? `"${isoDate(time)}"` : null)

export function completedTail({ startedAt, completedAt }: EventState, outcomes: string): string {
  return `,"event_started_at":${dateJSON(startedAt)},"event_completed_at":${dateJSON(completedAt)},"event_outcomes":${outcomes}}\n`
}
