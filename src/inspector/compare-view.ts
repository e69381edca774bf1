import { html, nothing, type TemplateResult } from 'lit'
import { type Change, differences } from './differences.js'
import { jsonOf } from './json.js'
import { figure } from './objects.js'
import type { Mutation } from './snapshots.js'
import { failureOf, type InspectedEvent, labelOf } from './subjects.js'
import { paged, type ValueContext } from './value-view.js'
import { preview, type Redact } from './values.js'

/** What details need to compare one event with another, and with what it was. */
export interface Comparing {
  /** The event that others are compared with. */
  base: InspectedEvent | null
  compareWith(event: InspectedEvent | null): void
  changes(event: InspectedEvent): Change[]
  mutations: readonly Mutation[]
}

/** What handlers gave, by their names: of two runs of a handler the second has another number. */
function resultsOf(event: InspectedEvent): Record<string, unknown> {
  const results: [string, unknown][] = []
  for (const result of event.eventResults.values()) {
    if (result.status === 'completed' && (result.result as unknown) === event) continue
    const { name, message } = result.status === 'error' ? failureOf(event, result) : { name: '', message: '' }
    const key = `${result.busName}.${result.handlerName}`
    const again = results.filter(([other]) => other === key || other.startsWith(`${key} (`)).length
    results.push([again ? `${key} (${again + 1})` : key, name ? `${name}: ${message}` : result.result])
  }
  return Object.fromEntries(results)
}

/** What is to be done to an event's payload and results to make them the other's, as far as that may be seen. */
export function changesBetween(one: InspectedEvent, other: InspectedEvent, redact: Redact): Change[] {
  const changes = [
    ...differences(one.eventPayload, other.eventPayload, ['payload']),
    ...differences(resultsOf(one), resultsOf(other), ['results']),
  ]
  return changes.map((change) => redacted(change, redact))
}

/** A place as redactors know it: payloads from their own keys on, the results of all handlers alike. */
const placeOf = ([root, ...inside]: readonly string[]) =>
  root === 'payload' ? inside : ['result', ...inside.slice(1)]

/** The same with what may be seen of its values, however deep, as JSON can hold it. */
export function plainChange({ path, kind, ...values }: Change, redact: Redact): Change {
  const seen = Object.entries(values).map(([key, value]) => [key, jsonOf(value, redact, placeOf(path))])
  return { path, kind, ...Object.fromEntries(seen) }
}

/** Its values themselves, where they may be seen as such. */
function redacted(change: Change, redact: Redact): Change {
  const inside = placeOf(change.path)
  const seen = (value: unknown) => {
    // What lies around it may be hidden as a whole.
    for (let i = 1; i < inside.length; i++) {
      const hidden = redact(inside.slice(0, i), HELD)
      if (hidden !== HELD) return hidden
    }
    return inside.length ? redact(inside, value) : value
  }
  const { kind, before, after } = change
  return {
    path: change.path,
    kind,
    ...(kind === 'added' ? {} : { before: seen(before) }),
    ...(kind === 'removed' ? {} : { after: seen(after) }),
  }
}

/** Stands for whatever lies around a value when a redactor is asked about its place. */
const HELD = Object.freeze({})

/** What an event has that another has not, and the other way round. */
export function comparisonView(
  event: InspectedEvent,
  context: Comparing & ValueContext,
): TemplateResult | typeof nothing {
  const { base } = context
  if (!base) return nothing
  const stop = html`<button type="button" data-action="stop-comparing" @click=${() => context.compareWith(null)}>Stop comparing</button>`
  if (base === event) {
    return html`<section class="comparison" aria-label="Comparison">
      <p class="muted" role="status">Select another event to see how it differs from this one.</p>${stop}
    </section>`
  }
  const changes = context.changes(event)
  return html`<section class="comparison" aria-label="Comparison">
    <h3>Differences from ${labelOf(base)} <span class="muted">${figure(changes.length)}</span></h3>
    ${changes.length ? changesView(changes, context, 'comparison') : html`<p class="muted">Payload and results are the same.</p>`}
    ${stop}
  </section>`
}

/** What was changed in a payload after it was dispatched. */
export function mutationsView(context: Comparing & ValueContext): TemplateResult[] {
  return context.mutations.map(
    ({ from, to, changes }, i) => html`<div class="mutation">
      <p class="muted">${to ? `Changed between ${from} and ${to}` : `Changed since ${from} took it`}</p>
      ${changesView(
        changes.map((change) => redacted(change, context.redact)),
        context,
        `mutation ${i}`,
      )}
    </div>`,
  )
}

const signOf = (kind: Change['kind']) => (kind === 'added' ? '+' : kind === 'removed' ? '−' : '~')

function changesView(changes: readonly Change[], context: ValueContext, place: string): TemplateResult {
  const { shown, more } = paged(changes.length, context, place)
  return html`<ol class="changes">
      ${changes.slice(0, shown).map((change) => changeView(change, context))}
    </ol>
    ${more}`
}

function changeView({ path, kind, before, after }: Change, { redact }: ValueContext): TemplateResult {
  const text = (value: unknown) => preview(value, redact, 200, placeOf(path))
  return html`<li class="change" data-kind=${kind}>
    <span class="sign" aria-hidden="true">${signOf(kind)}</span>
    <code class="place">${path.join('.')}</code><span class="unseen"> ${kind}</span>
    ${kind === 'added' ? nothing : html`<del>${text(before)}</del>`}
    ${kind === 'removed' ? nothing : html`<ins>${text(after)}</ins>`}
  </li>`
}
