import type { LiveTree } from './live-tree.js'
import { OnDemand } from './on-demand.js'
import { createRow, type Formatters, forgetRow, showRow } from './row.js'
import { RowWindow } from './row-window.js'
import { isFailure } from './statuses.js'
import type { Subject } from './subjects.js'
import type { TypeAhead } from './type-ahead.js'
import { platformValues } from './values.js'

/** In px; the style sheet says the same. */
export const ROW_HEIGHT = 24

export interface GridOptions {
  tree: LiveTree
  grid: HTMLElement
  scroller: HTMLElement
  formatters: () => Formatters
  /** Another row is selected. */
  onSelect(): void
  /** The reader has left the tail or come back, or there is more below it. */
  onMove(): void
}

/**
 * The tree as a treegrid of the ARIA Authoring Practices, with row focus: one tab stop, the selected row, whose element is
 * there even when it is not seen.
 */
export class TreeGrid {
  readonly #options: GridOptions
  readonly #window: RowWindow
  readonly #subjects = new WeakMap<HTMLElement, Subject>()
  #resized: ResizeObserver | undefined
  readonly #disposed = new AbortController()
  selected: Subject | null = null
  /** The newest row is kept in sight. */
  following = true
  /** How many events have come below what is seen, since the reader left the tail. */
  unseen = 0
  #place: ReturnType<RowWindow['place']> = []
  /** Finds rows by letters. */
  readonly typing: OnDemand<TypeAhead> = new OnDemand(async () => {
    const { TypeAhead } = await import('./type-ahead.js')
    return new TypeAhead()
  })

  constructor(options: GridOptions) {
    this.#options = options
    const { scroller, grid } = options
    this.#window = new RowWindow(
      scroller,
      {
        count: () => this.#model.length,
        indexOf: (key) => this.#row(key as Subject),
        keyOf: (index) => this.#model.subject(this.#model.order[index]),
        create: createRow,
        show: (element, index) => this.#show(element, index),
        recycle: (element) => this.#recycle(element),
      },
      ROW_HEIGHT,
    )
    // The elements may outlive it: of an inspector that is put back, another grid has them.
    const { signal } = this.#disposed
    scroller.addEventListener('scroll', () => this.#moved(), { signal })
    scroller.addEventListener('click', (event) => this.#clicked(event), { signal })
    grid.addEventListener('keydown', (event) => this.#pressed(event), { signal })
    grid.addEventListener('focus', () => this.#entered(), { signal })
    this.#observe()
  }

  /** By the window that the elements are in: another one's does not come to an end with what it is told. */
  #observe(): void {
    const { scroller } = this.#options
    this.#resized?.disconnect()
    const view = (scroller.ownerDocument.defaultView ?? window) as Window & typeof globalThis
    this.#resized = new view.ResizeObserver(() => this.#moved())
    this.#resized.observe(scroller)
  }

  dispose(): void {
    this.#disposed.abort()
    this.#resized?.disconnect()
    this.#window.clear()
  }

  /** Its elements are elsewhere in the page, where engines have scrolled them to the top. */
  moved(): void {
    this.#window.restore()
    this.#observe()
  }

  get #model() {
    return this.#options.tree.model
  }

  /** The row of a subject, -1 for none. */
  #row(subject: Subject | null): number {
    const node = this.#model.nodeOf(subject)
    return node ? this.#model.index[node] : -1
  }

