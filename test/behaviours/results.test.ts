import { expect } from '@esm-bundle/chai'
import { defineEvent, EventBus, EventTimeoutError } from '../../src/index.js'
import { gate, hushConsole, onlyResult, rejection, resultNamed, resultsOf } from './support.js'

class Ask extends defineEvent('Ask') {}
class Other extends defineEvent('Other') {}

/** An event that was handled by handlers returning, or throwing, these values in turn. */
async function asked(...answers: unknown[]): Promise<Ask> {
  const bus = new EventBus()
  answers.forEach((answer, index) => {
    bus.on(
      Ask,
      () => {
        if (answer instanceof Error) throw answer
        return answer
      },
      { name: `handler${index}` },
    )
  })
  return bus.dispatch(new Ask())
}

/** Each of the six result methods with the same options. */
function everyMethod(
  ask: Ask,
  options?: { raiseIfAny?: boolean; raiseIfNone?: boolean },
): Promise<unknown>[] {
  return [
    ask.eventResult(options),
    ask.eventResultsList(options),
    ask.eventResultsByHandlerId(options),
    ask.eventResultsByHandlerName(options),
    ask.eventResultsFlatDict(options),
    ask.eventResultsFlatList(options),
  ]
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('A5: results', () => {
  hushConsole()

  it('39: eventResults maps the handler id to a result with all its fields', async () => {
    const bus = new EventBus()
    bus.on(
      Ask,
      (_event, context) => {
        context.bus.dispatch(new Other())
        return 42
      },
      { name: 'answer', timeout: 5000 },
    )
    const ask = await bus.dispatch(new Ask())
    const [id, result] = [...ask.eventResults][0] ?? []
    expect(id).to.equal(result?.handlerId)
    expect(id).to.match(new RegExp(`^${bus.id}\\.\\d+$`))
    expect(result).to.include({
      handlerName: 'answer',
      busId: bus.id,
      busName: bus.name,
      eventId: ask.eventId,
    })
    expect(result).to.include({ status: 'completed', result: 42, timeout: 5000 })
    expect(result?.error ?? null).to.equal(null)
    expect(result?.startedAt).to.be.instanceOf(Date)
    expect(result?.completedAt).to.be.instanceOf(Date)
    expect(result?.eventChildren.map((child) => child.eventType)).to.deep.equal(['Other'])
  })

  it('40: a handler is named by its option or its function; a name that is missing gives nothing', async () => {
    const bus = new EventBus()
    bus.on(Ask, () => 1, { name: 'given' })
    bus.on(Ask, function ownName() {
      return 2
    })
    const ask = await bus.dispatch(new Ask())
    expect(plain(await ask.eventResultsByHandlerName())).to.deep.equal({ given: 1, ownName: 2 })
    expect((await ask.eventResultsByHandlerName()).missing).to.equal(undefined)
    expect(resultNamed(ask, 'given').result).to.equal(1)
  })

  it('41: by id every result is there, though names are equal; by name equal names collapse', async () => {
    const bus = new EventBus()
    bus.on(Ask, () => 1, { name: 'same' })
    bus.on(Ask, () => 2, { name: 'same' })
    const ask = await bus.dispatch(new Ask())
    expect(Object.values(await ask.eventResultsByHandlerId())).to.deep.equal([1, 2])
    expect(Object.keys(await ask.eventResultsByHandlerId())).to.deep.equal([...ask.eventResults.keys()])
    expect(Object.keys(await ask.eventResultsByHandlerName())).to.deep.equal(['same'])
  })

  it('42: the list holds the values that count, in order of execution', async () => {
    const ask = await asked('a', null, undefined, new Other(), 0, '', false, ['b'])
    expect(await ask.eventResultsList()).to.deep.equal(['a', 0, '', false, ['b']])
  })

  it("43: eventResult is the first value that counts; 0, '' and false do", async () => {
    expect(await (await asked(undefined, null, new Other(), 0, 1)).eventResult()).to.equal(0)
    expect(await (await asked('', 1)).eventResult()).to.equal('')
    expect(await (await asked(false, 1)).eventResult()).to.equal(false)
  })

  it('44: the flat dict merges objects, the later wins; conflicts raise only if asked for', async () => {
    const ask = await asked({ debug: true, port: 8080 }, 'no object', ['list'], { debug: false, timeout: 30 })
    expect({ ...(await ask.eventResultsFlatDict()) }).to.deep.equal({ debug: false, port: 8080, timeout: 30 })
    const conflict = await rejection(ask.eventResultsFlatDict({ raiseIfConflicts: true }))
    expect(conflict.message).to.contain('debug')
    expect({ ...(await (await asked('text', 1)).eventResultsFlatDict()) }).to.deep.equal({})
  })

  it('45: the flat list joins lists, skips the rest, and an empty list counts as a result', async () => {
    const ask = await asked([1, 2], 'text', { a: 1 }, [], [3])
    expect(await ask.eventResultsFlatList()).to.deep.equal([1, 2, 3])
    expect(await (await asked([])).eventResultsFlatList({ raiseIfNone: true })).to.deep.equal([])
    const none = await asked(null)
    expect(await none.eventResultsFlatList()).to.deep.equal([])
    expect(await rejection(none.eventResultsFlatList({ raiseIfNone: true }))).to.be.instanceOf(Error)
  })

  it("46: by default the first handler's own error is raised by every method", async () => {
    const first = new Error('first')
    const ask = await asked('ok', first, new Error('second'))
    for (const promise of everyMethod(ask)) expect((await rejection(promise)) === first).to.equal(true)
    const lenient = everyMethod(ask, { raiseIfAny: false })
    expect(await lenient[0]).to.equal('ok')
    expect(await lenient[1]).to.deep.equal(['ok'])
    for (const promise of lenient) await promise
  })

  it('46: no result at all raises only with raiseIfNone, and an error is raised before it', async () => {
    const none = await asked(null, undefined)
    const empty = await Promise.all(everyMethod(none))
    expect(empty.map((value) => plain(value ?? null))).to.deep.equal([null, [], {}, {}, {}, []])
    for (const promise of everyMethod(none, { raiseIfNone: true })) {
      expect(await rejection(promise)).to.be.instanceOf(Error)
    }
    const failure = new Error('before none')
    const failed = await asked(failure)
    for (const promise of everyMethod(failed, { raiseIfNone: true })) {
      expect((await rejection(promise)) === failure).to.equal(true)
    }
  })

  it('46: include chooses results, and timeout limits the waiting', async () => {
    const ask = await asked(1, 2, 3)
    const odd = { include: (result: { result?: unknown }) => (result.result as number) % 2 === 1 }
    expect(await ask.eventResultsList(odd)).to.deep.equal([1, 3])
    const bus = new EventBus()
    const release = gate()
    bus.on(Ask, () => release.promise)
    const slow = bus.dispatch(new Ask())
    expect(await rejection(slow.eventResult({ timeout: 10 }))).to.be.instanceOf(EventTimeoutError)
    release.open()
    expect((await slow).eventStatus).to.equal('completed')
  })

  it("47: awaiting a result gives its value or throws the handler's own error", async () => {
    const bus = new EventBus()
    const started = gate()
    const release = gate<string>()
    const failure = new Error('own error')
    bus.on(Ask, () => {
      started.open()
      return release.promise
    })
    bus.on(Ask, () => Promise.reject(failure))
    const ask = bus.dispatch(new Ask())
    await started.promise
    const running = resultsOf(ask)[0]
    expect(running?.status).to.equal('started')
    queueMicrotask(() => release.open('late'))
    expect(await running).to.equal('late')
    await ask
    expect((await rejection(Promise.resolve(resultsOf(ask)[1]))) === failure).to.equal(true)
  })

  it('47: a result whose handler ran out of time throws the time-out', async () => {
    const bus = new EventBus()
    bus.on(Ask, () => new Promise(() => {}), { timeout: 10 })
    const ask = await bus.dispatch(new Ask())
    expect(await rejection(Promise.resolve(onlyResult(ask)))).to.be.instanceOf(EventTimeoutError)
  })

  it('48: the line of a result in the log tree shows bus, handler, state and value', async () => {
    const bus = new EventBus()
    bus.on(Ask, () => 'yes', { name: 'answer' })
    bus.on(Ask, () => Promise.reject(new Error('nope')), { name: 'refuse' })
    const ask = await bus.dispatch(new Ask())
    const line = (name: string): string =>
      ask
        .eventLogTree()
        .split('\n')
        .find((text) => text.includes(name)) ?? ''
    expect(line('answer'))
      .to.contain('✅')
      .and.to.contain(bus.name)
      .and.to.match(/→ ["']yes["']/)
    expect(line('refuse')).to.contain('❌').and.to.contain('nope')
  })
})
