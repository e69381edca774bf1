import { expect } from '@esm-bundle/chai'
import { defineEvent, EventBus, retry, Semaphore, type Slot } from '../../src/index.js'
import { runSandboxed } from '../log/sandbox.js'
import { closeTabs, eventually, openTab } from '../log/tabs.js'

let names = 0
const freshName = () => `odd "name" \\ ${names++} __proto__`
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const give = (slot: Slot) => slot[Symbol.dispose ?? (Symbol.for('Symbol.dispose') as never)]()
const lockOf = (name: string, slot: number) => `bubus:s:${JSON.stringify([name, slot])}`

async function locksOf(name: string): Promise<{ held: number; pending: number }> {
  const { held = [], pending = [] } = await navigator.locks.query()
  const count = (infos: LockInfo[]) =>
    infos.filter((info) => info.name?.startsWith(`bubus:s:${JSON.stringify([name]).slice(0, -1)}`)).length
  return { held: count(held), pending: count(pending) }
}

const shared = (name: string, limit: number) => new Semaphore(name, { limit, scope: 'multiprocess' })

describe('a semaphore of all tabs', () => {
  afterEach(closeTabs)

  for (const limit of [1, 3, 20]) {
    it(`lets ${limit} in at once, over pages, and the next when one leaves`, async () => {
      const name = freshName()
      const { bubus } = await openTab()
      const there = new bubus.Semaphore(name, { limit, scope: 'multiprocess' })
      const here = shared(name, limit)
      let now = 0
      let most = 0
      const job = async (semaphore: Semaphore) => {
        const slot = await semaphore.acquire()
        most = Math.max(most, ++now)
        await pause(4)
        now--
        give(slot)
      }
      await Promise.all(Array.from({ length: 60 }, (_, i) => job(i % 2 ? here : there)))
      expect(most).to.be.within(Math.min(limit, 10), limit)
      await eventually('all is given back', async () => {
        const { held, pending } = await locksOf(name)
        return held + pending === 0
      })
    })
  }

  for (const limit of [1, 3, 20]) {
    it(`is not lost where the wait for it ends just after the browser has granted it (limit ${limit})`, async () => {
      const { locks } = navigator
      const request = locks.request
      let granted = () => {}
      locks.request = ((name: string, options: LockOptions, then: (lock: Lock | null) => unknown) =>
        request.call(locks, name, options, (lock) => {
          const held = then(lock)
          if (lock && held) granted()
          return held
        })) as never
      try {
        for (let hops = 0; hops < 8; hops++) {
          const name = freshName()
          const abort = new AbortController()
          granted = async () => {
            for (let i = hops; i--; ) await null
            abort.abort(new Error('given up'))
          }
          const slot = await shared(name, limit)
            .acquire({ signal: abort.signal })
            .catch(() => null)
          if (slot) give(slot)
          await eventually('it is given back', async () => !(await locksOf(name)).held, 2000)
        }
      } finally {
        Reflect.deleteProperty(locks, 'request')
      }
    })
  }

  it('is fair: those who wait for one slot get it in the order in which they came', async () => {
    const name = freshName()
    const semaphore = shared(name, 1)
    const first = await semaphore.acquire()
    const order: number[] = []
    const waiting = [1, 2, 3, 4, 5].map(async (n) => {
      const slot = await semaphore.acquire()
      order.push(n)
      give(slot)
    })
    await eventually('all wait', async () => (await locksOf(name)).pending === 5)
    give(first)
    await Promise.all(waiting)
    expect(order).to.deep.equal([1, 2, 3, 4, 5])
  })

  it('gives up after its time or when its signal aborts, and leaves no request behind', async () => {
    const name = freshName()
    const semaphore = shared(name, 2)
    const slots = [await semaphore.acquire(), await semaphore.acquire()]
    const late = await semaphore.acquire({ timeout: 30 }).catch((error) => error)
    expect(late.name).to.equal('SemaphoreTimeoutError')
    const controller = new AbortController()
    const aborted = semaphore.acquire({ signal: controller.signal }).catch((error) => error)
    await eventually('it waits', async () => (await locksOf(name)).pending === 2)
    controller.abort('enough')
    expect(await aborted).to.equal('enough')
    await eventually('nothing waits', async () => (await locksOf(name)).pending === 0)
    slots.forEach(give)
    slots.forEach(give)
    await eventually('all is given back', async () => (await locksOf(name)).held === 0)
  })

  it('keeps each to its own limit, where limits differ', async () => {
    const name = freshName()
    const slot = await shared(name, 1).acquire()
    const second = await shared(name, 2).acquire()
    const late = await shared(name, 1)
      .acquire({ timeout: 30 })
      .catch((error) => error)
    expect(late.name).to.equal('SemaphoreTimeoutError')
    ;[slot, second].forEach(give)
  })

  it('finds a free slot among many without asking for each', async () => {
    const semaphore = shared(freshName(), 100)
    const slots = await Promise.all(Array.from({ length: 80 }, () => semaphore.acquire()))
    const { locks } = navigator
    const { request } = locks
    let requests = 0
    locks.request = (...all: unknown[]) => {
      requests++
      return request.apply(locks, all as never)
    }
    try {
      for (let i = 0; i < 20; i++) slots.push(await semaphore.acquire())
    } finally {
      Reflect.deleteProperty(locks, 'request')
    }
    expect(requests).to.be.at.most(3 * 20)
    slots.forEach(give)
  })

  it('takes over the slot of a page that is gone', async () => {
    const name = freshName()
    const tab = await openTab()
    await new tab.bubus.Semaphore(name, { limit: 1, scope: 'multiprocess' }).acquire()
    const waiting = shared(name, 1).acquire()
    await pause(20)
    await tab.die()
    give(await waiting)
  })

  it('tells the holder of a stolen lock, once, and has one holder then', async () => {
    const name = freshName()
    const slot = await shared(name, 1).acquire()
    let told = 0
    slot.signal.addEventListener('abort', () => told++)
    await navigator.locks.request(lockOf(name, 0), { steal: true }, () => {})
    await eventually('the holder is told', () => told === 1)
    const next = await shared(name, 1).acquire()
    expect(next.signal.aborted).to.equal(false)
    give(slot)
    expect((await locksOf(name)).held).to.equal(1)
    give(next)
  })

  it('is fair above 16 slots, too: who comes while a line moves up overtakes nobody in it', async () => {
    const name = freshName()
    const semaphore = shared(name, 20)
    const slots = await Promise.all(Array.from({ length: 20 }, () => semaphore.acquire()))
    let moveUp = () => {}
    // The first of the line has not asked for a slot yet.
    const first = navigator.locks.request(
      `bubus:s:${JSON.stringify([name])}`,
      () =>
        new Promise<void>((end) => {
          moveUp = end
        }),
    )
    const order: string[] = []
    const come = (who: string) =>
      semaphore.acquire().then((slot) => {
        order.push(who)
        slots.push(slot)
      })
    const second = come('second')
    await eventually('it is in line', async () => (await locksOf(name)).pending === 1)
    slots.splice(0).forEach(give)
    await eventually('slots are free', async () => (await locksOf(name)).held === 1)
    const third = come('third')
    await eventually('it is in line, or has a slot', async () => {
      const { held, pending } = await locksOf(name)
      return held + pending === 3
    })
    moveUp()
    await Promise.all([first, second, third])
    expect(order).to.deep.equal(['second', 'third'])
    slots.forEach(give)
  })

  it('goes on waiting where the lock that its line stands at is stolen', async () => {
    const name = freshName()
    const semaphore = shared(name, 20)
    const slots = await Promise.all(Array.from({ length: 20 }, () => semaphore.acquire()))
    const waiting = semaphore.acquire()
    const line = `bubus:s:${JSON.stringify([name])}`
    await eventually('it waits', async () => (await locksOf(name)).pending === 20)
    await navigator.locks.request(line, { steal: true }, () => {})
    give(slots[7])
    slots.push(await waiting)
    slots.forEach(give)
    await eventually('all is given back', async () => {
      const { held, pending } = await locksOf(name)
      return held + pending === 0
    })
  })

  it('leaves its line at once when its page goes to rest, also while it asks which slots are free', async () => {
    const name = freshName()
    const { locks } = navigator
    let asked = false
    // A page at rest has no answers.
    locks.query = () => {
      asked = true
      return new Promise(() => {})
    }
    const waiting = shared(name, 20).acquire()
    await eventually('it asks', () => asked)
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))
    Reflect.deleteProperty(locks, 'query')
    await eventually('nothing is held or waited for', async () => {
      const { held, pending } = await locksOf(name)
      return held + pending === 0
    })
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
    give(await waiting)
  })

  it('gives its slots back when its page goes to rest, and waits again when it is back', async () => {
    const name = freshName()
    const semaphore = shared(name, 1)
    const slot = await semaphore.acquire()
    const waiting = semaphore.acquire()
    await eventually('one waits', async () => (await locksOf(name)).pending === 1)
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))
    expect(slot.signal.aborted).to.equal(true)
    await eventually('nothing is held or waited for', async () => {
      const { held, pending } = await locksOf(name)
      return held + pending === 0
    })
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
    give(await waiting)
  })

  it('says what is missing where there are no Web Locks', async () => {
    const { answer } = await runSandboxed(`
      const semaphore = new Semaphore('x', { limit: 1, scope: 'multiprocess' })
      const direct = await semaphore.acquire().catch((error) => error.name + ': ' + error.message)
      const limited = retry({ semaphoreScope: 'multiprocess', semaphoreLimit: 2, retries: 0 })(async function work() {})
      return [direct, await limited().catch((error) => error.name + ': ' + error.message)]`)
    for (const text of answer as string[]) expect(text).to.match(/^TypeError: Expected Web Locks/)
  })
})

