/** A log to be read while its page rests again and again, and all that reads one. */
import type { EventBus } from '../../src/index.js'
import type { EventLog, LogRecord } from '../../src/log/event-log.js'
import { emptyLog } from './pages.js'
import { accepted, plantAll, said } from './raw.js'
import { all } from './reading.js'

export const isOpen = (n: number) => n % 5 === 4
export const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)
export const ended = (n: number) => `${n}${isOpen(n) ? '' : ' done'}`
export const told = ({ n, event_completed_at }: LogRecord) => `${n}${event_completed_at ? ' done' : ''}`

/** A log of a dead writer, without an index: each segment accepts some events, and has the ends of those of the one before. */
export async function filled(
  count: number,
  { per = 1, open = isOpen, ...more }: { per?: number; open?: typeof isOpen; bus?: string } = {},
): Promise<string> {
  const name = await emptyLog()
  const events = numbers(count).map((n) => accepted('Tick', { payload: { n } }))
  const end = (n: number) =>
    said('C', events[n].id, {
      at: [Math.floor(n / per) + 1, n % per],
      event_completed_at: new Date().toISOString(),
    })
  const of = (segment: number) =>
    numbers(per)
      .map((n) => segment * per + n)
      .filter((n) => events[n])
  const segments = numbers(Math.ceil(count / per) + 1).map((segment) => [
    ...of(segment).map((n) => events[n].line),
    ...of(segment - 1)
      .filter((n) => !open(n))
      .map(end),
  ])
  await plantAll(name, segments, more)
  return name
}

export const textOf = (stream: ReadableStream<Uint8Array>) => restOf(stream.getReader())

export async function restOf(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text
    text += decoder.decode(value, { stream: true })
  }
}

const parsed = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

interface Read {
  read(log: EventLog, Bus: typeof EventBus): Promise<unknown>
  gives(count: number): unknown
}

/** All that reads a log, and what comes of it. */
export const reads: Record<string, Read> = {
  records: {
    read: async (log) => (await all(log.records())).map(told),
    gives: (count) => numbers(count).map(ended),
  },
  count: { read: (log) => log.count(), gives: (count) => count },
  export: {
    read: async (log) => parsed(await textOf(log.exportJSONL())).map(({ n }) => n),
    gives: (count) => [...numbers(count).filter((n) => !isOpen(n)), ...numbers(count).filter(isOpen)],
  },
  entries: {
    read: async (log) =>
      parsed(await textOf(log.exportJSONL({ entries: true }))).flatMap(({ n, event_entry: kind }) =>
        kind === 'E' ? [n] : [],
      ),
    gives: numbers,
  },
  replay: {
    read: async (log, Bus) => {
      const bus = new Bus({ maxPending: null })
      const seen: unknown[] = []
      bus.on('Tick', ({ eventPayload: { n } }) => void seen.push(n))
      const outcome = await log.replay(bus)
      await bus.stop({ timeout: 10_000, clear: true })
      return [outcome, seen]
    },
    gives: (count) => [{ done: count, failed: [] }, numbers(count)],
  },
}
