import { html, LitElement, nothing, type PropertyValues } from 'lit'
import { styles } from './bus-inspector-styles.js'
import { DetailPane } from './detail-pane.js'
import type { Scope } from './export-view.js'
import { type Format, recordOf } from './exports.js'
import type { BadLine } from './file-events.js'
import { gridView } from './grid-view.js'
import { InspectorSelectEvent, InspectorToggleEvent } from './inspector-events.js'
import {
  type Columns,
  columnNames,
  columnsOf,
  defaultColumns,
  type InspectorState,
  readState,
  type Sort,
  stateOf,
  writeState,
} from './inspector-state.js'
import { LiveTree } from './live-tree.js'
import { type RedactRules, redactorOf } from './redact.js'
import { dragged, keyed, type Resizing } from './resizing.js'
import type { Formatters } from './row.js'
import { moreView } from './sheet-view.js'
import { type InspectedBus, type InspectedEvent, isResult, type Subject } from './subjects.js'
import { type Action, roveToolbar, toolbarView } from './toolbar-view.js'
import type { ImportOptions } from './transfer.js'
import { Transfers } from './transfers.js'
import { TreeGrid } from './tree-grid.js'
import { TreeModel } from './tree-model.js'
import { Unread } from './unread.js'

export type { InspectedBus, InspectedEvent, InspectedResult } from './subjects.js'
export type { BadLine, Columns, Format, Formatters, ImportOptions, InspectorState, RedactRules, Scope, Sort }
export { InspectorSelectEvent, InspectorToggleEvent }

const themes = ['auto', 'light', 'dark'] as const
type Theme = (typeof themes)[number]

