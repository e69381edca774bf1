import { aFunction, aSignal, checkType } from '../errors.js'
import { wait } from '../wait.js'

/** What `importJSONL` reads from. */
export type Source =
  | ReadableStream<Uint8Array>
  | Blob
  | string
  | AsyncIterable<Uint8Array | string>
  | { readonly body: ReadableStream<Uint8Array> | null }

/** How far an import or a replay is. */
export interface Progress {
  /** Events that are durable, or dispatched. */
  readonly done: number
  /** Lines that were refused. */
  readonly failed: number
  /** Read so far, and in all where that is known. */
  readonly bytes?: number
  readonly total?: number
}

/** What came of it. */
export interface Outcome {
  done: number
  /** Why a line, or the record at that place, was refused. */
  failed: { line: number; message: string }[]
}

export interface TransferOptions {
  /** Ends it with its reason; what is done stays done. */
  signal?: AbortSignal
  onProgress?: (progress: Progress) => void
}

export const transferChecks = { signal: aSignal, onProgress: aFunction }

const MAX_LINE = 1_000_000

/** How many bytes a source has, if it says so. */
export const sizeOf = (source: Source): number | undefined =>
  typeof source === 'string' ? new Blob([source]).size : (source as Partial<Blob>).size

/** The source piece by piece. @throws TypeError */
export function piecesOf(source: Source): AsyncIterator<Uint8Array | string> {
  const { body, stream } = Object(source) as Partial<Response & Blob>
  if (typeof source === 'string') return piecesOf(new Blob([source]))
  if (typeof stream === 'function') return piecesOf((source as Blob).stream())
  const { getReader } = Object(body ?? source) as Partial<ReadableStream>
  if (getReader) return readerOf((body ?? source) as ReadableStream<Uint8Array>)
  const { [Symbol.asyncIterator]: iterate } = Object(source) as Partial<AsyncIterable<Uint8Array | string>>
  checkType(iterate, 'source', 'a stream, a Blob, a Response, an async iterable or a string', source)
  return (source as AsyncIterable<Uint8Array | string>)[Symbol.asyncIterator]()
}

/** Not every engine can iterate over a stream. */
function readerOf(stream: ReadableStream<Uint8Array>): AsyncIterator<Uint8Array> {
  const reader = stream.getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
    async return() {
      await reader.cancel()
      return { done: true, value: undefined }
    },
  }
}

/** A line of a source; without text where there is too much of it. */
export interface SourceLine {
  line: number
  text: string | undefined
}

/** The lines of a source, from 1 on, empty ones left out; `read` is told of bytes. Nothing longer than a line is kept. */
export async function* linesFrom(
  pieces: AsyncIterator<Uint8Array | string>,
  signal: AbortSignal | undefined,
  read: (bytes: number) => void,
): AsyncGenerator<SourceLine, void, void> {
  const decoder = new TextDecoder()
  let line = 1
  let text = ''
  let over = false
  const finish = (): SourceLine[] => {
    const whole = text.replace(/\r$/, '').replace(line === 1 ? /^\uFEFF/ : '', '')
    const found = over ? [{ line, text: undefined }] : whole.trim() ? [{ line, text: whole }] : []
    line++
    text = ''
    over = false
    return found
  }
  const add = (more: string) => {
    over ||= text.length + more.length > MAX_LINE
    text = over ? '' : text + more
  }
  try {
    for (;;) {
      const { done, value } = await wait<IteratorResult<Uint8Array | string>>({ signal }, (give, fail) => {
        pieces.next().then(give, fail)
      })
      if (done) break
      read(value.length)
      const piece = typeof value === 'string' ? value : decoder.decode(value, { stream: true })
      let start = 0
      for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', start)) {
        add(piece.slice(start, end))
        start = end + 1
        yield* finish()
      }
      add(piece.slice(start))
    }
    add(decoder.decode())
    yield* finish()
  } finally {
    // Of no interest once it is over.
    Promise.resolve(pieces.return?.()).catch(() => {})
  }
}
