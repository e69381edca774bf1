import { expect } from '@esm-bundle/chai'
import { defineEvent } from '../../src/index.js'
import { channelName, closeAll, side } from './sides.js'

class Slow extends defineEvent('Slow') {}
class Fast extends defineEvent('Fast') {}

describe('a tab that says nothing, beside others', () => {
  afterEach(closeAll)

  it('does not end the wait for them: their results are there, and nothing is added later', async () => {
    const channel = channelName()
    const asking = side(channel, { results: 'gather', timeout: 1500 })
    const silent = side(channel)
    silent.tabs.on('*', silent.bus.dispatch)
    await silent.tabs.ready
    const alive = side(channel)
    alive.tabs.on('*', alive.bus.dispatch)
    await Promise.all([alive.tabs.ready, asking.tabs.ready])
    while ((await asking.tabs.peers()).length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    asking.bus.on('*', asking.tabs.dispatch)
    silent.bus.on(Slow, () => new Promise(() => {}), { timeout: null })
    for (const { bus } of [alive, silent]) bus.on(Fast, () => bus.name)
    await asking.bus.dispatch(new Slow())
    const event = await asking.bus.dispatch(new Fast())
    expect(await event.eventResultsList({ raiseIfAny: false })).to.deep.equal([alive.bus.name])
    const { size } = event.eventResults
    await new Promise((resolve) => setTimeout(resolve, 1800))
    expect(event.eventResults.size).to.equal(size)
  })
})
