import { expect } from '@esm-bundle/chai'
import { BaseEvent, defineEvent, EventBus, EventCancelledError, EventTimeoutError } from '../../src/index.js'
import { gate, hushConsole, onlyResult, rejection, resultNamed, task, thrown } from './support.js'

class Outer extends defineEvent('Outer', {}, { timeout: 40 }) {}
class Inner extends defineEvent('Inner', {}, { timeout: null }) {}
class Deep extends defineEvent('Deep') {}
class Next extends defineEvent('Next') {}

const never = (): Promise<never> => new Promise(() => {})

describe('A10: time-outs and cancelling', () => {
  hushConsole()

  it('72: the time-out is 60 000 ms for each handler, null is none, 0 and less are refused', async () => {
    expect(new Deep().eventTimeout).to.equal(60_000)
    expect(new Inner().eventTimeout).to.equal(null)
    expect(thrown(() => new BaseEvent('Slow', {}, { timeout: 0 }))).to.be.instanceOf(RangeError)
    expect(thrown(() => defineEvent('Slow', {}, { timeout: -5 }))).to.be.instanceOf(RangeError)
    const bus = new EventBus()
    bus.on(Inner, () => 'in its own time')
    bus.on(Inner, never, { name: 'limited', timeout: 10 })
    const inner = await bus.dispatch(new Inner())
    expect(await inner.eventResult({ raiseIfAny: false })).to.equal('in its own time')
    expect(resultNamed(inner, 'limited').timeout).to.equal(10)
    expect(resultNamed(inner, 'limited').error).to.be.instanceOf(EventTimeoutError)
  })

  it('73: a handler over its time gets a time-out as its error; the next handlers still run', async () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.on(Outer, () => 'fast', { name: 'fast' })
    bus.on(
      Outer,
      async (_event, { signal }) => {
        signal.addEventListener('abort', () => log.push((signal.reason as Error).name))
        await never()
      },
      { name: 'slow' },
    )
    bus.on(Outer, () => 'after', { name: 'after' })
    const outer = await bus.dispatch(new Outer())
    expect(outer.eventStatus).to.equal('completed')
    expect(resultNamed(outer, 'fast').result).to.equal('fast')
    expect(resultNamed(outer, 'slow').status).to.equal('error')
    expect(resultNamed(outer, 'slow').error).to.be.instanceOf(EventTimeoutError)
    expect((resultNamed(outer, 'slow').error as Error).message)
      .to.contain('slow')
      .and.to.contain('40')
    expect(resultNamed(outer, 'after').result).to.equal('after')
    expect(log).to.deep.equal(['EventTimeoutError'])
    expect(await rejection(outer.eventResult())).to.be.instanceOf(EventTimeoutError)
  })

  it("74: a parent's time-out cancels its running and pending descendants, recursively", async () => {
    const bus = new EventBus()
    const log: string[] = []
    const inner = new Inner()
    const deep = new Deep()
    bus.on(Outer, () => bus.dispatch(inner).eventResult(), { name: 'outer' })
    bus.on(Inner, () => 'quick', { name: 'quick' })
    bus.on(
      Inner,
      async (_event, { signal }) => {
        bus.dispatch(deep)
        signal.addEventListener('abort', () => log.push('interrupted'))
        await never()
      },
      { name: 'running' },
    )
    bus.on(Inner, () => log.push('never started'), { name: 'pending' })
    bus.on(Deep, () => log.push('never started'), { name: 'deep' })
    const outer = await bus.dispatch(new Outer())
    const timeout = resultNamed(outer, 'outer').error
    expect(timeout).to.be.instanceOf(EventTimeoutError)
    expect(resultNamed(inner, 'quick').result).to.equal('quick')
    const cancelled = [resultNamed(inner, 'running'), resultNamed(inner, 'pending'), onlyResult(deep)]
    for (const result of cancelled) {
      expect(result.error, result.handlerName).to.be.instanceOf(EventCancelledError)
      expect((result.error as Error).cause === timeout, result.handlerName).to.equal(true)
    }
    expect([inner.eventStatus, deep.eventStatus]).to.deep.equal(['completed', 'completed'])
    expect(log).to.deep.equal(['interrupted'])
    expect((await bus.dispatch(new Next())).eventStatus).to.equal('completed')
  })

  it('75: a parent that awaits a child whose handler timed out goes on normally', async () => {
    const bus = new EventBus()
    bus.on(Outer, never, { name: 'slow' })
    bus.on(Next, async () => {
      const child = await bus.dispatch(new Outer())
      return `child is ${child.eventStatus}`
    })
    const next = await bus.dispatch(new Next())
    expect(await next.eventResult()).to.equal('child is completed')
    const [child] = next.eventChildren
    expect(child && onlyResult(child).error).to.be.instanceOf(EventTimeoutError)
  })

  it('76: waitUntilIdle gives true when idle and false when its time is over; it never throws', async () => {
    const bus = new EventBus()
    const release = gate()
    bus.on(Next, () => release.promise)
    const next = bus.dispatch(new Next())
    expect(await bus.waitUntilIdle(10)).to.equal(false)
    await task()
    expect(next.eventStatus).to.equal('started')
    release.open()
    expect(await bus.waitUntilIdle()).to.equal(true)
    expect(next.eventStatus).to.equal('completed')
  })
})
