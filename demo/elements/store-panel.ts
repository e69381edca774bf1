import { css, html, LitElement, nothing } from 'lit'
import type { DataLossEvent } from '../../src/log/event-log.js'
import { log, shop } from '../buses.js'
import { NoticeShown } from '../events.js'
import { crashNote, killMidWrite } from '../kill.js'
import { meter } from '../meter-styles.js'
import { shared } from '../styles.js'

interface Work {
  readonly title: string
  readonly done: number
  readonly total: number | undefined
  readonly failed: readonly { line: number; message: string }[]
  readonly running: boolean
  readonly outcome: string
}

const states = {
  ok: 'Everything is on the disk',
  degraded: 'The disk does not answer; trying again',
  memory: 'No database here: kept in memory only',
  closed: 'Closed',
} as const

const bytes = new Intl.NumberFormat('en', { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 0 })

/** The write-ahead log: what it holds and how it is, and what one can do with it. */
export class StorePanel extends LitElement {
  static override properties = { count: { state: true }, used: { state: true }, work: { state: true } }

  declare count: number | undefined
  declare used: number | undefined
  declare work: Work | null
  #life = new AbortController()
  #run = new AbortController()
  #looking = false

  static override styles = [
    shared,
    meter,
    css`
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
      }

      .light::before {
        content: '';
        display: inline-block;
        inline-size: 0.625rem;
        block-size: 0.625rem;
        margin-inline-end: 0.5rem;
        border-radius: 50%;
        background: var(--tone, var(--warn));
      }

      .ok {
        --tone: var(--good);
      }

      .memory,
      .closed {
        --tone: var(--bad);
      }

      .facts {
        margin-block-end: 0.75rem;
      }
    `,
  ]

  constructor() {
    super()
    this.count = undefined
    this.used = undefined
    this.work = null
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#life = new AbortController()
    const { signal } = this.#life
    log.addEventListener('statechange', () => this.requestUpdate(), { signal })
    log.addEventListener('dataloss', this.#lost, { signal })
    this.#look()
    const timer = setInterval(() => this.#look(), 1000)
    signal.addEventListener('abort', () => clearInterval(timer))
    void this.#tellOfCrash()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#life.abort()
    this.#run.abort()
  }

  protected override render() {
    const { work, count, used } = this
    const busy = work?.running ?? false
    const size = used === undefined ? '' : `, ${bytes.format(used / 1000)} on this site`
    return html`
      <section class="panel" aria-labelledby="title">
        <div class="bar">
          <h2 id="title">Write-ahead log</h2>
          <span class="small light ${log.state}" role="status">${states[log.state]}</span>
        </div>
        <p class="facts small muted number">
          ${count === undefined ? 'Opening…' : html`<b>${count}</b> ${count === 1 ? 'event' : 'events'}${size}`}
        </p>
        <div class="actions">
          <button type="button" @click=${this.#export}>Export</button>
          <button type="button" ?disabled=${busy} @click=${this.#pick}>Import…</button>
          <input class="hidden" type="file" accept=".jsonl,.ndjson,.json,.txt" tabindex="-1" aria-label="A JSONL file for the log" @change=${this.#import} />
          <button type="button" ?disabled=${busy} @click=${this.#replay}>Replay</button>
          <button type="button" @click=${killMidWrite}>Kill the page mid-write</button>
          <button type="button" ?disabled=${busy} @click=${this.#clear}>Clear…</button>
        </div>
        ${work ? this.#meter(work) : nothing}
      </section>
    `
  }

  #meter({ title, done, total, failed, running, outcome }: Work) {
    return html`
      <div class="meter">
        <progress max=${total || 1} .value=${running ? done : total || 1} aria-label=${title}></progress>
        <div class="state">
          <span class="small number" role="status">${running ? `${title}: ${done}` : outcome}</span>
          ${running ? html`<button type="button" @click=${() => this.#run.abort()}>Cancel</button>` : nothing}
        </div>
      </div>
      ${
        failed.length
          ? html`
            <details>
              <summary class="small">${failed.length === 1 ? '1 line' : `${failed.length} lines`} left out</summary>
              <ul>${failed.map(({ line, message }) => html`<li>line ${line}: ${message}</li>`)}</ul>
            </details>
          `
          : nothing
      }
    `
  }

  async #look(): Promise<void> {
    if (this.#looking || document.hidden) return
    this.#looking = true
    try {
      this.count = await log.count()
      this.used = (await navigator.storage?.estimate?.())?.usage
    } catch {
      // The state says what is wrong.
    } finally {
      this.#looking = false
    }
  }

  readonly #lost = (event: Event) => {
    const { from, to } = event as DataLossEvent
    this.#notice(
      `The browser has lost part of the log (segments ${from} to ${to}). Import your last export.`,
      'bad',
    )
  }

  #notice(text: string, tone: 'good' | 'warn' | 'bad'): void {
    shop.dispatch(new NoticeShown({ text, tone }))
  }

  async #tellOfCrash(): Promise<void> {
    const note = await crashNote()
    if (note) this.#notice(note.text, note.tone)
  }

  readonly #export = async () => {
    const url = URL.createObjectURL(await new Response(log.exportJSONL()).blob())
    const link = Object.assign(document.createElement('a'), { href: url, download: 'shop.jsonl' })
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 60_000)
  }

  readonly #pick = () => this.renderRoot.querySelector<HTMLInputElement>('input[type=file]')?.click()

  readonly #import = async (change: Event) => {
    const input = change.target as HTMLInputElement
    const [file] = input.files ?? []
    if (!file) return
    await this.#work(`Importing ${file.name}`, file.size, (signal, tell) =>
      log.importJSONL(file, { signal, onProgress: ({ done, bytes: read }) => tell(read ?? done) }),
    )
    // The same file may be chosen again.
    input.value = ''
  }

  /** What customers did, once more; what came of it comes of it again. */
  readonly #replay = async () => {
    const where = ({ event_type: type }: { event_type: string }) => /^Item(Added|Removed)$/.test(type)
    const total = await this.#matching(where)
    await this.#work('Replaying', total, (signal, tell) =>
      log.replay(shop, { where, speed: 20, signal, onProgress: ({ done }) => tell(done) }),
    )
  }

  async #matching(where: (record: { event_type: string }) => boolean): Promise<number> {
    let total = 0
    for await (const record of log.records({ busName: 'shop' })) if (where(record)) total++
    return total
  }

  readonly #clear = async () => {
    if (!confirm('Remove everything that the log holds of the past? This cannot be undone.')) return
    await log.clear()
    await this.#look()
    this.#notice('The log is empty. What happens from now on is kept.', 'good')
  }

  async #work(
    title: string,
    total: number | undefined,
    start: (
      signal: AbortSignal,
      tell: (done: number) => void,
    ) => Promise<{ done: number; failed: { line: number; message: string }[] }>,
  ): Promise<void> {
    this.#run = new AbortController()
    const { signal } = this.#run
    const work = { title, total, done: 0, failed: [], running: true, outcome: '' }
    this.work = work
    const tell = (done: number) => {
      this.work = { ...work, done }
    }
    try {
      const { done, failed } = await start(signal, tell)
      this.work = {
        ...work,
        failed,
        running: false,
        outcome: `${title}: ${done} ${done === 1 ? 'event' : 'events'}`,
      }
    } catch (error) {
      const why = signal.aborted ? 'cancelled' : String((error as Error).message)
      this.work = { ...work, running: false, outcome: `${title}: ${why}` }
    }
    await this.#look()
  }
}

customElements.define('store-panel', StorePanel)
