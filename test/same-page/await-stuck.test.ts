// Waits that last for ever, and that no browser can attribute: they are warned of.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus, EventTimeoutError } from '../../src/index.js'
import { consoleDuring, foreign, only } from './helpers.js'

const make = (type: string, timeout?: number) => new BaseEvent(type, {}, { timeout })

describe('waiting for ever', () => {
  it('`return event` after a foreign await waits for itself: a warning after 2 s, and the time-out ends it', async function () {
    this.timeout(10_000)
    const bus = new EventBus()
    bus.on('X', async function returnsItself(event) {
      await foreign()
      return event
    })
    const event = make('X', 2500)
    const lines = await consoleDuring('warn', () => bus.dispatch(event))
    expect(only(event.eventResults.values()).error).to.be.instanceOf(EventTimeoutError)
    expect(lines.join('\n')).to.match(/returnsItself/)
  })

  it('so do a child that its parent awaits, and the results of an event that are awaited by its own handler', async function () {
    this.timeout(10_000)
    const bus = new EventBus()
    bus.on('Parent', async (_, context) => await context.bus.dispatch(make('Child', 2500)))
    bus.on('Child', async function returnsTheChild(child) {
      await foreign()
      return child
    })
    bus.on('Own', async function awaitsItsResult(event) {
      await foreign()
      return await event.eventResult()
    })
    const lines = await consoleDuring('warn', async () => {
      await bus.dispatch(make('Parent'))
      await bus.dispatch(make('Own', 2500))
    })
    const text = lines.filter((line) => line.includes('for 2 s')).join('\n')
    if ('AsyncContext' in globalThis) return
    expect(text)
      .to.match(/returnsTheChild/)
      .and.match(/awaitsItsResult/)
  })

  for (const how of ['eventResult', 'eventResultsList'] as const) {
    it(`so does \`${how}()\` of an event that has lost its parent; not once nobody waits any more`, async function () {
      this.timeout(10_000)
      const bus = new EventBus()
      const loses = `loses_${how}`
      const givesUp = async () => {
        await foreign()
        await bus
          .dispatch(make('Late'))
          [how]({ timeout: 10 })
          .catch(() => {})
        await new Promise((resolve) => setTimeout(resolve, 2300))
      }
      const waits = async () => {
        await foreign()
        await bus.dispatch(make('LostChild'))[how]()
      }
      bus.on('X', givesUp, { name: `${how}_givesUp`, timeout: 5000 })
      bus.on('X', waits, { name: loses, timeout: 2500 })
      const lines = await consoleDuring('warn', async () => {
        await bus.dispatch(make('X'))
        await bus.waitUntilIdle()
      })
      const text = lines.filter((line) => line.includes('for 2 s')).join('\n')
      if ('AsyncContext' in globalThis) return
      expect(text).to.include(loses).and.not.include('givesUp')
    })
  }

  it('a wait that nobody can resolve warns after 2 s, naming the handler, the event and the cure', async function () {
    this.timeout(10_000)
    const bus = new EventBus()
    bus.on('X', async function losesItsChild() {
      await foreign()
      await bus.dispatch(make('LostChild'))
    })
    const event = make('X', 2500)
    const lines = await consoleDuring('warn', async () => {
      await bus.dispatch(event)
      await bus.waitUntilIdle()
    })
    const text = lines.filter((line) => line.includes('LostChild')).join('\n')
    if ('AsyncContext' in globalThis) return void expect(text).to.equal('')
    expect(text)
      .to.match(/losesItsChild/)
      .and.match(/LostChild/)
      .and.match(/context\.bus/)
    expect(lines.filter((line) => line.includes('context.bus'))).to.have.length(1)
    expect(only(event.eventResults.values()).error).to.be.instanceOf(EventTimeoutError)
  })
})
