// Promise 5, "At least once": what a claim says, and what recovery knows already since the history was read.
import { expect } from '@esm-bundle/chai'
import { nanoid } from 'nanoid'
import { BaseEvent } from '../../src/index.js'
import { forever } from '../same-page/helpers.js'
import { freshName, lines } from './helpers.js'
import { emptyLog, left, next } from './pages.js'
import { accepted, inStore, plant, rowsOf, said } from './raw.js'
import { loseLocks } from './tabs.js'

const make = (type: string, payload = {}) => new BaseEvent(type, payload)

describe('promise 5: claims', () => {
  it('what one writer has left is claimed by one line, which says each of its events; who claims and dies leaves all of them', async () => {
    const name = freshName()
    const events = Array.from({ length: 5 }, (_, n) => make('X', { n }))
    await left(name, ...events)
    const second = next(name)
    second.bus.on('X', forever)
    expect(await second.bus.recover()).to.have.length(5)
    const all = (await rowsOf(name)).map(([, row]) => row)
    const claims = all.filter(({ body }) => body.includes('"event_entry":"A"'))
    expect(claims.map(({ n }) => n)).to.eql([1])
    expect(lines(claims, all).map(({ event_id }) => event_id)).to.eql(events.map(({ eventId }) => eventId))
    await loseLocks(second)
    const third = next(name, 'X')
    expect(await third.bus.recover()).to.have.length(5)
    await third.bus.waitUntilIdle()
    expect(third.seen).to.eql([0, 1, 2, 3, 4])
  })

  it('a claim takes what it names and nothing beside it: of several segments, with others between, and of two writers', async () => {
    const name = await emptyLog()
    const events = Array.from({ length: 12 }, (_, n) => accepted('X', { payload: { n } }))
    const [own, ours] = [events.slice(0, 9), events.slice(9)].map((some) => some.map(({ line }) => line))
    const finished = [4, 10].map((n) => said('C', events[n].id, { writer: n < 9 ? 'dead' : 'ours' }))
    await plant(name, own.slice(0, 6))
    await plant(name, ours, { writer: 'ours' })
    await plant(name, [said('S', events[0].id), ...own.slice(6, 8), finished[0], own[8]], { wseq: 1 })
    await plant(name, [finished[1]], { writer: 'ours', wseq: 1 })
    const second = next(name)
    second.bus.on('X', forever)
    expect((await second.bus.recover()).map(({ eventPayload: { n } }) => n)).to.eql([
      0, 1, 2, 3, 5, 9, 11, 6, 7, 8,
    ])
    const rows = (await rowsOf(name)).map(([, row]) => row)
    const claims = lines(
      rows.filter(({ writer }) => writer !== 'dead' && writer !== 'ours'),
      rows,
    ).filter(({ event_entry }) => event_entry === 'A')
    const adopted = claims.map(({ event_id: of }) => events.findIndex(({ id }) => id === of))
    expect(adopted).to.eql([0, 1, 2, 3, 5, 6, 7, 8, 9, 11])
    await loseLocks(second)
    const third = next(name, 'X')
    expect(await third.bus.recover()).to.have.length(10)
    await third.bus.waitUntilIdle()
    expect(third.seen).to.eql([0, 1, 2, 3, 5, 9, 11, 6, 7, 8])
  })

  it('a claim whose places are none is no claim of them', async () => {
    const name = await emptyLog()
    const [a, b] = [accepted('X', { payload: { n: 1 } }), accepted('X', { payload: { n: 2 } })]
    await plant(name, [a.line, b.line])
    for (const also of [
      null,
      'all',
      [1],
      [1, 0],
      [9, 0, 1],
      [1, 7, 9],
      ['1', 'x', {}],
      [1, 1, 'x'],
      [NaN, 1, 1],
    ])
      await plant(name, [said('A', a.id, { writer: 'dead', also })], { writer: nanoid(), wseq: 0 })
    const { bus, seen } = next(name, 'X')
    expect(await bus.recover()).to.have.length(2)
    await bus.waitUntilIdle()
    expect(seen).to.eql([1, 2])
  })
})

describe('promise 5: what was read for the history', () => {
  const numbers = (events: BaseEvent[]) => events.map(({ eventPayload: { n } }) => n)

  /** A log of five open events, and a page that has just read it for its history. */
  async function justOpened() {
    const name = await emptyLog()
    const events = Array.from({ length: 5 }, (_, n) => accepted('X', { payload: { n } }))
    for (const [wseq, { line }] of events.entries()) await plant(name, [line], { wseq })
    const page = next(name, 'X')
    await page.bus.ready
    return { ...page, name, events }
  }

  it('is not read again', async () => {
    const { bus, seen, log } = await justOpened()
    // The index reads it, too.
    await log.records().next()
    const { prototype } = IDBObjectStore
    const { getAll } = prototype
    const read: unknown[] = []
    prototype.getAll = function (...args) {
      const request = getAll.apply(this, args)
      if (this.name === 'wal') request.addEventListener('success', () => read.push(...request.result))
      return request
    }
    try {
      expect(numbers(await bus.recover())).to.eql([0, 1, 2, 3, 4])
    } finally {
      prototype.getAll = getAll
    }
    await bus.waitUntilIdle()
    expect(seen).to.eql([0, 1, 2, 3, 4])
    expect(read, 'segments that were read').to.have.length(0)
  })

  it('another page may have finished some of it, and its beginnings and ends may be removed', async () => {
    const { name, bus, events } = await justOpened()
    await plant(
      name,
      [0, 2].map((n) => said('C', events[n].id)),
      { wseq: 5 },
    )
    await inStore(name, 'wal', (store) => store.delete(1))
    expect(numbers(await bus.recover())).to.eql([1, 3, 4])
  })

  it('another page may have taken all of it', async () => {
    const { name, bus } = await justOpened()
    const other = next(name)
    other.bus.on('X', forever)
    expect(await other.bus.recover()).to.have.length(5)
    expect(await bus.recover()).to.eql([])
    await loseLocks(other)
    expect(numbers(await bus.recover())).to.eql([0, 1, 2, 3, 4])
  })

  it('more may have come behind it', async () => {
    const { name, bus } = await justOpened()
    await plant(name, [accepted('X', { payload: { n: 5 } }).line], { wseq: 5 })
    expect(numbers(await bus.recover())).to.eql([0, 1, 2, 3, 4, 5])
  })

  it('the database may have vanished, and another be in its place', async () => {
    const { name, bus, log } = await justOpened()
    await new Promise((resolve) => {
      indexedDB.deleteDatabase(`bubus:${name}`).onsuccess = resolve
    })
    await log.db()
    await plant(name, [accepted('X', { payload: { n: 'new' } }).line], { writer: 'another' })
    expect(numbers(await bus.recover())).to.eql(['new'])
  })
})
