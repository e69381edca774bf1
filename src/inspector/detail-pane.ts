import type { LitElement, TemplateResult } from 'lit'
import { html, nothing, render } from 'lit'
import { addStyles } from './adopt.js'
import { changesBetween, plainChange } from './compare-view.js'
import { detailStyles } from './detail-styles.js'
import { type DetailContext, detailView } from './detail-view.js'
import type { Change } from './differences.js'
import { factsStyles } from './facts-styles.js'
import type { LiveTree } from './live-tree.js'
import type { Mutation } from './snapshots.js'
import { type InspectedEvent, isResult, labelOf, type Subject } from './subjects.js'

/** Shows one subject's details, and writes them again only when there is something new: what the reader has opened stays. */
export class DetailPane {
  readonly #host: LitElement
  readonly #tree: LiveTree
  readonly #actions: Pick<DetailContext, 'select' | 'copy' | 'close'>
  /** Values that are open. */
  readonly #open = new Map<string, number>()
  #subject: Subject | null = null
  /** What others are compared with. */
  #base: InspectedEvent | null = null
  /** What was changed in the payload of the one that is shown. */
  #mutations: readonly Mutation[] = []
  #shown = ''
  #opened = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(host: LitElement, tree: LiveTree, actions: Pick<DetailContext, 'select' | 'copy' | 'close'>) {
    this.#host = host
    this.#tree = tree
    this.#actions = actions
    addStyles(host.renderRoot as ShadowRoot, factsStyles, detailStyles)
  }

  /** Between the tree and the details; `share` is theirs, in percent. */
  splitter(share: number, resize: (event: PointerEvent | KeyboardEvent) => void): TemplateResult {
    return html`<div
      class="splitter"
      part="splitter"
      role="separator"
      tabindex="0"
      aria-label="Size of the details"
      aria-valuenow=${share}
      aria-valuemin="15"
      aria-valuemax="85"
      @pointerdown=${resize}
      @keydown=${resize}
    ></div>`
  }

  show(container: HTMLElement, subject: Subject | null): void {
    const { model } = this.#tree
    const isOther = subject !== this.#subject
    if (isOther) this.#open.clear()
    this.#subject = subject
    if (!model.nodeOf(this.#base)) this.#base = null
    const state = subject && model.nodeOf(subject) ? this.#stateOf(subject) : ''
    if (state === this.#shown) return
    this.#shown = state
    render(state && subject ? detailView(subject, this.#context()) : nothing, container, { host: this.#host })
    if (isOther) this.#scroll(container)
  }

  /** To the handler that was selected; to the beginning for an event, and where what differs stands there. */
  #scroll(container: HTMLElement): void {
    const body = container.querySelector('.detail-body')
    if (!body) return
    body.scrollTop = 0
    const handler = !this.#base && body.querySelector('[data-selected]')
    if (!handler) return
    const [{ top, bottom }, room] = [handler, body].map((element) => element.getBoundingClientRect())
    // Not by `scrollIntoView`: that would move the page, too.
    body.scrollTop = Math.max(0, Math.min(top - room.top, bottom - room.bottom))
  }

  /** Whatever it shows, in short: another text, other details. */
  #stateOf(subject: Subject): string {
    const { model } = this.#tree
    const event = model.event(model.nodeOf(subject))
    const node = model.nodeOf(event)
    this.#mutations = this.#tree.snapshots.value?.mutations(event) ?? []
    const recent = Date.now() - (event.eventCompletedAt?.getTime() ?? 0) < 300
    const runs = [...event.eventResults.values()].map(
      (result) => `${model.status[model.nodeOf(result)]}${result.eventChildren.length}`,
    )
    if (recent && model.hasFailed(node)) {
      // Errors can be looked at themselves once the console has been told of them.
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#host.requestUpdate(), 350)
    }
    return [
      event.eventId,
      isResult(subject) && subject.handlerId,
      model.status[node],
      runs,
      event.eventPath.length,
      recent,
      this.#opened,
      model.nodeOf(event.eventParent),
      this.#base?.eventId,
      this.#mutations.flatMap(({ changes }) => changes.length),
    ].join()
  }

  #context(): DetailContext {
    const { model, redact } = this.#tree
    return {
      ...this.#actions,
      model,
      redact,
      open: this.#open,
      base: this.#base,
      compareWith: (event) => this.compareWith(event),
      changes: (event) => this.changes(event),
      mutations: this.#mutations,
      update: () => this.refresh(),
      linkOf: (value) => {
        const node = model.nodeOf(value as Subject)
        if (!node || !model.isEvent(node)) return null
        const event = model.event(node)
        return {
          label: labelOf(event),
          go: () => this.#actions.select(event),
        }
      },
    }
  }

  /** Details of other events say from now on how they differ from this one; null ends that. */
  compareWith(event: InspectedEvent | null): void {
    this.#base = event
    this.refresh()
  }

  /** Shows how the second event differs from the first, and gives that. */
  compare(first: string, second: string): Change[] {
    const base = this.#eventOf('first', first)
    const event = this.#eventOf('second', second)
    this.compareWith(base)
    this.#actions.select(event)
    return this.changes(event).map((change) => plainChange(change, this.#tree.redact))
  }

  #eventOf(name: string, id: string): InspectedEvent {
    const event = this.#tree.model.eventOf(id)
    if (event) return event
    throw new RangeError(`Expected \`${name}\` to be the id of an event that is here, got \`${id}\``)
  }

  /** How an event differs from that one. */
  changes(event: InspectedEvent): Change[] {
    return this.#base ? changesBetween(this.#base, event, this.#tree.redact) : []
  }

  /** It is to be written again. */
  refresh(): void {
    this.#opened++
    this.#host.requestUpdate()
  }

  /** Holds nothing any longer. */
  clear(container: HTMLElement | null): void {
    clearTimeout(this.#timer)
    this.#open.clear()
    this.#subject = this.#base = null
    this.#mutations = []
    this.#shown = ''
    if (container) render(nothing, container)
  }
}
