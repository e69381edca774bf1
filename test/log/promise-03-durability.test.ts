// Promise 3, "Durability", as far as a page can see: what was acknowledged is there when its page has died. Kills of browsers,
// renderers and machines are in test/crash.
import { expect } from '@esm-bundle/chai'
import { forever } from '../same-page/helpers.js'
import { freshName, lines } from './helpers.js'
import { rowsOf } from './raw.js'
import { closeTabs, openTab } from './tabs.js'

describe('promise 3: durability', () => {
  afterEach(closeTabs)

  for (const durability of ['relaxed', 'strict'] as const) {
    it(`${durability}: every acknowledged event of a page that dies under load is there, in order`, async () => {
      const name = freshName()
      const tab = await openTab()
      const { bus } = tab.open(name, { durability, bus: { maxHistorySize: null } })
      bus.on('X', forever)
      const acknowledged: string[] = []
      const enough = new Promise<void>((resolve, reject) => {
        const go = (n: number) => {
          const event = bus.dispatch(new tab.bubus.BaseEvent('X', { n }))
          event.eventPersisted.then(() => {
            if (acknowledged.push(event.eventId) === 100) resolve()
            go(n + 1)
          }, reject)
        }
        for (let n = 0; n < 5; n++) go(n * 1000)
      })
      await enough
      const before = [...acknowledged]
      await tab.die()
      const there = lines((await rowsOf(name)).map(([, row]) => row))
        .filter(({ event_entry }) => event_entry === 'E')
        .map(({ event_id }) => event_id)
      expect(there).to.include.members(before)
      expect(new Set(there).size).to.equal(there.length)
    })
  }

  it('a transaction asks for the durability that was chosen, never for the default', async () => {
    const asked: (string | undefined)[] = []
    const tab = await openTab()
    const { prototype } = tab.window.IDBDatabase
    const { transaction } = prototype
    // Listens only: the call goes through.
    prototype.transaction = function (stores, mode, options) {
      if (mode === 'readwrite') asked.push(options?.durability)
      return transaction.call(this, stores, mode, options)
    }
    for (const durability of ['relaxed', 'strict'] as const) {
      asked.length = 0
      const { bus, log } = tab.open(freshName(), { durability })
      await log.db()
      await bus.ready
      asked.length = 0
      await bus.dispatch(new tab.bubus.BaseEvent('X')).eventPersisted
      expect(asked[0]).to.equal(durability)
      await log.close()
    }
  })
})
