import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { launch, openBench } from './support/browser.mjs'
import { runGroup } from './support/rounds.mjs'
import { servePage } from './support/serve.mjs'

const script = `
const cases = {
  yardstick: () => 1,
  good: () => 2,
  better: () => 3,
  fails: () => { throw new Error('The bench did not do its work') },
  waits: () => new Promise(() => {}),
  spins: () => { for (;;); },
  breaks: () => new Promise(() => setTimeout(() => { throw new Error('nobody catches it') })),
}
globalThis.benchPage = { sample: async (name) => ({ us: await cases[name](), figures: {} }) }`

describe('the rounds of a group of the bench', () => {
  let server
  let browser
  before(async () => {
    server = await servePage(script)
    browser = await launch('chromium')
  })
  after(async () => {
    await browser?.close()
    await server?.close()
  })

  const run = (names, limit) => runGroup(() => openBench(browser, server.url), names, { rounds: 3, limit })

  it('gives a sample of each case a round', async () => {
    const { samples, failures } = await run(['good', 'better'], 60_000)
    assert.deepEqual(failures, [])
    assert.equal(samples.length, 3)
    for (const round of samples) assert.deepEqual(Object.keys(round), ['yardstick', 'good', 'better'])
    assert.equal(samples[2].better.us, 3)
  })

  for (const [name, reason] of [
    ['fails', /did not do its work/],
    ['waits', /no answer in 3 s/],
    ['spins', /no answer in 3 s/],
    ['breaks', /nobody catches it/],
  ])
    it(`tells of a case that ${name}, and goes on with the others`, async () => {
      const { samples, failures } = await run(['good', name, 'better'], 3000)
      assert.deepEqual(
        failures.map((failure) => failure.name),
        [name],
      )
      assert.match(failures[0].reason, reason)
      assert.equal(samples.length, 3)
      for (const round of samples) assert.deepEqual(Object.keys(round), ['yardstick', 'good', 'better'])
    })
})
