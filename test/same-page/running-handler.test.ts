// Which handler is running: after which awaits a bare `bus.dispatch()` knows its parent, and when it must not guess one.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus, retry } from '../../src/index.js'
import { deferred, foreign, thrownBy } from './helpers.js'

const make = (type: string) => new BaseEvent(type)
const hasAsyncContext = 'AsyncContext' in globalThis

/** Runs `body` as the handler of an event on `bus`; afterwards a bare dispatch tells whether the run is known. */
async function parentAfter(bus: EventBus, body: (event: BaseEvent) => unknown): Promise<'parent' | 'none'> {
  const event = make('Root')
  bus.on('Root', async (root) => {
    await body(root)
  })
  await bus.dispatch(event).eventResult()
  await bus.waitUntilIdle()
  const probe = [...bus.eventHistory.values()].find((one) => one.eventType === 'Probe')
  expect(probe, 'the probe').to.be.instanceOf(BaseEvent)
  if (probe?.eventParentId === null) return 'none'
  expect(probe?.eventParentId).to.equal(event.eventId)
  expect(event.eventChildren).to.include(probe)
  return 'parent'
}

describe('which handler is running', () => {
  const probeOn = (bus: EventBus) => bus.dispatch(make('Probe'))

  it('the synchronous part of a handler records the parent, also in helpers and on other buses', async () => {
    const [bus, other] = [new EventBus(), new EventBus()]
    const helper = () => [bus.dispatch(make('A')), other.dispatch(make('B'))]
    let children: BaseEvent[] = []
    bus.on('Root', () => {
      children = helper()
    })
    const root = await bus.dispatch(make('Root'))
    expect(children.map((child) => child.eventParent)).to.deep.equal([root, root])
    expect(root.eventChildren).to.deep.equal(children)
    expect(root.eventParentId).to.equal(null)
  })

  const awaits: Record<string, (bus: EventBus, other: EventBus) => PromiseLike<unknown>> = {
    'an event': (bus) => bus.dispatch(make('Child')) as never,
    'an event on another bus': (_, other) => other.dispatch(make('Child')) as never,
    eventResult: (bus) => bus.dispatch(make('Child')).eventResult(),
    eventResultsList: (bus) => bus.dispatch(make('Child')).eventResultsList(),
    eventResultsByHandlerId: (bus) => bus.dispatch(make('Child')).eventResultsByHandlerId(),
    eventResultsByHandlerName: (bus) => bus.dispatch(make('Child')).eventResultsByHandlerName(),
    eventResultsFlatDict: (bus) => bus.dispatch(make('Child')).eventResultsFlatDict(),
    eventResultsFlatList: (bus) => bus.dispatch(make('Child')).eventResultsFlatList(),
    'expect that looks back': (bus) => {
      bus.dispatch(make('Child'))
      return bus.expect('Child')
    },
    'expect that waits for a later task': (_, other) => {
      setTimeout(() => other.dispatch(make('Late')), 1)
      return other.expect('Late')
    },
    'find in the past': (bus) => bus.find('Root'),
    'find in the future': (_, other) => {
      setTimeout(() => other.dispatch(make('Late')), 1)
      return other.find('Late', { past: false, future: true })
    },
    'waitUntilIdle of another bus': (_, other) => {
      other.dispatch(make('Slow'))
      return other.waitUntilIdle()
    },
    'a retried function': () => {
      let calls = 0
      return retry({ wait: 1, retries: 2 })(async () => {
        await foreign()
        if (++calls < 2) throw new Error('once')
      })()
    },
  }
  for (const [name, wait] of Object.entries(awaits)) {
    it(`the parent is kept after a direct await: ${name}`, async () => {
      const [bus, other] = [new EventBus(), new EventBus()]
      for (const each of [bus, other]) each.on('Child', foreign)
      other.on('Slow', foreign)
      const known = await parentAfter(bus, async () => {
        await wait(bus, other)
        await wait(bus, other) // one after another, too
        probeOn(bus)
      })
      expect(known).to.equal('parent')
    })
  }

  it('the parent is kept after a direct await of a completed event and of its results', async () => {
    const bus = new EventBus()
    bus.on('Child', () => 'value')
    const known = await parentAfter(bus, async () => {
      const child = await bus.dispatch(make('Child'))
      await child
      for (const result of child.eventResults.values()) expect(await result).to.equal('value')
      await child.eventResult()
      probeOn(bus)
    })
    expect(known).to.equal('parent')
  })

  it('the parent is kept when what was awaited directly rejects', async () => {
    const bus = new EventBus()
    bus.on('Child', () => Promise.reject(new Error('of the child')))
    const known = await parentAfter(bus, async () => {
      const errors: string[] = []
      for (const wait of [
        () => bus.dispatch(make('Child')).eventResult(),
        () => bus.expect('Never', { timeout: 1 }),
      ]) {
        try {
          await wait()
        } catch (error) {
          errors.push((error as Error).name)
        }
      }
      expect(errors).to.deep.equal(['Error', 'EventTimeoutError'])
      probeOn(bus)
    })
    expect(known).to.equal('parent')
  })

  it('two handlers that await at the same time keep their own parents', async () => {
    const buses = [new EventBus(), new EventBus()]
    const shared = new EventBus()
    shared.on('Shared', foreign)
    for (const bus of buses) {
      bus.on('Root', async (root) => {
        const event = await shared.dispatch(make('Shared'))
        const after = [bus.dispatch(make('First')), shared.dispatch(make('Second'))]
        return [event, ...after].every((one) => one.eventParentId === root.eventId)
      })
    }
    const results = buses.map((bus) => bus.dispatch(make('Root')).eventResult())
    expect(await Promise.all(results)).to.deep.equal([true, true])
  })

  it('two handlers that await the same event each get their own run back', async () => {
    const [a, b, shared] = [new EventBus(), new EventBus(), new EventBus()]
    const gate = deferred()
    shared.on('Shared', () => gate.promise)
    const event = shared.dispatch(make('Shared'))
    for (const bus of [a, b]) {
      bus.on('Root', async (root) => {
        await event
        return bus.dispatch(make('After')).eventParentId === root.eventId
      })
    }
    const outside = (async () => {
      await event
      return shared.dispatch(make('Outside')).eventParentId
    })()
    const results = [a, b].map((bus) => bus.dispatch(make('Root')).eventResult())
    await foreign()
    gate.resolve()
    expect(await Promise.all(results)).to.deep.equal([true, true])
    expect(await outside, 'the parent of what unrelated code dispatches').to.equal(null)
  })

  it('a foreign await loses the run: a bare dispatch then has no parent', async () => {
    const bus = new EventBus()
    const known = await parentAfter(bus, async () => {
      await foreign()
      probeOn(bus)
    })
    expect(known).to.equal(hasAsyncContext ? 'parent' : 'none')
  })

  for (const [name, wait] of Object.entries({
    'Promise.all': (bus: EventBus) => Promise.all([bus.dispatch(make('Child')), bus.dispatch(make('Child'))]),
    'one async helper': async (bus: EventBus) => {
      await bus.dispatch(make('Child'))
    },
  })) {
    it(`after ${name} the run is only likely: an awaited event jumps, and records no parent`, async () => {
      const bus = new EventBus()
      const log: string[] = []
      for (const type of ['Queued', 'Probe']) bus.on(type, () => log.push(type))
      const root = bus.dispatch(make('Root'))
      bus.dispatch(make('Queued'))
      let probe: BaseEvent | undefined
      bus.on('Root', async () => {
        await wait(bus)
        probe = probeOn(bus)
        await probe
        log.push('Root')
      })
      await root.eventResult()
      await bus.waitUntilIdle()
      expect(log).to.deep.equal(['Probe', 'Root', 'Queued'])
      expect(probe?.eventParentId).to.equal(hasAsyncContext ? root.eventId : null)
    })
  }

  // All of these run one microtask after a handler's code that awaited the same promise.
  describe('code outside that awaits what a handler awaits', () => {
    const slowly = async () => {
      await foreign()
      await foreign()
    }

    /** A bus whose `Parent` awaits a child, then goes on for a while and gives 5; `child` is the last one. */
    const parentBus = () => {
      const seen = { bus: new EventBus(), child: undefined as unknown as BaseEvent }
      seen.bus.on('Child', slowly)
      seen.bus.on('Parent', async (_event, context) => {
        seen.child = context.bus.dispatch(make('Child'))
        await seen.child
        await slowly()
        return 5
      })
      return seen
    }

    it('may then await the event of that handler, and its result', async () => {
      const seen = parentBus()
      for (const wait of [
        async (event: BaseEvent) => await event,
        (event: BaseEvent) => event.eventResult(),
      ]) {
        const parent = seen.bus.dispatch(make('Parent'))
        await foreign()
        await seen.child
        await wait(parent)
        expect(await parent.eventResult()).to.equal(5)
      }
    })

    it('may do so after one helper, too', async () => {
      const seen = parentBus()
      const parent = seen.bus.dispatch(make('Parent'))
      await foreign()
      await Promise.all([seen.child])
      expect(await parent.eventResult()).to.equal(5)
    })

    it('may await the event of that handler when both had an `expect`', async () => {
      const [bus, other] = [new EventBus(), new EventBus()]
      bus.on('Parent', async () => {
        await other.expect('Sign')
        await slowly()
      })
      const parent = bus.dispatch(make('Parent'))
      await foreign()
      const outside = (async () => {
        await other.expect('Sign')
        await parent
        return parent.eventStatus
      })()
      other.dispatch(make('Sign'))
      expect(await outside).to.equal('completed')
    })

    it('makes nothing jump', async () => {
      const bus = new EventBus()
      const log: string[] = []
      let child!: BaseEvent
      bus.on('Child', slowly)
      for (const type of ['First', 'Second']) bus.on(type, () => log.push(type))
      bus.on('Parent', async (_event, context) => {
        child = context.bus.dispatch(make('Child'))
        await child
        await slowly()
        log.push('Parent')
      })
      const [, , second] = ['Parent', 'First', 'Second'].map((type) => bus.dispatch(make(type)))
      await foreign()
      await child
      await second
      expect(log).to.deep.equal(['Parent', 'First', 'Second'])
    })
  })

  it('`context.bus` and `context.via()` record the parent after any await, destructured too', async () => {
    const [bus, other] = [new EventBus(), new EventBus()]
    bus.on('Root', async (root, { bus: handle, via }) => {
      await foreign()
      const { dispatch } = handle
      const { dispatch: dispatchThere } = via(other)
      await foreign()
      const children = [dispatch(make('Here')), dispatchThere(make('There'))]
      return children.every((child) => child.eventParentId === root.eventId) ? children : 'lost'
    })
    const root = await bus.dispatch(make('Root'))
    const children = await root.eventResult()
    expect(root.eventChildren).to.deep.equal(children)
    expect(root.eventChildren.map((child) => child.eventPath[0])).to.deep.equal([bus.name, other.name])
  })

  it('what is dispatched through a handle does not leak the run to other code', async () => {
    const bus = new EventBus()
    let bare: BaseEvent | undefined
    bus.on('Root', async (_root, context) => {
      await foreign()
      context.bus.dispatch(make('Child'))
      bare = bus.dispatch(make('Bare'))
    })
    await bus.dispatch(make('Root')).eventResult()
    expect(bare?.eventParentId).to.equal(hasAsyncContext ? bare?.eventParentId : null)
  })

  it('a handle shows its bus: `dispatch, expect, find, on, off, name, id, bus`', async () => {
    const bus = new EventBus()
    bus.on('Root', async (_root, context) => {
      const handle = context.bus
      expect([handle.name, handle.id, handle.bus]).to.deep.equal([bus.name, bus.id, bus])
      const subscription = handle.on('Child', () => 'heard')
      const child = handle.dispatch(make('Child'))
      expect(await handle.expect('Child')).to.equal(child)
      expect(await child.eventResult()).to.equal('heard')
      expect(await handle.find('Child')).to.equal(child)
      subscription()
      handle.off('Child')
      return (await handle.dispatch(make('Child'))).eventResults.size
    })
    expect(await bus.dispatch(make('Root')).eventResult()).to.equal(0)
  })

  it('`event.eventBus` is the bus that handles the event now', async () => {
    const [a, b] = [new EventBus(), new EventBus()]
    a.on('X', (event) => event.eventBus.name)
    a.on('X', b.dispatch)
    b.on('X', (event) => event.eventBus.name)
    expect(await a.dispatch(make('X')).eventResultsList()).to.deep.equal([a.name, b.name])
  })

  it('`event.eventBus` records the parent, and works after a foreign await while one handler is possible', async () => {
    const bus = new EventBus()
    bus.on('Root', async (root) => {
      const early = root.eventBus
      await foreign()
      const children = [early.dispatch(make('Early')), root.eventBus.dispatch(make('Late'))]
      return children.map((child) => child.eventParentId)
    })
    const root = bus.dispatch(make('Root'))
    expect(await root.eventResult()).to.deep.equal([root.eventId, root.eventId])
  })

  it('`event.eventBus` throws outside of a handler', async () => {
    const bus = new EventBus()
    const event = make('X')
    expect(thrownBy(() => event.eventBus)).to.be.instanceOf(Error)
    bus.dispatch(event)
    expect(thrownBy(() => event.eventBus)).to.be.instanceOf(Error)
    await event
    expect(thrownBy(() => event.eventBus)).to.be.instanceOf(Error)
  })

  it('`event.eventBus` throws where several handlers are possible, pointing to `context.bus`', async () => {
    const bus = new EventBus({ parallelHandlers: true })
    const errors: unknown[] = []
    for (let i = 0; i < 2; i++) {
      bus.on('X', async (event) => {
        expect(event.eventBus.name).to.equal(bus.name) // in the synchronous part it is known
        await foreign()
        await foreign()
        if (errors.length === 0) errors.push(thrownBy(() => event.eventBus))
        await foreign()
      })
    }
    await bus.dispatch(make('X')).eventResult()
    if (hasAsyncContext) return
    expect((errors[0] as Error).message).to.match(/context\.bus/)
  })

  it('a parent that was given is kept', async () => {
    const bus = new EventBus()
    const given = make('Given')
    bus.on('Root', () => {
      const record = { ...make('Child').toJSON(), event_parent_id: given.eventId }
      return bus.dispatch(BaseEvent.fromJSON(record)).eventParentId
    })
    expect(await bus.dispatch(make('Root')).eventResult()).to.equal(given.eventId)
  })

  it('a child of a completed parent keeps only the id, and does not reopen its parent', async () => {
    const bus = new EventBus()
    let late: ((event: BaseEvent) => BaseEvent) | undefined
    bus.on('Root', (_root, context) => {
      late = context.bus.dispatch
    })
    bus.on('Child', foreign)
    const root = await bus.dispatch(make('Root'))
    const child = (late as (event: BaseEvent) => BaseEvent)(make('Child'))
    expect(child.eventParentId).to.equal(root.eventId)
    expect([root.eventStatus, root.eventChildren.length]).to.deep.equal(['completed', 0])
    await child
  })
})