  /** `asked` for by the reader: then a selected row that is in sight stays there, even at the tail. */
  beforeCommit(asked?: boolean): void {
    this.#look()
    this.#place = this.#window.place()
    if (asked && this.#place[0]?.key === this.selected) this.following = false
  }

  afterCommit(added: number): void {
    if (!this.following) this.unseen += added
    const { selected } = this
    // What was let go is not held any longer by having been looked at.
    if (selected && !this.#model.nodeOf(selected)) this.#choose(null)
    if (!this.following) this.#window.keep(this.#place)
    else if (this.#model.slowestFirst) this.#window.scrollTo(0)
    else this.#window.toEnd()
    this.#updateFollowing()
    this.#place = []
    this.render()
  }

  render(): void {
    const { grid } = this.#options
    this.#window.active = this.selected
    grid.setAttribute('aria-rowcount', String(this.#model.length + 1))
    // The tab stop is the selected row, and the grid itself while there is none.
    grid.tabIndex = this.#row(this.selected) < 0 ? 0 : -1
    this.#window.render()
    this.#options.onMove()
    // What was seen is called by its class until more is known of it.
    if (platformValues.busy !== this.#awaited) {
      this.#awaited = platformValues.busy
      this.#awaited?.then(() => this.refresh())
    }
  }

  #awaited: Promise<unknown> | null = null
  #epoch = 0
  /** Writes the rows again, whatever they said before. */
  refresh(): void {
    this.#epoch++
    this.render()
  }

  /** Scrolls to the newest row, and stays there. */
  follow(): void {
    this.#window.measure()
    this.#window.toEnd()
    this.#updateFollowing()
    this.render()
    // The button that was pressed is gone.
    this.#park()
  }

  /** Selects a row, opens what it lies in, and brings it into sight. */
  select(subject: Subject | null, focus = false): boolean {
    const model = this.#model
    const node = model.nodeOf(subject)
    if (!node || !subject) return false
    for (let up = model.parent[node]; up; up = model.parent[up]) model.expand(up, true)
    model.flatten()
    if (model.index[node] < 0) return false
    this.#window.measure()
    this.#choose(subject)
    this.#window.reveal(model.index[node])
    this.#updateFollowing()
    this.render()
    if (focus) this.#window.element(subject)?.focus({ preventScroll: true })
    return true
  }

  /** Gives the focus to the selected row. */
  focus(): void {
    if (this.selected) this.#window.element(this.selected)?.focus({ preventScroll: true })
  }

  /** The next handler that failed in some way, or the one before; from the selected row, round the end. */
  toFailure(step: 1 | -1): boolean {
    const model = this.#model
    const selected = model.nodeOf(this.selected)
    const failed: number[] = []
    // How many of them are before the selected row, or are it.
    let before = 0
    for (const node of model.allNodes()) {
      const isFailed = !model.isEvent(node) && isFailure(model.status[node]) && model.isShown(node)
      if (isFailed) failed.push(node)
      if (node === selected) before = failed.length - (isFailed && step < 0 ? 1 : 0)
    }
    const { length } = failed
    const next = failed[(step > 0 ? before : before - 1 + length) % length]
    return length > 0 && this.select(model.subject(next), true)
  }

  expand(subject: Subject | null, expanded: boolean): void {
    const node = this.#model.nodeOf(subject)
    if (node) this.#rearrange(() => this.#model.expand(node, expanded))
  }

  expandTo(level: number): void {
    this.#rearrange(() => this.#model.expandTo(level))
  }

  /** The reader has opened or closed something: what is seen stays where it is. */
  #rearrange(change: () => void): void {
    this.beforeCommit(true)
    change()
    this.#model.flatten()
    // Where the selected row is closed away, the one that it lies in is selected.
    if (this.selected && this.#row(this.selected) < 0)
      this.#choose(this.#visible(this.selected) ?? this.selected)
    this.afterCommit(0)
  }

  #choose(subject: Subject | null): void {
    if (subject === this.selected) return
    const had = this.selected && this.#window.element(this.selected)
    const focused = !!had?.matches(':focus')
    this.selected = subject
    if (focused && !subject) this.#park()
    this.#options.onSelect()
  }

  /** The innermost row that is seen of those a subject lies in. */
  #visible(subject: Subject): Subject | null {
    const model = this.#model
    let node = model.nodeOf(subject)
    while (node && model.index[node] < 0) node = model.parent[node]
    return node ? model.subject(node) : null
  }

  #show(element: HTMLElement, index: number): void {
    const { tree, formatters } = this.#options
    const node = this.#model.order[index]
    this.#subjects.set(element, this.#model.subject(node))
    showRow(element, node, {
      model: this.#model,
      redact: tree.redact,
      formatters: formatters(),
      selected: this.selected,
      epoch: this.#epoch,
    })
  }

  #recycle(element: HTMLElement): void {
    if (element.matches(':focus')) this.#park()
    this.#subjects.delete(element)
    forgetRow(element)
  }

  /** The reader has moved, or the room has changed: of which an event of either kind may be the first to tell. */
  #moved(): void {
    if (!this.#look()) return
    this.#window.render()
    this.#options.onMove()
  }

  /** Where the reader is now: a commit may come between a scroll and its event. */
  #look(): boolean {
    const moved = this.#window.measure()
    if (moved && this.#window.resized && this.following) this.#window.toEnd()
    else if (moved) this.#updateFollowing()
    return moved
  }

  #updateFollowing(): void {
    // By duration the last row is not the newest.
    this.following = this.#window.atEnd && !this.#model.slowestFirst
    if (this.following) this.unseen = 0
  }

