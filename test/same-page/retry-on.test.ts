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

describe('a semaphore of all tabs without a name', () => {
  const warningsOf = async (semaphoreName: string | undefined, fn: () => Promise<number>) => {
    const { warn } = console
    const said: string[] = []
    console.warn = (text) => said.push(String(text))
    const options = { semaphoreScope: 'multiprocess', semaphoreLimit: 9, retries: 0 } as const
    await retry(semaphoreName ? { ...options, semaphoreName } : options)(fn)()
    console.warn = warn
    return said.join()
  }

  it('is warned of where the function has none that a build keeps, not where one is given', async () => {
    const e = async () => 1
    expect(await warningsOf(undefined, e)).to.contain('All tabs share the semaphore "e"')
    expect(await warningsOf(undefined, async () => 1)).to.contain('give a `semaphoreName`')
    expect(await warningsOf('gpu', e)).to.equal('')
  })
})
