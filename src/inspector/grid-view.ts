import { html, nothing, type TemplateResult } from 'lit'
import { type Columns, columnNames, type Sort } from './inspector-state.js'
import { figure } from './objects.js'

export interface GridViewState {
  columns: Columns
  sort: Sort
  dropped: number
  /** What is said instead of rows. */
  empty: string
}

/** The frame of the tree: its head, and where the rows go. */
export function gridView(
  { columns, sort, dropped, empty }: GridViewState,
  order: (sort: Sort) => void,
  resize: (name: keyof Columns, event: PointerEvent | KeyboardEvent) => void,
  follow: () => void,
): TemplateResult {
  const head = (name: keyof Columns) => html`<div
    class="cell ${name}"
    role="columnheader"
    aria-sort=${sort !== name ? nothing : name === 'time' ? 'ascending' : 'descending'}
  >${
    name === 'time' || name === 'duration'
      ? html`<button class="sort" tabindex="-1" @click=${() => order(name)}>${name}<span aria-hidden="true">${sort !== name ? '' : name === 'time' ? ' ↑' : ' ↓'}</span></button>`
      : name
  }<span
      class="column-handle"
      part="column-handle"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of ${name}"
      aria-valuenow=${columns[name]}
      aria-valuemin="40"
      aria-valuemax="400"
      tabindex="-1"
      @pointerdown=${(event: PointerEvent) => resize(name, event)}
      @keydown=${(event: KeyboardEvent) => resize(name, event)}
    ></span></div>`
  return html`<div id="grid" role="treegrid" part="tree" aria-label="Events">
      <div role="rowgroup" class="head" part="head">
        <div role="row" class="columns" aria-rowindex="1">
          <div class="cell name" role="columnheader">event</div>
          ${columnNames.map(head)}
        </div>
      </div>
      ${
        dropped
          ? html`<div role="rowgroup"><div role="row" class="dropped" part="dropped"><div role="gridcell" aria-colspan="5">
              ${figure(dropped)} older ${dropped === 1 ? 'event' : 'events'} dropped
            </div></div></div>`
          : nothing
      }
      <div role="rowgroup" class="scroller" part="rows" tabindex="-1"></div>
    </div>
    ${empty ? html`<p class="empty" part="empty">${empty}</p>` : nothing}
    <button class="pill" part="pill" hidden @click=${follow}></button>`
}
