/** A tab that reads its log again and again, in one way, and goes to rest in the midst of it. */
import { EventBus } from '../../../src/index.js'
import { EventLog } from '../../../src/log/event-log.js'
import { emptyLog } from '../../log/pages.js'
import { filled, reads, textOf } from '../../log/resting-reads.js'

const COUNT = 400

/** As the others: what it adds is read again. */
const importing = {
  read: async (log: EventLog) => {
    const copy = new EventLog(await emptyLog())
    const outcome = await copy.importJSONL(await textOf(log.exportJSONL()))
    const count = await copy.count()
    await copy.close()
    return [outcome, count]
  },
  gives: (count: number) => [{ done: count, failed: [] }, count],
}
const all: typeof reads = { ...reads, import: importing }

const page = {
  cameBack: 0,
  errors: [] as string[],
  rounds: 0,
  name: '',
  stopped: false,
  over: false,
  async fill(): Promise<string> {
    page.name = await filled(COUNT, { per: 2 })
    return page.name
  },
  async go(kind: string): Promise<void> {
    const expected = JSON.stringify(all[kind].gives(COUNT))
    while (!page.stopped) {
      // A new one each time, or its index would be known.
      const log = new EventLog(page.name)
      try {
        const given = JSON.stringify(await all[kind].read(log, EventBus))
        if (given !== expected) page.errors.push(`${given} instead of ${expected}`.slice(0, 500))
      } catch (error) {
        page.errors.push(String(error))
      }
      if (log.state !== 'ok') page.errors.push(log.state)
      await log.close()
      page.rounds++
    }
    page.over = true
  },
}
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) page.cameBack++
})
addEventListener('unhandledrejection', ({ reason }) => page.errors.push(String(reason)))

Object.assign(globalThis, { page })
