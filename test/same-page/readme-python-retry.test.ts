// "Advanced Concurrency Control" of the Python library's readme. The waits are milliseconds instead of seconds.
import { expect } from '@esm-bundle/chai'
import { string } from 'superstruct'
import { type BaseEvent, defineEvent, EventBus, EventTimeoutError, retry } from '../../src/index.js'
import { foreign, only } from './helpers.js'

class ConnectionError extends Error {}

/** Counts how many calls are inside at the same time. */
class Gauge {
  inside = 0
  most = 0
  async visit(): Promise<void> {
    this.most = Math.max(this.most, ++this.inside)
    await foreign()
    this.inside--
  }
}

const many = (count: number, call: (index: number) => Promise<unknown>) =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)))

describe('the readme of the Python library: retry', () => {
  it('@retry Decorator', async () => {
    const bus = new EventBus()
    class FetchDataEvent extends defineEvent('FetchDataEvent', { url: string() }) {}
    let attempts = 0

    const fetchWithRetry = retry({
      wait: 2, // Wait between retries
      retries: 3, // Retry up to 3 times after initial failure
      timeout: 5000, // Each attempt times out after 5 seconds
      semaphoreLimit: 5, // Max 5 concurrent executions
      backoffFactor: 1.5, // Exponential backoff: 2, 3, 4.5
      retryOn: [EventTimeoutError, TypeError], // Only retry on specific exceptions; fetch rejects with a TypeError
    })(async function fetchData(event: FetchDataEvent) {
      // This handler will automatically retry on network failures
      const response = await fetch(attempts++ < 2 ? 'http://user:password@[::not-a-host' : event.url)
      return response.json()
    })
    bus.on(FetchDataEvent, fetchWithRetry)

    const event = bus.dispatch(new FetchDataEvent({ url: 'data:application/json,{"ok":true}' }))
    expect(await event.eventResult()).to.deep.equal({ ok: true })
    expect(attempts).to.equal(3)
    expect(only(event.eventResults.values()).handlerName).to.equal('fetchData')
  })

  it('Semaphore Options: a global semaphore is one limit for all calls', async () => {
    const bus = new EventBus({ eventConcurrency: 'parallel' })
    const gauge = new Gauge()
    // Global semaphore - all calls share one limit
    const globalLimitedHandler = retry({ semaphoreLimit: 3, semaphoreScope: 'global' })(
      async function globalLimitedHandler(_event: BaseEvent) {
        await gauge.visit()
      },
    )
    class Work extends defineEvent('Work') {}
    bus.on(Work, globalLimitedHandler)
    await many(10, async () => (await bus.dispatch(new Work())).eventResult())
    expect(gauge.most).to.equal(3)
  })

  it('Semaphore Options: all instances of a class share the limit of a class semaphore', async () => {
    const gauge = new Gauge()
    // Per-class semaphore - all instances of a class share one limit
    class MyService {
      @retry({ semaphoreLimit: 2, semaphoreScope: 'class' })
      async classLimitedHandler(_event?: BaseEvent) {
        await gauge.visit()
      }
    }
    const services = [new MyService(), new MyService()]
    await many(8, async (index) => services[index % 2]?.classLimitedHandler())
    expect(gauge.most).to.equal(2)
  })

  it('Semaphore Options: each instance gets its own limit', async () => {
    const all = new Gauge()
    // Per-instance semaphore - each instance gets its own limit
    class MyService {
      own = new Gauge()
      @retry({ semaphoreLimit: 1, semaphoreScope: 'self' })
      async instanceLimitedHandler(_event?: BaseEvent) {
        await Promise.all([this.own.visit(), all.visit()])
      }
    }
    const services = [new MyService(), new MyService()]
    await many(8, async (index) => services[index % 2]?.instanceLimitedHandler())
    expect(services.map((service) => service.own.most)).to.deep.equal([1, 1])
    expect(all.most).to.equal(2)
  })

  it('Advanced Example', async () => {
    const bus = new EventBus()
    class DatabaseEvent extends defineEvent('DatabaseEvent', { query: string() }) {}
    const queries: string[] = []

    class DatabaseService {
      db = {
        async execute(query: string) {
          queries.push(query)
          if (queries.length <= 2) throw new ConnectionError('connection lost')
          return `rows of ${query}`
        },
      }

      @retry({
        wait: 1,
        retries: 5,
        timeout: 10_000,
        semaphoreLimit: 10, // Max 10 concurrent DB operations
        semaphoreScope: 'class', // Shared across all instances
        semaphoreTimeout: 30_000, // Wait up to 30s for semaphore
        semaphoreLax: false, // Fail if can't acquire semaphore
        backoffFactor: 2.0, // Exponential backoff
        retryOn: [ConnectionError, EventTimeoutError],
      })
      async executeQuery(event: DatabaseEvent) {
        // Automatically retries on connection failures
        // Limited to 10 concurrent operations across all instances
        return this.db.execute(event.query)
      }
    }

    // Register the handler
    const dbService = new DatabaseService()
    bus.on(DatabaseEvent, dbService.executeQuery.bind(dbService))

    const event = bus.dispatch(new DatabaseEvent({ query: 'select 1' }))
    expect(await event.eventResult()).to.equal('rows of select 1')
    expect(queries).to.deep.equal(['select 1', 'select 1', 'select 1'])
  })

  it('retry_on: other exceptions are final', async () => {
    const bus = new EventBus()
    class Fails extends defineEvent('Fails') {}
    let calls = 0
    const handler = retry({ wait: 1, retryOn: [ConnectionError] })(async (_event: Fails) => {
      calls++
      throw new RangeError('not to be retried')
    })
    bus.on(Fails, handler)
    const event = await bus.dispatch(new Fails())
    expect(only(event.eventResults.values()).error).to.be.instanceOf(RangeError)
    expect(calls).to.equal(1)
  })
})
