import type { LitElement, ReactiveController } from 'lit'
import { html, nothing, type TemplateResult } from 'lit'
import { addStyles } from './adopt.js'
import { type ExportChoice, exportView, type Scope } from './export-view.js'
import { type Format, recordOf } from './exports.js'
import type { BadLine } from './file-events.js'
import type { LiveTree } from './live-tree.js'
import { count, figure } from './objects.js'
import { sheetStyles } from './sheet-styles.js'
import type { InspectedEvent } from './subjects.js'
import { exportStream, type ImportOptions, readFile, save, textOf } from './transfer.js'

/** What is written and read, with its progress, its end and its failures told where the reader looks. */
export class Transfers implements ReactiveController {
  readonly #host: LitElement
  readonly #tree: LiveTree
  readonly #selected: () => InspectedEvent | null
  #choice: ExportChoice = { scope: 'shown', format: 'jsonl' }
  #job: { label: string; stop: AbortController } | null = null
  /** What came of the last thing. */
  message = ''

  constructor(host: LitElement, tree: LiveTree, selected: () => InspectedEvent | null) {
    this.#host = host
    this.#tree = tree
    this.#selected = selected
    host.addController(this)
    addStyles(host.renderRoot as ShadowRoot, sheetStyles)
  }

  hostDisconnected(): void {
    this.#job?.stop.abort()
  }

  /** Events in order of arrival; for a text all rows, from the top. */
  nodes(scope: Scope, format: Format): number[] {
    const { model } = this.#tree
    const nodes = format === 'text' ? [...model.allNodes()] : [...model.allEvents()].map(([, node]) => node)
    if (scope === 'all') return nodes
    if (scope === 'shown') return nodes.filter((node) => model.isShown(node))
    const top = model.nodeOf(this.#selected())
    const isBelow = (node: number) => {
      for (let up = node; up; up = model.parent[up]) if (up === top) return true
      return false
    }
    return top ? nodes.filter(isBelow) : []
  }

  export(
    scope: Scope,
    format: Format,
    onProgress?: (done: number) => void,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    return exportStream(this.#tree.model, this.nodes(scope, format), format, this.#tree.redact, onProgress)
  }

  async import(source: Blob | ReadableStream<Uint8Array> | string, options: ImportOptions = {}) {
    const { events, bad } = await readFile(source, options)
    this.#tree.add(events)
    return { events: events.length, bad }
  }

  /** A file that the reader has chosen or dropped. */
  async open(file: File): Promise<void> {
    await this.#run(`Reading ${file.name}`, async (signal, progress) => {
      const { events, bad } = await this.import(file, {
        signal,
        onProgress: (read) => progress(`Reading ${file.name}: ${figure(read)} events`),
      })
      return `${count(events, 'event')} of ${file.name}${badText(bad)}`
    })
  }

  /** An event as it may be seen, as JSON, for the clipboard. */
  async copy(event: InspectedEvent): Promise<void> {
    await this.#run('Copying', async () => {
      await toClipboard(JSON.stringify(recordOf(event, this.#tree.redact), null, 2))
      return 'Copied'
    })
  }

  async #write(target: 'save' | 'copy'): Promise<void> {
    const { scope, format } = this.#choice
    await this.#run('Writing', async (signal, progress) => {
      const written = this.export(scope, format, (done) =>
        progress(`Writing, ${Math.round(done * 100)} %`),
      ).pipeThrough(new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>(), { signal })
      if (target === 'save') await save(written, format)
      else await toClipboard(await textOf(written))
      return target === 'save' ? 'Saved' : 'Copied'
    })
  }

  /** One thing at a time; whatever comes of it is told. */
  async #run(
    label: string,
    work: (signal: AbortSignal, progress: (label: string) => void) => Promise<string>,
  ): Promise<void> {
    this.#job?.stop.abort()
    const job = { label, stop: new AbortController() }
    this.#job = job
    this.#tell('')
    let end: string
    try {
      end = await work(job.stop.signal, (now) => {
        job.label = now
        this.#host.requestUpdate()
      })
    } catch (error) {
      end = job.stop.signal.aborted ? 'Stopped' : `That did not work: ${(error as Error).message}`
    }
    // Another one has begun: the reader waits for what comes of that.
    if (this.#job !== job) return
    this.#job = null
    this.#tell(end)
  }

  #tell(message: string): void {
    this.message = message
    this.#host.requestUpdate()
  }

  /** The choices of an export. */
  sheet(): TemplateResult {
    const { scope, format } = this.#choice
    const { model } = this.#tree
    const counts = [model.events, model.shown, this.#selected() ? this.nodes('selected', 'jsonl').length : 0]
    return exportView(
      { scope: counts[2] || scope !== 'selected' ? scope : 'shown', format },
      counts,
      (choice) => {
        this.#choice = choice
        this.#host.requestUpdate()
      },
      (target) => void this.#write(target),
    )
  }

  /** What is going on, or what came of it. */
  status(): TemplateResult | typeof nothing {
    const job = this.#job
    if (job) {
      return html`<p class="message" part="message">${job.label} <button type="button" data-action="stop" @click=${() => job.stop.abort()}>Stop</button></p>`
    }
    if (!this.message) return nothing
    return html`<p class="message" part="message">${this.message}
      <button type="button" data-action="dismiss" @click=${() => this.#tell('')}>OK</button></p>`
  }
}

async function toClipboard(text: string): Promise<void> {
  // Browsers have none for a page on plain http.
  if (!navigator.clipboard) throw new Error('only a page on https or localhost may use the clipboard')
  await navigator.clipboard.writeText(text)
}

function badText(bad: readonly BadLine[]): string {
  if (!bad.length) return ''
  const shown = bad.slice(0, 3).map(({ line, reason }) => `line ${line}: ${reason}`)
  return `; ${bad.length} ${bad.length === 1 ? 'line' : 'lines'} could not be read: ${shown.join('; ')}${bad.length > 3 ? ' …' : ''}`
}
