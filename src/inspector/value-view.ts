import { html, nothing, type TemplateResult } from 'lit'
import { figure } from './objects.js'
import { memberCount, membersOf, nameOf, type Redact } from './values.js'

/** How many members, or differences, are shown at once. */
const PAGE = 100

/** What a view of values needs of those around it. */
export interface ValueContext {
  redact: Redact
  /** The places that are open, and how many members they show. */
  open: Map<string, number>
  /** Something was opened or closed. */
  update(): void
  /** A value that is a row of its own: what it is called, and what goes there. */
  linkOf(value: unknown): { label: string; go(): void } | null
}

/** A value with its key; what has members can be opened, and is looked into only then. */
export function valueView(
  key: string,
  value: unknown,
  path: readonly string[],
  context: ValueContext,
  place: string,
  above: readonly unknown[] = [],
): TemplateResult {
  const label = key ? html`<span class="key">${key}</span><span class="colon">: </span>` : nothing
  const link = context.linkOf(value)
  if (link) {
    return html`<div class="value leaf">${label}<button class="link" type="button" @click=${link.go}>${link.label}</button></div>`
  }
  const { kind, text } = nameOf(value)
  const words = html`<span class="v v-${kind}">${text}</span>`
  const long = typeof value === 'string' && value.length > 200
  const count = kind === 'object' && !above.includes(value) ? memberCount(value) : 0
  if (above.includes(value) && kind === 'object') {
    return html`<div class="value leaf">${label}${words} <span class="tag">circular</span></div>`
  }
  if (!count && !long) return html`<div class="value leaf">${label}${words}</div>`
  const open = context.open.has(place)
  const toggle = (event: Event) => {
    const { open: now } = event.currentTarget as HTMLDetailsElement
    if (now === context.open.has(place)) return
    if (now) context.open.set(place, PAGE)
    else context.open.delete(place)
    context.update()
  }
  return html`<details class="value" .open=${open} @toggle=${toggle}>
    <summary>${label}${words}</summary>
    ${open ? (long ? longText(value as string) : membersView(value, path, context, place, [...above, value])) : nothing}
  </details>`
}

const longText = (text: string) =>
  html`<pre class="long">${text.slice(0, 100_000)}${text.length > 100_000 ? '…' : ''}</pre>`

/** The members of a value, a page at a time. */
export function membersView(
  value: unknown,
  path: readonly string[],
  context: ValueContext,
  place: string,
  above: readonly unknown[],
): TemplateResult {
  const { shown, more } = paged(memberCount(value), context, place)
  return html`<div class="members">
    ${membersOf(value, 0, shown).map(({ key, value: held, getter }) => {
      const at = [...path, key]
      if (getter)
        return html`<div class="value leaf"><span class="key">${key}</span><span class="colon">: </span><span class="v v-mark">(getter)</span></div>`
      return valueView(key, context.redact(at, held), at, context, `${place}/${key}`, above)
    })}
    ${more}
  </div>`
}

/** How many of a list to show, and the button for more of it. */
export function paged(total: number, context: ValueContext, place: string) {
  const shown = context.open.get(place) ?? PAGE
  const next = () => {
    context.open.set(place, shown + PAGE)
    context.update()
  }
  const more =
    total > shown
      ? html`<button class="more" type="button" @click=${next}>${Math.min(PAGE, total - shown)} more of ${figure(total)}</button>`
      : nothing
  return { shown, more }
}
