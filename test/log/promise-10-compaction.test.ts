// Promise 10, "Compaction": what may go and what must stay is in compaction.test.ts. Here only: compaction and recovery meet.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'
import { forever } from '../same-page/helpers.js'
import { freshName } from './helpers.js'
import { rowsOf } from './raw.js'
import { closeTabs, eventually, heldLocks, loseLocks, openBus, openTab, tell } from './tabs.js'

describe('promise 10: compaction', () => {
  it('removes nothing that an incomplete event needs: after it, a dead page`s event is still recovered', async () => {
    const name = freshName()
    const dead = openBus(name, { retain: { events: 0 } })
    dead.bus.on('Open', forever)
    dead.bus.on('Done', () => 1)
    for (let n = 0; n < 5; n++) await dead.bus.dispatch(new BaseEvent('Done', { n }))
    await dead.bus.dispatch(new BaseEvent('Open', { n: 5 })).eventPersisted
    await dead.log.flush()
    await dead.log.compact()
    await loseLocks(dead)
    const { bus, log } = openBus(name, { retain: { events: 0 } })
    const seen: unknown[] = []
    bus.on('Open', ({ eventPayload }) => void seen.push(eventPayload.n))
    await bus.ready
    await log.compact()
    const losses: unknown[] = []
    log.addEventListener('dataloss', (event) => losses.push(event))
    for (const event of await bus.recover()) await event
    expect(seen).to.deep.equal([5])
    await log.flush()
    await log.compact()
    expect(await bus.recover()).to.deep.equal([])
    await log.close()
    const later = openBus(name)
    later.log.addEventListener('dataloss', (event) => losses.push(event))
    await later.bus.ready
    expect(losses, 'what was compacted is not lost').to.deep.equal([])
  })

  it('keeps what another page reads that was in the back/forward cache meanwhile', async () => {
    const name = freshName()
    const log = new EventLog(name, { retain: { events: 0 } })
    // Of a bus without a name no history is kept.
    const bus = new EventBus({ log })
    bus.on('Done', () => 1)
    for (let n = 0; n < 40; n++) await bus.dispatch(new BaseEvent('Done', { n })).eventPersisted
    await log.flush()
    const tab = await openTab()
    const { log: theirs } = tab.open(name)
    const reading = theirs.records()
    const [first] = [(await reading.next()).value]
    tell(tab, 'pagehide')
    await eventually(
      'its locks are free',
      async () => !(await heldLocks()).some((lock) => lock.includes(name)),
    )
    tell(tab, 'pageshow')
    await eventually('it is seen to read', async () =>
      (await heldLocks()).some((lock) => lock.startsWith(`bubus:read:${name}:`)),
    )
    await log.compact()
    const numbers = [first?.n]
    for await (const { n } of reading) numbers.push(n)
    expect(numbers).to.deep.equal(Array.from({ length: 40 }, (_, n) => n))
    expect(await heldLocks()).not.to.include.members([`bubus:read:${name}`])
    await log.compact()
    expect((await rowsOf(name)).length, 'now it may go').to.be.below(5)
    closeTabs()
  })
})
