// Wrong arguments: a TypeError for the wrong kind, a RangeError for the wrong range, naming the argument and showing what
// came; nothing is half registered, and the bus goes on.
import { expect } from '@esm-bundle/chai'
import { BaseEvent, defineEvent, EventBus, retry } from '../../src/index.js'
import { stillWorks } from './helpers.js'

/** "Expected `name` to be …, got `value` (type)" */
const expected = (name: string) => new RegExp(`^Expected \`${name}\` to be .+, got .+ \\(.+\\)`, 's')

class Evil {
  toString(): string {
    throw new Error('toString throws')
  }
}

describe('bad arguments', () => {
  type Kind = typeof TypeError | typeof RangeError
  const cases: Record<string, [Kind, string, (bus: EventBus) => unknown]> = {}
  const badPatterns: unknown[] = [
    undefined,
    null,
    42,
    '',
    'with space',
    'a-b',
    '1st',
    'x'.repeat(65),
    {},
    class {},
    Symbol('s'),
  ]
  for (const pattern of badPatterns) {
    const shown =
      typeof pattern === 'function'
        ? 'another class'
        : typeof pattern === 'symbol'
          ? 'a symbol'
          : JSON.stringify(pattern)
    for (const method of ['on', 'expect', 'find', 'events', 'off'] as const) {
      cases[`${method}: the pattern ${shown}`] = [
        TypeError,
        'pattern',
        (bus) => bus[method](pattern as never, (() => {}) as never),
      ]
    }
  }
  for (const handler of [undefined, null, 42, 'f', {}, { handleEvent() {} }]) {
    cases[`on: the handler ${JSON.stringify(handler)}`] = [
      TypeError,
      'handler',
      (bus) => bus.on('StillWorks', handler as never),
    ]
  }
  const onWith = (options: unknown) => (bus: EventBus) => bus.on('StillWorks', () => {}, options as never)
  Object.assign(cases, {
    'on: options that are no object': [TypeError, 'options', onWith(42)],
    'on: a signal that is none': [TypeError, 'signal', onWith({ signal: {} })],
    'on: a name that is no string': [TypeError, 'name', onWith({ name: 42 })],
    'on: a time-out that is no number': [TypeError, 'timeout', onWith({ timeout: '10' })],
    'on: a time-out of NaN': [RangeError, 'timeout', onWith({ timeout: Number.NaN })],
    'on: a time-out of 0': [RangeError, 'timeout', onWith({ timeout: 0 })],
    'on: a negative time-out': [RangeError, 'timeout', onWith({ timeout: -1 })],
    'expect: a `where` that is no function': [
      TypeError,
      'where',
      (bus) => bus.expect('X', { where: 1 as never }),
    ],
    'expect: a negative time-out': [RangeError, 'timeout', (bus) => bus.expect('X', { timeout: -1 })],
    'expect: a signal that is none': [TypeError, 'signal', (bus) => bus.expect('X', { signal: 1 as never })],
    'find: a `childOf` that is no event': [
      TypeError,
      'childOf',
      (bus) => bus.find('X', { childOf: {} as never }),
    ],
    'dispatch: nothing': [TypeError, 'event', (bus) => bus.dispatch(undefined as never)],
    'dispatch: a type': [TypeError, 'event', (bus) => bus.dispatch('X' as never)],
    'dispatch: a class': [TypeError, 'event', (bus) => bus.dispatch(BaseEvent as never)],
    'dispatch: a plain DOM event': [TypeError, 'event', (bus) => bus.dispatch(new Event('X') as never)],
    'dispatch: something whose `toString` throws': [
      TypeError,
      'event',
      (bus) => bus.dispatch(new Evil() as never),
    ],
    'on: a handler whose `toString` throws': [
      TypeError,
      'handler',
      (bus) => bus.on('StillWorks', new Evil() as never),
    ],
    'attach: no target': [TypeError, 'target', (bus) => bus.attach({} as never, 'X')],
    'waitUntilIdle: a negative time': [RangeError, 'timeout', (bus) => bus.waitUntilIdle(-1)],
    'stop: a negative time-out': [RangeError, 'timeout', (bus) => bus.stop({ timeout: -1 })],
    'new EventBus: a name that is no string': [TypeError, 'name', () => new EventBus({ name: 42 as never })],
    'new EventBus: a name with a space': [TypeError, 'name', () => new EventBus({ name: 'my bus' })],
    'new EventBus: an empty name': [TypeError, 'name', () => new EventBus({ name: '' })],
    'new EventBus: a negative history': [
      RangeError,
      'maxHistorySize',
      () => new EventBus({ maxHistorySize: -1 }),
    ],
    'new EventBus: a history of NaN': [
      RangeError,
      'maxHistorySize',
      () => new EventBus({ maxHistorySize: Number.NaN }),
    ],
    'new EventBus: a history that is no number': [
      TypeError,
      'maxHistorySize',
      () => new EventBus({ maxHistorySize: '9' as never }),
    ],
    'new EventBus: nothing may be pending': [RangeError, 'maxPending', () => new EventBus({ maxPending: 0 })],
    'new EventBus: another concurrency': [
      TypeError,
      'eventConcurrency',
      () => new EventBus({ eventConcurrency: 'two' as never }),
    ],
    'new EventBus: parallel handlers': [
      TypeError,
      'parallelHandlers',
      () => new EventBus({ parallelHandlers: 'no' as never }),
    ],
    'attach: a class that is undefined, as in a circle of imports': [
      TypeError,
      'types',
      (bus) => bus.attach(new EventTarget(), undefined as never),
    ],
    'attach: a map that is undefined': [
      TypeError,
      'types',
      (bus) => bus.attach(new EventTarget(), 'click', undefined as never),
    ],
    'attach: options in the place of a map': [
      TypeError,
      'types',
      (bus) => bus.attach(new EventTarget(), 'click', { once: true } as never),
    ],
    'attach: a type that is a number': [
      TypeError,
      'types',
      (bus) => bus.attach(new EventTarget(), 1 as never),
    ],
    'find: seconds of the past': [TypeError, 'past', (bus) => bus.find('X', { past: 5 as never })],
    'find: seconds of the future': [TypeError, 'future', (bus) => bus.find('X', { future: 5 as never })],
    'eventResult: `raiseIfAny` that is no boolean': [
      TypeError,
      'raiseIfAny',
      (bus) => bus.dispatch(new BaseEvent('X')).eventResult({ raiseIfAny: 'no' as never }),
    ],
    'eventResultsList: `raiseIfNone` that is no boolean': [
      TypeError,
      'raiseIfNone',
      (bus) => bus.dispatch(new BaseEvent('X')).eventResultsList({ raiseIfNone: 'no' as never }),
    ],
    'eventResultsFlatDict: `raiseIfConflicts` that is no boolean': [
      TypeError,
      'raiseIfConflicts',
      (bus) => bus.dispatch(new BaseEvent('X')).eventResultsFlatDict({ raiseIfConflicts: 'no' as never }),
    ],
    'find: options that are none': [TypeError, 'options', (bus) => bus.find('X', null as never)],
    'new EventBus: a middleware that is a function': [
      TypeError,
      'middlewares',
      () => new EventBus({ middlewares: [(() => {}) as never] }),
    ],
    'new EventBus: middlewares that are no list': [
      TypeError,
      'middlewares',
      () => new EventBus({ middlewares: {} as never }),
    ],
    'new EventBus: a log whose name has a dash': [TypeError, 'log', () => new EventBus({ log: 'my-shop' })],
    'new EventBus: a log whose name, as an option, has a dash': [
      TypeError,
      'name',
      () => new EventBus({ log: { name: 'my-shop' } }),
    ],
    'new EventBus: a log of another mode': [
      TypeError,
      'mode',
      () => new EventBus({ log: { mode: 'beside' as never } }),
    ],
    'new EventBus: a log without patience': [
      RangeError,
      'deadline',
      () => new EventBus({ log: { deadline: 0 } }),
    ],
    'new EventBus: a log that retains less than nothing': [
      RangeError,
      'bytes',
      () => new EventBus({ log: { retain: { bytes: -1 } } }),
    ],
    'new EventBus: options that are none': [TypeError, 'options', () => new EventBus('MyBus' as never)],
    'new BaseEvent: no type': [TypeError, 'type', () => new BaseEvent(undefined as never)],
    'new BaseEvent: a type with a dash': [TypeError, 'type', () => new BaseEvent('my-event')],
    'new BaseEvent: a type of 65 characters': [TypeError, 'type', () => new BaseEvent('x'.repeat(65))],
    'new BaseEvent: a payload that is none': [TypeError, 'payload', () => new BaseEvent('X', 42 as never)],
    'new BaseEvent: a time-out of 0': [RangeError, 'timeout', () => new BaseEvent('X', {}, { timeout: 0 })],
    'defineEvent: a schema of no structs': [
      TypeError,
      'schema.n',
      () => defineEvent('X', { n: 'number' } as never),
    ],
    'defineEvent: a schema that is a list': [TypeError, 'schema', () => defineEvent('X', [] as never)],
    'defineEvent: a result that is no struct': [
      TypeError,
      'result',
      () => defineEvent('X', {}, { result: Number as never }),
    ],
    'defineEvent: a version that is no string': [
      TypeError,
      'version',
      () => defineEvent('X', {}, { version: 1 as never }),
    ],
    'retry: a negative wait': [RangeError, 'wait', () => retry({ wait: -1 })],
    'retry: fewer than no retries': [RangeError, 'retries', () => retry({ retries: -1 })],
    'retry: no slots': [RangeError, 'semaphoreLimit', () => retry({ semaphoreLimit: 0 })],
    'retry: another scope': [
      TypeError,
      'semaphoreScope',
      () => retry({ semaphoreLimit: 1, semaphoreScope: 'tab' as never }),
    ],
    'retry: a `retryOn` that is none': [TypeError, 'retryOn', () => retry({ retryOn: 'Error' as never })],
  } satisfies typeof cases)

  for (const [name, [kind, argument, act]] of Object.entries(cases)) {
    it(`${name} is a ${kind.name} naming \`${argument}\``, async () => {
      const bus = new EventBus()
      let error: unknown
      try {
        error = await Promise.resolve(act(bus)).then(
          () => 'nothing was thrown',
          (reason) => reason,
        )
      } catch (thrown) {
        error = thrown
      }
      expect(error).to.be.instanceOf(kind)
      expect((error as Error).message).to.match(expected(argument))
      await stillWorks(bus)
      expect([...EventBus.instances].filter((one) => one.name === 'my bus')).to.deep.equal([])
    })
  }
})
