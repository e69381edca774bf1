import { css, html, LitElement, nothing } from 'lit'
import type { DataLossEvent } from '../../src/log/event-log.js'
import { log, shop } from '../buses.js'
import { NoticeShown } from '../events.js'
import { type CrashNote, crashNote, killMidWrite } from '../kill.js'
import { leftOut } from '../left-out.js'
import { meter } from '../meter-styles.js'
import { countRepeatable, repeatable } from '../repeatable.js'
import { restore } from '../restore.js'
import { shared } from '../styles.js'

interface Failed {
  readonly line: number
  readonly message: string
}

interface Work {
  readonly title: string
  readonly done: number
  readonly total: number
  readonly failed: readonly Failed[]
  readonly running: boolean
  /** How far it is, or what came of it. */
  readonly text: string
}

interface Task {
  readonly title: string
  /** What `tell` counts up to. */
  readonly total: number
  readonly say: (done: number) => string
  readonly run: (signal: AbortSignal, tell: (done: number) => void) => Promise<Result>
}

interface Result {
  readonly text: string
  readonly failed?: readonly Failed[]
}

const states = {
  ok: 'Everything is on the disk',
  degraded: 'The disk does not answer; trying again',
  memory: 'No database here: kept in memory only',
  closed: 'Closed',
} as const

const percent = new Intl.NumberFormat('en', { style: 'percent' })
const bytes = new Intl.NumberFormat('en', { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 0 })

/** The write-ahead log: what it holds and how it is, and what one can do with it. */
export class StorePanel extends LitElement {
  static override properties = {
    count: { state: true },
    used: { state: true },
    work: { state: true },
    crash: { state: true },
    loss: { state: true },
  }

  declare count: number | undefined
  declare used: number | undefined
  declare work: Work | null
  /** What became of what was acknowledged when the page was killed. */
  declare crash: CrashNote | null
  declare loss: DataLossEvent | null
  #life = new AbortController()
  #run = new AbortController()
  #hadFocus = false
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

      .actions {
        margin-block: 0.75rem;
      }

      .actions label {
        display: flex;
        align-items: center;
        gap: 0.5rem;
      }

      select {
        min-block-size: 2.25rem;
        padding: 0.25rem 0.5rem;
        border: 1px solid var(--edge);
        border-radius: 8px;
        background: var(--raised);
      }

      .crash {
        margin-block-start: 0.5rem;
        padding-inline-start: 0.75rem;
        border-inline-start: 3px solid var(--good);
      }

      .crash.bad {
        border-color: var(--bad);
      }

      .loss {
        margin-block-end: 0.75rem;
        padding: 0.75rem;
        border: 1px solid var(--bad);
        border-radius: 8px;
        background: var(--bad-soft);
      }

      .loss h3 {
        font-size: 0.9375rem;
        color: var(--bad);
      }

