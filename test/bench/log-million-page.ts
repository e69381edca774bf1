import { EventBus } from '../../src/bus/event-bus.js'
import { uuidv7 } from '../../src/ids.js'
import { compact } from '../../src/log/compaction.js'
import { EventLog } from '../../src/log/event-log.js'
import { exportJSONL } from '../../src/log/export-jsonl.js'
import { importJSONL } from '../../src/log/import-jsonl.js'
import { count, records } from '../../src/log/reading.js'
import { seal } from '../../src/log/segment.js'

const NAME = 'million'
const PER_SEGMENT = 1000
const log = new EventLog(NAME, { retain: { events: 10_000 } })

/** How long something takes, and the longest time in which the page could do nothing else. */
async function measured<T>(work: () => Promise<T>): Promise<{ ms: number; longestTask: number; gave: T }> {
  const { port1, port2 } = new MessageChannel()
  let longestTask = 0
  let last = performance.now()
  port1.onmessage = () => {
    const time = performance.now()
    longestTask = Math.max(longestTask, time - last)
    last = time
    port2.postMessage(0)
  }
  port2.postMessage(0)
  const start = performance.now()
  const gave = await work()
  const ms = performance.now() - start
  port1.close()
  return { ms: Math.round(ms), longestTask: Math.round(longestTask), gave }
}

async function page(filter: Parameters<typeof records>[1], most = 100): Promise<number> {
  let taken = 0
  for await (const _ of records(log, filter)) if (++taken === most) break
  return taken
}

const accepted = (id: string, i: number, n: number) =>
  `{"i":${i},"text":"something that a payload has to say","event_type":"${i === n / 2 ? 'Needle' : i % 2 ? 'Tick' : 'Tock'}"` +
  `,"event_id":"${id}","event_schema":"Tick@1.0.0","event_timeout":60,"event_parent_id":null,"event_path":["Shop"]` +
  `,"event_created_at":"${new Date(Date.UTC(2026, 0, 1) + i).toISOString()}","event_bus_ids":["${id}"],"event_entry":"E","event_by":null}\n`
const ended = (id: string, seq: number, index: number) =>
  `{"event_entry":"C","event_id":"${id}","at":[${seq},${index}],"event_started_at":"2026-01-01T00:00:00.000Z"` +
  `,"event_completed_at":"2026-01-01T00:00:00.000Z","event_outcomes":[{"handler_id":"${id}.1","handler_name":"tick","bus_id":"${id}"` +
  `,"bus_name":"Shop","status":"completed","started_at":null,"completed_at":null,"result":${index},"error":null}]}\n`

let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined
let total = 0
const kept: Uint8Array<ArrayBuffer>[] = []

Object.assign(globalThis, {
  million: {
    /** Segments as a busy bus writes them: a thousand events, then their ends. */
    async fill(n: number) {
      const db = await log.db()
      total = n
      for (let i = 0; i < n; i += PER_SEGMENT) {
        const ids = Array.from({ length: PER_SEGMENT }, (_, j) => uuidv7(Date.UTC(2026, 0, 1) + i + j, i + j))
        const seq = await db.append(
          seal(
            'w',
            0,
            'Shop',
            ids.map((id, j) => accepted(id, i + j, n)),
          ),
          'relaxed',
        )
        await db.append(
          seal(
            'w',
            0,
            'Shop',
            ids.map((id, j) => ended(id, seq, j)),
          ),
          'relaxed',
        )
      }
      return `${await db.head()} segments`
    },
    /** A page whose bus is `name` starts: the log's own, and one that has no past in it. */
    async start(name: string) {
      const other = new EventLog(NAME)
      const bus = new EventBus({ name, log: other })
      const told = await measured(() => bus.ready)
      const past = bus.eventHistory.size
      await bus.stop({ clear: true })
      await other.close()
      return { ...told, gave: past }
    },
    catchUp: () => measured(() => log.index.catchUp()),
    firstPage: () => measured(() => page({})),
    lastPage: () => measured(() => page({ after: `${(total / PER_SEGMENT) * 2 - 1}:500` })),
    rareType: () => measured(() => page({ type: 'Needle' })),
    count: () => measured(() => count(log)),
    /** Reads on through a share of the export. */
    exportPart(share: number) {
      return measured(async () => {
        reader ??= exportJSONL(log).getReader()
        let lines = 0
        for (;;) {
          const { done, value } = await reader.read()
          if (done) return { lines, ended: true }
          if (kept.length < 500) kept.push(value)
          for (const byte of value) if (byte === 10) lines++
          if (lines >= total * share) return { lines, ended: false }
        }
      }).then(({ gave, ...rest }) => ({ ...rest, ...gave }))
    },
    /** What was exported first, into this log, which has it all; and into another one. */
    async importAgain() {
      const file = new Blob(kept)
      const other = new EventLog('million2')
      const told = [
        await measured(() => importJSONL(log, file)),
        await measured(() => importJSONL(other, file)),
      ]
      await other.close()
      await EventLog.destroy('million2')
      return JSON.stringify(
        told.map(({ gave: { done, failed }, ...rest }) => ({ ...rest, done, failed: failed.length })),
      )
    },
    compact: () => measured(() => compact(log)),
  },
})
