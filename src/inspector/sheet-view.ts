import { html, nothing, type TemplateResult } from 'lit'
import { addStyles } from './adopt.js'
import type { BusInspector } from './bus-inspector.js'
import { factsStyles } from './facts-styles.js'
import { columnNames, defaultColumns } from './inspector-state.js'
import { figure } from './objects.js'
import { isWords } from './query.js'
import { sheetStyles } from './sheet-styles.js'
import { statuses } from './statuses.js'
import type { Sheet } from './toolbar-view.js'

/** What is needed now and then; as `purge` it asks the reader whether all rows are to go. */
export function moreView(
  host: BusInspector,
  sheet: Sheet,
  show: (sheet: Sheet) => void,
): TemplateResult | typeof nothing {
  const asking = sheet === 'purge'
  if (!asking && sheet !== 'more') return nothing
  const { columns, tree } = host
  const { hidden, size } = tree.model
  const forget = () => {
    host.purge()
    show('')
  }
  return html`<div class="sheet" part="more" role="group" aria-label="More">
    <label><input type="checkbox" .checked=${host.preserve} @change=${(event: Event) => {
      host.preserve = (event.target as HTMLInputElement).checked
    }} />
      Keep events from before a reload</label>
    <label><input type="checkbox" .checked=${host.snapshot} @change=${(event: Event) => {
      host.snapshot = (event.target as HTMLInputElement).checked
    }} />
      Watch payloads for changes</label>
    <label><input type="checkbox" .checked=${host.sort === 'duration'} @change=${(event: Event) => {
      host.sort = (event.target as HTMLInputElement).checked ? 'duration' : 'time'
    }} />
      Slowest first</label>
    <fieldset><legend class="unseen">Columns</legend>
      ${columnNames.map(
        (name) =>
          html`<label><input type="checkbox" .checked=${columns[name] > 0} @change=${() => {
            host.columns = { ...columns, [name]: columns[name] ? 0 : defaultColumns[name] }
          }} /> ${name}</label>`,
      )}
    </fieldset>
    <button type="button" data-action="level" @click=${() => host.expandTo(2)}>Expand to level 2</button>
    ${hidden ? html`<button type="button" data-action="unclear" @click=${() => host.unclear()}>Show ${figure(hidden)} cleared</button>` : nothing}
    ${
      asking
        ? html`<span role="alert" class="ask">Forget all ${figure(size)} rows? The buses keep their histories.
            <button type="button" class="danger" data-action="purge-sure" @click=${forget}>Forget</button>
            <button type="button" data-action="purge-cancel" @click=${() => show('more')}>Cancel</button></span>`
        : html`<button type="button" data-action="purge" ?disabled=${!size} @click=${() => show('purge')}>Forget all rows…</button>`
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
