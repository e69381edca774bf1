// Queue jumping across buses, lanes and wrappers: what is awaited runs, what is not keeps its place.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus, EventTimeoutError, retry } from '../../src/index.js'
import { deferred, foreign, only, thenOf } from './helpers.js'

const make = (type: string, timeout: number | null = 60_000) => new BaseEvent(type, {}, { timeout })
const logs = (bus: EventBus, log: string[], ...types: string[]) => {
  for (const type of types) bus.on(type, () => void log.push(type))
}

describe('jumping the queue', () => {
  it('descendants that are already queued on this bus jump when their ancestor on another bus is awaited', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    const log: string[] = []
    const gate = deferred()
    const outer = make('Outer')
    logs(a, log, 'Descendant', 'Queued')
    b.on('Outer', async () => {
      a.dispatch(make('Descendant'))
      b.dispatch(make('Signal'))
      await gate.promise
    })
    a.on('Waits', async () => {
      await b.expect('Signal')
      gate.resolve()
      await outer
      log.push('Waits')
    })
    const waits = a.dispatch(make('Waits'))
    a.dispatch(make('Queued'))
    b.dispatch(outer)
    await waits
    await a.waitUntilIdle()
    expect(log).to.deep.equal(['Descendant', 'Waits', 'Queued'])
  })

  it('a descendant that is dispatched while its ancestor is awaited jumps, too', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    const log: string[] = []
    logs(a, log, 'Descendant', 'Queued')
    b.on('Child', async (_event, { via }) => {
      await foreign()
      via(a).dispatch(make('Descendant'))
    })
    a.on('Parent', async () => {
      await b.dispatch(make('Child'))
      log.push('Parent')
    })
    a.dispatch(make('Parent'))
    a.dispatch(make('Queued'))
    await a.waitUntilIdle()
    expect(log).to.deep.equal(['Descendant', 'Parent', 'Queued'])
  })

  it('with `global` concurrency the lane is the page: a child on another bus jumps what is queued there', async () => {
    const [a, b] = [1, 2].map(() => new EventBus({ eventConcurrency: 'global' })) as [EventBus, EventBus]
    const log: string[] = []
    logs(b, log, 'Queued', 'Child')
    a.on('Parent', async () => {
      await b.dispatch(make('Child'))
      log.push('Parent')
    })
    a.dispatch(make('Parent'))
    b.dispatch(make('Queued'))
    await Promise.all([a, b].map((bus) => bus.waitUntilIdle()))
    expect(log).to.deep.equal(['Child', 'Parent', 'Queued'])
  })

  it('a jumper waits for the event that its bus is handling for somebody else', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    const log: string[] = []
    const gate = deferred()
    b.on('Busy', async () => {
      log.push('Busy(')
      await gate.promise
      log.push(')Busy')
    })
    logs(b, log, 'Child', 'Queued')
    b.dispatch(make('Busy'))
    b.dispatch(make('Queued'))
    await foreign()
    a.on('Parent', async () => {
      await b.dispatch(make('Child'))
      log.push('Parent')
    })
    a.dispatch(make('Parent'))
    await foreign()
    expect(log).to.deep.equal(['Busy('])
    gate.resolve()
    await Promise.all([a, b].map((bus) => bus.waitUntilIdle()))
    expect(log).to.deep.equal(['Busy(', ')Busy', 'Child', 'Parent', 'Queued'])
  })

  it('an event that an `expect` gave is awaited: it jumps', async () => {
    const bus = new EventBus()
    const log: string[] = []
    logs(bus, log, 'Queued', 'Expected')
    bus.on('Waits', async () => {
      const event = await bus.expect('Expected')
      log.push(event.eventStatus)
      log.push((await event).eventStatus)
    })
    for (const type of ['Waits', 'Queued', 'Expected']) bus.dispatch(make(type))
    await bus.waitUntilIdle()
    expect(log).to.deep.equal(['pending', 'Expected', 'completed', 'Queued'])
  })

  it('`.then()` on a child and a listener that awaits one count as waiting', async () => {
    const bus = new EventBus()
    const log: string[] = []
    logs(bus, log, 'Queued', 'First', 'Second')
    bus.on('Parent', () => Promise.resolve(bus.dispatch(make('First'))).then(() => void log.push('then')))
    bus.addEventListener('Parent', async () => {
      await bus.dispatch(make('Second'))
      log.push('listener')
    })
    bus.dispatch(make('Parent'))
    bus.dispatch(make('Queued'))
    await bus.waitUntilIdle()
    expect(log).to.deep.equal(['Second', 'listener', 'First', 'then', 'Queued'])
  })

  it('a handler that gives up waiting goes on, and its child still finishes before the next event', async () => {
    const bus = new EventBus()
    const log: string[] = []
    const gate = deferred()
    logs(bus, log, 'Queued')
    bus.on('Child', async () => {
      await gate.promise
      log.push('Child')
    })
    bus.on('Parent', async () => {
      await Promise.race([bus.dispatch(make('Child')), foreign()])
      log.push('Parent')
      gate.resolve()
    })
    bus.dispatch(make('Parent'))
    bus.dispatch(make('Queued'))
    await bus.waitUntilIdle()
    expect(log).to.deep.equal(['Parent', 'Child', 'Queued'])
  })

  it('a chain of 300 awaited children on two buses finishes, innermost first', async () => {
    const buses = [1, 2].map(() => new EventBus({ maxPending: null }))
    const ended: number[] = []
    const last = 299
    for (let depth = 0; depth <= last; depth++) {
      buses[depth % 2]?.on(`Depth${depth}`, async () => {
        if (depth < last) await buses[(depth + 1) % 2]?.dispatch(make(`Depth${depth + 1}`))
        ended.push(depth)
      })
    }
    await buses[0]?.dispatch(make('Depth0'))
    expect(ended).to.deep.equal(Array.from({ length: last + 1 }, (_, i) => last - i))
  })

  it('a retried handler awaits its children like any other, in every attempt', async () => {
    const bus = new EventBus()
    const log: string[] = []
    let attempts = 0
    logs(bus, log, 'Queued')
    bus.on('Child', () => {
      log.push('Child')
      if (++attempts < 2) throw new Error('the first one fails')
    })
    bus.on(
      'Parent',
      retry({ wait: 1, retries: 2 })(async () => {
        await bus.dispatch(make('Child')).eventResult()
        log.push('Parent')
      }),
    )
    const parent = bus.dispatch(make('Parent'))
    bus.dispatch(make('Queued'))
    await bus.waitUntilIdle()
    expect(log).to.deep.equal(['Child', 'Child', 'Parent', 'Queued'])
    expect(parent.eventChildren).to.have.length(2)
  })

  it('`retry` around a forwarder does not wait for its own event', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    b.on('X', () => 'of b')
    a.on('X', retry({ wait: 1 })(async (event: BaseEvent) => b.dispatch(event)) as never)
    expect(await a.dispatch(make('X', 3000)).eventResultsList()).to.deep.equal(['of b'])
  })

  it('a handler whose child times out goes on, and the bus does', async () => {
    const bus = new EventBus()
    const log: string[] = []
    logs(bus, log, 'Queued')
    bus.on('Child', () => new Promise(() => {}))
    bus.on('Parent', async () => {
      const child = await bus.dispatch(make('Child', 5))
      log.push(only(child.eventResults.values()).error instanceof EventTimeoutError ? 'timed out' : 'lost')
    })
    bus.dispatch(make('Parent'))
    bus.dispatch(make('Queued'))
    await bus.waitUntilIdle()
    expect(log).to.deep.equal(['timed out', 'Queued'])
  })

  it('awaiting a cancelled event ends the wait', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    b.on('Child', () => new Promise(() => {}))
    a.on('Parent', async () => (await b.dispatch(make('Child'))).eventStatus)
    const parent = a.dispatch(make('Parent'))
    await foreign()
    await b.stop()
    expect(await parent.eventResult()).to.equal('completed')
  })

  const derived: Record<string, (promise: Promise<unknown>) => PromiseLike<unknown>> = {
    then: (promise) => promise.then((value) => value),
    catch: (promise) => promise.catch(() => null),
    finally: (promise) => promise.finally(() => {}),
    'Promise.all of catch': (promise) => Promise.all([promise.catch(String)]).then(([value]) => value),
  }
  for (const [name, derive] of Object.entries(derived)) {
    it(`\`eventResult().${name}\` in a handler counts as waiting, after a foreign await, too`, async () => {
      const bus = new EventBus()
      const log: string[] = []
      logs(bus, log, 'Queued')
      bus.on('Child', () => 7)
      bus.on('Parent', async (_event, { bus: handle }) => {
        log.push(String(await derive(handle.dispatch(make('Child')).eventResult())))
        await foreign()
        log.push(String(await derive(handle.dispatch(make('Child')).eventResult())))
      })
      const parent = bus.dispatch(make('Parent', 1000))
      bus.dispatch(make('Queued'))
      await parent.eventResult()
      await bus.waitUntilIdle()
      expect(log).to.deep.equal(['7', '7', 'Queued'])
    })
  }

  it('`child.then(f)` by the handler itself counts as waiting', async () => {
    const bus = new EventBus()
    const log: string[] = []
    logs(bus, log, 'Child', 'Queued')
    bus.on('Parent', async (_event, { bus: handle }) => {
      const child = handle.dispatch(make('Child'))
      const then = thenOf(child) as (f: () => void) => Promise<void>
      await then(() => void log.push('then'))
    })
    const parent = bus.dispatch(make('Parent', 1000))
    bus.dispatch(make('Queued'))
    await parent.eventResult()
    await bus.waitUntilIdle()
    expect(log).to.deep.equal(['Child', 'then', 'Queued'])
  })

  it('what a handler derives from the result of its own event may be for later: it is no circle', async () => {
    const bus = new EventBus()
    let later: unknown
    bus.on('Parent', (event) => {
      later = event.eventResult().then((value) => value)
      return 5
    })
    await bus.dispatch(make('Parent'))
    expect(await later).to.equal(5)
  })

  it('a derived wait that gives up ends: the handler no longer lets its child overtake it', async () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.on('Slow', () => foreign())
    bus.on('Parent', async (_event, { bus: handle }) => {
      const slow = new EventBus()
      slow.on('Never', () => new Promise(() => {}))
      const never = slow.dispatch(make('Never'))
      await never.eventResult({ timeout: 5 }).catch(() => log.push('gave up'))
      const child = handle.dispatch(make('Child'))
      void child.eventCompletion
      await foreign()
      log.push('Parent')
      await slow.stop()
    })
    logs(bus, log, 'Child')
    await bus.dispatch(make('Parent'))
    expect(log).to.deep.equal(['gave up', 'Parent', 'Child'])
  })
})
