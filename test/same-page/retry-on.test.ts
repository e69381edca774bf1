import { expect } from '@esm-bundle/chai'
import { retry } from '../../src/index.js'

class Plain {}
class Other {}
class Failure extends Error {}
const predicate = (error: unknown) => error instanceof Plain
function old(error: unknown): boolean {
  return error instanceof Plain
}

describe('`retryOn`', () => {
  const kinds = {
    'a class that is no error': Plain,
    'a list of them': [Plain],
    predicate,
    'an old function': old,
  }
  for (const [what, retryOn] of Object.entries(kinds)) {
    it(`as ${what}: retries what it names, and throws everything else as it is`, async () => {
      for (const [Thrown, attempts] of [
        [Plain, 3],
        [Other, 1],
        [Failure, 1],
      ] as const) {
        let calls = 0
        const fails = retry({ wait: 0, retries: 2, retryOn })(() => {
          calls++
          throw new Thrown()
        })
        const { warn } = console
        console.warn = () => {}
        const error = await fails().catch((caught: unknown) => caught)
        console.warn = warn
        expect(error).to.be.instanceOf(Thrown)
        expect(calls).to.equal(attempts)
      }
    })
  }

  it('names a function without a name', async () => {
    const { warn } = console
    const said: string[] = []
    console.warn = (text) => said.push(String(text))
    await retry({ wait: 0, retries: 1 })(() => {
      throw new Failure()
    })().catch(() => {})
    console.warn = warn
    expect(said.join()).to.contain('anonymous has failed')
  })
})
