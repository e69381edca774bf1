// Promise 13: imports and replays cannot be mistaken for life. Formats and errors are in transfer.test.ts; here only: recovery.
import { expect } from '@esm-bundle/chai'
import { uuidv7 } from '../../src/ids.js'
import { BaseEvent } from '../../src/index.js'
import { EventLog } from '../../src/log/event-log.js'
import { forever } from '../same-page/helpers.js'
import { freshName } from './helpers.js'
import { holdStore } from './raw.js'
import { loseLocks, openBus } from './tabs.js'

describe('promise 13: imports', () => {
  it('an imported event that was open where it came from is never recovered here', async () => {
    const from = openBus(freshName())
    from.bus.on('Open', forever)
    const open = from.bus.dispatch(new BaseEvent('Open', { n: 1 }))
    await open.eventPersisted
    await from.log.flush()
    const text = await new Response(from.log.exportJSONL()).text()
    expect(text).to.include(open.eventId)
    const to = openBus(from.name, { logName: freshName() })
    let runs = 0
    to.bus.on('Open', () => void runs++)
    await to.log.importJSONL(text)
    expect(await to.bus.recover()).to.deep.equal([])
    await loseLocks(to)
    const later = openBus(from.name, { logName: to.log.name })
    later.bus.on('Open', () => void runs++)
    expect(await later.bus.recover()).to.deep.equal([])
    expect(runs).to.equal(0)
  })

  it('an import is told where the database does not write; what comes of that write is not imported twice', async () => {
    const { log, name } = openBus(freshName(), { deadline: 100 })
    await log.db()
    const text = JSON.stringify({ event_type: 'X', event_id: crypto.randomUUID() })
    const release = await holdStore(name, 'wal', 'readonly')
    const outcome = await log.importJSONL(text).catch((error: Error) => error.name)
    await release()
    expect(outcome).to.equal('LogError')
    expect(await log.importJSONL(text)).to.deep.equal({ done: 1, failed: [] })
    expect(await log.count()).to.equal(1)
  })

  for (const [what, forget] of [
    ['cleared', (_: string, log: EventLog) => log.clear()],
    ['deleted', (name: string) => EventLog.destroy(name)],
  ] as const) {
    it(`what the log had is taken anew where it was ${what} during the import`, async () => {
      const { log, name } = openBus(freshName())
      const lineOf = (_: unknown, n: number) =>
        `${JSON.stringify({ event_type: 'X', event_id: uuidv7(1e12 + n, n), n })}\n`
      const lines = Array.from({ length: 600 }, lineOf)
      const known = [...lines.slice(0, 1), ...lines.slice(-3)].join('')
      expect(await log.importJSONL(known)).to.deep.equal({ done: 4, failed: [] })
      let written = () => {}
      const first = new Promise<void>((resolve) => {
        written = resolve
      })
      async function* slowly() {
        yield lines.slice(0, 500).join('')
        yield lines[500]
        await first
        await forget(name, log)
        yield lines.slice(501).join('')
      }
      const outcome = await log.importJSONL(slowly(), { onProgress: written })
      expect(outcome).to.deep.equal({ done: 600, failed: [] })
      // The first 500 went with the rest.
      expect(await log.count()).to.equal(100)
    })
  }

  it('a replayed event is another one, and says of which it is a copy', async () => {
    const { bus, log, name } = openBus(freshName())
    const event = await bus.dispatch(new BaseEvent('X', { n: 1 }))
    await log.flush()
    const target = openBus(freshName(), { logName: name })
    const seen: { id: string; of: unknown; n: unknown }[] = []
    target.bus.on('X', (copy) => {
      const { event_id: id, event_replay_of: of, n } = copy.toJSON()
      seen.push({ id, of, n })
    })
    await log.replay(target.bus)
    await target.bus.waitUntilIdle()
    expect(seen).to.have.length(1)
    expect(seen[0]).to.include({ of: event.eventId, n: 1 })
    expect(seen[0].id).not.to.equal(event.eventId)
  })
})
