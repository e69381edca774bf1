// Two copies of the library in one page: the sources, and the bundle for a script tag. Each has classes of its own, so
// nothing here may rest on `instanceof`.
import { expect } from '@esm-bundle/chai'
import * as sources from '../../src/index.js'
import { foreign } from './helpers.js'

type Library = typeof sources

const pageKey = Symbol.for('bubus.page.v1')
const madeOnImport = pageKey in globalThis

async function loadBundle(): Promise<Library> {
  const url = new URL('../../dist/bubus.min.js', import.meta.url).href
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} is missing: run \`npm run build\` first (\`npm test\` does)`)
  return import(/* @vite-ignore */ url)
}

describe('two copies of the library in one page', () => {
  let bundle: Library
  let pairs: [string, Library, Library][]

  before(async () => {
    bundle = await loadBundle()
    pairs = [
      ['from the sources to the bundle', sources, bundle],
      ['from the bundle to the sources', bundle, sources],
    ]
  })

  const both = (name: string, check: (one: Library, other: Library) => Promise<void> | void) =>
    it(name, async () => {
      for (const [, one, other] of pairs) await check(one, other)
    })

  it('importing them makes nothing: the page has their common state with the first bus or event', () => {
    expect(madeOnImport).to.equal(false)
    expect(pageKey in globalThis).to.equal(false)
    new sources.EventBus()
    expect(pageKey in globalThis).to.equal(true)
  })

  it('they are two', () => {
    expect(bundle.EventBus).not.to.equal(sources.EventBus)
    expect(bundle.BaseEvent).not.to.equal(sources.BaseEvent)
  })

  both('the buses of both are listed together', (one, other) => {
    const [a, b] = [new one.EventBus(), new other.EventBus()]
    expect([...one.EventBus.instances])
      .to.include(a)
      .and.include(b as never)
    expect([...other.EventBus.instances])
      .to.include(a as never)
      .and.include(b)
  })

  both('a name that a bus of the other copy has gets a suffix', async (one, other) => {
    const warn = console.warn
    console.warn = () => {}
    const [a, b] = [new one.EventBus({ name: 'SameName' }), new other.EventBus({ name: 'SameName' })]
    console.warn = warn
    expect(a.name).to.equal('SameName')
    expect(b.name).to.match(/^SameName_\w+$/)
    await Promise.all([a.stop({ clear: true }), b.stop({ clear: true })])
  })

  both('events of one are dispatched on the other, and are awaited there', async (one, other) => {
    const bus = new other.EventBus()
    bus.on('X', async (event) => {
      await foreign()
      return `heard ${event.eventType}`
    })
    const event = new one.BaseEvent('X')
    const dispatched: unknown = bus.dispatch(event as never)
    expect(dispatched).to.equal(event)
    expect(await event.eventResult()).to.equal('heard X')
    expect(await event).to.equal(event)
  })

  both('they forward to each other, without a loop', async (one, other) => {
    const [a, b] = [new one.EventBus(), new other.EventBus()]
    a.on('*', b.dispatch as never)
    b.on('*', a.dispatch as never)
    a.on('X', () => 'of a')
    b.on('X', () => 'of b')
    const event = await a.dispatch(new one.BaseEvent('X'))
    expect([...event.eventPath]).to.deep.equal([a.name, b.name])
    expect(await event.eventResultsList()).to.have.members(['of a', 'of b'])
  })

  both(
    'a handler of one awaits an event of the other: it jumps, and knows its parent',
    async (one, other) => {
      const [a, b] = [new one.EventBus(), new other.EventBus()]
      const log: string[] = []
      b.on('Child', () => void log.push('child'))
      b.on('Queued', () => void log.push('queued'))
      b.on('Parent', async () => {
        const child = await a.dispatch(new one.BaseEvent('Child'))
        log.push(`parent goes on: ${child.eventStatus}`)
        const after = a.dispatch(new one.BaseEvent('After'))
        return [child.eventParentId, after.eventParentId]
      })
      a.on('Child', b.dispatch as never)
      const parent = b.dispatch(new other.BaseEvent('Parent'))
      b.dispatch(new other.BaseEvent('Queued'))
      expect(await parent.eventResult()).to.deep.equal([parent.eventId, parent.eventId])
      await b.waitUntilIdle()
      expect(log).to.deep.equal(['child', 'parent goes on: completed', 'queued'])
    },
  )

  both('a circle through both is found', async (one, other) => {
    const [a, b] = [new one.EventBus(), new other.EventBus()]
    const [x, y] = [new one.BaseEvent('X'), new other.BaseEvent('Y')]
    a.on('X', async () => void (await y))
    b.on('Y', async () => void (await x))
    a.dispatch(x)
    b.dispatch(y)
    await Promise.all([a.waitUntilIdle(), b.waitUntilIdle()])
    const errors = [x, y].map((event) => [...event.eventResults.values()][0]?.error as Error | undefined)
    expect(errors.map((error) => error?.name)).to.have.members([undefined, 'EventLoopError'])
  })

  both('an expect on one takes an event of the other', async (one, other) => {
    const bus = new one.EventBus()
    setTimeout(() => bus.dispatch(new other.BaseEvent('X', { n: 1 }) as never))
    expect((await bus.expect('X')).eventPayload).to.deep.equal({ n: 1 })
  })

  both('`on(BaseEvent)` of either copy is a wildcard on both', async (one, other) => {
    const bus = new one.EventBus()
    bus.on(other.BaseEvent as never, () => 'heard')
    expect(await bus.dispatch(new one.BaseEvent('X')).eventResult()).to.equal('heard')
  })

  both('page-wide order is one for both: `global` buses take turns', async (one, other) => {
    const buses = [
      new one.EventBus({ eventConcurrency: 'global' }),
      new other.EventBus({ eventConcurrency: 'global' }),
    ]
    const log: string[] = []
    for (const [index, bus] of buses.entries()) {
      bus.on('X', async () => {
        log.push(`${index}(`)
        await foreign()
        log.push(`)${index}`)
      })
      bus.dispatch(new one.BaseEvent('X') as never)
    }
    await Promise.all(buses.map((bus) => bus.waitUntilIdle()))
    expect(log.filter((_, i) => i % 2 === 0).map((entry) => entry[0])).to.have.members(['0', '1'])
    expect(log.join(' ')).to.be.oneOf(['0( )0 1( )1', '1( )1 0( )0'])
  })

  for (const semaphoreScope of ['global', 'multiprocess'] as const) {
    both(
      `a call with a slot of a ${semaphoreScope} semaphore goes on with it in the other`,
      async (one, other) => {
        const options = {
          semaphoreName: `two copies ${semaphoreScope}`,
          semaphoreScope,
          semaphoreLimit: 1,
          semaphoreLax: false,
          semaphoreTimeout: 500,
          retries: 0,
        }
        const inner = other.retry(options)(() => 'inner')
        expect(await one.retry(options)(() => inner())()).to.equal('inner')
      },
    )
  }
})
