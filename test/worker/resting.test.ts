// Pages with a WorkerBridge that go to rest, and come back from the back/forward cache. The events of the platform are dispatched at them.
import { expect } from '@esm-bundle/chai'
import { WorkerBridge } from '../../src/bridges/worker-bridge.js'
import { type BaseEvent, EventBus } from '../../src/index.js'
import { eventually } from '../log/tabs.js'
import { Square } from './fixtures/events.js'

const lastError = (event: BaseEvent) => [...event.eventResults.values()].at(-1)?.error as Error | undefined

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
function tell(...types: ('pagehide' | 'pageshow' | 'freeze' | 'resume')[]): void {
  for (const type of types)
    if (/^page/.test(type)) dispatchEvent(new PageTransitionEvent(type, { persisted: true }))
    else document.dispatchEvent(new Event(type))
}

describe('a page that comes back from rest', () => {
  let bus: EventBus
  let bridge: WorkerBridge
  const bridgeTo = (...args: ConstructorParameters<typeof WorkerBridge>) => {
    bus = new EventBus({ maxPending: null })
    bridge = new WorkerBridge(...args)
    bus.on('*', bridge.dispatch)
  }
  afterEach(async () => {
    bridge.close()
    await bus.stop({ clear: true })
  })

  const ways = [
    ['pagehide', 'pageshow'],
    ['freeze', 'resume'],
  ] as const
  for (const [away, back] of 'SharedWorker' in globalThis ? ways : [])
    it(`(${away}) finds the bus of its shared worker again, which did not wait for it`, async () => {
      const locks = async () =>
        ((await navigator.locks.query()).held ?? []).filter(({ name = '' }) => /^bubus:k:/.test(name)).length
      const before = await locks()
      const url = new URL('./fixtures/worker.js', import.meta.url)
      bridgeTo(new SharedWorker(url, { type: 'module', name: away }), { timeout: 5000 })
      for (const n of [2, 3, 4]) {
        const event = await bus.dispatch(new Square({ n }))
        expect(await event.eventResult()).to.equal(n * n)
        tell(away)
        await eventually('its own lock is free', async () => (await locks()) === before + 1)
        await pause(100)
        tell(back)
      }
    })

  it('waits as long as it was told for somebody to say hello, and no longer', async () => {
    bridgeTo(new MessageChannel().port1, { timeout: 300 })
    const event = bus.dispatch(new Square({ n: 1 }))
    await pause(20)
    tell('pagehide', 'pageshow')
    await event
    expect(lastError(event)).to.include({ name: 'EventTimeoutError' })
  })
})
