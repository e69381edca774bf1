import { html, type TemplateResult } from 'lit'
import { type Format, formats } from './exports.js'
import { figure } from './objects.js'

export const scopes = ['all', 'shown', 'selected'] as const
export type Scope = (typeof scopes)[number]

export interface ExportOptions {
  /** Which events: all, those that the filter shows, or the selected one with what came of it. @default 'shown' */
  events?: Scope
  /** @default 'jsonl' */
  format?: Format
}

export interface ExportChoice {
  scope: Scope
  format: Format
}

const formatNames: readonly string[] = ['JSON lines', 'text tree', 'OpenTelemetry JSON']

/** A row of choices: which events, as what, and where to. */
export function exportView(
  choice: ExportChoice,
  counts: readonly number[],
  change: (choice: ExportChoice) => void,
  run: (target: 'save' | 'copy') => void,
): TemplateResult {
  const pick = (name: 'scope' | 'format') => (event: Event) =>
    change({ ...choice, [name]: (event.currentTarget as HTMLSelectElement).value })
  return html`<form class="sheet" part="export" aria-label="Save or copy events" @submit=${(event: Event) => {
    event.preventDefault()
    run('save')
  }}>
    <label>Events
      <select @change=${pick('scope')}>
        ${scopes.map((scope, i) => html`<option value=${scope} ?selected=${scope === choice.scope} ?disabled=${!counts[i]}>${scope} (${figure(counts[i])})</option>`)}
      </select>
    </label>
    <label>as
      <select @change=${pick('format')}>
        ${formats.map((format, i) => html`<option value=${format} ?selected=${format === choice.format}>${formatNames[i]}</option>`)}
      </select>
    </label>
    <button type="submit" class="primary" data-action="save">Save</button>
    <button type="button" data-action="copy-export" @click=${() => run('copy')}>Copy</button>
  </form>`
}
