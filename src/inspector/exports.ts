import type { WrittenOutcome } from './file-events.js'
import { jsonOf } from './json.js'
import { outcomeText } from './outcome.js'
import { isFailure, statuses } from './statuses.js'
import { type InspectedEvent, type InspectedResult, isResult, labelOf } from './subjects.js'
import type { TreeModel } from './tree-model.js'
import { preview, type Redact } from './values.js'

/** An event's record as it may be seen, with what each handler dispatched, so that a reader gets the same tree. */
export function recordOf(event: InspectedEvent, redact: Redact): Record<string, unknown> {
  const { event_outcomes: outcomes, ...record } = event.toJSON()
  const payload = new Set(Object.keys(event.eventPayload))
  const own = Object.entries(record).map(([key, value]) => [
    key,
    payload.has(key) ? jsonOf(redact([key], value), redact, [key]) : value,
  ])
  const settled = new Map(outcomes?.map((outcome) => [outcome.handler_id, outcome]))
  const written = [...event.eventResults.values()].map((result): WrittenOutcome => {
    const outcome = settled.get(result.handlerId) ?? unsettled(event, result)
    const children = result.eventChildren.map(({ eventId }) => eventId)
    return {
      ...outcome,
      result: jsonOf(redact(['result'], outcome.result), redact, ['result']),
      ...(children.length ? { event_children: children } : {}),
    }
  })
  return { ...Object.fromEntries(own), event_outcomes: written }
}

/** Forwarders and what still runs are rows too, though the record of an event leaves them out. */
function unsettled(event: InspectedEvent, result: InspectedResult): WrittenOutcome {
  return {
    handler_id: result.handlerId,
    handler_name: result.handlerName,
    bus_id: result.busId,
    bus_name: result.busName,
    status: (result.result as unknown) === event ? 'forwarded' : result.status,
    started_at: result.startedAt?.toISOString() ?? null,
    completed_at: result.completedAt?.toISOString() ?? null,
    error: null,
  }
}

export const formats = ['jsonl', 'text', 'otlp'] as const
export type Format = (typeof formats)[number]

/** The lines of an export, one event or row after another; together they are the file. */
export function* linesOf(
  model: TreeModel,
  nodes: Iterable<number>,
  format: Format,
  redact: Redact,
): Generator<string> {
  if (format === 'jsonl') {
    for (const node of nodes) yield `${JSON.stringify(recordOf(model.event(node), redact))}\n`
  } else if (format === 'text') {
    for (const node of nodes) yield textLine(model, node, redact)
  } else {
    yield '{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"bubus"}}]},"scopeSpans":[{"scope":{"name":"bubus"},"spans":['
    let first = true
    for (const node of nodes) {
      for (const span of spansOf(model, node, redact)) {
        yield `${first ? '\n' : ',\n'}${JSON.stringify(span)}`
        first = false
      }
    }
    yield '\n]}]}]}\n'
  }
}

/** ` (12 ms)`; nothing for what has not ended. */
function spentText(model: TreeModel, node: number): string {
  const spent = model.duration(node)
  return Number.isNaN(spent) ? '' : ` (${spent} ms)`
}

/** A row is a line, whatever names and messages have in them. */
const textLine = (...row: Parameters<typeof textOf>): string =>
  `${textOf(...row).replace(/[\r\n\u2028\u2029]+/g, ' ')}\n`

function textOf(model: TreeModel, node: number, redact: Redact): string {
  const event = model.event(node)
  let indent = ''
  for (let up = model.parent[node]; up; up = model.parent[up]) indent += '  '
  const status = statuses[model.status[node]]
  const subject = model.subject(node)
  if (isResult(subject)) {
    const outcome = outcomeText(event, subject, redact)
    return `${indent}[${status}] ${subject.busName}.${subject.handlerName}${spentText(model, node)}${outcome && ` → ${outcome}`}`
  }
  return `${indent}[${status}] ${labelOf(event)}${spentText(model, node)} ${preview(event.eventPayload, redact)}`
}

const hex = (id: string) => id.replaceAll('-', '')
const nano = (ms: number) => `${BigInt(Math.round(Number.isNaN(ms) ? 0 : ms)) * 1_000_000n}`
const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })

/** 16 hex digits for a text, the same each time: FNV-1a of 64 bits. */
function hash(text: string): string {
  let sum = 0xcbf29ce484222325n
  for (const char of text) sum = BigInt.asUintN(64, (sum ^ BigInt(char.codePointAt(0) ?? 0)) * 0x100000001b3n)
  return sum.toString(16).padStart(16, '0')
}

/** An event and its handlers as spans of OpenTelemetry; the trace is that of the topmost event. */
function* spansOf(model: TreeModel, node: number, redact: Redact) {
  const event = model.event(node)
  let root = node
  for (let up = node; up; up = model.parent[up]) root = up
  const traceId = hex(model.event(root).eventId).padStart(32, '0')
  const runId = (run: InspectedResult, of: InspectedEvent) => hash(`${of.eventId} ${run.handlerId}`)
  const span = (at: number, spanId: string, parentSpanId: string, name: string, attributes: object[]) => ({
    traceId,
    spanId,
    parentSpanId,
    name,
    kind: 1,
    startTimeUnixNano: nano(
      Number.isNaN(model.startOf(at)) ? event.eventCreatedAt.getTime() : model.startOf(at),
    ),
    endTimeUnixNano: nano(model.endOf(at)),
    attributes: [attribute('bubus.status', statuses[model.status[at]]), ...attributes],
    status: { code: model.hasFailed(at) || isFailure(model.status[at]) ? 2 : 1 },
  })
  const eventSpan = (of: InspectedEvent) => hex(of.eventId).slice(-16)
  const above = model.parent[node]
  const parent = above ? model.subject(above) : null
  const parentId = !parent ? '' : isResult(parent) ? runId(parent, model.event(above)) : eventSpan(parent)
  yield span(node, eventSpan(event), parentId, event.eventType, [
    attribute('bubus.event_id', event.eventId),
    attribute('bubus.path', event.eventPath.join('>')),
    attribute('bubus.payload', JSON.stringify(jsonOf(event.eventPayload, redact)) ?? ''),
  ])
  for (const result of model.results(node)) {
    yield span(
      model.nodeOf(result),
      runId(result, event),
      eventSpan(event),
      `${result.busName}.${result.handlerName}`,
      [attribute('bubus.outcome', outcomeText(event, result, redact))],
    )
  }
}
