import { html, nothing, type TemplateResult } from 'lit'
import type { BusInspector } from './bus-inspector.js'
import type { DetailPane } from './detail-pane.js'
import { gridView } from './grid-view.js'
import { InspectorSelectEvent } from './inspector-events.js'
import { type Columns, columnNames } from './inspector-state.js'
import { figure } from './objects.js'
import { OnDemand } from './on-demand.js'
import type { moreView } from './sheet-view.js'
import { type InspectedEvent, isResult, type Subject } from './subjects.js'
import { isMore, type Sheet } from './toolbar-view.js'
import type { Transfers } from './transfers.js'
import { TreeGrid } from './tree-grid.js'
import { platformValues } from './values.js'

/** What an open inspector shows below its toolbar: filter, tree and details, and how these divide the room. */
export class Body {
  readonly #host: BusInspector
  /** What shows details. */
  readonly pane: OnDemand<DetailPane>
  /** What reads and writes files. */
  readonly files: OnDemand<Transfers>
  readonly #more: OnDemand<typeof moreView>
  readonly #resizing = new OnDemand(() => import('./resizing.js'))
  grid: TreeGrid | null = null
  /** Share of the details, in percent. */
  share = 45
  sheet: Sheet = ''
  #detailOpen = false
  /** Why a part is missing. */
  #trouble = ''
  /** The row that was selected, also while the body is closed. */
  #subject: Subject | null = null

  readonly #chosen: () => void

