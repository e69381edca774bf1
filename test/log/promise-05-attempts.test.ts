// Promise 5: attempts are counted and end, and handlers that had their turn are spared.
import { expect } from '@esm-bundle/chai'
import { uuidv7 } from '../../src/ids.js'
import { BaseEvent, type EventBus } from '../../src/index.js'
import { deferred, foreign, forever, only } from '../same-page/helpers.js'
import { freshName, lines } from './helpers.js'
import { accepted, holdStore, inStore, plant, rowsOf, said } from './raw.js'
import { closeTabs, eventually, impatient, loseLocks, openBus, openTab } from './tabs.js'

const make = (type: string, payload = {}, options = {}) => new BaseEvent(type, payload, options)
const entries = async (name: string) => lines((await rowsOf(name)).map(([, row]) => row))
const kindsOf = async (name: string) => (await entries(name)).map((line) => line.event_entry).join('')

/** A log with these lines of a dead writer. */
async function planted(...all: string[]): Promise<string> {
  const name = freshName()
  const { log } = openBus(name)
  await log.db()
  await log.close()
  await plant(name, all)
  return name
}

async function dies(name: string, act: (bus: EventBus) => unknown): Promise<void> {
  const logged = openBus(name)
  await act(logged.bus)
  await logged.log.flush()
  await loseLocks(logged)
}

describe('promise 5: attempts', () => {
  afterEach(closeTabs)

  it('`context.attempt` is 1 in life and one more for each start after a crash', async () => {
    const name = freshName()
    const attempts: number[] = []
    const hangs = (bus: EventBus) => {
      const started = deferred()
      bus.on('X', (_, { attempt }) => {
        attempts.push(attempt)
        started.resolve()
        return forever()
      })
      return started.promise
    }
    await dies(name, (bus) => {
      const started = hangs(bus)
      bus.dispatch(make('X'))
      return started
    })
    for (let n = 0; n < 2; n++) {
      await dies(name, async (bus) => {
        const started = hangs(bus)
        expect(await bus.recover()).to.have.length(1)
        await started
      })
    }
    const { bus } = openBus(name)
    bus.on('X', (_, { attempt }) => void attempts.push(attempt))
    await only(await bus.recover())
    expect(attempts).to.deep.equal([1, 2, 3, 4])
  })

  it('no handler of an attempt starts before its `S` is durable', async () => {
    const [x, y] = [accepted('X'), accepted('Y')]
    const name = await planted(x.line, y.line)
    const { bus } = openBus(name, { deadline: 60_000 })
    let release = async () => {}
    let started = 0
    bus.on('X', async () => {
      release = await holdStore(name)
    })
    bus.addEventListener('Y', () => void started++)
    bus.on('Y', () => void started++)
    const [first, second] = await bus.recover()
    await first
    for (let tasks = 0; tasks < 30; tasks++) await foreign()
    expect(started).to.equal(0)
    await release()
    await second
    expect(started).to.equal(2)
    const starts = (await entries(name)).filter((line) => line.event_entry === 'S')
    expect(starts.map(({ event_id }) => event_id)).to.deep.equal([x.id, y.id])
  })

  it('being claimed is no attempt: only the head of the queue has an `S`', async () => {
    const [x, y] = [accepted('X'), accepted('X')]
    const name = await planted(x.line, y.line)
    await dies(name, async (bus) => {
      const started = deferred()
      bus.on('X', () => {
        started.resolve()
        return forever()
      })
      expect(await bus.recover()).to.have.length(2)
      await started.promise
      await foreign()
    })
    const started = (await entries(name)).filter((line) => line.event_entry === 'S')
    expect(only(started).event_id).to.equal(x.id)
    const attempts: Record<string, number> = {}
    const { bus } = openBus(name)
    bus.on('X', ({ eventId }, { attempt }) => {
      attempts[eventId] = attempt
    })
    for (const event of await bus.recover()) await event
    expect(attempts).to.deep.equal({ [x.id]: 3, [y.id]: 2 })
  })

  it('an event with three `S` is dead-lettered with its open descendants; others and the log stay', async () => {
    const poison = accepted('Poison', { payload: { secret: 'kept' } })
    const child = accepted('Child', { event_parent_id: poison.id, event_by: ['Poison', 'n', 'b'] })
    const grandchild = accepted('Child', { event_parent_id: child.id, event_by: null })
    const good = accepted('X')
    const S = said('S', poison.id, { writer: 'dead', at: [1, 0] })
    const name = await planted(poison.line, child.line, grandchild.line, good.line, S, S, S)
    const { bus, log } = openBus(name)
    const seen: string[] = []
    bus.on('*', ({ eventType }) => void seen.push(eventType))
    for (const event of await bus.recover()) await event
    await log.flush()
    expect(seen).to.deep.equal(['X'])
    const dead = (await entries(name)).filter((line) => line.event_entry === 'X')
    expect(dead.map(({ event_id }) => event_id)).to.have.members([poison.id, child.id, grandchild.id])
    expect(JSON.stringify(await entries(name)), 'never dropped').to.include('kept')
    expect(await bus.recover()).to.deep.equal([])
  })

  it('a poison event that kills three pages lets the fourth live', async () => {
    const name = freshName()
    const runs: number[] = []
    for (let n = 0; n < 4; n++) {
      const tab = await openTab()
      const { bus, log } = tab.open(name)
      const started = deferred()
      bus.on('Poison', (_, { attempt }) => {
        runs.push(attempt)
        started.resolve()
        return forever()
      })
      if (n) expect(await bus.recover()).to.have.length(1)
      else bus.dispatch(new tab.bubus.BaseEvent('Poison'))
      await started.promise
      await log.flush()
      await tab.die()
    }
    const { bus, log } = openBus(name)
    bus.on('Poison', () => void runs.push(-1))
    expect(await bus.recover()).to.deep.equal([])
    await log.flush()
    expect(runs).to.deep.equal([1, 2, 3, 4])
    expect((await kindsOf(name)).replace(/[^SX]/g, '')).to.equal('SSSX')
  })

  it('an attempt that `stop` has ended does not count', async () => {
    const { line } = accepted('X')
    const name = await planted(line)
    const { bus } = openBus(name)
    const attempts: number[] = []
    for (let n = 0; n < 5; n++) {
      const started = deferred()
      const off = bus.on('X', (_, { attempt }) => {
        attempts.push(attempt)
        started.resolve()
        return forever()
      })
      expect(await bus.recover()).to.have.length(1)
      await started.promise
      await bus.stop()
      off()
    }
    expect(attempts).to.deep.equal([2, 2, 2, 2, 2])
    bus.on('X', () => {})
    await only(await bus.recover())
  })

  it('a log that is closed or lost after the claim holds no recovered event back', async () => {
    const [x, y] = [accepted('X'), accepted('X')]
    const name = await planted(x.line, y.line)
    const { bus, log } = openBus(name)
    const release = deferred()
    let runs = 0
    bus.on('X', () => (++runs === 1 ? release.promise : undefined))
    const events = await bus.recover()
    await eventually('the first has started', () => runs)
    await log.close()
    release.resolve()
    for (const event of events) await event
    expect(runs).to.equal(2)
  })
})

