import { css, html, LitElement, nothing } from 'lit'
import { shop } from '../buses.js'
import { type ImportProgress, importLog } from '../importer.js'
import { leftOut } from '../left-out.js'
import { meter } from '../meter-styles.js'
import { shared } from '../styles.js'

type Stage = 'idle' | 'running' | 'done' | 'cancelled' | 'failed'

/** Slow enough to watch: about sixty events a second. */
const watchable = 16

export class ImportPanel extends LitElement {
  static override properties = {
    stage: { state: true },
    progress: { state: true },
    source: { state: true },
    dragging: { state: true },
  }

  declare stage: Stage
  declare progress: Readonly<ImportProgress>
  declare source: string
  declare dragging: boolean
  #life = new AbortController()
  #run = new AbortController()
  #hadFocus = false

  static override styles = [
    shared,
    meter,
    css`
      .actions {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem 0.75rem;
      }

      .actions label {
        display: flex;
        align-items: center;
        gap: 0.375rem;
        margin-inline-start: auto;
        cursor: pointer;
      }

      .actions input {
        margin: 0;
      }

      @media (width < 30rem) {
        .actions button {
          flex: 1 1 auto;
        }
      }

      .drop {
        position: fixed;
        z-index: 4;
        inset: 0.75rem;
        display: grid;
        place-items: center;
        border: 2px dashed var(--accent);
        border-radius: var(--radius);
        background: color-mix(in srgb, var(--accent-soft) 88%, transparent);
        color: var(--accent);
        font-size: 1.25rem;
        font-weight: 600;
        pointer-events: none;
      }
    `,
  ]

  constructor() {
    super()
    this.stage = 'idle'
    this.progress = { total: 0, dispatched: 0, handled: 0, bad: [] }
    this.source = ''
    this.dragging = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#life = new AbortController()
    const { signal } = this.#life
    addEventListener('dragover', this.#dragged, { signal })
    addEventListener('drop', this.#dropped, { signal })
    addEventListener('dragleave', (leave) => leave.relatedTarget || this.#setDragging(false), { signal })
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#life.abort()
    this.#run.abort()
  }

  /** “Cancel” goes when there is nothing to cancel any more, and would take the keyboard's place in the page with it. */
  protected override willUpdate(): void {
    this.#hadFocus = !!this.shadowRoot?.activeElement
  }

  protected override updated(): void {
    if (this.#hadFocus && !this.shadowRoot?.activeElement)
      this.shadowRoot?.querySelector<HTMLElement>('#title')?.focus()
  }

  protected override render() {
    const running = this.stage === 'running'
    return html`
      <section class="panel" aria-labelledby="title">
        <div class="bar">
          <h2 id="title" tabindex="-1">Recorded sessions</h2>
          <span class="muted small">bubus JSONL, opened or dropped anywhere</span>
        </div>
        <div class="actions">
          <button type="button" aria-disabled=${running} @click=${this.#openSample}>Load the sample</button>
          <button type="button" aria-disabled=${running} @click=${this.#pick}>Open a file…</button>
          <input class="hidden" type="file" accept=".jsonl,.ndjson,.json,.txt" tabindex="-1" aria-label="A bubus JSONL file" @change=${this.#picked} />
          <label class="small"><input id="slow" type="checkbox" checked />slow enough to watch</label>
        </div>
        ${this.stage === 'idle' ? nothing : this.#meter(running)}
        ${this.dragging ? html`<div class="drop">${running ? 'One file at a time: cancel the other one first' : 'Drop the log to send its events through the bus'}</div>` : nothing}
      </section>
    `
  }

  #meter(running: boolean) {
    const { total, dispatched, bad } = this.progress
    return html`
      <div class="meter">
        <progress max=${total || 1} .value=${dispatched} aria-label="Events dispatched"></progress>
        <div class="state">
          <span class="small number" role="status" aria-live=${running ? 'off' : 'polite'}>${this.#status()}</span>
          ${running ? html`<button type="button" @click=${() => this.#run.abort()}>Cancel</button>` : nothing}
        </div>
      </div>
      ${leftOut(bad, ({ reason }) => reason)}
    `
  }

  #status(): string {
    const { total, dispatched, handled } = this.progress
    switch (this.stage) {
      case 'running':
        return total === 0
          ? `Reading ${this.source}…`
          : `${dispatched} of ${total} dispatched, ${handled} handled`
      case 'cancelled':
        return `Cancelled after ${dispatched} of ${total} events`
      case 'failed':
        return `${this.source} could not be read`
      default:
        return `${handled === 1 ? '1 event' : `${handled} events`} of ${this.source} handled`
    }
  }

  readonly #openSample = () =>
    this.#import('the sample', async (signal) => {
      const response = await fetch(new URL('../events.jsonl', import.meta.url), { signal })
      if (!response.ok) throw new Error(`${response.status} ${response.statusText}`)
      return response.text()
    })

  readonly #pick = () => {
    if (this.stage !== 'running') this.renderRoot.querySelector<HTMLInputElement>('input[type=file]')?.click()
  }

  readonly #picked = (change: Event) => {
    const input = change.target as HTMLInputElement
    this.#openFile(input.files?.[0])
    // The same file may be opened again.
    input.value = ''
  }

  #openFile(file: File | undefined) {
    if (file) void this.#import(file.name, () => file.text())
  }

  async #import(source: string, read: (signal: AbortSignal) => Promise<string>) {
    if (this.stage === 'running') return
    this.#run = new AbortController()
    const { signal } = this.#run
    this.source = source
    this.progress = { total: 0, dispatched: 0, handled: 0, bad: [] }
    this.stage = 'running'
    void this.updateComplete.then(() => this.scrollIntoView({ block: 'nearest' }))
    const slow = this.renderRoot.querySelector<HTMLInputElement>('#slow')?.checked
    const onProgress = (progress: ImportProgress) => {
      this.progress = { ...progress }
    }
    try {
      await importLog(await read(signal), shop, { signal, ms: slow ? watchable : 0, onProgress })
      this.stage = 'done'
    } catch {
      this.stage = signal.aborted ? 'cancelled' : 'failed'
    }
  }

  #setDragging(dragging: boolean) {
    this.dragging = dragging
  }

  readonly #dragged = (drag: DragEvent) => {
    if (!drag.dataTransfer?.types.includes('Files')) return
    drag.preventDefault()
    if (this.stage === 'running') drag.dataTransfer.dropEffect = 'none'
    this.#setDragging(true)
  }

  readonly #dropped = (drop: DragEvent) => {
    this.#setDragging(false)
    const file = drop.dataTransfer?.files[0]
    if (!file) return
    drop.preventDefault()
    this.#openFile(file)
  }
}

customElements.define('import-panel', ImportPanel)
