// Lines of other programs, which have more than ours, or less.
import { expect } from '@esm-bundle/chai'
import { EventBus } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'
import { freshName } from './helpers.js'
import { discard } from './reading.js'

const textOf = (...records: object[]) => records.map((record) => JSON.stringify(record)).join('\n')
const anId = () => crypto.randomUUID()

describe('lines of other programs', () => {
  it('a replay at a speed begins with one that has no time', async () => {
    const name = freshName()
    const log = new EventLog(name)
    const [undated, dated] = [
      { event_type: 'A', event_id: anId() },
      { event_type: 'A', event_id: anId(), event_created_at: new Date().toISOString() },
    ]
    expect(await log.importJSONL(textOf(undated, dated))).to.eql({ done: 2, failed: [] })
    const signal = AbortSignal.timeout(5000)
    const outcome = await log.replay(new EventBus(), { speed: 1, signal }).catch(String)
    await discard({ name, log })
    expect(outcome).to.eql({ done: 2, failed: [] })
  })

  it('one with the outcomes of the Python library may come twice: it is the same event', async () => {
    const name = freshName()
    const log = new EventLog(name)
    const line = textOf({ event_type: 'A', event_id: anId(), event_results: {}, n: 1 })
    const outcomes = [await log.importJSONL(line), await log.importJSONL(line)]
    await discard({ name, log })
    expect(outcomes[1]).to.eql(outcomes[0])
  })
})
