import { html, nothing } from 'lit'

/** A file may be broken in every line: nobody reads them all, and a page that shows them all hangs. */
const SHOWN = 100

/** The lines of a file that were left out, each with its reason. */
export function leftOut<L extends { line: number }>(lines: readonly L[], reasonOf: (line: L) => string) {
  if (lines.length === 0) return nothing
  const more = lines.length - SHOWN
  return html`
    <details>
      <summary class="small">${lines.length === 1 ? '1 line' : `${lines.length} lines`} left out</summary>
      <ul>
        ${lines.slice(0, SHOWN).map((left) => html`<li>line ${left.line}: ${reasonOf(left)}</li>`)}
        ${more > 0 ? html`<li>and ${more} more</li>` : nothing}
      </ul>
    </details>
  `
}
