import { html, nothing, type PropertyValues } from 'lit'
import { properties, type Theme, themes, warnOnce } from './attributes.js'
import { Body } from './body.js'
import type { Change } from './differences.js'
import type { ExportOptions, Scope } from './export-view.js'
import type { Format } from './exports.js'
import type { BadLine } from './file-events.js'
import { InspectorSelectEvent, InspectorToggleEvent } from './inspector-events.js'
import {
  type Columns,
  columnsOf,
  defaultColumns,
  type InspectorState,
  readState,
  type Sort,
  stateOf,
  writeState,
} from './inspector-state.js'
import { LiveTree } from './live-tree.js'
import { PanelElement } from './panel-element.js'
import { panelStyles } from './panel-styles.js'
import { type RedactRules, redactorOf } from './redact.js'
import type { Formatters } from './row.js'
import type { InspectedBus, InspectedEvent } from './subjects.js'
import { tokens } from './tokens.js'
import { type Action, roveToolbar, toolbarView } from './toolbar-view.js'
import type { ImportOptions } from './transfer.js'
import { treeStyles } from './tree-styles.js'
import { Unread } from './unread.js'

export type { InspectedBus, InspectedEvent, InspectedResult } from './subjects.js'
export type {
  BadLine,
  Change,
  Columns,
  Format,
  Formatters,
  ImportOptions,
  InspectorState,
  RedactRules,
  Scope,
  Sort,
}
export { InspectorSelectEvent, InspectorToggleEvent }