  #at(event: Event): Subject | null {
    const row = (event.target as Element).closest<HTMLElement>('.row')
    return (row && this.#subjects.get(row)) ?? null
  }

  #clicked(event: MouseEvent): void {
    const subject = this.#at(event)
    if (!subject) return
    if ((event.target as Element).closest('.twisty')) this.#toggle(subject)
    this.#goTo(this.#row(subject))
  }

  #toggle(subject: Subject | null): void {
    const node = this.#model.nodeOf(subject)
    if (node && this.#model.isParent(node)) this.expand(subject, !this.#model.isExpanded(node))
  }

  #parking = false
  /** The row with the focus goes: the grid keeps it, so that the keys go on, and no other row is selected by itself. */
  #park(): void {
    this.#parking = true
    this.#options.grid.tabIndex = 0
    this.#options.grid.focus({ preventScroll: true })
    this.#parking = false
  }

  /** The reader has come to the grid itself: its first row in sight takes the focus. */
  #entered(): void {
    if (this.#parking || !this.#model.length || this.selected) return
    this.#window.measure()
    const { offset } = this.#window
    this.#goTo(Math.min(this.#model.length - 1, Math.ceil(offset / ROW_HEIGHT)))
  }

  #goTo(index: number): void {
    const { length, order } = this.#model
    if (!length) return
    const node = order[Math.max(0, Math.min(length - 1, index))]
    this.select(this.#model.subject(node), true)
  }

  /** Keys of a treegrid with row focus. */
  #pressed(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    const model = this.#model
    const at = this.#row(this.selected)
    const node = at < 0 ? 0 : model.order[at]
    const act = this.#action(event, at, node)
    if (!act) return
    event.preventDefault()
    event.stopPropagation()
    act()
  }

  #action({ key, shiftKey }: KeyboardEvent, at: number, node: number): (() => unknown) | undefined {
    const model = this.#model
    const { page } = this.#window
    const open = node && model.isParent(node)
    const rows: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? model.length - 1 : at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: model.length - 1,
    }
    if (key in rows) return () => this.#goTo(rows[key])
    switch (key) {
      case 'ArrowRight':
        if (!open) return () => {}
        return () => (model.isExpanded(node) ? this.#goTo(at + 1) : this.expand(this.selected, true))
      case 'ArrowLeft': {
        if (open && model.isExpanded(node)) return () => this.expand(this.selected, false)
        const parent = model.parent[node]
        return () => parent && this.#goTo(model.index[parent])
      }
      case 'Enter':
        return () => this.#toggle(this.selected)
      case '*':
        return () => this.#expandSiblings(node)
      case 'F8':
        return () => this.toFailure(shiftKey ? -1 : 1)
    }
    // `/` is for the filter.
    return key.length === 1 && key !== '/' && key !== ' ' ? () => this.#typeAhead(key) : undefined
  }

  #expandSiblings(node: number): void {
    const model = this.#model
    if (!node) return
    this.#rearrange(() => {
      for (let one = model.first[model.parent[node]]; one; one = model.next[one]) model.expand(one, true)
    })
  }

  /** To the next row whose name begins with what was typed. */
  #typeAhead(key: string): void {
    const go = (typing: TypeAhead) => {
      const index = typing.find(this.#model, key, this.#row(this.selected))
      if (index >= 0) this.#goTo(index)
    }
    this.typing.use(go, () => {})
  }
}
