import { html, nothing, type TemplateResult } from 'lit'
import { addStyles } from './adopt.js'
import { factsStyles } from './facts-styles.js'
import { type Columns, columnNames, defaultColumns } from './inspector-state.js'
import { figure } from './objects.js'
import { isWords } from './query.js'
import { sheetStyles } from './sheet-styles.js'
import { statuses } from './statuses.js'

export interface MoreState {
  preserve: boolean
  hidden: number
  rows: number
  columns: Columns
  /** The reader is asked whether all rows are to go. */
  asking: boolean
}

export interface MoreActions {
  preserve(on: boolean): void
  unclear(): void
  level(): void
  /** First asks, then forgets. */
  purge(sure: boolean): void
  cancel(): void
  columns(columns: Columns): void
}

/** What is needed now and then. */
export function moreView(state: MoreState, actions: MoreActions): TemplateResult {
  const { columns } = state
  return html`<div class="sheet" part="more" role="group" aria-label="More">
    <label><input type="checkbox" .checked=${state.preserve} @change=${(event: Event) => actions.preserve((event.target as HTMLInputElement).checked)} />
      Keep events from before a reload</label>
    <fieldset><legend class="unseen">Columns</legend>
      ${columnNames.map(
        (name) =>
          html`<label><input type="checkbox" .checked=${columns[name] > 0} @change=${() =>
            actions.columns({
              ...columns,
              [name]: columns[name] ? 0 : defaultColumns[name],
            })} /> ${name}</label>`,
      )}
    </fieldset>
    <button type="button" data-action="level" @click=${actions.level}>Expand to level 2</button>
    ${state.hidden ? html`<button type="button" data-action="unclear" @click=${actions.unclear}>Show ${figure(state.hidden)} cleared</button>` : nothing}
    ${
      state.asking
        ? html`<span role="alert" class="ask">Forget all ${figure(state.rows)} rows? The buses keep their histories.
            <button type="button" class="danger" data-action="purge-sure" @click=${() => actions.purge(true)}>Forget</button>
            <button type="button" data-action="purge-cancel" @click=${actions.cancel}>Cancel</button></span>`
        : html`<button type="button" data-action="purge" ?disabled=${!state.rows} @click=${() => actions.purge(false)}>Forget all rows…</button>`
    }
    ${filterHelp}
  </div>`
}

/** What a filter can say, for those who look it up where they type it. */
const filterHelp = html`<details class="help" part="help">
  <summary>How to filter</summary>
  <dl class="facts">
    <div class="fact"><dt><code>type:Order*</code></dt><dd>also <code>bus:</code> <code>handler:</code> <code>id:</code> <code>tab:</code> with <code>*</code>, <code>?</code>, <code>"exact"</code>, <code>/pattern/i</code></dd></div>
    <div class="fact"><dt><code>status:error</code></dt><dd>${statuses.join(', ')}</dd></div>
    <div class="fact"><dt><code>is:slow</code></dt><dd>${isWords.join(', ')}</dd></div>
    <div class="fact"><dt><code>dur:&gt;50ms</code></dt><dd>also <code>dur:1s..2s</code> and <code>payload.user.id:42</code></dd></div>
    <div class="fact"><dt><code>"a b" OR (-x y)</code></dt><dd>text anywhere, alternatives, not, brackets</dd></div>
  </dl>
</details>`

/** Its style sheets, for the root that shows it. */
export const addSheetStyles = (root: ShadowRoot) => addStyles(root, factsStyles, sheetStyles)
