/// <reference lib="esnext.disposable" preserve="true" />
import { noteCallSite, ownStacks } from './own-stacks.js'
import type { Snapshots } from './snapshots.js'
import { DISPOSE, INSPECT, type InspectedBus, type InspectedEvent } from './subjects.js'
import type { TreeModel } from './tree-model.js'

interface Page {
  /** Told of each new bus of the page while it is being made, and of each handler's number while it is being registered. */
  [INSPECT]?: Set<(bus: InspectedBus | null, handler?: number) => void>
  /** What all copies of the library share: all living buses, weakly. */
  [PAGE]?: { names: Map<string, WeakRef<InspectedBus>> }
}
const PAGE = Symbol.for('bubus.page.v1')
const page = globalThis as Page

/** All living buses of the page. */
export const livingBuses = (): InspectedBus[] =>
  [...(page[PAGE]?.names.values() ?? [])].flatMap((bus) => bus.deref() ?? [])

/** A bus that is listened to. Held weakly: to be looked at keeps no bus alive. */
export interface Source {
  readonly bus: WeakRef<InspectedBus>
  readonly name: string
}

/** Listens to buses while somebody looks, and notes which events have changed since. */
export class Sources {
  /** Changed since `take`, each once, in order of their first change. */
  #touched = new Set<InspectedEvent>()
  /** The last of them. */
  #latest: InspectedEvent | null = null
  readonly #sources = new Map<string, Source>()
  /** A hook holds its bus: only as long as that lives otherwise. */
  readonly #hooks = new WeakMap<InspectedBus, Disposable>()
  readonly #model: () => TreeModel
  readonly #changed: () => void
  readonly #appeared: () => void
  #only: readonly InspectedBus[] | null = null
  #on = false
  #learned = false
  /** Told of each event that a bus takes; null while nobody wants to know. */
  snapshots: Snapshots | null = null
  /** How many changed events to keep until they are taken. */
  most = 10_000

  /**
   * `model` knows which events are shown, and is told of those that were too many; `changed` is called with the first change since `take`, `appeared` when there are
   * other buses than before.
   */
  constructor(model: () => TreeModel, changed: () => void, appeared: () => void) {
    this.#model = model
    this.#changed = changed
    this.#appeared = appeared
  }

  get list(): readonly Source[] {
    return [...this.#sources.values()]
  }

  /** Listens to these buses, or to all of the page, those to come included. */
  start(only: readonly InspectedBus[] | null): void {
    this.stop()
    this.#on = true
    this.#only = only
    ;(page[INSPECT] ??= new Set()).add(this.#born)
    this.#attach()
  }

  /** Takes every hook back, and forgets what was noted. */
  stop(): void {
    this.#on = false
    page[INSPECT]?.delete(this.#born)
    for (const { bus: ref } of this.#sources.values()) {
      const bus = ref.deref()
      if (bus) this.#hooks.get(bus)?.[DISPOSE]()
    }
    this.#sources.clear()
    this.take()
  }

  /** What has changed since the last time. */
  take(): ReadonlySet<InspectedEvent> {
    const touched = this.#touched
    this.#touched = new Set()
    this.#latest = null
    return touched
  }

  /** What the buses remember, in the order of all buses together; each bus's own order is kept. */
  histories(): InspectedEvent[] {
    const lists = this.list.map(({ bus }) => [...(bus.deref()?.eventHistory.values() ?? [])])
    if (lists.length < 2) return lists[0] ?? []
    const heads = lists.map((list) => ({ list, at: 0, time: timeOf(list[0]) }))
    const merged = new Set<InspectedEvent>()
    for (;;) {
      let next = heads[0]
      for (const head of heads) if (head.time < next.time) next = head
      if (next.time === Infinity) return [...merged]
      merged.add(next.list[next.at++])
      next.time = timeOf(next.list[next.at])
    }
  }

  /** The page tells of a bus before it is complete, and of a handler while whoever registers it is on the stack. */
  readonly #born = (_: unknown, handler?: number) => {
    if (handler) return noteCallSite(handler, new Error().stack)
    queueMicrotask(() => {
      if (this.#on && this.#attach()) this.#appeared()
    })
  }

  #attach(): boolean {
    let found = false
    for (const bus of this.#only ?? livingBuses()) {
      if (this.#sources.has(bus.id)) continue
      found = true
      const { id, name } = bus
      const hook = bus[INSPECT]((step, event, result) => {
        if (step === 'queued') this.snapshots?.take(event, name)
        if (result && step === 'started') this.#learn()
        if (step !== 'dropped' && step !== 'persisted') this.#touch(event, step === 'queued')
      })
      this.#hooks.set(bus, hook)
      this.#sources.set(id, { bus: new WeakRef(bus), name })
      // A log gives its part of the history later.
      bus.ready.then(this.#appeared, () => {})
    }
    for (const [id, { bus }] of this.#sources) if (!bus.deref()) this.#sources.delete(id)
    return found
  }

  /** The first handler that is called: nobody's code but the library's is on the stack. */
  #learn(): void {
    if (this.#learned) return
    this.#learned = true
    ownStacks.push(new Error().stack ?? '')
  }

  #touch(event: InspectedEvent, isNew: boolean): void {
    // Most steps follow one of the same event.
    if (event === this.#latest) return
    const touched = this.#touched
    const model = this.#model()
    // What was let go does not come back with its next step.
    if (touched.has(event) || !(isNew || model.nodeOf(event))) return
    touched.add(event)
    this.#latest = event
    if (touched.size === 1) this.#changed()
    else if (touched.size > this.most) {
      for (const oldest of touched) {
        touched.delete(oldest)
        // One that is shown is dropped with its row, and counted then.
        if (!model.nodeOf(oldest)) model.letGo([oldest])
        break
      }
    }
  }
}

const timeOf = (event: InspectedEvent | undefined) => event?.eventCreatedAt.getTime() ?? Infinity
