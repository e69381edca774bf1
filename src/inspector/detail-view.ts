import { html, nothing, type TemplateResult } from 'lit'
import type { ErrorRecord } from '../protocol.js'
import { type Comparing, comparisonView, mutationsView } from './compare-view.js'
import { wordsOf } from './error-words.js'
import { isError } from './platform-values.js'
import { clockText, durationText } from './row.js'
import { callSiteOf, framesOf } from './stack.js'
import { icons, statuses } from './statuses.js'
import {
  failureOf,
  type InspectedEvent,
  type InspectedResult,
  labelOf,
  type Subject,
  thrownBy,
} from './subjects.js'
import type { TreeModel } from './tree-model.js'
import { membersView, type ValueContext, valueView } from './value-view.js'
import { memberCount } from './values.js'

export interface DetailContext extends ValueContext, Comparing {
  model: TreeModel
  select(subject: Subject): void
  copy(event: InspectedEvent): void
  close(): void
}

/** The day, where it is not today: files and logs have events of any. */
const dayText = (date: Date) =>
  date.toDateString() === new Date().toDateString() ? '' : `${date.toLocaleDateString('sv')} `

const time = (date: Date | null) =>
  date ? html`<time datetime=${date.toISOString()}>${dayText(date)}${clockText(date.getTime())}</time>` : '–'
const between = (from: Date | null, to: Date | null) =>
  from && to ? durationText(to.getTime() - from.getTime()) : '–'

export const statusIcon = (code: number) =>
  html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${icons[code]}></path></svg>`

const statusView = (code: number) =>
  html`<span class="badge" data-status=${statuses[code]}>${statusIcon(code)}${statuses[code]}</span>`

const fact = (name: string, value: unknown) =>
  value === '' || value == null || value === nothing
    ? nothing
    : html`<div class="fact" data-fact=${name}><dt>${name}</dt><dd>${value}</dd></div>`

function link(context: DetailContext, event: InspectedEvent) {
  const label = labelOf(event)
  return context.model.nodeOf(event)
    ? html`<button class="link" type="button" @click=${() => context.select(event)}>${label}</button>`
    : label
}

/** An event whose id is all that is known of it here. */
function parentView(context: DetailContext, event: InspectedEvent) {
  if (event.eventParent) return link(context, event.eventParent)
  if (!event.eventParentId) return nothing
  const other = context.model.eventOf(event.eventParentId)
  if (other) return link(context, other)
  return html`#${event.eventParentId.slice(-4)} <span class="muted">(not here)</span>`
}

/** All that is known of an event, and of each of its handlers. */
export function detailView(subject: Subject, context: DetailContext): TemplateResult {
  const { model } = context
  const node = model.nodeOf(subject)
  const event = model.event(node)
  const at = model.nodeOf(event)
  const results = [...event.eventResults.values()]
  const children = results.flatMap(({ eventChildren }) => eventChildren)
  const record = event.toJSON()
  const timeout = event.eventTimeout
  return html`
    <header class="detail-head">
      <h2 id="detail-title">${event.eventType}<span class="id">#${event.eventId.slice(-4)}</span></h2>
      ${statusView(model.status[at])}
 <button type="button" data-action="compare" aria-pressed=${context.base === event} @click=${() => context.compareWith(context.base === event ? null : event)}>Compare</button>
      <button type="button" data-action="copy" @click=${() => context.copy(event)}>Copy JSON</button>
      <button type="button" class="icon-button" data-action="close-detail" aria-label="Close details" @click=${context.close}>${closeIcon}</button>
    </header>
    <div class="detail-body" tabindex="0" role="region" aria-label="Details">
      ${comparisonView(event, context)}
      <dl class="facts">
        ${fact('id', html`<code>${event.eventId}</code>`)}
        ${fact('schema', event.eventSchema)}
        ${fact('result type', typeof record.event_result_type === 'string' ? record.event_result_type : '')}
        ${fact('path', event.eventPath.join(' › '))}
        ${fact('parent', parentView(context, event))}
        ${fact('replay of', event.eventReplayOf)}
        ${fact('created', time(event.eventCreatedAt))}
        ${fact('started', time(event.eventStartedAt))}
        ${fact('completed', time(event.eventCompletedAt))}
        ${fact('wait', between(event.eventCreatedAt, event.eventStartedAt))}
        ${fact('run', between(event.eventStartedAt, event.eventCompletedAt))}
        ${fact('time-out', timeout === null ? 'none' : durationText(timeout))}
        ${fact('children', children.length ? html`${children.slice(0, 20).map((child, i) => html`${i ? ', ' : ''}${link(context, child)}`)}${children.length > 20 ? ` and ${children.length - 20} more` : ''}` : '')}
        ${fact('veto', event.defaultPrevented ? 'default prevented: no handler ran' : '')}
      </dl>
      <section aria-label="Payload">
        <h3>Payload${context.mutations.length ? html` <span class="tag">mutated</span>` : nothing}</h3>
        ${mutationsView(context)}
        ${
          memberCount(event.eventPayload)
            ? membersView(event.eventPayload, [], context, 'payload', [event.eventPayload])
            : html`<p class="muted">Empty</p>`
        }
      </section>
      <section aria-label="Handlers">
        <h3>Handlers <span class="muted">${results.length}</span></h3>
        ${results.length ? results.map((result) => handlerView(event, result, subject, context)) : html`<p class="muted">None has run.</p>`}
      </section>
    </div>`
}

