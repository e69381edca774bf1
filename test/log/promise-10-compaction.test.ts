// Promise 10, "Compaction": what may go and what must stay is in compaction.test.ts. Here only: compaction and recovery meet.
import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import { forever } from '../same-page/helpers.js'
import { freshName } from './helpers.js'
import { loseLocks, openBus } from './tabs.js'

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
})
