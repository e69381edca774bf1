import { type Format, linesOf } from './exports.js'
import { type BadLine, type FileEvent, readEvents } from './file-events.js'
import { slices } from './slices.js'
import type { TreeModel } from './tree-model.js'
import type { Redact } from './values.js'

const mimes: Record<Format, string> = {
  jsonl: 'application/x-ndjson',
  text: 'text/plain',
  otlp: 'application/json',
}
const endings: Record<Format, string> = { jsonl: 'jsonl', text: 'txt', otlp: 'otlp.json' }

/** Characters that are gathered before they are handed on. */
const CHUNK = 64 * 1024

/** The nodes' events as a file, written while it is read; the page keeps its turns. Nodes that are let go meanwhile are left out. */
export function exportStream(
  model: TreeModel,
  nodes: readonly number[],
  format: Format,
  redact: Redact,
  onProgress?: (done: number) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  const subjects = nodes.map((node) => model.subject(node))
  const breathe = slices()
  let done = 0
  function* living() {
    for (const subject of subjects) {
      done++
      const node = model.nodeOf(subject)
      if (node) yield node
    }
  }
  const lines = linesOf(model, living(), format, redact)
  return new ReadableStream({
    async pull(controller) {
      for (let text = ''; ; ) {
        const next = lines.next()
        if (!next.done) text += next.value
        if (text.length >= CHUNK || (next.done && text)) {
          controller.enqueue(encoder.encode(text))
          if (!next.done) return
        }
        if (next.done) return controller.close()
        const pause = breathe()
        if (!pause) continue
        onProgress?.(done / (subjects.length || 1))
        await pause
      }
    },
  })
}

/** Gives the reader a file. */
export async function save(stream: ReadableStream<Uint8Array>, format: Format): Promise<void> {
  const blob = await new Response(stream, { headers: { 'content-type': mimes[format] } }).blob()
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = `events-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.${endings[format]}`
  link.click()
  // The download has the blob by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

export const textOf = (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream).text()

export interface ImportOptions {
  signal?: AbortSignal
  /** Told of how many events have been read so far. */
  onProgress?: (events: number) => void
}

/** Reads a file, a stream or a text of JSON lines. */
export function readFile(
  source: Blob | ReadableStream<Uint8Array> | string,
  { signal, onProgress }: ImportOptions = {},
): Promise<{ events: FileEvent[]; bad: BadLine[] }> {
  const stream = source instanceof ReadableStream ? source : new Blob([source]).stream()
  return readEvents(stream, {
    signal,
    onProgress,
    breathe: slices(),
  })
}
