// Waits that last for ever, and that no browser can attribute: they are warned of after 2 s. All begin at once, as they take seconds;
// each test looks at what was said of its own.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus, EventTimeoutError } from '../../src/index.js'
import { consoleDuring, foreign, only } from './helpers.js'

const make = (type: string, timeout?: number) => new BaseEvent(type, {}, { timeout })
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** One that never ends by itself: its handler's time-out ends it. */
async function returnsItself(): Promise<BaseEvent> {
  const bus = new EventBus()
  bus.on('X', async function returnsItself(event) {
    await foreign()
    return event
  })
  return await bus.dispatch(make('X', 2500))
}

async function ofOneAnother(): Promise<void> {
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
  await bus.dispatch(make('Parent'))
  await bus.dispatch(make('Own', 2500))
}

const ways = ['eventResult', 'eventResultsList'] as const

async function resultOfLost(how: (typeof ways)[number]): Promise<void> {
  const bus = new EventBus()
  const givesUp = async () => {
    await foreign()
    await bus
      .dispatch(make('Late'))
      [how]({ timeout: 10 })
      .catch(() => {})
    await pause(2300)
  }
  const waits = async () => {
    await foreign()
    await bus.dispatch(make('LostChild'))[how]()
  }
  bus.on('X', givesUp, { name: `${how}_givesUp`, timeout: 5000 })
  bus.on('X', waits, { name: `${how}_loses`, timeout: 2500 })
  await bus.dispatch(make('X'))
  await bus.waitUntilIdle()
}

async function losesItsChild(): Promise<BaseEvent> {
  const bus = new EventBus()
  bus.on('X', async function losesItsChild() {
    await foreign()
    await bus.dispatch(make('LostForGood'))
  })
  const event = await bus.dispatch(make('X', 2500))
  await bus.waitUntilIdle()
  return event
}

describe('waiting for ever', () => {
  let said: string[]
  let itself: BaseEvent
  let loser: BaseEvent
  const knowsAll = 'AsyncContext' in globalThis

  before(async function () {
    this.timeout(20_000)
    said = await consoleDuring('warn', async () => {
      const [first, last] = await Promise.all([
        returnsItself(),
        losesItsChild(),
        ofOneAnother(),
        ...ways.map(resultOfLost),
      ])
      itself = first
      loser = last
    })
  })
  const saidOf = (name: string) => said.filter((line) => line.includes(name) && line.includes('for 2 s'))

  it('`return event` after a foreign await waits for itself: a warning, and the time-out ends it', () => {
    expect(only(itself.eventResults.values()).error).to.be.instanceOf(EventTimeoutError)
    expect(said.filter((line) => line.includes('returnsItself'))).not.to.have.length(0)
  })

  it('so do a child that its parent awaits, and the results of an event that are awaited by its own handler', () => {
    if (knowsAll) return
    for (const name of ['returnsTheChild', 'awaitsItsResult']) only(saidOf(name))
  })

  for (const how of ways) {
    it(`so does \`${how}()\` of an event that has lost its parent; not once nobody waits any more`, () => {
      if (knowsAll) return
      only(saidOf(`${how}_loses`))
      expect(saidOf(`${how}_givesUp`)).to.eql([])
    })
  }

  it('so does an event itself: the warning names the handler, the event and the cure', () => {
    const lines = saidOf('LostForGood')
    if (knowsAll) return void expect(lines).to.eql([])
    expect(only(lines))
      .to.match(/losesItsChild/)
      .and.match(/context\.bus/)
    expect(only(loser.eventResults.values()).error).to.be.instanceOf(EventTimeoutError)
  })
})
