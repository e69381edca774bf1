import { expect } from '@esm-bundle/chai'
import { BaseEvent, type EventBus } from '../../src/index.js'
import type { BusInspector, Format, Scope } from '../../src/inspector/bus-inspector.js'
import {
  $,
  $$,
  caughtUp,
  cleanUp,
  dispatchMany,
  makeBus,
  mount,
  outline,
  rowNamed,
  rows,
  sleep,
  until,
} from './support.js'

const text = (stream: ReadableStream<Uint8Array>) =>
  new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).text()
const exported = (inspector: BusInspector, events: Scope, format: Format) =>
  text(inspector.export({ events, format }))

/** The rows with what they say: an import is to give the same. */
function shown(inspector: BusInspector): string[] {
  const { model } = inspector.tree
  return outline(inspector).map((row, i) => {
    const node = model.order[i]
    return `${row} ${model.status[node]} ${model.startOf(node)} ${model.endOf(node)}`
  })
}

/** Trees over two buses, with every kind of end. */
async function scene(): Promise<{ main: EventBus; audit: EventBus }> {
  const main = makeBus({ name: 'Main' })
  const audit = makeBus({ name: 'Audit' })
  main.on('Order', async function place(event, { bus, via }) {
    bus.dispatch(new BaseEvent('Stock', { sku: 1 }))
    await via(audit).dispatch(new BaseEvent('Entry', { order: event.eventId }))
    return { ok: true, card: { number: '4111/1111', holder: 'Grace' } }
  })
  main.on('Order', audit.dispatch)
  audit.on('Order', function keep(_, { bus }) {
    bus.dispatch(new BaseEvent('Kept'))
  })
  audit.on('Entry', function refuse() {
    throw new RangeError('the book is full', { cause: new Error('a long day') })
  })
  main.on(
    'Slow',
    function linger() {
      return new Promise(() => {})
    },
    { timeout: 10 },
  )
  const { error, warn } = console
  console.error = console.warn = () => {}
  for (let i = 0; i < 5; i++)
    main.dispatch(
      new BaseEvent('Order', { i, password: 'hunter2', card: { number: `4111/${i}`, holder: 'Grace' } }),
    )
  main.dispatch(new BaseEvent('Slow'))
  await main.waitUntilIdle()
  await audit.waitUntilIdle()
  await sleep(5)
  console.error = error
  console.warn = warn
  return { main, audit }
}