const HASH = /[#&]bus-inspector=([\da-f-]{36})/i

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
 * @attr {boolean} snapshot - Copies each payload as it is dispatched, and shows what is changed in it afterwards; costs some microseconds an event.
 * @attr {string} filter - Which events to show; see the README for what it can say.
 * @attr {number} max-rows - How many rows to keep; the oldest go first. From 100, default 10 000.
 * @attr {number} refresh-hz - How often a second the view may change, 1 to 60, default 10.
 * @attr {string} persist-key - Under which key of localStorage the view is remembered; without it nothing is stored.
 *
 * @fires {InspectorSelectEvent} bus-inspector-select - The reader has selected a row, or none.
 * @fires {InspectorToggleEvent} bus-inspector-toggle - The reader opens or closes it; cancelable.
 *
 * @cssstate paused - The view stands still.
 * @cssstate invalid - The filter cannot be read.
 *
 * @csspart base - All of it.
 * @csspart toolbar - The bar at the top.
 * @csspart toggle - The button that opens and closes.
 * @csspart button - A button of the toolbar.
 * @csspart bus-tab - The button of a bus.
 * @csspart error-badge - How many errors are unread.
 * @csspart filter - The bar with the filter.
 * @csspart count - How many events there are.
 * @csspart message - What came of reading or writing a file.
 * @csspart export - The choices of an export.
 * @csspart more - What is needed now and then.
 * @csspart help - How to filter.
 * @csspart tree - The tree with its head.
 * @csspart head - The names of the columns.
 * @csspart column-handle - What a column is dragged by.
 * @csspart dropped - How many events were dropped.
 * @csspart rows - What the rows scroll in.
 * @csspart row - A row.
 * @csspart row-selected - The selected row.
 * @csspart row-<status> - A row of a status, as `row-error`.
 * @csspart cell - A cell of a row.
 * @csspart name - The cells of the column `name`.
 * @csspart bus - The cells of the column `bus`.
 * @csspart status - The cells of the column `status`.
 * @csspart time - The cells of the column `time`.
 * @csspart duration - The cells of the column `duration`.
 * @csspart twisty - What opens and closes a row.
 * @csspart status-icon - The icon of a status.
 * @csspart empty - What is said instead of rows.
 * @csspart pill - The button that goes to the newest row.
 * @csspart splitter - Between tree and details.
 * @csspart detail - The details.
 *
 * @cssproperty --bus-inspector-height - Height of the open inspector where the page gives it none. Default 416px.
 * @cssproperty --bus-inspector-bg - Background.
 * @cssproperty --bus-inspector-surface - Background of bars and heads.
 * @cssproperty --bus-inspector-raised - Background of buttons that lie on bars.
 * @cssproperty --bus-inspector-text - Text.
 * @cssproperty --bus-inspector-muted - Text of less weight.
 * @cssproperty --bus-inspector-line - Lines between areas.
 * @cssproperty --bus-inspector-edge - Lines of controls, and what is disabled.
 * @cssproperty --bus-inspector-accent - Links, the focus and what is chosen.
 * @cssproperty --bus-inspector-on-accent - Text on the accent.
 * @cssproperty --bus-inspector-hover - Background under the pointer.
 * @cssproperty --bus-inspector-selected - Background of the selected row and of pressed buttons.
 * @cssproperty --bus-inspector-guide - Lines that show how deep a row is.
 * @cssproperty --bus-inspector-error-bg - Background of what failed.
 * @cssproperty --bus-inspector-key - Keys of values.
 * @cssproperty --bus-inspector-string - Texts in values.
 * @cssproperty --bus-inspector-number - Numbers in values.
 * @cssproperty --bus-inspector-keyword - true, null and their like in values.
 * @cssproperty --bus-inspector-tag-bg - Background of tags.
 * @cssproperty --bus-inspector-tag-text - Text of tags.
 * @cssproperty --bus-inspector-pending - What is not started.
 * @cssproperty --bus-inspector-started - What is running.
 * @cssproperty --bus-inspector-completed - What is done.
 * @cssproperty --bus-inspector-error - What failed.
 * @cssproperty --bus-inspector-timeout - What took too long.
 * @cssproperty --bus-inspector-cancelled - What is cancelled.
 * @cssproperty --bus-inspector-aborted - What is aborted.
 * @cssproperty --bus-inspector-forwarded - What is only passed on.
 * @cssproperty --bus-inspector-replayed - What is replayed.
 * @cssproperty --bus-inspector-font - Font.
 * @cssproperty --bus-inspector-mono - Font of ids, values and stacks.
 * @cssproperty --bus-inspector-font-size - Size of the text. Default 12px.
 * @cssproperty --bus-inspector-radius - Radius of corners. Default 6px.
 * @cssproperty --bus-inspector-indent - How far a level is moved in. Default 16px.
 * @cssproperty --bus-inspector-shadow - Shadow of what floats.
 */
export class BusInspector extends PanelElement {
  static readonly version: string = '0.1.0'

  static override styles = [tokens, panelStyles, treeStyles]

  static override properties = properties

  declare open: boolean
  declare theme: Theme
  declare paused: boolean
  declare preserve: boolean
  declare snapshot: boolean
  declare filter: string
  declare maxRows: number
  declare refreshHz: number
  declare persistKey: string | null
  /** The only buses to show; null for all of the page, those to come included. */
  declare buses: InspectedBus | readonly InspectedBus[] | null
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
  readonly #body: Body
  readonly #unread = new Unread()
  // Not later: in another document there is no registry that knows the element. On a server there is none at all.
  readonly #internals = this.attachInternals?.()
  /** It listens. */
  #live = false
  /** The id of an event that was asked for before it was here. */
  #wanted = ''
  #stored = ''

  constructor() {
    super()
    this.open = true
    this.theme = 'auto'
    this.paused = false
    this.preserve = false
    this.snapshot = false
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
      beforeCommit: (asked) => this.#body.grid?.beforeCommit(asked),
      afterCommit: (added, failed) => this.#committed(added, failed),
      changed: () => this.requestUpdate(),
    })
    this.#body = new Body(this, () => {
      this.#wanted = ''
    })
  }

  /** The event of the selected row. */
  get selected(): InspectedEvent | null {
    return this.#body.selected
  }

  /** Selects the event with this id, opens what it lies in, and focuses its row. False if it is not here. */
  select(id: string): boolean {
    return this.#select(id, true)
  }

  #select(id: string, focus: boolean): boolean {
    const event = this.tree.model.eventOf(id)
    return !!event && this.#body.reveal(event, focus)
  }

  /** Selects it as soon as it is here. Where no link leads to it, nobody has asked for it now: the focus stays where the reader has it. */
  #want(id: string | undefined): void {
    if (id) this.#wanted = this.#select(id, location.hash.includes(id)) ? '' : id
  }

  /**
   * Selects the second event, shows in its details how it differs from the first, and gives that: what was added, removed or
   * changed in payload and results, redacted, as JSON can hold it.
   * Rejects with a RangeError for an id that is not here.
   */
  compare(first: string, second: string): Promise<Change[]> {
    return this.#body.pane.get().then((pane) => pane.compare(first, second))
  }

  /** Selects the next handler that failed, or with -1 the one before, round the end. False if there is none. */
  nextError(step: 1 | -1 = 1): boolean {
    this.#unread.clear()
    this.requestUpdate()
    return this.#body.grid?.toFailure(step) ?? false
  }

  /** Opens the rows above a level, from 1, and closes the others; `Infinity` opens all. */
  expandTo(level: number): void {
    this.#body.grid?.expandTo(level)
  }

  /** Takes all rows from sight; the buses' histories stay as they are. */
  clear(): void {
    this.tree.clear()
  }

  /** Brings back what `clear` has taken from sight. */
  unclear(): void {
    this.tree.unclear()
  }

  /** Brings everything into sight: no filter, all buses, nothing cleared. */
  showAll(): void {
    this.filter = ''
    this.#pick('')
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
  }: ExportOptions = {}): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>()
    this.#body.files
      .get()
      .then((files) => files.export(events, format).pipeTo(writable))
      // Its reader is told of what fails.
      .catch((error) => writable.abort(error).catch(() => {}))
    return readable
  }

  /** Shows the events of a JSONL file beside those of the page; nothing is dispatched. Lines that cannot be read are told of. */
  async importJSONL(
    source: Blob | ReadableStream<Uint8Array> | string,
    options: ImportOptions = {},
  ): Promise<{ events: number; bad: BadLine[] }> {
    const files = await this.#body.files.get()
    return files.import(source, options)
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
      bus: this.tree.bus,
      selected,
      sort,
      columns,
      detail: this.#body.share,
    }
  }

  /** The inverse of `getState`; what is no state is ignored. */
  setState(state: Partial<InspectorState>): void {
    const { bus, selected, detail, ...rest } = stateOf(state)
    Object.assign(this, rest)
    if (bus !== undefined) this.#pick(bus)
    if (detail !== undefined) this.#body.share = detail
    this.#want(selected)
    this.requestUpdate()
  }

  /** Parts that an update has asked for belong to it. */
  protected override async getUpdateComplete(): Promise<boolean> {
    const complete = await super.getUpdateComplete()
    const busy = this.#body.busy ?? this.tree.filters.busy ?? this.tree.snapshots.busy
    await busy
    return busy ? super.getUpdateComplete() : complete
  }

  override connectedCallback(): void {
    super.connectedCallback()
    if (this.persistKey) this.setState(readState(this.persistKey))
    this.#hash()
    this.#body.grid?.moved()
    this.requestUpdate()
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#watch()
    queueMicrotask(() => {
      // It was taken out, not moved.
      if (this.isConnected) return
      this.#body.forget()
      this.tree.renew()
      this.#unread.clear()
    })
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const { tree } = this
    if (changed.has('persistKey') && this.hasUpdated && this.persistKey)
      this.setState(readState(this.persistKey))
    if (!themes.includes(this.theme)) {
      warnOnce('theme', 'auto, light or dark', this.theme, 'auto')
      this.theme = 'auto'
    }
    tree.maxRows = properties.maxRows.converter.fromAttribute(this.maxRows)
    tree.refreshHz = properties.refreshHz.converter.fromAttribute(this.refreshHz)
    if (changed.has('redact')) tree.setRedact(redactorOf(this.redact))
    if (changed.has('columns')) this.columns = columnsOf(this.columns)
    if (changed.has('filter')) tree.setFilter(this.filter ?? '', tree.bus)
    if (changed.has('snapshot')) tree.setSnapshot(this.snapshot)
    if (changed.has('preserve')) tree.showOld(this.preserve)
    if (changed.has('paused')) tree.pause(this.paused)
    if (changed.has('sort')) tree.sortSlowest(this.sort === 'duration')
  }

  protected override updated(changed: PropertyValues<this>): void {
    const body = this.#body
    if (!this.open) body.close()
    else if (!body.grid) body.open()
    else if (changed.has('formatters') || changed.has('redact')) body.refresh()
    if (changed.has('buses')) this.#stop()
    this.#watch()
    body.updated()
    const toolbar = this.renderRoot.querySelector<HTMLElement>('.toolbar')
    if (toolbar) roveToolbar(toolbar)
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
    // To add a listener again does nothing.
    const change = wanted ? 'addEventListener' : 'removeEventListener'
    document[change]('visibilitychange', this.#visibility)
    window[change]('hashchange', this.#hash)
    if (!wanted || document.visibilityState === 'hidden') this.#stop()
    else if (!this.#live) {
      this.#live = true
      this.tree.start(this.buses && [this.buses].flat())
    }
  }

  #stop(): void {
    if (!this.#live) return
    this.#live = false
    this.tree.stop()
    this.#unread.stop()
  }

  readonly #visibility = () => this.#watch()
  readonly #hash = () => this.#want(HASH.exec(location.hash)?.[1])

  /** Storage is written to only when there is something new. */
  #store(): void {
    if (!this.persistKey) return
    const state = this.getState()
    const text = JSON.stringify(state)
    if (text === this.#stored) return
    this.#stored = text
    writeState(this.persistKey, state)
  }

  #committed(added: number, failed: readonly InspectedEvent[]): void {
    this.#unread.add(failed, () => this.requestUpdate())
    this.#body.grid?.afterCommit(added)
    this.#want(this.#wanted)
    this.requestUpdate()
  }

  #pick(bus: string): void {
    this.#unread.clear(bus)
    this.tree.setFilter(this.filter, bus)
    this.requestUpdate()
  }

  readonly #act = (action: Action) => {
    const acts: Record<Action, () => unknown> = {
      toggle: () => this.#toggle(),
      pause: () => {
        this.paused = !this.paused
      },
      clear: () => this.clear(),
      expand: () => this.expandTo(Number.POSITIVE_INFINITY),
      collapse: () => this.expandTo(1),
      'next-error': () => this.nextError(1),
      'previous-error': () => this.nextError(-1),
      import: () => this.renderRoot.querySelector<HTMLInputElement>('input[type=file]')?.click(),
      export: () => this.#body.toggleSheet('export'),
      more: () => this.#body.toggleSheet('more'),
    }
    acts[action]()
  }

  #toggle(): void {
    if (!this.dispatchEvent(new InspectorToggleEvent(!this.open))) return
    this.open = !this.open
    this.#unread.clear()
  }

  /** Somebody comes near the closed inspector: what failed since it was closed is counted now. */
  readonly #near = () => {
    if (!this.open) void this.#unread.peek().then(() => this.requestUpdate())
  }

  readonly #dropped = (event: DragEvent) => {
    const [file] = event.dataTransfer?.files ?? []
    if (!file) return
    event.preventDefault()
    // A page that takes files too is not to take this one.
    event.stopPropagation()
    this.#body.withFiles((files) => void files.open(file))
  }

  protected override render() {
    const { tree, open, paused } = this
    const { model } = tree
    const { sheet } = this.#body
    const state = {
      open,
      paused,
      buses: tree.sources.list.map(({ name }) => name),
      bus: tree.bus,
      unread: this.#unread.counts,
      failures: model.failures,
      sheet,
    }
    return html`<div
      class="panel"
      part="base"
      data-theme=${this.theme}
      ?data-open=${open}
      @keydown=${(event: KeyboardEvent) => this.#body.pressed(event)}
      @dragover=${(event: DragEvent) => event.preventDefault()}
      @drop=${this.#dropped}
    >
      <div
        class="toolbar"
        part="toolbar"
        role="toolbar"
        aria-label="Event inspector"
        @pointerenter=${this.#near}
        @focusin=${this.#near}
        @keydown=${(event: KeyboardEvent) => roveToolbar(event.currentTarget as HTMLElement, event)}
      >
        ${toolbarView(state, this.#act, (bus) => this.#pick(bus))}
      </div>
      ${open ? this.#body.view(this.#unread.announcement) : nothing}
    </div>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'bus-inspector': BusInspector
  }
}