describe('promise 5: spared handlers', () => {
  /** A page that dies when the handlers `done` have settled and another one hangs. */
  async function leftInLast(name: string, event = make('X')): Promise<void> {
    await dies(name, async (bus) => {
      const hangs = deferred()
      bus.on('X', () => 'of named', { name: 'named' })
      bus.on('X', () => Promise.reject(new RangeError('of failing')), { name: 'failing' })
      bus.on('X', () => 'of unnamed')
      bus.on('*', () => 'of all', { name: 'named' })
      bus.on('*', () => {
        hangs.resolve()
        return forever()
      })
      bus.dispatch(event)
      await hangs.promise
    })
  }

  it('named handlers whose outcome is durable run no more; unnamed ones run again', async () => {
    const name = freshName()
    await leftInLast(name)
    const { bus } = openBus(name)
    const seen: string[] = []
    for (const it of ['named', 'failing', 'new']) bus.on('X', () => void seen.push(it), { name: it })
    bus.on('X', () => void seen.push('unnamed'))
    bus.on('*', () => void seen.push('* named'), { name: 'named' })
    bus.on('*', () => void seen.push('* other'))
    await only(await bus.recover())
    expect(seen).to.deep.equal(['new', 'unnamed', '* other'])
  })

  it('their outcomes are in the `eventResults` of the recovered event, before and with the new ones', async () => {
    const name = freshName()
    await leftInLast(name)
    const { bus } = openBus(name)
    bus.on('X', () => 'not again', { name: 'named' })
    bus.on('X', () => 'again')
    const event = only(await bus.recover())
    const old = [...event.eventResults.values()].slice(0, 3)
    expect(old.map(({ handlerName, status }) => [handlerName, status])).to.deep.equal([
      ['named', 'completed'],
      ['failing', 'error'],
      ['named', 'completed'],
    ])
    expect((old[1].error as Error).message).to.equal('of failing')
    expect((old[1].error as Error).name).to.equal('RangeError')
    await event
    expect(await event.eventResultsList({ raiseIfAny: false })).to.deep.equal(['of named', 'of all', 'again'])
    expect(await event.eventResult({ raiseIfAny: false })).to.equal('of named')
  })

  it('of two handlers with one name on a pattern only the first is named', async () => {
    const name = freshName()
    await dies(name, async (bus) => {
      const hangs = deferred()
      bus.on('X', () => 1, { name: 'twin' })
      bus.on('X', () => 2, { name: 'twin' })
      bus.on('X', () => {
        hangs.resolve()
        return forever()
      })
      bus.dispatch(make('X'))
      await hangs.promise
    })
    expect((await kindsOf(name)).replace(/[^R]/g, '')).to.equal('R')
    const { bus } = openBus(name)
    const seen: number[] = []
    bus.on('X', () => void seen.push(1), { name: 'twin' })
    bus.on('X', () => void seen.push(2), { name: 'twin' })
    await only(await bus.recover())
    expect(seen).to.deep.equal([2])
  })

  it('an event all of whose handlers are spared is completed by its recovery', async () => {
    const { line, id } = accepted('X')
    const outcome = { handler_name: 'n', status: 'completed', result: 5 }
    const name = await planted(line, said('R', id, { writer: 'dead', pattern: 'X', name: 'n', outcome }))
    const { bus, log } = openBus(name)
    bus.on('X', () => 'not again', { name: 'n' })
    const event = only(await bus.recover())
    expect(await event.eventResult()).to.equal(5)
    await log.flush()
    expect(await bus.recover()).to.deep.equal([])
  })

  for (const [what, options] of [
    ['its run dispatched', {}],
    ['its run dispatched with another parent', { parentId: uuidv7(1, 1) }],
  ] as const)
    it(`an \`R\` is not written before the \`E\` of what ${what} is durable on every logged bus`, async () => {
      const name = freshName()
      const [a, b] = [openBus(name), openBus(freshName(), { deadline: 60_000 })]
      await Promise.all([a.log.db(), b.log.db(), a.bus.ready, b.bus.ready])
      const db = await holdStore(b.name)
      a.bus.on('X', (_, { via }) => void via(b.bus).dispatch(make('Child', {}, options)), { name: 'n' })
      a.bus.on('X', forever)
      await a.bus.dispatch(make('X')).eventPersisted
      await a.log.flush()
      await foreign()
      await a.log.flush()
      expect(await kindsOf(name)).to.equal('E')
      await db()
      await eventually('the outcome is written', async () => (await kindsOf(name)) === 'ER')
    })

  it('an `R` is left out if something that its run dispatched has failed to persist', async () => {
    const name = freshName()
    const [a, b] = [openBus(name), await impatient(openBus(freshName()))]
    await Promise.all([a.log.db(), b.log.db(), a.bus.ready, b.bus.ready])
    const db = await holdStore(b.name)
    const ran = deferred()
    a.bus.on('X', async (_, { via }) => void (await via(b.bus).dispatch(make('Child'))), { name: 'n' })
    a.bus.on('X', () => 'fine', { name: 'fine' })
    a.bus.on('X', () => {
      ran.resolve()
      return forever()
    })
    a.bus.dispatch(make('X'))
    await ran.promise
    await a.log.flush()
    const settled = (await entries(name)).filter((line) => line.event_entry === 'R')
    await db()
    expect(settled.map((line) => line.name)).to.deep.equal(['fine'])
  })

  it('a forwarding handler has no `R`', async () => {
    const name = freshName()
    const other = openBus(freshName())
    await dies(name, async (bus) => {
      const hangs = deferred()
      bus.on('X', other.bus.dispatch, { name: 'forward' })
      bus.on('X', () => {
        hangs.resolve()
        return forever()
      })
      bus.dispatch(make('X'))
      await hangs.promise
    })
    expect(await kindsOf(name)).to.equal('E')
  })

  it('results that JSON cannot hold spare their handlers, too', async () => {
    const name = freshName()
    await dies(name, async (bus) => {
      const hangs = deferred()
      const circle: { me?: unknown } = {}
      circle.me = circle
      let deep: unknown = 1
      for (let n = 0; n < 300; n++) deep = [deep]
      const results = { circle, bigint: 1n, deep, fn: () => {}, nothing: undefined }
      for (const [key, value] of Object.entries(results)) bus.on('X', () => value, { name: key })
      bus.on('X', () => {
        hangs.resolve()
        return forever()
      })
      bus.dispatch(make('X'))
      await hangs.promise
    })
    const { bus } = openBus(name)
    const seen: string[] = []
    for (const key of ['circle', 'bigint', 'deep', 'fn', 'nothing', 'other'])
      bus.on('X', () => void seen.push(key), { name: key })
    await only(await bus.recover())
    expect(seen).to.deep.equal(['other'])
    expect((await inStore(name, 'quarantine', (it) => it.getAll())).length).to.equal(0)
  })
})
