import type { TreeFacts } from './facts.js'
import { OnDemand } from './on-demand.js'
import type { Query } from './query.js'
import { redactorOf } from './redact.js'
import type { Snapshots } from './snapshots.js'
import { Sources } from './sources.js'
import { isOpen } from './statuses.js'
import type { InspectedBus, InspectedEvent } from './subjects.js'
import { TreeModel } from './tree-model.js'
import { platformValues, type Redact } from './values.js'

type Filters = Pick<typeof import('./facts.js'), 'parseQuery' | 'QueryError' | 'search'> & {
  facts: TreeFacts
}

/** What commits may take of the time: where there is a lot to show, it is shown less often. */
const SHARE = 0.02

/** So many events of a history come in with one commit. */
const SLICE = 16_000

/** Between a tree and those who draw it. */
export interface Viewer {
  /** The rows are about to change, then have: where the reader is must be kept. `asked`: the reader has asked for it. */
  beforeCommit(asked?: boolean): void
  /** `added` events are new since the last time; of what has changed, `failed` have failed. */
  afterCommit(added: number, failed: readonly InspectedEvent[]): void
  /** There are other buses, or the filter has got further. */
  changed(): void
}

/**
 * The tree of what happens now: gathers what changed, and takes it in all at once, at most so many times a second. Paused, it
 * gathers only.
 */
export class LiveTree {
  model = new TreeModel()
  readonly sources: Sources
  /** What filters are made of and what they ask: loaded with the first one. */
  readonly filters: OnDemand<Filters>
  /** Payloads as they were dispatched. */
  readonly snapshots: OnDemand<Snapshots>
  readonly #viewer: Viewer
  /** At most so many rows are kept. */
  maxRows = 10_000
  /** At most so many times a second. */
  refreshHz = 10
  redact: Redact = redactorOf(null)
  /** Show what a log has restored from before this page. */
  preserve = false
  commits = 0
  filter = ''
  /** What is wrong with the filter; the rows are those of the last one that was right. */
  filterError = ''
  /** The only bus to show; empty for all. */
  bus = ''
  /** How much of a long search is done, 0 to 1; 1 while there is none. */
  searched = 1
  #query: Query | null = null
  #search: AbortController | null = null
  #paused = false
  #on = false
  #reload = false
  /** What buses remember and is still to come in, in order. */
  #past: InspectedEvent[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #frame = 0
  #notBefore = 0

  constructor(viewer: Viewer) {
    this.#viewer = viewer
    this.sources = new Sources(
      () => this.model,
      () => this.#schedule(),
      () => {
        this.#reload = true
        this.#schedule()
        this.#viewer.changed()
      },
    )
    this.snapshots = new OnDemand(async () => {
      const [{ Snapshots }] = await Promise.all([import('./snapshots.js'), platformValues.get()])
      return new Snapshots()
    })
    this.filters = new OnDemand(async () => {
      const [{ parseQuery, QueryError, search, TreeFacts }] = await Promise.all([
        import('./facts.js'),
        platformValues.get(),
      ])
      const facts = new TreeFacts(
        () => this.model,
        () => this.redact,
      )
      return { facts, parseQuery, QueryError, search }
    })
  }

  get dropped(): number {
    return this.model.evicted
  }