const HASH = /[#&]bus-inspector=([\da-f-]{36})/i

/** Declared in markup nothing throws: what an attribute cannot mean is told once, and the default holds. */
function numberIn(name: string, least: number, most: number, fallback: number) {
  return {
    fromAttribute(text: string | null): number {
      const value = Number(text ?? fallback)
      if (value >= least && value <= most) return value
      warnOnce(name, `from ${least} to ${most}`, text, fallback)
      return fallback
    },
  }
}
const warned = new Set<string>()
function warnOnce(name: string, expected: string, got: unknown, used: unknown): void {
  if (warned.has(name)) return
  warned.add(name)
  console.warn(
    `bubus: <bus-inspector>: expected \`${name}\` to be ${expected}, got ${JSON.stringify(got)}; it is ${used}`,
  )
}

/**
 * Shows what happens on the buses of the page, live, as a tree: events, their handlers with what came of them, and below
 * these the events that they dispatched. Closed, detached or in a hidden tab it costs nothing.
 *
 * @tag bus-inspector
 *
 * @attr {boolean} open - Whether the tree is shown; true unless said otherwise. `open="false"` starts closed.
 * @attr {'auto'|'light'|'dark'} theme - `auto` follows the `color-scheme` of where the element is.
 * @attr {boolean} paused - Whether the view stands still while events go on.
 * @attr {boolean} preserve - Shows events from before the page was loaded, which a log has brought back.
 * @attr {string} filter - Which events to show; see the README for what it can say.
 * @attr {number} max-rows - How many rows to keep; the oldest go first. From 100, default 10 000.
 * @attr {number} refresh-hz - How often a second the view may change, 1 to 60, default 10.
 * @attr {string} persist-key - Under which key of localStorage the view is remembered; without it nothing is stored.
 *
 * @fires {InspectorSelectEvent} bus-inspector-select - The reader has selected a row, or none.
 * @fires {InspectorToggleEvent} bus-inspector-toggle - The reader opens or closes it; cancelable.
 */
export class BusInspector extends LitElement {
  static readonly version: string = '0.1.0'

  static override styles = styles

  static override properties = {
    open: {
      reflect: true,
      converter: {
        fromAttribute: (text: string | null) => text !== null && text !== 'false',
        toAttribute: (open: boolean) => (open ? '' : null),
      },
    },
    theme: { reflect: true },
    paused: { type: Boolean, reflect: true },
    preserve: { type: Boolean, reflect: true },
    filter: { type: String },
    maxRows: { attribute: 'max-rows', converter: numberIn('max-rows', 100, 10_000_000, 10_000) },
    refreshHz: { attribute: 'refresh-hz', converter: numberIn('refresh-hz', 1, 60, 10) },
    persistKey: { attribute: 'persist-key' },
    buses: { attribute: false },
    redact: { attribute: false },
    formatters: { attribute: false },
    columns: { attribute: false },
    sort: { attribute: false },
  }

  declare open: boolean
  declare theme: Theme
  declare paused: boolean
  declare preserve: boolean
  declare filter: string
  declare maxRows: number
  declare refreshHz: number
  declare persistKey: string | null
  /** The only buses to show; null for all of the page, those to come included. */
  declare buses: readonly InspectedBus[] | null
  /** What is not to be seen, copied or exported. */
  declare redact: RedactRules | null
  /** What rows say about their events, by type. */
  declare formatters: Formatters
  /** Widths in px, 0 for a column that is not shown. */
  declare columns: Columns
  /** By which the topmost events are ordered; `'duration'`: the slowest first. */
  declare sort: Sort

  /** @internal */
  readonly tree: LiveTree
  readonly #transfers: Transfers
  readonly #pane: DetailPane
  readonly #unread = new Unread()
  #grid: TreeGrid | null = null
  #internals: ElementInternals | null = null
  /** It listens. */
  #live = false
  #bus = ''
  #detailOpen = false
  #detailShare = 45
  #sheet: '' | 'export' | 'more' | 'purge' = ''
  /** The id of an event that was asked for before it was here. */
  #wanted = ''
  #stored = ''

  constructor() {
    super()
    this.open = true
    this.theme = 'auto'
    this.paused = false
    this.preserve = false
    this.filter = ''
    this.maxRows = 10_000
    this.refreshHz = 10
    this.persistKey = null
    this.buses = null
    this.redact = null
    this.formatters = {}
    this.columns = { ...defaultColumns }
    this.sort = 'time'
    this.tree = new LiveTree({
      beforeCommit: () => this.#grid?.beforeCommit(),
      afterCommit: (added, failed) => this.#committed(added, failed),
      changed: () => this.requestUpdate(),
    })
    this.#transfers = new Transfers(this, this.tree, () => this.selected)
    this.#pane = new DetailPane(this, this.tree, {
      select: (subject) => void this.#reveal(subject),
      copy: (event) =>
        void this.#transfers.copy(() => JSON.stringify(recordOf(event, this.tree.redact), null, 2)),
      close: () => this.#closeDetail(),
    })
  }

  /** The event of the selected row. */
  get selected(): InspectedEvent | null {
    const { model } = this.tree
    const node = model.nodeOf(this.#grid?.selected)
    return node ? model.event(node) : null
  }

  /** Selects the event with this id, opens what it lies in, and focuses its row. False if it is not here. */
  select(id: string): boolean {
    for (const [event] of this.tree.model.allEvents()) if (event.eventId === id) return this.#reveal(event)
    return false
  }

  /** Selects the next handler that failed, or with -1 the one before, round the end. False if there is none. */
  nextError(step: 1 | -1 = 1): boolean {
    this.#unread.clear()
    this.requestUpdate()
    return this.#grid?.toFailure(step) ?? false
  }

  /** Opens the rows above a level, from 1, and closes the others; `Infinity` opens all. */
  expandTo(level: number): void {
    this.#grid?.expandTo(level)
  }

  /** Takes all rows from sight; the buses' histories stay as they are. */
  clear(): void {
    this.tree.clear()
  }

  /** Brings back what `clear` has taken from sight. */
  unclear(): void {
    this.tree.unclear()
  }

  /** Forgets all rows for good; the buses' histories stay as they are. */
  purge(): void {
    this.tree.purge()
  }

  /** Events as a file, redacted: all, those that the filter shows, or the selected one with what came of it. */
  export({
    events = 'shown',
    format = 'jsonl',
  }: {
    events?: Scope
    format?: Format
  } = {}): ReadableStream<Uint8Array> {
    return this.#transfers.export(events, format)
  }

  /** Shows the events of a JSONL file beside those of the page; nothing is dispatched. Lines that cannot be read are told of. */
  importJSONL(
    source: Blob | ReadableStream<Uint8Array> | string,
    options: ImportOptions = {},
  ): Promise<{ events: number; bad: BadLine[] }> {
    return this.#transfers.import(source, options)
  }

  /** What the reader has set up, as plain data. */
  getState(): InspectorState {
    const { open, paused, preserve, filter, sort } = this
    const selected = this.selected?.eventId ?? this.#wanted
    const columns = { ...this.columns }
    return {
      open,
      paused,
      preserve,
      filter,
      bus: this.#bus,
      selected,
      sort,
      columns,
      detail: this.#detailShare,
    }
  }

  /** The inverse of `getState`; what is no state is ignored. */
  setState(state: Partial<InspectorState>): void {
    const { bus, selected, detail, ...rest } = stateOf(state)
    Object.assign(this, rest)
    if (bus !== undefined) this.#pick(bus)
    if (detail !== undefined) this.#detailShare = detail
    if (selected) this.#wanted = this.select(selected) ? '' : selected
    this.requestUpdate()
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#internals ??= this.attachInternals()
    if (this.persistKey) this.setState(readState(this.persistKey))
    this.#wanted = HASH.exec(location.hash)?.[1] ?? this.#wanted
    this.requestUpdate()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#watch()
    queueMicrotask(() => {
      // It was taken out, not moved: nothing that was shown is held any longer.
      if (this.isConnected) return
      this.#closeBody()
      this.tree.model = new TreeModel()
      this.#unread.clear()
    })
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const { tree } = this
    if (!themes.includes(this.theme)) {
      warnOnce('theme', 'auto, light or dark', this.theme, 'auto')
      this.theme = 'auto'
    }
    tree.maxRows = this.maxRows
    tree.refreshHz = this.refreshHz
    if (changed.has('redact')) tree.setRedact(redactorOf(this.redact))
    if (changed.has('columns')) this.columns = columnsOf(this.columns, { ...defaultColumns })
    if (changed.has('filter')) tree.setFilter(this.filter ?? '', this.#bus)
    if (changed.has('preserve')) tree.showOld(this.preserve)
    if (changed.has('paused')) tree.pause(this.paused)
    if (changed.has('sort')) tree.sortSlowest(this.sort === 'duration')
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!this.open) this.#closeBody()
    else if (!this.#grid) this.#openBody()
    else if (changed.has('formatters') || changed.has('redact')) {
      this.#grid.refresh()
      this.#pane.refresh()
    }
    if (changed.has('buses')) this.#stop()
    this.#watch()
    const toolbar = this.renderRoot.querySelector<HTMLElement>('.toolbar')
    if (toolbar) roveToolbar(toolbar)
    this.#sizeColumns()
    this.#renderDetail()
    const states = this.#internals?.states
    for (const [name, on] of [
      ['paused', this.paused],
      ['invalid', !!this.tree.filterError],
    ] as const) {
      if (on) states?.add(name)
      else states?.delete(name)
    }
    this.#store()
  }

  /** Listens only while somebody can see it. */
  #watch(): void {
    const wanted = this.isConnected && this.open
    document.removeEventListener('visibilitychange', this.#visibility)
    window.removeEventListener('hashchange', this.#hash)
    if (wanted) {
      document.addEventListener('visibilitychange', this.#visibility)
      window.addEventListener('hashchange', this.#hash)
    }
    if (!wanted || document.visibilityState === 'hidden') this.#stop()
    else if (!this.#live) {
      this.#live = true
      this.tree.start(this.buses)
    }
  }

  #stop(): void {
    if (!this.#live) return
    this.#live = false
    this.tree.stop()
    this.#unread.stop()
    this.#unread.closedAt = Date.now()
  }

  readonly #visibility = () => this.#watch()
  readonly #hash = () => {
    const id = HASH.exec(location.hash)?.[1]
    if (id) this.#wanted = this.select(id) ? '' : id
  }

  /** Storage is written to only when there is something new. */
  #store(): void {
    if (!this.persistKey) return
    const state = this.getState()
    const text = JSON.stringify(state)
    if (text === this.#stored) return
    this.#stored = text
    writeState(this.persistKey, state)
  }

  #openBody(): void {
    const find = (selector: string) => this.renderRoot.querySelector(selector) as HTMLElement
    this.#grid = new TreeGrid({
      tree: this.tree,
      grid: find('#grid'),
      scroller: find('.scroller'),
      formatters: () => this.formatters,
      onSelect: () => this.#selected(),
      onMove: () => this.#moved(),
    })
    this.tree.model.flatten()
    this.#grid.beforeCommit()
    this.#grid.afterCommit(0)
  }

  #closeBody(): void {
    this.#grid?.dispose()
    this.#grid = null
    this.#detailOpen = false
    this.#pane.clear(this.renderRoot.querySelector('#detail'))
  }

  #committed(added: number, failed: readonly InspectedEvent[]): void {
    this.#unread.add(failed, () => this.requestUpdate())
    this.#grid?.afterCommit(added)
    if (this.#wanted && this.select(this.#wanted)) this.#wanted = ''
    this.requestUpdate()
  }

  #selected(): void {
    const subject = this.#grid?.selected ?? null
    this.#detailOpen = !!subject
    this.dispatchEvent(new InspectorSelectEvent(this.selected, subject && isResult(subject) ? subject : null))
    this.requestUpdate()
  }

  /** Selects a row even if the filter or `clear` has taken it from sight. */
  #reveal(subject: Subject): boolean {
    if (this.#grid?.select(subject, true)) return true
    if (!this.#grid || !this.tree.model.nodeOf(subject)) return false
    this.filter = ''
    this.#pick('')
    this.tree.unclear()
    return this.#grid.select(subject, true)
  }

  #moved(): void {
    const pill = this.renderRoot.querySelector<HTMLElement>('.pill')
    if (!pill || !this.#grid) return
    const { following, unseen } = this.#grid
    pill.hidden = following || this.sort === 'duration'
    pill.textContent = unseen ? `${unseen.toLocaleString('en')} new` : 'To the newest'
  }

  #renderDetail(): void {
    const container = this.renderRoot.querySelector<HTMLElement>('#detail')
    if (container) this.#pane.show(container, this.#detailOpen ? (this.#grid?.selected ?? null) : null)
    this.renderRoot
      .querySelector<HTMLElement>('.main')
      ?.style.setProperty('--_detail', `${this.#detailShare}%`)
  }

  #closeDetail(): void {
    this.#detailOpen = false
    this.requestUpdate()
    this.#grid?.focus()
  }

  #sizeColumns(): void {
    const grid = this.renderRoot.querySelector<HTMLElement>('#grid')
    for (const name of columnNames) {
      grid?.style.setProperty(`--_${name}-width`, `${this.columns[name]}px`)
      grid?.classList.toggle(`no-${name}`, !this.columns[name])
    }
  }

  #pick(bus: string): void {
    this.#bus = bus
    this.#unread.clear(bus)
    this.tree.setFilter(this.filter, bus)
    this.requestUpdate()
  }

  readonly #act = (action: Action) => {
    switch (action) {
      case 'toggle':
        return this.#toggle()
      case 'pause':
        this.paused = !this.paused
        break
      case 'clear':
        return this.clear()
      case 'expand':
        return this.expandTo(Number.POSITIVE_INFINITY)
      case 'collapse':
        return this.expandTo(1)
      case 'next-error':
        return this.nextError(1)
      case 'previous-error':
        return this.nextError(-1)
      case 'import':
        return this.renderRoot.querySelector<HTMLInputElement>('input[type=file]')?.click()
      case 'export':
      case 'more':
        this.#sheet = this.#sheet === action || (action === 'more' && this.#sheet) ? '' : action
        this.requestUpdate()
    }
  }

  #toggle(): void {
    if (!this.dispatchEvent(new InspectorToggleEvent(!this.open))) return
    this.open = !this.open
    this.#unread.clear()
  }

  /** Somebody comes near the closed inspector. */
  readonly #near = () => {
    if (this.open) return
    this.#unread.peek()
    this.requestUpdate()
  }

  readonly #dropped = (event: DragEvent) => {
    const [file] = event.dataTransfer?.files ?? []
    if (!file) return
    event.preventDefault()
    void this.#transfers.open(file)
  }

  readonly #keys = (event: KeyboardEvent) => {
    const typing = (event.target as Element).closest('input, select')
    if (event.key === '/' && !typing) {
      event.preventDefault()
      this.renderRoot.querySelector<HTMLInputElement>('#filter')?.focus()
    } else if (event.key === 'Escape' && this.#sheet) {
      this.#sheet = ''
      this.requestUpdate()
    } else if (event.key === 'Escape' && this.#detailOpen && !typing) this.#closeDetail()
  }

  /** The share of the details: at the side, or below where there is little room. */
  readonly #resizeDetail = (event: PointerEvent | KeyboardEvent) => {
    const main = this.renderRoot.querySelector('.main') as HTMLElement
    const beside = getComputedStyle(main).flexDirection === 'row'
    const size = beside ? main.clientWidth : main.clientHeight
    this.#resize(event, {
      value: this.#detailShare,
      least: 15,
      most: 85,
      perPixel: -100 / size,
      axis: beside ? 'x' : 'y',
      change: (share) => {
        this.#detailShare = Math.round(share)
        this.requestUpdate()
      },
    })
  }

  readonly #resizeColumn = (name: keyof Columns, event: PointerEvent | KeyboardEvent) => {
    this.#resize(event, {
      value: this.columns[name],
      least: 40,
      most: 400,
      perPixel: -1,
      axis: 'x',
      change: (width) => {
        this.columns = { ...this.columns, [name]: width }
      },
    })
  }

  #resize(event: PointerEvent | KeyboardEvent, resizing: Resizing): void {
    if (event instanceof KeyboardEvent) keyed(event, resizing)
    else dragged(event, resizing)
  }

  #emptyText(): string {
    const { model, sources } = this.tree
    if (model.length) return ''
    if (model.events > model.hidden) return 'No event matches. Change the filter, or pick another bus.'
    if (model.hidden) return 'Cleared. What happens next is shown here.'
    return sources.list.length ? 'Nothing has been dispatched yet.' : 'There is no bus in this page yet.'
  }

  protected override render() {
    const { tree, open } = this
    const { model } = tree
    return html`<div class="panel" part="base" data-theme=${this.theme} ?data-open=${open} @keydown=${this.#keys} @dragover=${(event: DragEvent) => event.preventDefault()} @drop=${this.#dropped}>
      <div class="toolbar" part="toolbar" role="toolbar" aria-label="Event inspector" @pointerenter=${this.#near} @focusin=${this.#near}
        @keydown=${(event: KeyboardEvent) => roveToolbar(event.currentTarget as HTMLElement, event)}>
        ${toolbarView(
          {
            open,
            paused: this.paused,
            buses: tree.sources.list.map(({ name }) => name),
            bus: this.#bus,
            unread: this.#unread.counts,
            failures: model.failures,
            events: model.events - model.hidden,
            exporting: this.#sheet === 'export',
            more: this.#sheet === 'more' || this.#sheet === 'purge',
          },
          this.#act,
          (bus) => this.#pick(bus),
        )}
      </div>
      ${open ? this.#body() : nothing}
    </div>`
  }

  #body() {
    const { tree } = this
    const { model, filterError } = tree
    const total = model.events - model.hidden
    const share = tree.searched < 1 ? `searching, ${Math.floor(tree.searched * 100)} %` : ''
    const count = tree.filtering
      ? `${model.hits.toLocaleString('en')} of ${total.toLocaleString('en')}`
      : `${total.toLocaleString('en')} ${total === 1 ? 'event' : 'events'}`
    return html`
      <div class="filter" part="filter">
        <input id="filter" type="search" autocomplete="off" spellcheck="false" placeholder="Filter: type:Order* status:error dur:&gt;50ms text" aria-label="Filter"
          .value=${this.filter ?? ''} aria-invalid=${String(!!filterError)} aria-describedby="filter-error"
          @input=${(event: Event) => {
            this.filter = (event.target as HTMLInputElement).value
          }} />
        <span class="amount" part="count">${share || count}${this.paused ? ', paused' : ''}</span>
        <p id="filter-error" class="filter-error" ?hidden=${!filterError}>${filterError}</p>
      </div>
      ${this.#sheet === 'export' ? this.#transfers.sheet() : nothing}
      ${this.#sheet === 'more' || this.#sheet === 'purge' ? this.#more() : nothing}
      ${this.#transfers.status()}
      <input type="file" accept=".jsonl,.ndjson,.json,.txt" hidden @change=${this.#chosen} />
      <div class="main">
        <div class="tree">
          ${gridView(
            { columns: this.columns, sort: this.sort, dropped: tree.dropped, empty: this.#emptyText() },
            (sort) => {
              this.sort = sort
            },
            this.#resizeColumn,
            () => this.#grid?.follow(),
          )}
        </div>
        <div class="splitter" part="splitter" role="separator" tabindex="0" aria-label="Size of the details" aria-valuenow=${this.#detailShare} aria-valuemin="15" aria-valuemax="85"
          ?hidden=${!this.#detailOpen} @pointerdown=${this.#resizeDetail} @keydown=${this.#resizeDetail}></div>
        <div id="detail" class="detail" part="detail" ?hidden=${!this.#detailOpen}></div>
      </div>
      <div role="status" class="unseen">${this.#unread.announcement}</div>`
  }

  #more() {
    const { model } = this.tree
    const close = (sheet: '' | 'more' | 'purge') => {
      this.#sheet = sheet
      this.requestUpdate()
    }
    return moreView(
      {
        preserve: this.preserve,
        hidden: model.hidden,
        rows: model.size,
        columns: this.columns,
        asking: this.#sheet === 'purge',
      },
      {
        preserve: (on) => {
          this.preserve = on
        },
        unclear: () => this.unclear(),
        level: () => this.expandTo(2),
        purge: (sure) => {
          if (sure) this.purge()
          close(sure ? '' : 'purge')
        },
        cancel: () => close('more'),
        columns: (columns) => {
          this.columns = columns
        },
      },
    )
  }

  readonly #chosen = (event: Event) => {
    const input = event.target as HTMLInputElement
    const [file] = input.files ?? []
    // The same file can be chosen again.
    input.value = ''
    if (file) void this.#transfers.open(file)
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'bus-inspector': BusInspector
  }
}
