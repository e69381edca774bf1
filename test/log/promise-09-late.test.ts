// Promise 9, a page that rests: one whose return takes longer than the log's deadline. Meanwhile others have taken what it had.
import { expect } from '@esm-bundle/chai'
import type { EventLog } from '../../src/log/event-log.js'
import { deferred, foreign, forever } from '../same-page/helpers.js'
import { freshName, lines } from './helpers.js'
import { holdStore, rowsOf } from './raw.js'
import { closeTabs, eventually, openBus, openTab, type Tab, tell } from './tabs.js'

/** A page at rest, whose only event another one has taken and goes on with; here it has come to its end, if it `ends`. */
async function robbed(ends = true) {
  const name = freshName()
  const tab = await openTab()
  const { bus, log } = tab.open(name)
  const release = deferred<void>()
  bus.on('X', () => release.promise)
  const event = bus.dispatch(new tab.bubus.BaseEvent('X'))
  await event.eventPersisted
  await eventually('it runs', () => event.eventStatus === 'started')
  tell(tab, 'pagehide')
  const other = openBus(name)
  other.bus.on('X', forever)
  expect(await other.bus.recover()).to.have.length(1)
  if (ends) {
    release.resolve()
    await event
  }
  return { name, tab, bus, log }
}

/** It is to be back at once, and what comes then may take its time. */
async function showLate(tab: Tab, log: EventLog) {
  const { deadline } = log
  Object.assign(log, { deadline: 50 })
  tell(tab, 'pageshow')
  await null
  Object.assign(log, { deadline: 10 * deadline })
}

/** Whoever claims something waits until the answer is called. */
function holdClaims(name: string): Promise<() => void> {
  return new Promise((taken) => {
    void navigator.locks.request(`bubus:claim:${name}`, () => new Promise<void>(taken))
  })
}

describe('promise 9: a page that is late to be back', () => {
  afterEach(closeTabs)

  it('is `ok` again when it is, though there was nothing to write', async () => {
    const { name, tab, bus, log } = await robbed()
    Object.assign(log, { whenDegraded: 'refuse' })
    const letGo = await holdClaims(name)
    await showLate(tab, log)
    await eventually('it is late', () => log.state === 'degraded')
    letGo()
    await eventually('it is ok', () => log.state === 'ok')
    await bus.dispatch(new tab.bubus.BaseEvent('Y')).eventPersisted
  })

  it('is not `ok` before, though its log is open again', async () => {
    const { name, tab, log } = await robbed(false)
    const letGo = await holdClaims(name)
    await showLate(tab, log)
    await eventually('it is late', () => log.state === 'degraded')
    await log.db()
    expect(log.state).to.equal('degraded')
    letGo()
    await eventually('it is ok', () => log.state === 'ok')
  })

  it('says nothing of what others have taken, though its bus is stopped for ever meanwhile', async () => {
    const { name, tab, bus, log } = await robbed()
    const letGo = await holdClaims(name)
    await showLate(tab, log)
    await bus.stop({ clear: true })
    expect(log.state).to.equal('degraded')
    letGo()
    await eventually('its writer is gone', () => !log.writers.size)
    for (let n = 0; n < 20; n++) await foreign()
    await log.close()
    const said = (await rowsOf(name)).flatMap(([, row]) => lines([row]))
    expect(said.map(({ event_entry }) => event_entry).join('')).to.match(/^EAS*$/)
  })
})

describe('promise 9: a page that goes while its connection is being opened', () => {
  afterEach(closeTabs)

  /** Of a page that is just back; it takes until `release`, since whoever opens a log reads in it. */
  async function opening(deadline = 20_000) {
    const name = freshName()
    const tab = await openTab()
    const { bus, log } = tab.open(name)
    await log.db()
    Object.assign(log, { deadline })
    const release = await holdStore(name)
    await rest(tab)
    const [writer] = log.writers
    await eventually('it is back', () => writer.held)
    return { name, tab, bus, log, opened: log.db(), release }
  }

  async function rest(tab: Tab) {
    tell(tab, 'pagehide')
    await foreign()
    tell(tab, 'pageshow')
  }

  it('keeps none open', async () => {
    const { tab, log, opened, release } = await opening()
    tell(tab, 'pagehide')
    await release()
    for (let n = 0; n < 20; n++) await foreign()
    expect(log.open === null).to.equal(true)
    tell(tab, 'pageshow')
    expect((await opened) === log.open).to.equal(true)
  })

  it('keeps the newer one, if it is back, and those who waited for the other have that', async () => {
    const { tab, log, opened, release } = await opening()
    await rest(tab)
    const newer = log.db()
    expect(newer === opened).to.equal(false)
    await release()
    expect((await opened) === (await newer)).to.equal(true)
    expect(log.open === (await newer)).to.equal(true)
  })

  it('is not degraded by what it does not wait for any more', async () => {
    const { tab, log, release } = await opening(1000)
    Object.assign(log, { deadline: 20_000 })
    await rest(tab)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(log.state).to.equal('ok')
    await release()
    await log.db()
  })

  it('sends nothing beside what waits for it', async () => {
    const { name, tab, bus, log, opened, release } = await opening()
    bus.dispatch(new tab.bubus.BaseEvent('First'))
    await foreign()
    bus.dispatch(new tab.bubus.BaseEvent('Second'))
    let open = log.open
    Object.defineProperty(log, 'open', {
      configurable: true,
      get: () => open,
      set(db) {
        open = db
        // The very moment that there is one.
        if (db) tell(tab, 'pagehide')
      },
    })
    await release()
    await opened
    Object.defineProperty(log, 'open', { value: log.open, writable: true })
    tell(tab, 'pageshow')
    const accepted = async () => {
      const said = (await rowsOf(name)).flatMap(([, row]) => lines([row]))
      return said.flatMap(({ event_entry, event_type }) => (event_entry === 'E' ? event_type : []))
    }
    await eventually('both are written', async () => (await accepted()).length > 1)
    expect(await accepted()).to.deep.equal(['First', 'Second'])
  })
})
