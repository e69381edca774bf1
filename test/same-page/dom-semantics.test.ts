// A bus is an EventTarget: the same programs run against a plain `EventTarget` and against a bus, in the same engine, and
// must leave the same trace.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus } from '../../src/index.js'
import { reportedDuring } from './helpers.js'

interface Stage {
  target: EventTarget
  log: string[]
  /** Dispatches a new cancelable event of this type and waits until it is over. */
  fire(type?: string): Promise<void>
}

function describeEvent(name: string, event: Event, target: EventTarget, self: unknown): string {
  return [
    name,
    event.type,
    `target ${event.target === target}`,
    `currentTarget ${event.currentTarget === target}`,
    `phase ${event.eventPhase}`,
    `this ${self === target}`,
    `prevented ${event.defaultPrevented}`,
  ].join(' ')
}

function recorder({ target, log }: Stage, name: string, more?: (event: Event) => void) {
  return function (this: unknown, event: Event) {
    log.push(describeEvent(name, event, target, this))
    more?.(event)
  }
}

const programs: Record<string, (stage: Stage) => Promise<void>> = {
  'listeners run in order of registration': async (stage) => {
    for (const name of 'abc') stage.target.addEventListener('X', recorder(stage, name))
    await stage.fire()
    await stage.fire()
  },
  'other types are not heard': async (stage) => {
    stage.target.addEventListener('X', recorder(stage, 'x'))
    stage.target.addEventListener('Y', recorder(stage, 'y'))
    await stage.fire('Y')
    await stage.fire('Z')
  },
  '`once` listeners run once': async (stage) => {
    stage.target.addEventListener('X', recorder(stage, 'once'), { once: true })
    stage.target.addEventListener('X', recorder(stage, 'always'))
    await stage.fire()
    await stage.fire()
  },
  'a `once` listener can be added again': async (stage) => {
    const again = recorder(stage, 'again')
    stage.target.addEventListener('X', again, { once: true })
    await stage.fire()
    stage.target.addEventListener('X', again, { once: true })
    await stage.fire()
    await stage.fire()
  },
  '`signal` removes listeners': async (stage) => {
    const controller = new AbortController()
    stage.target.addEventListener('X', recorder(stage, 'a'), { signal: controller.signal })
    stage.target.addEventListener('X', recorder(stage, 'b'))
    await stage.fire()
    controller.abort()
    await stage.fire()
  },
  'an aborted `signal` adds nothing': async (stage) => {
    stage.target.addEventListener('X', recorder(stage, 'a'), { signal: AbortSignal.abort() })
    await stage.fire()
  },
  '`signal` aborted by an earlier listener': async (stage) => {
    const controller = new AbortController()
    stage.target.addEventListener(
      'X',
      recorder(stage, 'a', () => controller.abort()),
    )
    stage.target.addEventListener('X', recorder(stage, 'b'), { signal: controller.signal })
    await stage.fire()
  },
  'capture and bubble listeners': async (stage) => {
    stage.target.addEventListener('X', recorder(stage, 'bubble 1'))
    stage.target.addEventListener('X', recorder(stage, 'capture 1'), { capture: true })
    stage.target.addEventListener('X', recorder(stage, 'bubble 2'), false)
    stage.target.addEventListener('X', recorder(stage, 'capture 2'), true)
    await stage.fire()
  },
  'a passive listener cannot prevent the default': async (stage) => {
    stage.target.addEventListener(
      'X',
      recorder(stage, 'a', (event) => event.preventDefault()),
      { passive: true },
    )
    stage.target.addEventListener('X', recorder(stage, 'b'))
    await stage.fire()
  },
  '`preventDefault` is seen by later listeners': async (stage) => {
    stage.target.addEventListener(
      'X',
      recorder(stage, 'a', (event) => event.preventDefault()),
    )
    stage.target.addEventListener('X', recorder(stage, 'b'))
    await stage.fire()
  },
  '`handleEvent` objects, looked up when the event comes': async (stage) => {
    const object = {
      handleEvent(event: Event) {
        stage.log.push(`first ${event.type} ${this === object}`)
      },
    }
    stage.target.addEventListener('X', object)
    await stage.fire()
    object.handleEvent = function (event) {
      stage.log.push(`second ${event.type} ${this === object}`)
    }
    await stage.fire()
  },
  '`handleEvent` objects with once, and removed': async (stage) => {
    const object = { handleEvent: recorder(stage, 'object') }
    stage.target.addEventListener('X', object, { once: true })
    stage.target.addEventListener('Y', object)
    await stage.fire()
    await stage.fire()
    stage.target.removeEventListener('Y', object)
    await stage.fire('Y')
  },
  'the same listener is added once': async (stage) => {
    const same = recorder(stage, 'same')
    stage.target.addEventListener('X', same)
    stage.target.addEventListener('X', same, { passive: true })
    stage.target.addEventListener('X', same, { once: true })
    await stage.fire()
    await stage.fire()
  },
  'the same listener with and without capture are two': async (stage) => {
    const same = recorder(stage, 'same')
    stage.target.addEventListener('X', same)
    stage.target.addEventListener('X', same, true)
    await stage.fire()
    stage.target.removeEventListener('X', same)
    await stage.fire()
    stage.target.removeEventListener('X', same, { capture: true })
    await stage.fire()
  },
  '`removeEventListener` with another capture flag removes nothing': async (stage) => {
    const listener = recorder(stage, 'a')
    stage.target.addEventListener('X', listener, true)
    stage.target.removeEventListener('X', listener)
    stage.target.removeEventListener('X', listener, { capture: false })
    await stage.fire()
    stage.target.removeEventListener('X', listener, true)
    await stage.fire()
  },
  'one listener on two types is removed from one': async (stage) => {
    const both = recorder(stage, 'both')
    stage.target.addEventListener('X', both)
    stage.target.addEventListener('Y', both)
    stage.target.removeEventListener('X', both)
    await stage.fire('X')
    await stage.fire('Y')
  },
  '`stopImmediatePropagation` ends the dispatch': async (stage) => {
    stage.target.addEventListener(
      'X',
      recorder(stage, 'a', (event) => event.stopImmediatePropagation()),
    )
    stage.target.addEventListener('X', recorder(stage, 'b'))
    await stage.fire()
    await stage.fire()
  },
  '`stopPropagation` does not': async (stage) => {
    stage.target.addEventListener(
      'X',
      recorder(stage, 'a', (event) => event.stopPropagation()),
    )
    stage.target.addEventListener('X', recorder(stage, 'b'))
    await stage.fire()
  },
  'a listener removed during dispatch is not called': async (stage) => {
    const later = recorder(stage, 'later')
    stage.target.addEventListener(
      'X',
      recorder(stage, 'a', () => stage.target.removeEventListener('X', later)),
    )
    stage.target.addEventListener('X', later)
    await stage.fire()
    await stage.fire()
  },
  'a listener can remove itself': async (stage) => {
    const self = recorder(stage, 'self', () => stage.target.removeEventListener('X', self))
    stage.target.addEventListener('X', self)
    await stage.fire()
    await stage.fire()
  },
  'a listener added during dispatch is called from the next event on': async (stage) => {
    const added = recorder(stage, 'added')
    stage.target.addEventListener(
      'X',
      recorder(stage, 'a', () => stage.target.addEventListener('X', added)),
    )
    await stage.fire()
    await stage.fire()
  },
  'null and undefined listeners are ignored': async (stage) => {
    stage.target.addEventListener('X', null)
    stage.target.addEventListener('X', undefined as never)
    stage.target.removeEventListener('X', null)
    stage.target.addEventListener('X', recorder(stage, 'a'))
    await stage.fire()
  },
  'what cannot be a listener is a TypeError': async (stage) => {
    for (const bad of [1, 'listener', true, Symbol('s')]) {
      try {
        stage.target.addEventListener('X', bad as never)
        stage.log.push(`${typeof bad} was taken`)
      } catch (error) {
        stage.log.push(`${typeof bad}: ${(error as Error).name}`)
      }
    }
    await stage.fire()
  },
  'a listener that throws harms no other and is reported': async (stage) => {
    stage.target.addEventListener('X', () => {
      stage.log.push('throws')
      throw new Error('of a listener')
    })
    stage.target.addEventListener('X', recorder(stage, 'b'))
    const errors = await reportedDuring(() => stage.fire())
    stage.log.push(...errors.map((error) => `reported ${(error as Error).message}`))
  },
  'an object without `handleEvent` harms no other': async (stage) => {
    stage.target.addEventListener('X', {} as never)
    stage.target.addEventListener('X', recorder(stage, 'b'))
    // Chromium keeps silent about it, Firefox reports a TypeError, and so does a bus.
    const errors = await reportedDuring(() => stage.fire())
    stage.log.push(`only TypeErrors: ${errors.every((error) => (error as Error).name === 'TypeError')}`)
  },
  'options are read as the platform reads them': async (stage) => {
    const read: string[] = []
    const options = new Proxy({} as AddEventListenerOptions, {
      get: (_, key) => void read.push(String(key)),
    })
    stage.target.addEventListener('X', recorder(stage, 'a'), options)
    stage.log.push(`reads capture ${read.includes('capture')} once ${read.includes('once')}`)
    await stage.fire()
  },
}