  /** Listens to these buses, or to all, and shows what they remember. */
  start(buses: readonly InspectedBus[] | null): void {
    this.sources.most = this.maxRows
    this.sources.start(buses)
    this.#on = true
    if (buses) this.#change(() => this.model.keepOnly(buses.map(({ name }) => name)))
    // What was open when nobody looked may be over.
    const open = [...this.model.allEvents()].filter(([, node]) => isOpen(this.model.status[node]))
    this.#judge(this.model.update(open.map(([event]) => event)))
    if (this.#search) void this.#refilter()
    this.#reload = true
    this.#schedule()
  }

  /** Nothing is left running: no hook, no timer, no frame. What was seen stays. */
  stop(): void {
    this.#on = false
    this.#past = []
    this.sources.stop()
    this.#search?.abort()
    clearTimeout(this.#timer)
    cancelAnimationFrame(this.#frame)
    this.#timer = undefined
    this.#frame = 0
  }

  /** Forgets all rows, for good. */
  purge(): void {
    this.#change(() => {
      this.model.letGo(this.sources.histories())
      this.renew()
    })
  }

  /** Takes all rows from sight, or brings them back. */
  clear(): void {
    this.#change(() => this.model.hideAll(true))
  }
  unclear(): void {
    this.#change(() => {
      this.model.hideAll(false)
      this.#hideOld()
    })
  }

  pause(paused: boolean): void {
    if (this.#paused === paused) return
    this.#paused = paused
    if (!paused) this.commit()
  }

  /** Shows events of a file. */
  add(events: readonly InspectedEvent[]): void {
    this.#change(() => {
      this.#judge(this.model.update(events, true))
    })
  }

  /** Whether events from before this page, which a log has brought back, are to be seen. */
  showOld(preserve: boolean): void {
    if (this.preserve === preserve) return
    this.preserve = preserve
    if (preserve) this.unclear()
    else this.#change(() => this.#hideOld())
  }

  /** Whether payloads are copied from now on, to tell what is changed afterwards. */
  setSnapshot(on: boolean): void {
    this.sources.snapshots = null
    const take = (snapshots: Snapshots) => {
      this.sources.snapshots = snapshots
    }
    if (on) this.snapshots.use(take, () => {})
  }

  setFilter(filter: string, bus = this.bus): void {
    if (filter === this.filter && bus === this.bus) return
    this.filter = filter
    this.bus = bus
    if (!filter.trim()) return this.#read(this.filters.value)
    this.filters.use(
      // Another may have been typed meanwhile.
      (filters) => this.#read(filters),
      ({ message }) => {
        this.filterError = `Could not be loaded: ${message}`
        this.#viewer.changed()
      },
    )
  }

  /** Takes the filter as it is now; a wrong one leaves the rows as they are. */
  #read(filters: Filters | null): void {
    this.filterError = ''
    try {
      this.#query = filters?.parseQuery(this.filter) ?? null
    } catch (error) {
      if (!filters || !(error instanceof filters.QueryError)) throw error
      this.filterError = error.message
    }
    void this.#refilter()
  }

  /** Puts the slowest of the topmost events first, or all in order of arrival. */
  sortSlowest(slowestFirst: boolean): void {
    this.#change(() => {
      this.model.slowestFirst = slowestFirst
    })
  }

  /** What may be seen has changed. */
  setRedact(redact: Redact): void {
    this.redact = redact
    this.model.texts.length = 0
    if (this.#query) void this.#refilter()
  }

  /** Something that the reader did: shown at once. */
  #change(change: () => void): void {
    this.#viewer.beforeCommit(true)
    change()
    this.#finish(0)
  }

  /** Takes in what has happened. */
  commit(): void {
    if (!this.#on || this.#paused) return
    const start = performance.now()
    this.#viewer.beforeCommit()
    if (this.#reload && !this.#past.length) {
      this.#reload = false
      this.#load()
    }
    const loading = this.#past.length > 0
    const past = this.#past.splice(0, SLICE)
    // What changes meanwhile waits: events are in order.
    const more = this.#past.length > 0
    const events = more ? past : past.concat([...this.sources.take()])
    const before = this.model.events
    const nodes = this.model.update(events)
    const added = this.model.events - before
    this.sources.snapshots?.mark(this.model, events)
    if (loading) this.#hideOld()
    // Texts are searched once all is here, in slices of their own.
    if (!loading || !this.#query?.searchesText) this.#judge(nodes)
    else if (!more) void this.#refilter()
    this.commits++
    this.#finish(added)
    if (more || this.#reload) {
      this.#notBefore = 0
      return this.#schedule()
    }
    const now = performance.now()
    this.#notBefore = now + Math.max(1000 / this.refreshHz, Math.min(500, (now - start) / SHARE))
  }

  /** An empty tree, filtered and sorted as the one before. */
  renew(): void {
    const { filtering, slowestFirst, gone } = this.model
    this.#past = []
    this.#endSearch()
    this.model = Object.assign(new TreeModel(), { filtering, slowestFirst, gone })
  }

  #finish(added: number): void {
    this.model.evict(this.maxRows)
    this.model.flatten()
    this.#viewer.afterCommit(added, this.model.failed.splice(0))
  }

  /** What buses remember and the tree has not is to come in; where it belongs before what is here, the tree is made anew. */
  #load(): void {
    const { gone } = this.model
    const unknown = this.sources.histories().filter((event) => !this.model.nodeOf(event) && !gone.has(event))
    if (!unknown.length) return
    const missing = unknown.slice(-this.maxRows)
    this.model.letGo(unknown.slice(0, -this.maxRows))
    const newest = [...this.model.allEvents()].at(-1)?.[0]
    if (newest && missing[0].eventCreatedAt < newest.eventCreatedAt) {
      const old = this.model
      const all = [...[...old.allEvents()].map(([event]) => event), ...missing]
      all.sort((one, other) => one.eventCreatedAt.getTime() - other.eventCreatedAt.getTime())
      this.renew()
      this.model.update(all)
      this.model.inherit(old)
      this.#hideOld()
      if (this.#query || this.bus) void this.#refilter()
    } else this.#past = missing
  }

  #hideOld(): void {
    if (!this.preserve) this.model.clearBefore(performance.timeOrigin)
  }

  #matches(node: number): boolean {
    if (this.bus && !this.model.event(node).eventPath.includes(this.bus)) return false
    const facts = this.filters.value?.facts
    return !this.#query || !facts || this.#query.test(facts, node)
  }

  /** Only what has changed is asked again. */
  #judge(nodes: number[]): void {
    if (this.model.filtering) for (const node of nodes) this.model.setHit(node, this.#matches(node))
  }

  #endSearch(): void {
    this.#search?.abort()
    this.#search = null
    this.searched = 1
  }

  /** Asks all events: at once, or in slices where texts have to be written. */
  async #refilter(): Promise<void> {
    this.#endSearch()
    const { model } = this
    model.startFilter(!!(this.#query || this.bus))
    if (!this.#query?.searchesText) {
      model.judge((node) => this.#matches(node))
      return this.#change(() => {})
    }
    const { signal } = (this.#search = new AbortController())
    const found = await this.filters.value?.search(
      model,
      (node) => this.#matches(node),
      (done) => {
        if (signal.aborted) return true
        this.searched = done
        this.#viewer.changed()
        return false
      },
    )
    if (!found) return
    this.#endSearch()
    this.#change(() => {})
  }

  /** The next commit: in the next frame, but not sooner than the last one allows. */
  #schedule(): void {
    if (!this.#on || this.#paused || this.#timer !== undefined || this.#frame) return
    const wait = this.#notBefore - performance.now()
    if (wait > 4) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.#schedule()
      }, wait)
    } else {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0
        this.commit()
      })
    }
  }
}
