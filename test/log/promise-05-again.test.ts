// Promise 5, "calls itself again". The events of the platform are dispatched by hand here, in a frame.
import { expect } from '@esm-bundle/chai'
import { BaseEvent } from '../../src/index.js'
import { forever } from '../same-page/helpers.js'
import { freshName } from './helpers.js'
import { closeTabs, eventually, loseLocks, openBus, openTab, tell } from './tabs.js'

describe('promise 5: recovery calls itself again', () => {
  afterEach(closeTabs)

  for (const how of ['visibilitychange', 'pageshow'] as const) {
    it(`on \`${how}\`, once it was asked for`, async () => {
      const name = freshName()
      const tab = await openTab()
      const [asked, not] = [tab.open(name), tab.open(name)]
      const seen: string[] = []
      asked.bus.on('X', () => void seen.push('asked'))
      not.bus.on('X', () => void seen.push('not'))
      expect(await asked.bus.recover()).to.deep.equal([])
      const dead = openBus(name)
      dead.bus.on('X', forever)
      await dead.bus.dispatch(new BaseEvent('X')).eventPersisted
      await loseLocks(dead)
      if (how === 'pageshow') {
        tell(tab, 'pagehide')
        tell(tab, 'pageshow')
      } else tab.window.document.dispatchEvent(new tab.window.Event('visibilitychange'))
      await eventually('it was recovered', () => seen.length)
      await asked.log.flush()
      expect(seen).to.deep.equal(['asked'])
      expect(await asked.bus.recover()).to.deep.equal([])
    })
  }
})
