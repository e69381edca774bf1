// Promise 5 where something of what is recovered is refused: by the bus, a middleware, the log itself, or the event's class.
import { expect } from '@esm-bundle/chai'
import { number } from 'superstruct'
import { BaseEvent, defineEvent } from '../../src/index.js'
import { foreign, forever } from '../same-page/helpers.js'
import { freshName, kinds, lines } from './helpers.js'
import { emptyLog } from './pages.js'
import { accepted, holdStore, plant, rowsOf } from './raw.js'
import { closeTabs, eventually, type Logged, openBus, openTab, tell } from './tabs.js'

type Line = ReturnType<typeof accepted>['line']

/** A log with what a dead page has left, opened. */
async function left(list: Line[], options: Parameters<typeof openBus>[1] = {}): Promise<Logged> {
  const name = freshName()
  const { log } = openBus(name)
  await log.db()
  await log.close()
  await plant(name, list)
  const opened = openBus(name, options)
  await Promise.all([opened.log.db(), opened.bus.ready])
  return opened
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, n) => accepted('X', { payload: { n } }).line)

/** Collects the numbers of the events that ran. */
function collect({ bus }: Logged): unknown[] {
  const ran: unknown[] = []
  bus.on('X', ({ eventPayload: { n } }) => void ran.push(n))
  return ran
}

describe('promise 5: one that is refused holds up no other', () => {
  afterEach(closeTabs)

  it('by a middleware: the others run, and it is said which did not', async () => {
    const [first, second] = numbered(2)
    const onDispatch = ({ eventType }: BaseEvent) => {
      if (eventType === 'Bad') throw new Error('not this one')
    }
    const logged = await left([first, accepted('Bad').line, second], {
      bus: { middlewares: [{ onDispatch }] },
    })
    const ran = collect(logged)
    logged.bus.on('Bad', forever)
    const { warn } = console
    const said: string[] = []
    console.warn = (text) => said.push(String(text))
    const again = await logged.bus.recover().finally(() => {
      console.warn = warn
    })
    await Promise.all(again)
    expect(ran).to.deep.equal([0, 1])
    expect(again.map(({ eventType }) => eventType)).to.deep.equal(['X', 'X'])
    expect(said.join()).to.match(/Bad#.*not this one/)
    const { stats } = logged.bus
    expect(stats.queued + stats.inFlight).to.equal(0)
  })

  for (const maxPending of [1, 2, 100]) {
    it(`not where the bus is kept full by others, \`maxPending: ${maxPending}\``, async () => {
      const logged = await left(numbered(maxPending + 20), { bus: { maxPending } })
      const { bus } = logged
      const ran = collect(logged)
      bus.on('Y', () => {})
      let on = true
      const crowd = (async () => {
        while (on) {
          try {
            await bus.dispatch(new BaseEvent('Y'))
          } catch {
            await foreign()
          }
        }
      })()
      const again = await bus.recover()
      expect(again).to.have.length(maxPending + 20)
      await Promise.all(again)
      on = false
      await crowd
      expect(ran).to.deep.equal(Array.from({ length: maxPending + 20 }, (_, n) => n))
    })
  }

  it('by its own log, which is late in the midst of it: it goes on when that is well', async () => {
    const logged = await left(numbered(4), { whenDegraded: 'refuse', bus: { maxPending: 1 } })
    const { bus, log, name } = logged
    Object.assign(log, { deadline: 300 })
    const ran: unknown[] = []
    let go: (() => void) | undefined
    bus.on('X', ({ eventPayload: { n } }) => {
      ran.push(n)
      return n === 0 ? new Promise<void>((resolve) => (go = resolve)) : undefined
    })
    const again = bus.recover()
    await eventually('the first runs', () => go)
    await log.flush()
    const release = await holdStore(name)
    go?.()
    await eventually('it is late', () => log.state === 'degraded')
    await release()
    expect(await again).to.have.length(4)
    await eventually('all have run', () => ran.length === 4)
    expect(ran).to.deep.equal([0, 1, 2, 3])
  })

  it('by its class: what it had dispatched is recovered itself, not closed with it', async () => {
    class Parent extends defineEvent('Parent', { n: number() }) {}
    const parent = accepted('Parent', { payload: { n: 'text' } })
    const child = accepted('Child', { event_parent_id: parent.id, event_by: ['Parent', '', 'Elsewhere'] })
    const logged = await left([parent.line, child.line])
    const { bus, log, name } = logged
    const ran: string[] = []
    bus.on(Parent, () => void ran.push('parent'))
    bus.on('Child', () => void ran.push('child'))
    const { warn } = console
    const said: string[] = []
    console.warn = (text) => said.push(String(text))
    const again = await bus.recover().finally(() => {
      console.warn = warn
    })
    await Promise.all(again)
    await log.flush()
    expect(ran).to.deep.equal(['child'])
    expect(said.join()).to.match(/cannot recover Parent#.*quarantine.*Expected a number/)
    const ends = lines((await rowsOf(name)).map(([, row]) => row)).filter(({ superseded }) => superseded)
    expect(ends).to.deep.equal([])
    expect(kinds((await rowsOf(name)).map(([, row]) => row))).to.include('X')
  })

  it('by its class, when its page goes to rest: it is kept apart when that is back', async () => {
    const name = await emptyLog()
    await plant(name, [accepted('Priced', { payload: { price: 'much' } }).line])
    const tab = await openTab()
    const Priced = tab.bubus.defineEvent('Priced', { price: number() })
    const { bus, log } = tab.open(name)
    await Promise.all([log.db(), bus.ready])
    bus.on(Priced, forever)
    const { prototype } = tab.window.IDBDatabase
    const { transaction } = prototype
    let changes = 0
    prototype.transaction = function (...args) {
      const tx = transaction.apply(this, args)
      // The first one claims it.
      if (tx.mode === 'readwrite' && tx.objectStoreNames.contains('quarantine') && ++changes === 2)
        queueMicrotask(() => {
          tell(tab, 'pagehide')
          setTimeout(() => tell(tab, 'pageshow'))
        })
      return tx
    }
    await bus.recover()
    expect(changes).to.equal(4)
    expect((await rowsOf(name, 'quarantine')).length).to.equal(1)
    expect(kinds((await rowsOf(name)).map(([, row]) => row))).to.include('X')
  })
})
