import { expect } from '@esm-bundle/chai'
import { defineEvent, EventBus } from '../../src/index.js'
import { itWithTime } from '../support/long-tests.js'
import { consoleLines, eventually, gate } from './support.js'

class Crawl extends defineEvent('Crawl') {}
class Fetch extends defineEvent('Fetch') {}

describe('A4: slow handlers', () => {
  itWithTime(
    '37: a handler running for more than 15 s warns once, with what it waits for',
    async function () {
      this.timeout(30_000)
      const bus = new EventBus()
      const release = gate()
      bus.on(Fetch, () => release.promise, { name: 'fetchPage' })
      bus.on(
        Crawl,
        async () => {
          await bus.dispatch(new Fetch())
        },
        { name: 'crawlSite' },
      )
      const about = (lines: readonly string[]): string[] => lines.filter((line) => line.includes('crawlSite'))
      const lines = await consoleLines('warn', async (written) => {
        const crawl = bus.dispatch(new Crawl())
        expect(await eventually(() => about(written).length > 0, 25_000)).to.equal(true)
        release.open()
        await crawl
      })
      expect(about(lines)[0]).to.contain('Crawl').and.to.contain('Fetch')
      expect(about(lines).length).to.equal(1)
    },
  )
})