describe('<bus-inspector>: files of events (goal 20)', () => {
  afterEach(cleanUp)

  it('gives an equal tree when what was exported is opened in a fresh inspector', async () => {
    const { main, audit } = await scene()
    const inspector = await mount({ buses: [main, audit] })
    await caughtUp(inspector)
    const file = await exported(inspector, 'all', 'jsonl')
    const fresh = await mount({ buses: [] })
    expect(await fresh.importJSONL(file)).to.deep.equal({ events: inspector.tree.model.events, bad: [] })
    expect(shown(fresh)).to.deep.equal(shown(inspector))
    expect(rowNamed(fresh, 'Slow').querySelector('.tags')?.textContent).to.equal('file')
    // Again from there: nothing is lost on the way.
    expect(await exported(fresh, 'all', 'jsonl')).to.equal(file)
    fresh.filter = 'is:file type:Entry status:error'
    await fresh.updateComplete
    expect($(fresh, '.amount').textContent).to.match(/^5 of/)
    rowNamed(fresh, 'refuse').click()
    await fresh.updateComplete
    expect($$(fresh, '.error-head').map((head) => head.textContent)).to.deep.equal([
      'RangeError: the book is full',
      'Error: a long day',
    ])
  })

  it('is read by the library itself, event by event', async () => {
    const { main, audit } = await scene()
    const inspector = await mount({ buses: [main, audit] })
    await caughtUp(inspector)
    for (const line of (await exported(inspector, 'all', 'jsonl')).trim().split('\n')) {
      const record = JSON.parse(line)
      const event = BaseEvent.fromJSON(record)
      expect(event.eventId).to.equal(record.event_id)
      expect(event.eventStatus).to.equal('completed')
    }
  })

  it('exports all, what the filter shows, or the selected event with what came of it', async () => {
    const { main, audit } = await scene()
    const inspector = await mount({ buses: [main, audit] })
    await caughtUp(inspector)
    const types = async (scope: Scope) =>
      (await exported(inspector, scope, 'jsonl'))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).event_type)
    inspector.filter = 'type:Entry'
    await inspector.updateComplete
    expect(await types('shown')).to.deep.equal(Array(5).fill('Entry'))
    expect(await types('all')).to.have.length(21)
    expect(await types('selected')).to.deep.equal([])
    inspector.select([...main.eventHistory.values()][0].eventId)
    expect((await types('selected')).sort()).to.deep.equal(['Entry', 'Kept', 'Order', 'Stock'])
  })

  it('writes a text tree, and spans for OpenTelemetry that belong together', async () => {
    const { main, audit } = await scene()
    const inspector = await mount({ buses: [main, audit] })
    await caughtUp(inspector)
    const lines = (await exported(inspector, 'all', 'text')).trimEnd().split('\n')
    expect(lines).to.have.length(inspector.tree.model.length)
    expect(lines[0]).to.match(
      /^\[error\] Order#[\da-f]{4} \(\d+ ms\) \{i: 0, password: "hunter2", card: \{number: "4111\/0", holder: "Grace"\}\}$|^\[completed\] Order#/,
    )
    expect(lines.find((line) => line.includes('refuse'))).to.match(
      /^ {6}\[error\] Audit\.refuse \(\d+ ms\) → RangeError: the book is full$/,
    )
    const { resourceSpans } = JSON.parse(await exported(inspector, 'all', 'otlp'))
    const spans = resourceSpans[0].scopeSpans[0].spans as Record<string, string>[]
    expect(spans).to.have.length(inspector.tree.model.size)
    const ids = new Set(spans.map(({ spanId }) => spanId))
    expect(ids.size).to.equal(spans.length)
    for (const { traceId, spanId, parentSpanId, startTimeUnixNano, endTimeUnixNano } of spans) {
      expect(traceId).to.match(/^[\da-f]{32}$/)
      expect(spanId).to.match(/^[\da-f]{16}$/)
      expect(parentSpanId === '' || ids.has(parentSpanId)).to.equal(true)
      expect(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano)).to.equal(true)
    }
    expect(new Set(spans.map(({ traceId }) => traceId)).size).to.equal(6)
  })

  it('writes a row as one line of a text, whatever its error says', async () => {
    const bus = makeBus()
    bus.on('Fails', function refuse() {
      throw new Error('one\n[completed] two\r\nthree')
    })
    const inspector = await mount({ buses: [bus] })
    await bus
      .dispatch(new BaseEvent('Fails'))
      .eventResult()
      .catch(() => {})
    await caughtUp(inspector)
    const lines = (await exported(inspector, 'all', 'text')).trimEnd().split('\n')
    expect(lines).to.have.length(2)
    expect(lines[1]).to.match(/one \[completed\] two three$/)
  })

  it('redacts what is seen, copied, searched and exported alike', async () => {
    const { main, audit } = await scene()
    const inspector = await mount({ buses: [main, audit], redact: ['password', 'card.number', /^holder$/] })
    await caughtUp(inspector)
    for (const format of ['jsonl', 'text', 'otlp'] as const) {
      const file = await exported(inspector, 'all', format)
      for (const secret of ['hunter2', '4111/', 'Grace']) expect(file, format).not.to.include(secret)
      expect(file).to.include('[redacted]')
    }
    expect(
      rows(inspector)
        .map((row) => row.textContent)
        .join(),
    ).not.to.match(/hunter2|4111\//)
    inspector.select([...main.eventHistory.values()][0].eventId)
    await inspector.updateComplete
    for (const summary of $$(inspector, '.detail summary')) summary.click()
    await until(() => $(inspector, '[aria-label="Payload"]').textContent?.includes('holder') === true)
    expect($(inspector, '.detail').textContent).not.to.match(/hunter2|4111\/|Grace/)
    for (const filter of ['hunter2', 'payload.password:hunter2', 'payload.card.number:4111*', 'Grace']) {
      inspector.filter = filter
      await inspector.updateComplete
      await until(() => inspector.tree.searched === 1)
      await inspector.updateComplete
      expect(outline(inspector), filter).to.have.length(0)
    }
    inspector.redact = null
    inspector.filter = 'hunter2'
    await inspector.updateComplete
    await until(() => outline(inspector).length > 0)
  })

  it('reads what the Python library and abxbus write, tells of bad lines, and goes on', async () => {
    const inspector = await mount({ buses: [] })
    const file = [
      '{"event_type":"UserLoggedIn","event_id":"018f8e40-1234-7000-8000-000000001234","event_schema":"UserLoggedIn@0.0.1","event_timeout":60.0,"event_path":["AuthBus"],"event_parent_id":null,"event_created_at":"2025-01-01T00:00:00Z","event_processed_at":"2025-01-01T00:00:01Z","name":"Ada"}',
      'this is no JSON',
      '[]',
      '{"event_type":7,"event_id":"x"}',
      '{"event_type":"NoId"}',
      '',
      '{"event_type":"Child","event_id":"018f8e40-1234-7000-8000-000000001235","event_parent_id":"018f8e40-1234-7000-8000-000000001234","event_path":"not a list","event_outcomes":{"not":"a list"},"__proto__":{"polluted":true},"constructor":1}',
      '{"event_type":"Loop","event_id":"018f8e40-1234-7000-8000-000000001236","event_parent_id":"018f8e40-1234-7000-8000-000000001237"}',
      '{"event_type":"Loop","event_id":"018f8e40-1234-7000-8000-000000001237","event_parent_id":"018f8e40-1234-7000-8000-000000001236"}',
    ].join('\n')
    const { events, bad } = await inspector.importJSONL(new Blob([file]))
    expect(events).to.equal(4)
    expect(bad.map(({ line }) => line)).to.deep.equal([2, 3, 4, 5])
    expect(bad.at(-1)?.reason).to.match(/Expected `event_id`/)
    expect(outline(inspector).map((row) => row.replace(/#.*/, ''))).to.include.members([
      '1 UserLoggedIn',
      '2 Child',
    ])
    expect(outline(inspector)).to.have.length(4)
    expect(({} as { polluted?: boolean }).polluted).to.equal(undefined)
  })

  it('opens a file that is dropped on it, with progress, and says what it could not read', async () => {
    const inspector = await mount({ buses: [] })
    const file = new File(
      ['{"event_type":"A","event_id":"018f8e40-1234-7000-8000-000000001234"}\nnonsense\n'],
      'some.jsonl',
    )
    const drop = new Event('drop', { bubbles: true, composed: true, cancelable: true })
    Object.assign(drop, { dataTransfer: { files: [file] } })
    $(inspector, '.panel').dispatchEvent(drop)
    expect(drop.defaultPrevented).to.equal(true)
    await until(() =>
      /1 event of some\.jsonl; 1 line could not be read: line 2/.test(
        $$(inspector, '.message')[0]?.textContent ?? '',
      ),
    )
    expect(outline(inspector)).to.have.length(1)
    // A message that comes with its element is told to nobody: the region was there before.
    expect($$(inspector, '[role="status"]')[1].textContent).to.match(/1 event of some\.jsonl/)
    $(inspector, '[data-action="dismiss"]').click()
    await inspector.updateComplete
    expect($$(inspector, '.message')).to.have.length(0)
  })

  it('stops reading when it is told to, with the reason', async () => {
    const inspector = await mount({ buses: [] })
    const stop = new AbortController()
    const endless = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await sleep(1)
        controller.enqueue(
          new TextEncoder().encode(
            '{"event_type":"A","event_id":"018f8e40-1234-7000-8000-000000001234"}\n'.repeat(50),
          ),
        )
      },
    })
    const reading = inspector.importJSONL(endless, {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    })
    setTimeout(() => stop.abort(new Error('enough')), 200)
    let reason: unknown
    await reading.catch((error) => {
      reason = error
    })
    expect((reason as Error).message).to.equal('enough')
  })

  it('offers to save or copy, by scope and format', async () => {
    const bus = makeBus()
    await dispatchMany(bus, 3)
    const inspector = await mount({ buses: [bus] })
    await caughtUp(inspector)
    $(inspector, '[data-action="export"]').click()
    await inspector.updateComplete
    const options = $$<HTMLOptionElement>(inspector, 'form option').map(
      ({ textContent, disabled }) => `${textContent?.trim()}${disabled ? ' off' : ''}`,
    )
    expect(options).to.deep.equal([
      'all (3)',
      'shown (3)',
      'selected (0) off',
      'JSON lines',
      'text tree',
      'OpenTelemetry JSON',
    ])
    let saved: Blob | null = null
    const { createObjectURL } = URL
    URL.createObjectURL = (blob: Blob) => {
      saved = blob
      return 'data:,'
    }
    const { click } = HTMLAnchorElement.prototype
    let name = ''
    HTMLAnchorElement.prototype.click = function () {
      name = this.download
    }
    try {
      $(inspector, '[data-action="save"]').click()
      await until(() => $$(inspector, '.message')[0]?.textContent?.includes('Saved') === true)
    } finally {
      URL.createObjectURL = createObjectURL
      HTMLAnchorElement.prototype.click = click
    }
    expect(name).to.match(/^events-\d{4}-.*\.jsonl$/)
    expect((await (saved as unknown as Blob).text()).trim().split('\n')).to.have.length(3)
  })
})