async function run(program: (stage: Stage) => Promise<void>, target: EventTarget, fire: Stage['fire']) {
  const stage: Stage = { target, log: [], fire }
  await program(stage)
  return stage.log
}

const onPlain = (program: (stage: Stage) => Promise<void>) => {
  const target = new EventTarget()
  return run(program, target, async (type = 'X') => {
    target.dispatchEvent(new Event(type, { cancelable: true }))
  })
}

const onBus = (program: (stage: Stage) => Promise<void>) => {
  const bus = new EventBus()
  return run(program, bus, async (type = 'X') => {
    await bus.dispatch(new BaseEvent(type, {}, { cancelable: true }))
  })
}

const onBusNatively = (program: (stage: Stage) => Promise<void>) => {
  const bus = new EventBus()
  return run(program, bus, async (type = 'X') => {
    bus.dispatchEvent(new Event(type, { cancelable: true }))
  })
}

describe('listeners of a bus', () => {
  for (const [name, program] of Object.entries(programs)) {
    it(`as on a plain EventTarget: ${name}`, async () => {
      const plain = await onPlain(program)
      expect(await onBus(program), 'a bus event').to.deep.equal(plain)
      expect(await onBusNatively(program), 'a plain event').to.deep.equal(plain)
    })
  }

  it('every program but the one whose listener was never added leaves a trace', async () => {
    const traces = await Promise.all(Object.values(programs).map(onPlain))
    expect(traces.filter((trace) => trace.length > 0)).to.have.length(traces.length - 1)
  })
})
