// Which calls of `retry` need a slot of their own: all but those made from within the call that has one.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, EventBus, retry } from '../../src/index.js'
import { foreign } from './helpers.js'

const make = (type: string) => new BaseEvent(type, {}, { timeout: 3000 })
const settled = (bus: EventBus) => bus.waitUntilIdle()
const slowly = async () => {
  for (let tasks = 3; tasks--; ) await foreign()
}

for (const semaphoreScope of ['global', 'multiprocess'] as const) {
  let names = 0
  const options = () => ({
    semaphoreScope,
    semaphoreName: `retry-slots-${semaphoreScope}-${names++}`,
    semaphoreLimit: 1,
    semaphoreLax: false,
    semaphoreTimeout: 2000,
    retries: 0,
    wait: 0,
  })

  /** A limited function that tells how many of its calls ran at once. */
  const gauge = () => {
    let now = 0
    const api = retry(options())(async () => {
      seen.most = Math.max(seen.most, ++now)
      await slowly()
      now--
    })
    const seen = { most: 0, api }
    return seen
  }

  describe(`slots of retry, ${semaphoreScope}`, () => {
    it('calls that one handler makes at once wait for one another, and for those of another handler', async () => {
      const bus = new EventBus({ parallelHandlers: true })
      const seen = gauge()
      for (let handlers = 2; handlers--; )
        bus.on('Parent', () => Promise.all([1, 2, 3].map(() => seen.api())), { name: `handler${handlers}` })
      await bus.dispatch(make('Parent')).eventResultsList()
      expect(seen.most).to.equal(1)
    })

    it('a call after an await of ours waits for the one before it', async () => {
      const [bus, other] = [new EventBus(), new EventBus()]
      const seen = gauge()
      bus.on('Parent', async () => {
        const first = seen.api()
        await other.dispatch(make('Other'))
        await Promise.all([first, seen.api()])
      })
      await bus.dispatch(make('Parent')).eventResult()
      expect(seen.most).to.equal(1)
    })

    it('a call of an awaited child waits for one that runs beside it', async () => {
      const bus = new EventBus()
      const seen = gauge()
      bus.on('Child', () => seen.api())
      bus.on('Parent', async (_event, context) => {
        const mine = seen.api()
        await foreign()
        await Promise.all([mine, foreign().then(() => context.bus.dispatch(make('Unrelated')))])
      })
      bus.on('Beside', async (_event, context) => {
        const mine = seen.api()
        await context.bus.dispatch(make('Child'))
        await mine
      })
      await bus.dispatch(make('Parent')).eventResult()
      await bus.dispatch(make('Beside')).eventResult()
      expect(seen.most).to.equal(1)
    })

    it('a child that was dispatched from within, but after the slot was given back, needs one', async () => {
      const bus = new EventBus()
      const seen = gauge()
      let child!: BaseEvent
      bus.on('Child', () => seen.api())
      bus.on('Parent', async (_event, context) => {
        const limited = { ...options(), semaphoreName: 'other' }
        await retry(limited)(async () => {
          child = context.bus.dispatch(make('Child'))
        })()
        await Promise.all([seen.api(), child])
      })
      await bus.dispatch(make('Parent')).eventResult()
      expect(seen.most).to.equal(1)
    })

    type Step = (inner: () => Promise<unknown>, bus: EventBus['dispatch']) => Promise<unknown>
    const child = async (dispatch: EventBus['dispatch']) => (await dispatch(make('Child'))).eventResult()
    const nested: Record<string, Step> = {
      'in its synchronous part': (inner) => inner(),
      'after an await of ours': async (inner, dispatch) => {
        await dispatch(make('Other'))
        return inner()
      },
      'in an awaited child': (_inner, dispatch) => child(dispatch),
      'in a child after an await of ours': async (_inner, dispatch) => {
        await dispatch(make('Other'))
        return child(dispatch)
      },
      'in a child after a foreign await': async (_inner, dispatch) => {
        await foreign()
        return child(dispatch)
      },
      'in a grandchild': async (_inner, dispatch) =>
        (await dispatch(make('Grand'))).eventResult() as Promise<unknown>,
      'within a call that has a slot of another semaphore': (inner) => retry(options())(() => inner())(),
    }
    for (const [name, step] of Object.entries(nested)) {
      for (const isHandler of [true, false]) {
        it(`a nested call goes on with the slot of its caller: ${name}; ${isHandler ? 'a handler' : 'a function'}`, async () => {
          const bus = new EventBus()
          const limited = options()
          const inner = retry(limited)(async () => 'inner')
          const outer = retry(limited)((_event: BaseEvent, { bus: { dispatch } }: { bus: EventBus }) =>
            step(inner, dispatch as never),
          )
          bus.on('Child', () => inner())
          bus.on('Grand', async (_event, context) => child(context.bus.dispatch as never))
          const handler = isHandler ? outer : (...args: Parameters<typeof outer>) => outer(...args)
          bus.on('Parent', handler as never)
          expect(await bus.dispatch(make('Parent')).eventResult()).to.equal('inner')
          await settled(bus)
        })
      }
    }

    it('a nested call goes on with the slot of its caller in a second attempt, in no handler, too', async () => {
      const limited = { ...options(), retries: 1 }
      let attempts = 0
      const inner = retry(limited)(async () => {
        if (attempts < 2) throw new Error('the first attempt of the nested one')
        return 'inner'
      })
      const outer = retry(limited)(async () => {
        if (++attempts < 2) throw new Error('the first attempt')
        return inner()
      })
      expect(await outer()).to.equal('inner')
    })
  })
}
