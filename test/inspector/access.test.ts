import { expect } from '@esm-bundle/chai'
import 'axe-core/axe.min.js'
import type { AxeResults } from 'axe-core'
import { BaseEvent } from '../../src/index.js'
import type { BusInspector } from '../../src/inspector/bus-inspector.js'
import { itWithTime } from '../support/long-tests.js'
import { $, caughtUp, cleanUp, dispatchMany, makeBus, mount, sleep } from './support.js'

const { axe } = window as unknown as { axe: { run(node: Element, options: object): Promise<AxeResults> } }

/** What axe-core finds, as text. */
async function violations(inspector: BusInspector): Promise<string[]> {
  const { violations: found } = await axe.run(inspector, { resultTypes: ['violations'] })
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 150)} ${failureSummary}`),
  )
}

async function live(): Promise<BusInspector> {
  const bus = makeBus({ name: 'Main' })
  makeBus({ name: 'Other' })
  bus.on('Order', function place(_, { bus: here }) {
    here.dispatch(new BaseEvent('Child', { a: 1 }))
    return { total: 3 }
  })
  const inspector = await mount({ maxRows: 100 })
  await dispatchMany(bus, 120, 'Order')
  await caughtUp(inspector)
  inspector.nextError()
  inspector.select([...bus.eventHistory.values()].at(-1)?.eventId as string)
  await inspector.updateComplete
  return inspector
}

async function broken(): Promise<BusInspector> {
  const bus = makeBus({ name: 'Main' })
  bus.on('Fails', function refuse() {
    throw new AggregateError([new Error('inner')], 'outer', { cause: { a: 1 } })
  })
  bus.on(
    'Late',
    function linger() {
      return new Promise(() => {})
    },
    { timeout: 5 },
  )
  bus.on('Gone', function leave() {
    throw new DOMException('x', 'AbortError')
  })
  const inspector = await mount({ buses: [bus] })
  const { error, warn } = console
  console.error = console.warn = () => {}
  for (const type of ['Fails', 'Late', 'Gone'])
    bus.dispatch(new BaseEvent(type, { text: 'a', n: 1, yes: true, none: null, list: [1] }))
  await bus.waitUntilIdle()
  await sleep(320)
  console.error = error
  console.warn = warn
  await caughtUp(inspector)
  inspector.select([...bus.eventHistory.values()][0].eventId)
  inspector.filter = 'status:banana'
  await inspector.updateComplete
  await sleep(400)
  return inspector
}

const states: Record<string, () => Promise<BusInspector>> = {
  closed: () => mount({ open: false }),
  'without a bus': () => mount({ buses: [] }),
  empty: async () => mount({ buses: [makeBus()] }),
  live,
  'in error': broken,
  paused: async () => {
    const inspector = await live()
    inspector.paused = true
    inspector.filter = 'type:Child'
    await inspector.updateComplete
    return inspector
  },
  'with its sheets open': async () => {
    const inspector = await live()
    $(inspector, '[data-action="more"]').click()
    await inspector.updateComplete
    $(inspector, 'summary').click()
    $(inspector, '[data-action="purge"]').click()
    await inspector.updateComplete
    return inspector
  },
  'with an export': async () => {
    const inspector = await live()
    $(inspector, '[data-action="export"]').click()
    await inspector.updateComplete
    return inspector
  },
}

describe('<bus-inspector>: axe-core finds nothing (goal 24)', () => {
  afterEach(cleanUp)

  for (const theme of ['light', 'dark'] as const) {
    for (const [state, make] of Object.entries(states)) {
      // Roles, names and colours are the same in every engine: one that has no more time looks at what is there most.
      const test = state === 'live' ? it : itWithTime
      test(`${theme}, ${state}`, async () => {
        const inspector = await make()
        inspector.theme = theme
        await inspector.updateComplete
        expect(await violations(inspector)).to.deep.equal([])
      }).timeout(30_000)
    }
  }

  it('would find what is wrong: grey on white, a row without its cells', async () => {
    const inspector = await live()
    inspector.theme = 'light'
    inspector.style.setProperty('--bus-inspector-muted', '#ccc')
    await inspector.updateComplete
    expect((await violations(inspector)).join()).to.include('color-contrast')
  })

  it('narrow, light', async () => {
    const inspector = await live()
    inspector.style.width = '340px'
    inspector.theme = 'light'
    await inspector.updateComplete
    await sleep(50)
    expect(await violations(inspector)).to.deep.equal([])
  })
})