function handlerView(
  event: InspectedEvent,
  result: InspectedResult,
  selected: Subject,
  context: DetailContext,
) {
  const { model } = context
  const node = model.nodeOf(result)
  const wait = between(event.eventCreatedAt, result.startedAt)
  const run = between(result.startedAt, result.completedAt)
  const place = `result ${result.handlerId}`
  return html`<article class="handler" data-handler=${result.handlerId} ?data-selected=${result === selected}>
    <h4><span class="muted">${result.busName}.</span>${result.handlerName} ${node ? statusView(model.status[node]) : nothing}</h4>
    <dl class="facts">
      ${fact('handler id', html`<code>${result.handlerId}</code>`)}
      ${fact('queued', time(event.eventCreatedAt))}
      ${fact('started', time(result.startedAt))}
      ${fact('done', time(result.completedAt))}
      ${fact('wait', wait)} ${fact('run', run)}
      ${fact('time-out', result.timeout === null ? 'none' : durationText(result.timeout))}
      ${fact('registered', callSiteView(result.handlerId))}
    </dl>
    ${outcomeView(event, result, context, place)}
  </article>`
}

/** Where it was registered, and by whom that was called. */
function callSiteView(handlerId: string) {
  const [site, ...callers] = callSiteOf(handlerId)
  if (!site) return nothing
  return callers.length
    ? html`<details class="own-frames call-site"><summary><code>${site}</code></summary>
        <ol class="frames">${callers.map((text) => html`<li>${text}</li>`)}</ol></details>`
    : html`<code class="call-site">${site}</code>`
}

function outcomeView(event: InspectedEvent, result: InspectedResult, context: DetailContext, place: string) {
  if (result.status === 'error') {
    const thrown = thrownBy(event, result)
    if (thrown === undefined) return recordedError(failureOf(event, result))
    return isError(thrown)
      ? errorView(thrown, context, place)
      : valueView('thrown', thrown, ['error'], context, place)
  }
  if (result.status !== 'completed') return nothing
  if ((result.result as unknown) === event) return html`<p class="muted">Passed the event on.</p>`
  return valueView('result', context.redact(['result'], result.result), ['result'], context, place)
}

function errorView(error: Error, context: DetailContext, place: string, deep = 0): TemplateResult {
  const { name, message, stack, cause, errors } = wordsOf(error)
  const inner = Array.isArray(errors) ? errors : []
  return html`<div class="error">
    <p class="error-head"><strong>${name}</strong>: ${message}</p>
    ${framesView(stack)}
    ${
      inner.length
        ? html`<div class="inner"><h5>errors <span class="muted">${inner.length}</span></h5>
            ${inner.slice(0, 20).map((one, i) => innerError(one, context, `${place}/${i}`, deep))}</div>`
        : nothing
    }
    ${cause === undefined || cause === null ? nothing : html`<div class="inner"><h5>cause</h5>${innerError(cause, context, `${place}/cause`, deep)}</div>`}
  </div>`
}

const innerError = (error: unknown, context: DetailContext, place: string, deep: number) =>
  isError(error) && deep < 8
    ? errorView(error, context, place, deep + 1)
    : valueView('', error, ['error'], context, place)

function recordedError({ name, message, stack, cause }: ErrorRecord): TemplateResult {
  return html`<div class="error">
    <p class="error-head"><strong>${name}</strong>: ${message}</p>
    ${framesView(stack ?? '')}
    ${cause ? html`<div class="inner"><h5>cause</h5>${recordedError(cause)}</div>` : nothing}
  </div>`
}

/** The stack without the library's own frames, which can be seen too; the first of the others is where it was thrown. */
function framesView(stack: string) {
  const frames = framesOf(stack)
  const own = frames.filter((frame) => frame.own)
  const others = frames.filter((frame) => !frame.own)
  if (!frames.length) return nothing
  return html`<ol class="frames">${others.map(({ text }) => html`<li>${text}</li>`)}</ol>
    ${
      own.length
        ? html`<details class="own-frames"><summary>${own.length} of bubus itself</summary>
            <ol class="frames">${own.map(({ text }) => html`<li>${text}</li>`)}</ol></details>`
        : nothing
    }`
}

export const closeIcon = html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M4 4l8 8M12 4l-8 8"></path></svg>`