  /** `chosen` is called when a row is selected. */
  constructor(host: BusInspector, chosen: () => void) {
    this.#host = host
    this.#chosen = chosen
    this.files = new OnDemand(async () => {
      const [{ Transfers }] = await Promise.all([import('./transfers.js'), platformValues.get()])
      return new Transfers(host, host.tree, () => this.selected)
    })
    this.#more = new OnDemand(async () => {
      const { addSheetStyles, moreView } = await import('./sheet-view.js')
      addSheetStyles(host.renderRoot as ShadowRoot)
      return moreView
    })
    this.pane = new OnDemand(async () => {
      const [{ DetailPane }] = await Promise.all([import('./detail-pane.js'), platformValues.get()])
      return new DetailPane(host, host.tree, {
        select: (subject) => void this.reveal(subject),
        copy: (event) => this.withFiles((files) => files.copy(event)),
        close: () => this.#closeDetail(),
      })
    })
  }

  /** While parts are on their way: settles once they are used. */
  get busy(): Promise<unknown> | null {
    const parts = [this.pane, this.files, this.#more, this.#resizing, this.grid?.typing]
    const busy = parts.flatMap((part) => part?.busy ?? [])
    return busy.length ? Promise.all(busy) : null
  }

  /** Does something with files once that can be done. */
  withFiles(act: (files: Transfers) => void): void {
    this.#load(this.files, act)
  }

  #load<T>(part: OnDemand<T>, act: (part: T) => void): void {
    this.#trouble = ''
    part.use(
      (loaded) => {
        act(loaded)
        this.#host.requestUpdate()
      },
      ({ message }) => {
        this.#trouble = `Could not be loaded: ${message}`
        this.#host.requestUpdate()
      },
    )
  }

  /** The event of the selected row. */
  get selected(): InspectedEvent | null {
    const { model } = this.#host.tree
    const node = model.nodeOf(this.#subject)
    return node ? model.event(node) : null
  }

  #find(selector: string): HTMLElement | null {
    return this.#host.renderRoot.querySelector<HTMLElement>(selector)
  }

  /** Makes the parts that are not templates, once the template is there. */
  open(): void {
    const { tree } = this.#host
    this.grid = new TreeGrid({
      tree,
      grid: this.#find('#grid') as HTMLElement,
      scroller: this.#find('.scroller') as HTMLElement,
      formatters: () => this.#host.formatters ?? {},
      onSelect: () => this.#selected(),
      onMove: () => this.#moved(),
    })
    if (tree.model.nodeOf(this.#subject)) this.grid.selected = this.#subject
    tree.model.flatten()
    this.grid.beforeCommit()
    this.grid.afterCommit(0)
  }

  /** Leaves nothing behind. */
  close(): void {
    this.grid?.dispose()
    this.grid = null
    this.#detailOpen = false
    this.pane.value?.clear(this.#find('#detail'))
  }

  /** Nothing that was shown is held any longer. */
  forget(): void {
    this.close()
    this.#subject = null
  }

  /** Writes what templates do not. */
  updated(): void {
    const grid = this.#find('#grid')
    const { columns } = this.#host
    for (const name of columnNames) {
      grid?.style.setProperty(`--_${name}-width`, `${columns[name]}px`)
      grid?.classList.toggle(`no-${name}`, !columns[name])
    }
    this.#find('.main')?.style.setProperty('--_detail', `${this.share}%`)
    const detail = this.#find('#detail')
    const subject = this.#detailOpen ? this.#subject : null
    if (!detail) return
    const { value, busy } = this.pane
    if (value) value.show(detail, subject)
    else if (subject && !busy && !this.#trouble) this.#load(this.pane, () => {})
  }

  /** Rows and details say something else of the same events. */
  refresh(): void {
    this.grid?.refresh()
    this.pane.value?.refresh()
  }

  /** Selects a row even if the filter or `clear` has taken it from sight. */
  reveal(subject: Subject, focus = true): boolean {
    const { grid } = this
    if (!grid || grid.select(subject, focus)) return !!grid
    if (!this.#host.tree.model.nodeOf(subject)) return false
    this.#host.showAll()
    return grid.select(subject, focus)
  }

  #selected(): void {
    const subject = this.grid?.selected ?? null
    this.#subject = subject
    this.#trouble = ''
    this.#detailOpen = !!subject
    if (subject) this.#chosen()
    this.#host.dispatchEvent(
      new InspectorSelectEvent(this.selected, subject && isResult(subject) ? subject : null),
    )
    this.#host.requestUpdate()
  }

  #moved(): void {
    const pill = this.#find('.pill')
    if (!pill || !this.grid) return
    const { following, unseen } = this.grid
    pill.hidden = following || this.#host.sort === 'duration'
    pill.textContent = unseen ? `${figure(unseen)} new` : 'Newest'
  }

  #closeDetail(): void {
    this.#detailOpen = false
    this.#host.requestUpdate()
    this.grid?.focus()
  }

  toggleSheet(sheet: Sheet): void {
    this.#showSheet(this.sheet === sheet || (isMore(sheet) && isMore(this.sheet)) ? '' : sheet)
  }

  readonly #showSheet = (sheet: Sheet): void => {
    this.sheet = sheet
    if (sheet === 'export') this.withFiles(() => {})
    else if (sheet) this.#load(this.#more, () => {})
    this.#host.requestUpdate()
  }

  /** Keys that hold wherever the focus is inside. */
  pressed(event: KeyboardEvent): void {
    const typing = (event.target as Element).closest('input, select')
    if (event.key === '/' && !typing) {
      event.preventDefault()
      this.#find('#filter')?.focus()
    } else if (event.key === 'Escape' && this.sheet) this.#showSheet('')
    else if (event.key === 'Escape' && this.#detailOpen && !typing) this.#closeDetail()
  }

  readonly #resizeDetail = (event: PointerEvent | KeyboardEvent) =>
    this.#resize(event, ({ resizeDetail }, handle) =>
      resizeDetail(event, handle, this.share, (share) => {
        this.share = Math.round(share)
        this.#host.requestUpdate()
      }),
    )

  readonly #resizeColumn = (name: keyof Columns, event: PointerEvent | KeyboardEvent) =>
    this.#resize(event, ({ resizeColumn }, handle) =>
      resizeColumn(event, handle, this.#host.columns[name], (width) => {
        this.#host.columns = { ...this.#host.columns, [name]: width }
      }),
    )

  /** By a pointer or by keys that are its own: of the grid's they are not. */
  #resize(
    event: PointerEvent | KeyboardEvent,
    resize: (by: typeof import('./resizing.js'), handle: HTMLElement) => void,
  ): void {
    if (event instanceof KeyboardEvent && !/^(Arrow|Page|Home|End)/.test(event.key)) return
    event.preventDefault()
    event.stopPropagation()
    const handle = event.currentTarget as HTMLElement
    this.#load(this.#resizing, (by) => resize(by, handle))
  }

  readonly #fileChosen = (event: Event) => {
    const input = event.target as HTMLInputElement
    const [file] = input.files ?? []
    if (file) this.withFiles((files) => void files.open(file))
    // The same file can be chosen again.
    input.value = ''
  }

  #emptyText(): string {
    const { model, sources } = this.#host.tree
    if (model.length) return ''
    if (model.events > model.hidden) return 'No event matches the filter.'
    if (model.hidden) return 'Cleared.'
    if (this.#host.paused) return 'Paused.'
    return sources.list.length ? 'Nothing dispatched yet.' : 'No bus in this page yet.'
  }

  /** How much there is to see, or how far a search has got. */
  #amount(): string {
    const { model, searched } = this.#host.tree
    const total = model.events - model.hidden
    const all = figure(total)
    const paused = this.#host.paused ? ', paused' : ''
    if (searched < 1) return `searching, ${Math.floor(searched * 100)} %`
    if (model.filtering) return `${figure(model.shown)} of ${all}${paused}`
    return `${all} ${total === 1 ? 'event' : 'events'}${paused}`
  }

  #filterView(): TemplateResult {
    const { filterError } = this.#host.tree
    return html`<div class="filter" part="filter">
      <input
        id="filter"
        type="search"
        autocomplete="off"
        spellcheck="false"
        placeholder='Filter: type:Order* status:error dur:>50ms "text"'
        aria-label="Filter"
        .value=${this.#host.filter ?? ''}
        aria-invalid=${!!filterError}
        aria-describedby="filter-error"
        @input=${(event: Event) => {
          this.#host.filter = (event.target as HTMLInputElement).value
        }}
      />
      <span class="amount" part="count">${this.#amount()}</span>
      <p id="filter-error" class="filter-error" ?hidden=${!filterError}>${filterError}</p>
    </div>`
  }

  view(announcement: string): TemplateResult {
    const { tree, columns, sort } = this.#host
    return html`
      ${this.#filterView()}
      ${this.sheet === 'export' ? (this.files.value?.sheet() ?? nothing) : nothing}
      ${this.#more.value?.(this.#host, this.sheet, this.#showSheet) ?? nothing}
      ${this.files.value?.status() ?? nothing}
      ${this.#trouble ? html`<p class="message" role="alert">${this.#trouble}</p>` : nothing}
      <input type="file" accept=".jsonl,.ndjson,.json,.txt" aria-label="File of events" hidden @change=${this.#fileChosen} />
      <div class="main">
        <div class="tree">
          ${gridView(
            { columns, sort, dropped: tree.dropped, empty: this.#emptyText() },
            (by) => {
              this.#host.sort = by
            },
            this.#resizeColumn,
            () => this.grid?.follow(),
          )}
        </div>
        ${this.#detailOpen ? this.pane.value?.splitter(this.share, this.#resizeDetail) : nothing}
        <div id="detail" class="detail" part="detail" ?hidden=${!this.#detailOpen}></div>
      </div>
      <div role="status" class="unseen">${announcement}</div>
      <div role="status" class="unseen">${this.files.value?.message}</div>`
  }
}
