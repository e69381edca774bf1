import { expect } from '@esm-bundle/chai'
import { WorkerBridge } from '../../src/bridges/worker-bridge.js'
import { EventBus } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'
import { freshName } from '../log/helpers.js'
import { eventually, openBus } from '../log/tabs.js'
import { Ask, Buffer, Die, Fail, Nested, Slow, Square, Tell } from './fixtures/events.js'

const start = () => new Worker(new URL('./fixtures/worker.js', import.meta.url), { type: 'module' })

describe('a bus in a dedicated worker', () => {
  let worker: Worker
  let bridge: WorkerBridge
  let bus: EventBus
  beforeEach(() => {
    worker = start()
    bridge = new WorkerBridge(worker)
    bus = new EventBus({ maxPending: null })
    bus.on('*', bridge.dispatch)
  })
  afterEach(async () => {
    bridge.close()
    worker.terminate()
    await bus.stop({ clear: true })
  })

  it('handles events: results come back as if the handler were here', async () => {
    const event = await bus.dispatch(new Square({ n: 7 }))
    expect(await event.eventResult()).to.equal(49)
    const entry = [...event.eventResults.values()].find(({ handlerName }) => handlerName === 'square')
    expect(entry).to.include({ busName: 'Answering', status: 'completed', eventId: event.eventId })
    expect(entry?.startedAt).to.be.instanceOf(Date)
    expect(event.eventLogTree()).to.contain('worker: Answering.square')
    expect(bridge.stats).to.deep.equal({ sent: 1, received: 0, wireErrors: 0 })
  })

  it('tells errors with their cause', async () => {
    const event = await bus.dispatch(new Fail({ message: 'broken over there' }))
    let error: Error | undefined
    await event.eventResult().catch((caught) => {
      error = caught
    })
    expect(error).to.include({ name: 'RangeError', message: 'broken over there' })
    expect(error?.cause).to.include({ name: 'TypeError', message: 'the cause' })
  })

  it('aborts a handler whose event is cancelled here, and moves on', async () => {
    await bus.dispatch(new Square({ n: 1 }))
    const slow = bus.dispatch(new Slow({ ms: 60_000 }))
    await new Promise((resolve) => setTimeout(resolve, 50))
    await bus.stop()
    expect(slow.eventStatus).to.equal('completed')
    const [, entry] = [...slow.eventResults.values()]
    expect(entry.error).to.include({ name: 'EventCancelledError' })
    const after = await bus.dispatch(new Slow({ ms: 1 }))
    expect(String(await after.eventResult())).to.contain('EventCancelledError')
  })

  it('moves what is named, there and back', async () => {
    bus.off('*')
    bridge.close()
    bridge = new WorkerBridge(worker, {
      transfer: (event) => (event instanceof Buffer ? [event.bytes as ArrayBuffer] : []),
    })
    bus.on(Buffer, bridge.dispatch)
    const bytes = new ArrayBuffer(1 << 20)
    const event = await bus.dispatch(new Buffer({ bytes }))
    expect(bytes.byteLength).to.equal(0)
    expect(((await event.eventResult()) as ArrayBuffer).byteLength).to.equal(1 << 20)
  })

  it('does not hang when handlers of both sides wait for each other', async () => {
    bridge.on(Tell, bus.dispatch)
    bus.on(
      Tell,
      async ({ n }, { bus: here }) => (await here.dispatch(new Square({ n })).eventResult()) as number,
    )
    await bus.dispatch(new Square({ n: 1 }))
    const asked = await bus.dispatch(new Ask({ n: 5 }))
    expect(await asked.eventResult()).to.equal(25)
  })

  it('settles what waits when the worker is terminated, and what is dispatched later', async () => {
    await bus.dispatch(new Square({ n: 1 }))
    const slow = bus.dispatch(new Slow({ ms: 60_000 }))
    await new Promise((resolve) => setTimeout(resolve, 50))
    worker.terminate()
    await slow
    expect([...slow.eventResults.values()].at(-1)).to.include({ handlerName: 'peer', busName: 'Answering' })
    expect([...slow.eventResults.values()].at(-1)?.error).to.include({ name: 'EventCancelledError' })
    const late = await bus.dispatch(new Square({ n: 2 }))
    expect([...late.eventResults.values()].at(-1)?.error).to.include({ name: 'EventCancelledError' })
  })

  it('settles what waits when the worker closes itself', async () => {
    const die = await bus.dispatch(new Die({}))
    expect([...die.eventResults.values()].at(-1)?.error).to.include({ name: 'EventCancelledError' })
  })

  it('keeps children and their results on the side where they happened', async () => {
    const event = await bus.dispatch(new Nested({ depth: 2 }))
    expect(await event.eventResult()).to.deep.equal({ path: [bus.name, 'Answering'] })
    expect(event.eventChildren).to.deep.equal([])
  })

  it('handles again what a stop of a bus with a log has ended there, once that is recovered', async () => {
    const logged = openBus(freshName())
    logged.bus.on(Slow, bridge.dispatch)
    await logged.bus.recover()
    await bus.dispatch(new Square({ n: 1 }))
    const slow = logged.bus.dispatch(new Slow({ ms: 300 }))
    await slow.eventPersisted
    await eventually('it is there', () => bridge.stats.sent === 2)
    await logged.bus.stop()
    const [again] = await logged.bus.recover()
    await again.eventCompletion
    expect([...again.eventResults.values()].map(({ busName }) => busName)).to.include('Answering')
    await logged.bus.stop({ clear: true })
    await logged.log.close()
    await EventLog.destroy(logged.name)
  })
})
