// A15 of behaviours.md: what bubus's write-ahead log has a line of, and what is in it.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'
import { freshName } from '../log/helpers.js'

async function linesOf(log: EventLog): Promise<Record<string, unknown>[]> {
  const text = await new Response(log.exportJSONL()).text()
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

describe('A15 write-ahead log', () => {
  it('94: one line for each event and bus, with payload, type and date', async () => {
    const name = freshName()
    const log = new EventLog(name)
    const bus = new EventBus({ name, log })
    bus.on('X', () => 'done')
    for (const n of [1, 2, 3]) await bus.dispatch(new BaseEvent('X', { n }))
    await log.flush()
    const lines = await linesOf(log)
    expect(lines.map(({ n }) => n)).to.deep.equal([1, 2, 3])
    for (const line of lines) {
      expect(line.event_type).to.equal('X')
      expect(new Date(line.event_created_at as string).toISOString()).to.equal(line.event_created_at)
    }
    await bus.stop({ clear: true })
    await log.close()
  })

  it('95: the Python keys, each forward a line of its own, outcomes beside them', async () => {
    const [a, b] = [freshName(), freshName()]
    const log = new EventLog(a)
    const first = new EventBus({ name: a, log })
    const second = new EventBus({ name: b, log })
    first.on('*', second.dispatch)
    second.on('X', () => 7)
    await first.dispatch(new BaseEvent('X', { n: 1 }, { timeout: 2500 }))
    await log.flush()
    const lines = await linesOf(log)
    expect(lines.map(({ event_path }) => event_path)).to.deep.equal([[a], [a, b]])
    for (const line of lines) {
      expect(line).to.include({ event_schema: 'X@1.0.0', event_timeout: 2.5, event_parent_id: null, n: 1 })
      // The Python parser refuses that key; what came of an event has another.
      expect(line).not.to.have.property('event_results')
      expect((line.event_outcomes as { result: unknown }[]).map(({ result }) => result)).to.deep.equal([7])
    }
    for (const bus of [first, second]) await bus.stop({ clear: true })
    await log.close()
  })
})
