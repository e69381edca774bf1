import { aFunction, aSignal, checkType } from '../errors.js'
import { MAX_CHARS } from '../limits.js'
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

/** A line of a source, from 1 on; without text where there is too much of it. */
export interface SourceLine {
  line: number
  text: string | undefined
}

type Pieces = Pick<AsyncIterator<Uint8Array | string>, 'next' | 'return'>

/** What a log takes, it takes again from a file. */
const MAX_LINE = MAX_CHARS

/** The source piece by piece. Not every engine can iterate over a stream. @throws TypeError */
export function piecesOf(source: Source): Pieces {
  const { body = source } = Object(source) as { body?: unknown }
  const isText = typeof body === 'string'
  const { stream, getReader, [Symbol.asyncIterator]: iterate } = Object(body)
  checkType(
    isText || stream || getReader || iterate || (body === null && source),
    'source',
    'a stream, a Blob, a Response, an async iterable or a string',
    source,
  )
  if (iterate && !getReader) return iterate.call(body)
  const reader = (new Response((body ?? '') as BodyInit).body as ReadableStream<Uint8Array>).getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
    return: () => reader.cancel() as Promise<never>,
  }
}

/** The lines of a source, empty ones left out; `read` is told of bytes. Nothing longer than a line is kept. */
export async function* linesFrom(
  pieces: Pieces,
  signal: AbortSignal | undefined,
  read: (bytes: number) => void,
): AsyncGenerator<SourceLine, void, void> {
  const decoder = new TextDecoder()
  let line = 0
  let rest: string | undefined = ''
  /** Without the line end, and a mark of the byte order. */
  const end = (): SourceLine => ({ line: ++line, text: rest?.trim() })
  const add = (text: string) => {
    rest = rest === undefined || rest.length + text.length > MAX_LINE ? undefined : rest + text
  }
  try {
    for (let over = false; !over; ) {
      const { done, value = '' } = await wait<IteratorResult<Uint8Array | string>>(
        { signal },
        (give, fail) => {
          pieces.next().then(give, fail)
        },
      )
      over = done === true
      read(value.length)
      const text = typeof value === 'string' ? value : decoder.decode(value, { stream: true })
      const [first, ...others] = text.split('\n')
      add(first)
      for (const other of others) {
        yield end()
        rest = ''
        add(other)
      }
    }
    if (rest !== '') yield end()
  } finally {
    // Of no interest once it is over.
    pieces.return?.()?.catch(() => {})
  }
}
