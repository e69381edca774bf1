// Promise 8 where the whole database vanishes under pages that have it open: what they know of the old one is not said of the new one.
import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import { forever } from '../same-page/helpers.js'
import { freshName, lines } from './helpers.js'
import { rowsOf } from './raw.js'
import { closeTabs, eventually, openBus, openTab, tell } from './tabs.js'

const vanish = (name: string) =>
  new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(`bubus:${name}`)
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error)
  })

const x = (n: unknown) => new BaseEvent('X', { n })
const accepted = async (name: string) =>
  lines((await rowsOf(name)).map(([, row]) => row))
    .filter(({ event_entry }) => event_entry === 'E')
    .map(({ n }) => n)

describe('promise 8: the database vanishes', () => {
  afterEach(closeTabs)

  it('under two logs: both tell it, and both write again what is not finished', async () => {
    const name = freshName()
    const both = [openBus(name), openBus(name)] as const
    const told = new Set<number>()
    for (const [i, { bus, log }] of both.entries()) {
      log.addEventListener('dataloss', () => told.add(i))
      bus.on('X', forever)
      await bus.ready
      await bus.dispatch(x(`${i} before`)).eventPersisted
    }
    await vanish(name)
    for (const [i, { bus, log }] of both.entries()) {
      await bus.dispatch(x(`${i} after`)).eventPersisted
      await log.flush()
      // What a page has seen is noted beside the database, for the others.
      log.witness.write()
    }
    expect([...told]).to.deep.equal([0, 1])
    expect(await accepted(name)).to.have.members(['0 before', '0 after', '1 before', '1 after'])
  })

  it('before the index of it was written: it is not written into the new one', async () => {
    const name = freshName()
    const { bus, log } = openBus(name)
    const ran: unknown[] = []
    bus.on('X', ({ eventPayload: { n } }) => void ran.push(n))
    await bus.ready
    for (let n = 0; n < 5; n++) await bus.dispatch(x(n))
    await log.flush()
    await vanish(name)
    await log.index.flush()
    expect((await rowsOf(name, 'summaries')).length).to.equal(0)
    const tab = await openTab()
    const other = tab.open(name)
    other.bus.on('X', forever)
    await other.bus.ready
    for (let n = 5; n < 10; n++) await other.bus.dispatch(new tab.bubus.BaseEvent('X', { n })).eventPersisted
    await tab.die()
    await log.index.catchUp()
    ran.length = 0
    await Promise.all(await bus.recover())
    expect(ran).to.deep.equal([5, 6, 7, 8, 9])
  })

  it('while an event runs: its end is not taken for that of another at its place', async () => {
    const name = freshName()
    const { bus, log } = openBus(name)
    const ran: unknown[] = []
    let done = () => {}
    bus.on('X', ({ eventPayload: { n } }) => {
      ran.push(n)
      return n === 'ours' ? new Promise<void>((resolve) => (done = resolve)) : undefined
    })
    await bus.ready
    const event = bus.dispatch(x('ours'))
    await event.eventPersisted
    await log.flush()
    await log.index.flush()
    await vanish(name)
    const tab = await openTab()
    const other = tab.open(name)
    other.bus.on('X', forever)
    await other.bus.ready
    await other.bus.dispatch(new tab.bubus.BaseEvent('X', { n: 'theirs' })).eventPersisted
    await other.log.index.flush()
    done()
    await event
    await log.flush()
    await log.index.flush()
    await tab.die()
    await log.index.catchUp()
    await Promise.all(await bus.recover())
    expect(ran).to.deep.equal(['ours', 'theirs'])
  })

  it('while a page rests: nobody has taken over what it goes on with', async () => {
    const name = freshName()
    const tab = await openTab()
    const { bus, log } = tab.open(name)
    let signal: AbortSignal | undefined
    let done = () => {}
    bus.on('X', (_, context) => {
      signal = context.signal
      return new Promise<void>((resolve) => (done = resolve))
    })
    await bus.ready
    const event = bus.dispatch(new tab.bubus.BaseEvent('X', { n: 1 }))
    await event.eventPersisted
    tell(tab, 'pagehide')
    await vanish(name)
    tell(tab, 'pageshow')
    await eventually('another database is there', () => log.open && !log.open.gone)
    await eventually('it is written again', async () => (await accepted(name)).length === 1)
    await eventually('it is its own again', async () => !signal?.aborted && event.eventStatus === 'started')
    done()
    await event
    await eventually('its end is written', async () =>
      lines((await rowsOf(name)).map(([, row]) => row)).some(({ event_entry }) => event_entry === 'C'),
    )
    expect(signal?.aborted).to.equal(false)
  })
})
