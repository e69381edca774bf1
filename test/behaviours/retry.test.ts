import { expect } from '@esm-bundle/chai'
import { defineEvent, EventBus, retry, SemaphoreTimeoutError } from '../../src/index.js'
import { consoleLines, freshName, gate, onlyResult, rejection, task } from './support.js'

class Fetch extends defineEvent('Fetch') {}

/** Counts how many calls run at once. */
class Load {
  now = 0
  peak = 0

  async work(): Promise<void> {
    this.now += 1
    this.peak = Math.max(this.peak, this.now)
    for (let i = 0; i < 3; i += 1) await task()
    this.now -= 1
  }
}

describe('A19: retry and semaphores', () => {
  it('101: a global semaphore lets two of four run, one of a class is shared, one of self is not', async () => {
    const load = new Load()
    const limited = retry({ semaphoreLimit: 2, semaphoreName: freshName('s') })(() => load.work())
    await Promise.all([limited(), limited(), limited(), limited()])
    expect(load.peak).to.equal(2)
    const perClass = new Load()
    const perSelf = new Load()
    class Service {
      @retry({ semaphoreLimit: 1, semaphoreScope: 'class' })
      async shared(): Promise<void> {
        await perClass.work()
      }

      @retry({ semaphoreLimit: 1, semaphoreScope: 'self' })
      async own(): Promise<void> {
        await perSelf.work()
      }
    }
    const [a, b] = [new Service(), new Service()]
    await Promise.all([a.shared(), b.shared(), a.shared(), b.shared()])
    expect(perClass.peak).to.equal(1)
    await Promise.all([a.own(), b.own(), a.own(), b.own()])
    expect(perSelf.peak).to.equal(2)
  })

  it('101: what is called on an object without a class has a semaphore of that object', async () => {
    const load = new Load()
    const work = retry({ semaphoreLimit: 1, semaphoreScope: 'class' })(() => load.work())
    // As a module is, when its exports are called as its members.
    const object = { __proto__: null, work } as unknown as { work: typeof work }
    await Promise.all([object.work(), object.work()])
    expect(load.peak).to.equal(1)
  })

  it('101: the slot is held over attempts and waits; a waiter goes on when lax and fails when not', async () => {
    const name = freshName('s')
    const release = gate()
    const hold = retry({ semaphoreLimit: 1, semaphoreName: name, timeout: 60_000 })(() => release.promise)
    const held = hold()
    const options = { semaphoreLimit: 1, semaphoreName: name, semaphoreTimeout: 10 }
    const strict = retry({ ...options, semaphoreLax: false })(async () => 'never')
    const lax = retry(options)(async () => 'goes on')
    const error = await rejection(strict())
    expect(error).to.be.instanceOf(SemaphoreTimeoutError)
    expect(error.message).to.contain(name).and.to.contain('10')
    await consoleLines('warn', async () => {
      expect(await lax()).to.equal('goes on')
    })
    release.open()
    await held
  })

  it('102: a handler is tried again, with the wait between, until it succeeds or is out of retries', async () => {
    const bus = new EventBus()
    const at: number[] = []
    bus.on(
      Fetch,
      retry({ retries: 3, wait: 20 })(async () => {
        at.push(performance.now())
        if (at.length < 3) throw new Error('flaky')
        return 'third time lucky'
      }),
      { name: 'flaky' },
    )
    await consoleLines('warn', async () => {
      const fetched = await bus.dispatch(new Fetch())
      expect(await fetched.eventResult()).to.equal('third time lucky')
    })
    expect(at.length).to.equal(3)
    const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0))
    // Lower bounds; browsers round their clocks.
    for (const wait of waits) expect(wait).to.be.at.least(18)
  })

  it('102: a limit of two holds over parallel handlers', async () => {
    const bus = new EventBus({ parallelHandlers: true })
    const load = new Load()
    const semaphoreName = freshName('s')
    for (let i = 0; i < 4; i += 1) {
      bus.on(
        Fetch,
        retry({ semaphoreLimit: 2, semaphoreName })(() => load.work()),
      )
    }
    const fetched = await bus.dispatch(new Fetch())
    expect(load.peak).to.equal(2)
    expect(fetched.eventResults.size).to.equal(4)
  })

  it('102: an attempt that takes too long is a time-out; retryOn decides which errors are tried again', async () => {
    const bus = new EventBus()
    bus.on(
      Fetch,
      retry({ timeout: 10, retries: 0 })(() => new Promise(() => {})),
    )
    await consoleLines('error', async () => {
      const fetched = await bus.dispatch(new Fetch())
      expect(onlyResult(fetched).status).to.equal('error')
      expect((onlyResult(fetched).error as Error).name).to.match(/Timeout/)
    })
    const thrown = [
      new RangeError('once'),
      new SyntaxError('twice'),
      new TypeError('final'),
      new RangeError('no'),
    ]
    let calls = 0
    const filtered = retry({ wait: 1, retries: 5, retryOn: [RangeError, SyntaxError] })(async () => {
      calls += 1
      throw thrown[calls - 1]
    })
    const error = await rejection(filtered())
    expect(error === thrown[2]).to.equal(true)
    expect(calls).to.equal(3)
  })

  it('104: only the last retry is warned about, once', async () => {
    const name = freshName('unlucky')
    const failing = async (): Promise<never> => {
      throw new Error('down')
    }
    Object.defineProperty(failing, 'name', { value: name })
    const tried = retry({ wait: 1, retries: 3 })(failing)
    const lines = await consoleLines('warn', async () => {
      expect((await rejection(tried())).message).to.equal('down')
    })
    expect(lines.filter((line) => line.includes(name)).length).to.equal(1)
  })
})
