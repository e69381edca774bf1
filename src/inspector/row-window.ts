/** Above this height in px engines no longer scroll to the pixel; WebKit and Firefox end at 17 to 33 million. */
const TALLEST = 8_000_000
/** Rows that are kept above and below what is seen. */
const MARGIN = 4

export interface Rows {
  count(): number
  /** The row of what a key stands for, -1 for none. */
  indexOf(key: object): number
  keyOf(index: number): object
  create(): HTMLElement
  /** Makes an element show a row; called for every row that is seen, whenever anything may have changed. */
  show(element: HTMLElement, index: number): void
  /** An element shows nothing any more. */
  recycle(element: HTMLElement): void
}

/** Where the reader is: the keys that are seen, the active one before all others, and how far below the upper edge each is. */
type Place = { key: object; below: number }[]

/**
 * Of any number of rows, the elements for those that are seen. All rows are equally high. A row keeps its element as long
 * as it is seen or is the active one, so that focus and selection stay where they are.
 */
export class RowWindow {
  readonly #scroller: HTMLElement
  readonly #space: HTMLElement
  readonly #rows: Rows
  readonly rowHeight: number
  /** In the order of the rows. */
  #elements = new Map<object, HTMLElement>()
  /** Its element is there even if it is not seen. */
  active: object | null = null
  /** What is new is the room, and not the place in it. */
  resized: boolean | undefined
  #height = 0
  #scrollTop = 0
  #scrollHeight = -1
  #moved = false

  constructor(scroller: HTMLElement, rows: Rows, rowHeight: number) {
    this.#scroller = scroller
    this.#rows = rows
    this.rowHeight = rowHeight
    this.#space = scroller.ownerDocument.createElement('div')
    this.#space.className = 'space'
    this.#space.setAttribute('role', 'presentation')
    scroller.append(this.#space)
  }

  get #total(): number {
    return this.#rows.count() * this.rowHeight
  }
  get #tall(): number {
    return Math.min(this.#total, TALLEST)
  }
  /** How far the reader is into all rows, in px of rows. */
  get offset(): number {
    const most = this.#tall - this.#height
    return this.#total <= TALLEST || most <= 0
      ? this.#scrollTop
      : (this.#scrollTop / most) * (this.#total - this.#height)
  }
  /** Within a row of the end. */
  get atEnd(): boolean {
    return this.offset >= this.#total - this.#height - this.rowHeight
  }
  /** How many whole rows are seen. */
  get page(): number {
    return Math.max(1, Math.floor(this.#height / this.rowHeight) - 1)
  }

  element(key: object): HTMLElement | undefined {
    return this.#elements.get(key)
  }

  /**
   * Reads the platform's state, after it was resized or scrolled. False if that is where it was put. Where there is less room, as when
   * details open below, the active row stays in sight.
   */
  measure(): boolean {
    const { clientHeight, scrollTop } = this.#scroller
    // Engines round to their own pixels.
    if (clientHeight === this.#height && Math.abs(scrollTop - this.#scrollTop) < 1) return false
    const active = clientHeight < this.#height ? this.#activeRow : -1
    // Where it is hidden there is no room at all.
    const keep = clientHeight > 0 && active >= 0 && this.#toSee(active) === this.offset
    this.resized = !keep && clientHeight !== this.#height
    this.#height = clientHeight
    this.#scrollTop = scrollTop
    if (keep) this.reveal(active)
    return true
  }

  place(): Place {
    const { offset } = this
    const seen: Place = []
    const end = Math.min(this.#rows.count(), Math.ceil((offset + this.#height) / this.rowHeight))
    for (let i = Math.ceil(offset / this.rowHeight); i < end; i++) {
      const key = this.#rows.keyOf(i)
      seen[key === this.active ? 'unshift' : 'push']({ key, below: i * this.rowHeight - offset })
    }
    return seen
  }

  /** Puts the first of the rows that were seen, and still is there, where it was. */
  keep(place: Place): void {
    for (const { key, below } of place) {
      const index = this.#rows.indexOf(key)
      if (index >= 0) return this.scrollTo(index * this.rowHeight - below)
    }
  }

  toEnd(): void {
    this.scrollTo(this.#total)
  }

  get #activeRow(): number {
    return this.active ? this.#rows.indexOf(this.active) : -1
  }

  /** Where to scroll, as little as is needed to see a row. */
  #toSee(index: number): number {
    const top = index * this.rowHeight
    return Math.min(top, Math.max(this.offset, top + this.rowHeight - this.#height))
  }

  reveal(index: number): void {
    this.scrollTo(this.#toSee(index))
  }

  /** To an offset in px of rows; `render` carries it out. */
  scrollTo(offset: number): void {
    const total = this.#total
    const wanted = Math.max(0, Math.min(offset, total - this.#height))
    const top = total <= TALLEST ? wanted : (wanted / (total - this.#height)) * (this.#tall - this.#height)
    if (Math.abs(top - this.#scrollTop) < 0.01) return
    this.#scrollTop = top
    this.#moved = true
  }

  render(): void {
    const count = this.#rows.count()
    if (this.#tall !== this.#scrollHeight) {
      this.#scrollHeight = this.#tall
      this.#space.style.height = `${this.#tall}px`
    }
    this.scrollTo(this.offset)
    // Only written: to read what became of it would make the engine lay everything out.
    if (this.#moved) this.#scroller.scrollTop = this.#scrollTop
    this.#moved = false
    const { offset } = this
    const from = Math.max(0, Math.floor(offset / this.rowHeight) - MARGIN)
    const to = Math.min(count, Math.ceil((offset + this.#height) / this.rowHeight) + MARGIN)
    const indexes = Array.from({ length: to - from }, (_, i) => from + i)
    const active = this.#activeRow
    if (active >= 0 && active < from) indexes.unshift(active)
    if (active >= to) indexes.push(active)

    const wanted = new Map(indexes.map((index) => [this.#rows.keyOf(index), index]))
    // In the order of the page, so that where all rows are others no element has to be moved.
    const spare: HTMLElement[] = []
    for (const [key, element] of this.#elements) {
      if (wanted.has(key)) continue
      this.#elements.delete(key)
      this.#rows.recycle(element)
      spare.push(element)
    }
    // To be moved in the page takes the focus from it: the others go round it.
    const still = this.active && this.#elements.get(this.active)
    const shift = this.#scrollTop - offset
    const elements = new Map<object, HTMLElement>()
    let next = this.#space.firstElementChild
    let used = 0
    for (const [key, index] of wanted) {
      const element = this.#elements.get(key) ?? spare[used++] ?? this.#rows.create()
      elements.set(key, element)
      if (element === next || element === still) next = element.nextElementSibling
      else this.#space.insertBefore(element, next)
      element.style.transform = `translateY(${index * this.rowHeight + shift}px)`
      this.#rows.show(element, index)
    }
    for (const left of spare.slice(used)) left.remove()
    this.#elements = elements
  }

  /** The reader is where they were, whatever the platform says. */
  restore(): void {
    this.#scroller.scrollTop = this.#scrollTop
  }

  clear(): void {
    this.#space.remove()
    this.#elements.clear()
    this.active = null
  }
}