describe("retry with semaphoreScope: 'multiprocess'", () => {
  afterEach(closeTabs)
  const { warn } = console
  let warnings: string[] = []
  beforeEach(() => {
    warnings = []
    console.warn = (...all) => warnings.push(all.join(' '))
  })
  afterEach(() => {
    console.warn = warn
  })

  it('shares a semaphore by name over pages, for functions and methods', async () => {
    const tab = await openTab()
    let now = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++now)
      await pause(5)
      now--
    }
    const options = {
      semaphoreScope: 'multiprocess',
      semaphoreLimit: 2,
      semaphoreName: freshName(),
      timeout: null,
    } as const
    const here = retry(options)(work)
    const there = tab.bubus.retry(options)(work)
    class Worker {
      @retry(options)
      work() {
        return work()
      }
    }
    const worker = new Worker()
    await Promise.all(Array.from({ length: 30 }, (_, i) => [here, there, () => worker.work()][i % 3]()))
    expect(most).to.equal(2)
  })

  it('is lax by default: goes on without a slot after its time, with a warning; else it throws', async () => {
    const semaphoreName = freshName()
    const slot = await shared(semaphoreName, 1).acquire()
    const options = {
      semaphoreScope: 'multiprocess',
      semaphoreLimit: 1,
      semaphoreName,
      semaphoreTimeout: 20,
    } as const
    expect(await retry(options)(async () => 'done')()).to.equal('done')
    expect(warnings.join()).to.contain('going on without it')
    const strict = retry({ ...options, semaphoreLax: false })(async () => 'done')
    const error = await strict().catch((caught: unknown) => caught as Error)
    expect((error as Error).name).to.equal('SemaphoreTimeoutError')
    give(slot)
  })

  it('warns of a name that minifiers make', async () => {
    await retry({ semaphoreScope: 'multiprocess', semaphoreLimit: 5 })(async function ab() {})()
    expect(warnings.join()).to.contain('"ab"')
  })

  it('rejects the attempt that has lost its slot, and takes a new one for the next', async () => {
    const semaphoreName = freshName()
    const lock = lockOf(semaphoreName, 0)
    let attempts = 0
    const run = retry({
      semaphoreScope: 'multiprocess',
      semaphoreLimit: 1,
      semaphoreName,
      retries: 1,
      wait: 0,
    })(async () => {
      if (++attempts === 1) await new Promise(() => {})
      const { held = [] } = await navigator.locks.query()
      return held.filter(({ name }) => name === lock).length
    })
    const done = run()
    await eventually('it runs', () => attempts === 1)
    await navigator.locks.request(lock, { steal: true }, () => {})
    expect(await done).to.equal(1)
    expect(attempts).to.equal(2)
  })

  it('takes none for the next attempt while its page rests: others would wait for it', async () => {
    const semaphoreName = freshName()
    let attempts = 0
    const run = retry({
      semaphoreScope: 'multiprocess',
      semaphoreLimit: 1,
      semaphoreName,
      wait: 0,
      retries: 9,
    })(async () => (++attempts === 1 ? new Promise(() => {}) : pause(200)))
    const done = run()
    await eventually('it runs', () => attempts === 1)
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))
    await pause(100)
    const { held, pending } = await locksOf(semaphoreName)
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
    expect([held, pending]).to.deep.equal([0, 0])
    await done
    expect(attempts).to.equal(2)
  })

  it('does not wait for itself: a handler that has a slot goes on with it', async () => {
    class Outer extends defineEvent('Outer', {}) {}
    class Inner extends defineEvent('Inner', {}) {}
    const semaphoreName = freshName()
    const options = {
      semaphoreScope: 'multiprocess',
      semaphoreLimit: 1,
      semaphoreName,
      semaphoreLax: false,
      semaphoreTimeout: 2000,
    } as const
    const bus = new EventBus()
    bus.on(
      Outer,
      retry(options)(async (_: Outer, { bus: here }: { bus: { dispatch: EventBus['dispatch'] } }) => {
        await here.dispatch(new Inner({}))
        return 'outer'
      }) as never,
    )
    bus.on(Inner, retry(options)(async () => 'inner') as never)
    const event = await bus.dispatch(new Outer({}))
    expect(await event.eventResult()).to.equal('outer')
    const direct = retry(options)(async () => retry(options)(async () => 'nested')())
    expect(await direct()).to.equal('nested')
    await bus.stop({ clear: true })
  })
})