      .loss button {
        margin-block-start: 0.5rem;
      }
    `,
  ]

  constructor() {
    super()
    this.count = undefined
    this.used = undefined
    this.work = null
    this.crash = null
    this.loss = null
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

  /** “Cancel” goes when there is nothing to cancel any more, and would take the keyboard's place in the page with it. */
  protected override willUpdate(): void {
    this.#hadFocus = !!this.shadowRoot?.activeElement
  }

  protected override updated(): void {
    if (this.#hadFocus && !this.shadowRoot?.activeElement)
      this.shadowRoot?.querySelector<HTMLElement>('#title')?.focus()
  }

  protected override render() {
    const { crash } = this
    return html`
      <section class="panel" aria-labelledby="title">
        <div class="bar">
          <h2 id="title" tabindex="-1">Write-ahead log</h2>
          <span class="small light ${log.state}" role="status">${states[log.state]}</span>
        </div>
        <div role="alert">${this.loss ? this.#lossNotice(this.loss) : nothing}</div>
        <p class="small muted number">${this.#facts()}</p>
        <div role="status">
          ${crash ? html`<p class="crash small number ${crash.tone}">${crash.text}</p>` : nothing}
        </div>
        ${this.#actions(this.work?.running ?? false)}
        <p id="hint" class="small muted">
          A replay repeats what was clicked in the cart and what was recorded, never an order: money moves once.
        </p>
        ${this.work ? this.#meter(this.work) : nothing}
      </section>
    `
  }

  #facts() {
    const { count, used } = this
    if (log.state === 'memory') return 'What happens here is gone with the page'
    if (count === undefined) return 'Opening…'
    const size = used === undefined ? '' : `, ${bytes.format(used / 1000)} on this site`
    return html`<b>${count}</b> ${count === 1 ? 'event' : 'events'}${size}`
  }

  #lossNotice({ from, to, reason }: DataLossEvent) {
    return html`
      <div class="loss small">
        <h3>Part of the log is gone</h3>
        <p>
          ${from === to ? `Segment ${from}` : `Segments ${from} to ${to}`}: ${reason}. Browsers do that when the disk is full or the
          site’s data are cleared. What is left goes on; import your last export to have the rest back.
        </p>
        <button type="button" @click=${this.#understood}>Understood</button>
      </div>
    `
  }

  #actions(busy: boolean) {
    const press = (act: () => unknown) => () => busy || act()
    return html`
      <div class="actions">
        <button type="button" aria-disabled=${busy} @click=${press(this.#export)}>Export</button>
        <button type="button" aria-disabled=${busy} @click=${press(this.#pick)}>Import…</button>
        <input class="hidden" type="file" accept=".jsonl,.ndjson,.json,.txt" tabindex="-1" aria-label="A JSONL file for the log" @change=${this.#picked} />
        <button type="button" aria-disabled=${busy} @click=${press(this.#clear)}>Clear the log…</button>
      </div>
      <div class="actions">
        <button type="button" aria-disabled=${busy} aria-describedby="hint" @click=${press(this.#replay)}>Replay</button>
        <label class="small">
          <span class="hidden">Pace of the replay</span>
          <select id="speed">
            <option value="">at once</option>
            <option value="1">as it came</option>
            <option value="10">ten times as fast</option>
          </select>
        </label>
        <button type="button" aria-disabled=${busy} @click=${press(killMidWrite)}>Kill the page mid-write</button>
      </div>
    `
  }

  #meter({ title, done, total, failed, running, text }: Work) {
    return html`
      <div class="meter">
        <progress max=${total || 1} .value=${running ? done : total || 1} aria-label=${title}></progress>
        <div class="state">
          <span class="small number" role="status" aria-live=${running ? 'off' : 'polite'}>${title}: ${text}</span>
          ${running ? html`<button type="button" @click=${() => this.#run.abort()}>Cancel</button>` : nothing}
        </div>
      </div>
      ${leftOut(failed, ({ message }) => message)}
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

  readonly #lost = (loss: DataLossEvent) => {
    this.loss = loss
    this.#notice('Part of the log is gone: see “Write-ahead log”', 'bad')
  }

  readonly #understood = () => {
    this.loss = null
  }

  #notice(text: string, tone: 'good' | 'warn' | 'bad'): void {
    shop.dispatch(new NoticeShown({ text, tone }))
  }

  async #tellOfCrash(): Promise<void> {
    this.crash = await crashNote()
    if (this.crash) this.#notice(this.crash.text, this.crash.tone)
  }

  readonly #export = () =>
    this.#do({
      title: 'Export',
      total: 0,
      say: () => 'reading…',
      run: async (signal) => {
        // Through a stream of one's own, which can be cancelled.
        const stream = log.exportJSONL().pipeThrough(new TransformStream(), { signal })
        const blob = await new Response(stream).blob()
        save(blob, 'shop.jsonl')
        return { text: `${bytes.format(blob.size / 1000)} in shop.jsonl` }
      },
    })

  readonly #pick = () => this.renderRoot.querySelector<HTMLInputElement>('input[type=file]')?.click()

  readonly #picked = async (change: Event) => {
    const input = change.target as HTMLInputElement
    const [file] = input.files ?? []
    if (file) await this.#import(file)
    // The same file may be chosen again.
    input.value = ''
  }

  #import(file: File) {
    return this.#do({
      title: file.name,
      total: file.size,
      say: (read) => `${percent.format(read / (file.size || 1))} imported`,
      run: async (signal, tell) => {
        const { done, failed } = await log.importJSONL(file, {
          signal,
          onProgress: ({ bytes: read = 0 }) => tell(read),
        })
        // Its orders are orders of this shop.
        await restore()
        return { text: `${events(done)} imported`, failed }
      },
    })
  }

  readonly #replay = async () => {
    const chosen = Number(this.renderRoot.querySelector<HTMLSelectElement>('#speed')?.value)
    const total = await countRepeatable().catch(() => 0)
    await this.#do({
      title: 'Replay',
      total,
      say: (done) => `${done} of ${events(total)}`,
      run: async (signal, tell) => {
        const { done, failed } = await log.replay(shop, {
          where: repeatable,
          speed: chosen || Infinity,
          signal,
          onProgress: ({ done }) => tell(done),
        })
        return { text: done ? events(done) : 'nothing to repeat yet. Put something into the cart', failed }
      },
    })
  }

  readonly #clear = async () => {
    if (!confirm('Remove everything that the log holds of the past? This cannot be undone.')) return
    await this.#do({
      title: 'Clear',
      total: 0,
      say: () => 'removing…',
      run: async () => {
        await log.clear()
        return { text: 'the log is empty. The page shows what it has until it is loaded again' }
      },
    })
  }

  async #do({ title, total, say, run }: Task): Promise<void> {
    this.#run = new AbortController()
    const { signal } = this.#run
    const tell = (done: number, more: Partial<Work> = {}) => {
      this.work = { title, total, done, failed: [], running: true, text: say(done), ...more }
    }
    tell(0)
    try {
      const { text, failed = [] } = await run(signal, tell)
      tell(total, { running: false, text, failed })
    } catch (error) {
      const text = signal.aborted ? 'cancelled' : error instanceof Error ? error.message : String(error)
      tell(this.work?.done ?? 0, { running: false, text })
    }
    await this.#look()
  }
}

const events = (count: number) => (count === 1 ? '1 event' : `${count} events`)

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  Object.assign(document.createElement('a'), { href: url, download: name }).click()
  // Some engines start to read only later.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

customElements.define('store-panel', StorePanel)
