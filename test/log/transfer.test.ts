import { expect } from '@esm-bundle/chai'
import { number } from 'superstruct'
import { BaseEvent, defineEvent, EventBus } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'
import { exportJSONL } from '../../src/log/export-jsonl.js'
import { importJSONL } from '../../src/log/import-jsonl.js'
import type { Progress, Source } from '../../src/log/lines.js'
import { count, records } from '../../src/log/reading.js'
import { replay } from '../../src/log/replay.js'
import type { Segment } from '../../src/log/segment.js'
import { freshName, kinds, loggedBus, rawSegments } from './helpers.js'
import { refusedByPython } from './python.js'
import { accepted, plant, rowsOf, said } from './raw.js'
import { all, discard, planted } from './reading.js'

const textOf = (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => new Response(stream).text()
const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
const fixture = async (name: string) =>
  await (await fetch(new URL(`../fixtures/${name}.jsonl`, import.meta.url))).text()

async function emptyLog() {
  const name = freshName()
  const log = new EventLog(name)
  await log.db()
  return { name, log }
}

/** What `accepted` makes, as a line that may be imported. */
const plain = (type: string, payload: object = {}, id?: string) => {
  const { line, id: its } = accepted(type, id ? { payload, id } : { payload })
  const { event_entry, event_by, ...record } = JSON.parse(line)
  return { line: `${JSON.stringify(record)}\n`, id: its }
}

describe('exportJSONL', () => {
  it('gives flat records in the order of completion, then what is not finished', async () => {
    const [a, b, c, d] = ['A', 'B', 'C', 'D'].map((type) => accepted(type, { payload: { of: type } }))
    const { name, log } = await planted(async (name) => {
      await plant(name, [a.line, b.line, c.line])
      await plant(name, [
        d.line,
        said('C', c.id, { at: [1, 2], event_completed_at: '2026-01-01T00:00:00.000Z' }),
      ])
      await plant(name, [said('C', a.id, { at: [1, 0] }), said('C', c.id, { at: [1, 2] })])
      await plant(name, [said('S', b.id, { at: [1, 1] })])
    })
    const lines = linesOf(await textOf(exportJSONL(log)))
    expect(lines.map(({ event_type }) => event_type)).to.eql(['C', 'A', 'B', 'D'])
    expect(lines[0]).to.include({ of: 'C', event_completed_at: '2026-01-01T00:00:00.000Z' })
    expect(lines.flatMap((line) => Object.keys(line))).not.to.include.members(['event_entry'])
    expect(log.readers.size).to.equal(0)
    await discard({ name, log })
  })

  it('with `entries` gives the segments as they are', async () => {
    const { bus, log, name } = loggedBus()
    await bus.dispatch(new BaseEvent('Tick', { n: 1 }))
    await bus.dispatch(new BaseEvent('Tick', { n: 2 }))
    await log.flush()
    const raw = (await rawSegments(name)).map(({ body }) => body).join('')
    expect(await textOf(exportJSONL(log, { entries: true }))).to.equal(raw)
    await discard({ name, log })
  })

  it('reads no more than is read from it, and lets go when it is cancelled', async () => {
    const { name, log } = await planted(async (name) => {
      for (let i = 0; i < 5; i++)
        await plant(name, [accepted('A', { payload: { text: 'x'.repeat(150_000) } }).line])
    })
    const reader = exportJSONL(log).getReader()
    const { value } = await reader.read()
    expect(value?.length).to.be.lessThan(200_000)
    expect(log.readers.size).to.equal(1)
    await reader.cancel()
    expect(log.readers.size).to.equal(0)
    await discard({ name, log })
  })

  it('gives lines that the Python library reads', async () => {
    class Paid extends defineEvent('Paid', { amount: number() }, { result: number(), version: '2.0.0' }) {}
    const { bus, log, name } = loggedBus()
    bus.on(Paid, async ({ amount }, context) => {
      await context.bus.dispatch(new BaseEvent('Child'))
      return amount
    })
    bus.on('Child', () => {
      throw new Error('no')
    })
    await bus.dispatch(new Paid({ amount: 5 }))
    bus.dispatch(new BaseEvent('Waits', { timeout: 1 }, { timeout: null }))
    bus.on('Waits', () => new Promise(() => {}))
    const text = await textOf(exportJSONL(log))
    const file = await fixture('exported')
    for (const lines of [text, file]) {
      const all = lines.split('\n').filter(Boolean)
      expect(all.map((line) => JSON.parse(line).event_type)).to.eql(['Child', 'Paid', 'Waits'])
      expect(all.map(refusedByPython)).to.eql([[], [], []])
    }
    const shape = (lines: string) => linesOf(lines).map((line) => Object.keys(line))
    expect(shape(text)).to.eql(shape(file))
    expect(linesOf(text)[1]).to.include({ event_timeout: 60, event_schema: 'Paid@2.0.0', amount: 5 })
    await bus.stop()
    await discard({ name, log })
  })
})

describe('importJSONL', () => {
  it('takes what the Python library has written', async () => {
    const { name, log } = await emptyLog()
    const file = await fixture('python')
    expect(await importJSONL(log, file)).to.eql({ done: 3, failed: [] })
    const found = await all(records(log))
    expect(found.map(({ event_type }) => event_type)).to.eql(['UserLoggedIn', 'OrderCreated', '_Heartbeat'])
    expect(found[1]).to.deep.include({ items: [{ sku: 'A', qty: 2 }], event_result_type: 'dict' })
    expect(BaseEvent.fromJSON(found[1]).eventCreatedAt.toISOString()).to.equal('2025-08-20T09:15:30.250Z')
    expect(await all(records(log, { busName: 'MainBus' }))).to.have.length(1)
    await discard({ name, log })
  })

  it('adds an event once where several import it at once', async () => {
    const { name, log } = await emptyLog()
    const other = new EventLog(name)
    const text = Array.from({ length: 1200 }, (_, n) => plain('A', { n }).line).join('')
    const outcomes = await Promise.all([log, log, other].map((it) => importJSONL(it, text)))
    for (const outcome of outcomes) expect(outcome).to.eql({ done: 1200, failed: [] })
    expect((await all(records(log))).map(({ n }) => n)).to.eql(Array.from({ length: 1200 }, (_, n) => n))
    expect(await count(log)).to.equal(1200)
    await other.close()
    await discard({ name, log })
  })

  it('takes its own file from every kind of source', async () => {
    const bytes = new TextEncoder().encode(`\uFEFF${plain('A').line}\r\n${plain('Bé').line.trim()}`)
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
    const sources: (() => Source)[] = [
      () => text,
      () => new Blob([bytes]),
      () => new Response(bytes),
      () => new Blob([bytes]).stream(),
      async function* () {
        for (const byte of bytes) yield new Uint8Array([byte])
      },
      async function* () {
        for (const char of text) yield char
      },
    ]
    for (const source of sources) {
      const { name, log } = await emptyLog()
      expect(await importJSONL(log, source())).to.eql({ done: 2, failed: [] })
      expect((await all(records(log))).map(({ event_type }) => event_type)).to.eql(['A', 'Bé'])
      await discard({ name, log })
    }
  })

  it('gives back what was exported, to the letter', async () => {
    const { bus, log, name } = loggedBus()
    bus.on('*', () => ({ done: true }))
    for (let n = 0; n < 2; n++) await bus.dispatch(new BaseEvent('Tick', { n, at: 'x', writer: 'y' }))
    await bus.dispatch(new BaseEvent('Picture', { url: `data:,${'x'.repeat(2_000_000)}` }))
    bus.on('Open', () => new Promise(() => {}))
    await bus.dispatch(new BaseEvent('Open')).eventPersisted
    const text = await textOf(exportJSONL(log))
    const other = await emptyLog()
    expect(await importJSONL(other.log, text)).to.eql({ done: 4, failed: [] })
    expect(linesOf(await textOf(exportJSONL(other.log)))).to.eql(linesOf(text))
    expect(await importJSONL(other.log, text)).to.eql({ done: 4, failed: [] })
    expect(await count(other.log)).to.equal(4)
    await discard(other)
    await discard({ name, log })
  })

  it('writes closed segments, of a writer of their own, that nobody recovers or remembers', async () => {
    const { name, log } = await emptyLog()
    const bus = new EventBus({ name, log })
    bus.on('*', () => {})
    const record = { ...JSON.parse(plain('A').line), event_path: [name] }
    await importJSONL(log, `${JSON.stringify(record)}\n${plain('B').line}`)
    const rows = await rowsOf<Segment>(name)
    expect(kinds(rows.map(([, row]) => row))).to.equal('ECEC')
    expect(rows[0][1].body).to.include('"imported":true')
    expect(await bus.recover()).to.eql([])
    await bus.stop({ clear: true })
    const again = new EventBus({ name, log })
    await again.ready
    expect(again.eventHistory.size).to.equal(0)
    expect(await all(records(log))).to.have.length(2)
    await discard({ name, log })
  })

  it('writes many events in few segments', async () => {
    const { name, log } = await emptyLog()
    const text = Array.from({ length: 1200 }, (_, i) => plain('A', { i }).line).join('')
    const told: Progress[] = []
    const { done } = await importJSONL(log, text, { onProgress: (progress) => told.push(progress) })
    expect(done).to.equal(1200)
    expect((await rowsOf(name)).length).to.equal(3)
    expect(told.at(-1)).to.eql({ done: 1200, failed: 0, bytes: text.length, total: text.length })
    expect((await all(records(log))).map(({ i }) => i)).to.eql(Array.from({ length: 1200 }, (_, i) => i))
    await discard({ name, log })
  })

  it('reports what it cannot take, and takes the rest', async () => {
    const { name, log } = await emptyLog()
    const good = plain('Good')
    const file = [
      'no json',
      '[]',
      'null',
      good.line.trim(),
      '',
      '{"event_type":"A"}',
      good.line.trim().replace('"Good"', '"not a name"'),
      plain('Deep')
        .line.trim()
        .replace('{', `{"a":${'['.repeat(200)}${']'.repeat(200)},`),
      plain('Date')
        .line.trim()
        .replace(/"event_created_at":"[^"]*"/, '"event_created_at":"soon"'),
      said('C', good.id, { at: [0, 0] }).trim(),
      good.line.trim().replace('{', '{"other":1,'),
      accepted('Entry').line.trim(),
      plain('Last').line.trim(),
    ].join('\n')
    const { done, failed } = await importJSONL(log, file)
    expect(done).to.equal(3)
    expect(failed.map(({ line }) => line).sort((a, b) => a - b)).to.eql([1, 2, 3, 6, 7, 8, 9, 10, 11])
    for (const { message } of failed) expect(message).to.match(/./)
    expect((await all(records(log))).map(({ event_type }) => event_type)).to.eql(['Good', 'Entry', 'Last'])
    await discard({ name, log })
  })

  it('refuses a line longer than what a log takes, and takes the next', async () => {
    const { name, log } = await emptyLog()
    const part = 'x'.repeat(1_000_000)
    async function* file() {
      yield '{"text":"'
      for (let i = 0; i < 65; i++) yield part
      yield `"}\n${plain('Next').line}`
    }
    const { done, failed } = await importJSONL(log, file())
    expect(done).to.equal(1)
    expect(failed).to.eql([{ line: 1, message: 'Expected a line of at most 64 million characters' }])
    await discard({ name, log })
  })

  it('refuses another event under an id that the log has', async () => {
    const known = accepted('Known', { payload: { a: 1, b: { c: [1, 2] } } })
    const { name, log } = await planted((name) => plant(name, [known.line]))
    const same = plain('Known', { b: { c: [1, 2] }, a: 1 }, known.id)
    const other = plain('Known', { a: 1, b: { c: [2, 1] } }, known.id)
    const { done, failed } = await importJSONL(log, same.line)
    expect([done, failed]).to.eql([1, []])
    const refused = await importJSONL(log, other.line)
    expect(refused.done).to.equal(0)
    expect(refused.failed[0].line).to.equal(1)
    expect(refused.failed[0].message).to.include(known.id)
    expect(await count(log)).to.equal(1)
    await discard({ name, log })
  })

  it('keeps a prototype as data', async () => {
    const { name, log } = await emptyLog()
    await importJSONL(
      log,
      plain('A').line.replace('{', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},'),
    )
    const [record] = await all(records(log))
    expect(Object.hasOwn(record, '__proto__')).to.equal(true)
    expect(({} as { polluted?: number }).polluted).to.equal(undefined)
    await discard({ name, log })
  })

  it('ends with the reason of its signal; what is done stays done', async () => {
    const { name, log } = await emptyLog()
    const ending = new AbortController()
    async function* source() {
      for (let i = 0; i < 600; i++) yield plain('A', { i }).line
      await new Promise(() => {})
    }
    const error = await importJSONL(log, source(), {
      signal: ending.signal,
      onProgress: () => setTimeout(() => ending.abort()),
    }).catch((error) => error)
    expect(error.name).to.equal('AbortError')
    expect(await count(log)).to.equal(500)
    await discard({ name, log })
  })

  it('says what is wrong with its arguments', async () => {
    const { name, log } = await emptyLog()
    const wrong = async (source: unknown, options?: object) =>
      (await importJSONL(log, source as Source, options).catch((error) => error)) as Error
    expect(await wrong(5)).to.be.instanceOf(TypeError)
    expect(await wrong(null)).to.be.instanceOf(TypeError)
    expect(await wrong('', { signal: 1 })).to.be.instanceOf(TypeError)
    expect(await wrong('', { onProgress: 1 })).to.be.instanceOf(TypeError)
    await discard({ name, log })
  })
})

describe('replay', () => {
  it('dispatches copies, of known classes, with ids of their own', async () => {
    class Paid extends defineEvent('Paid', { amount: number() }) {}
    const [one, two] = [accepted('Paid', { payload: { amount: 1 } }), accepted('Other')]
    const child = accepted('Child', { event_parent_id: one.id })
    const { name, log } = await planted((name) =>
      plant(name, [one.line, said('C', one.id, { at: [0, 0] }), two.line, child.line]),
    )
    const bus = new EventBus({ name: freshName() })
    const seen: BaseEvent[] = []
    bus.on(Paid, (event) => void seen.push(event))
    bus.on('Child', (event) => void seen.push(event))
    const told: Progress[] = []
    const outcome = await replay(log, bus, {
      where: ({ event_type }) => event_type !== 'Other',
      onProgress: (progress) => told.push(progress),
    })
    await bus.waitUntilIdle()
    expect(outcome).to.eql({ done: 2, failed: [] })
    expect(told.at(-1)).to.eql({ done: 2, failed: 0 })
    expect(seen[0]).to.be.instanceOf(Paid)
    expect(seen.map((event) => event.toJSON().event_replay_of)).to.eql([one.id, child.id])
    expect(seen.map((event) => event.eventParentId)).to.eql([null, seen[0].eventId])
    expect(seen.map((event) => event.eventPath)).to.eql([[bus.name], [bus.name]])
    expect(seen[0].eventId).not.to.equal(one.id)
    await discard({ name, log })
  })

  it('waits for room, and reports what the class refuses', async () => {
    class Paid extends defineEvent('Paid', { amount: number() }) {}
    const events = Array.from({ length: 250 }, (_, i) =>
      accepted('Paid', { payload: { amount: i === 7 ? 'x' : i } }),
    )
    const { name, log } = await planted((name) =>
      plant(
        name,
        events.map(({ line }) => line),
      ),
    )
    const bus = new EventBus({ name: freshName(), maxPending: 10 })
    let seen = 0
    bus.on(Paid, () => new Promise<void>((resolve) => setTimeout(resolve, seen++ % 2)))
    const { done, failed } = await replay(log, bus)
    expect([done, failed.map(({ line }) => line)]).to.eql([249, [8]])
    await bus.waitUntilIdle()
    expect(seen).to.equal(249)
    await discard({ name, log })
  })

  it('into the bus that wrote it dispatches what was there, and no copy of a copy', async () => {
    const { bus, log, name } = loggedBus()
    for (let i = 0; i < 3; i++) await bus.dispatch(new BaseEvent('Tick', { i }))
    expect((await replay(log, bus)).done).to.equal(3)
    await bus.waitUntilIdle()
    expect(await count(log)).to.equal(6)
    const copies = (await all(records(log))).slice(3)
    expect(copies.every((record) => record.event_replay_of)).to.equal(true)
    await discard({ name, log })
  })

  it('goes as fast as it is told, and ends with the reason of its signal', async () => {
    const created = (seconds: number) => ({
      event_created_at: new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString(),
    })
    const { name, log } = await planted((name) =>
      plant(name, [
        accepted('A', created(0)).line,
        accepted('B', created(1)).line,
        accepted('C', created(3600)).line,
      ]),
    )
    const bus = new EventBus({ name: freshName() })
    const ending = new AbortController()
    const seen: string[] = []
    bus.on('*', (event) => {
      seen.push(event.eventType)
      if (event.eventType === 'B') ending.abort()
    })
    const error = await replay(log, bus, { speed: 20, signal: ending.signal }).catch((error) => error)
    expect(error.name).to.equal('AbortError')
    expect(seen).to.eql(['A', 'B'])
    await discard({ name, log })
  })

  it('says what is wrong with its arguments', async () => {
    const { name, log } = await emptyLog()
    const bus = new EventBus({ name: freshName() })
    const wrong = async (...args: unknown[]) =>
      (await replay(log, ...(args as [EventBus, object])).catch((error) => error)) as Error
    expect(await wrong({})).to.be.instanceOf(TypeError)
    expect(await wrong(bus, { where: 1 })).to.be.instanceOf(TypeError)
    expect(await wrong(bus, { speed: 0 })).to.be.instanceOf(RangeError)
    await discard({ name, log })
  })
})
