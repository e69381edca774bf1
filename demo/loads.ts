import { BaseEvent, EventBus } from '../src/index.js'

const unlimited = { maxHistorySize: null } as const
/** Every bus of this page has its part; the inspector finds them by itself. */
const main = new EventBus({ name: 'main', ...unlimited })
const audit = new EventBus({ name: 'audit', ...unlimited })

const goods = ['lamp', 'chair', 'teapot', 'bicycle bell', 'map of Lisbon', 'umbrella']
const one = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]
const payload = (n: number) => ({
  sku: `${one(goods)}-${n % 997}`,
  quantity: 1 + (n % 5),
  price: Math.round(Math.random() * 20_000) / 100,
  customer: { id: n, name: `Customer ${n}`, note: 'Please ring twice, the bell is slow.' },
})

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
type Say = (text: string) => void

main.on('Priced', function price(event) {
  return { total: (event.eventPayload as { price?: number }).price }
})
main.on('Ordered', async function reserve(event, { bus }) {
  bus.dispatch(new BaseEvent('StockTaken', { sku: event.eventPayload.sku }))
  bus.dispatch(new BaseEvent('Audited', { order: event.eventId }))
  return 'reserved'
})
main.on('Audited', audit.dispatch)
audit.on('Audited', function keep() {
  return true
})

/** Small events, as fast as asked, in every frame its share. */
async function stream(signal: AbortSignal, say: Say) {
  let sent = 0
  const start = performance.now()
  let said = start
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - start) / 1000) * 10_000)
    for (; sent < due; sent++) main.dispatch(new BaseEvent('Priced', payload(sent)))
    if (performance.now() - said > 500) {
      said = performance.now()
      say(
        `${sent.toLocaleString('en')} events, ${Math.round((sent / (said - start)) * 1000).toLocaleString('en')} a second`,
      )
    }
    await wait(8)
  }
  say(`${sent.toLocaleString('en')} events.`)
}

async function rows(signal: AbortSignal, say: Say) {
  for (let i = 0; i < 34_000 && !signal.aborted; i++) {
    main.dispatch(new BaseEvent('Ordered', payload(i)))
    if (i % 1000 === 999) {
      say(`${((i + 1) * 3).toLocaleString('en')} events`)
      await main.waitUntilIdle()
      await wait(0)
    }
  }
}

/** What fails here fails for show: once its result is read, the console says nothing of it. */
async function show(event: BaseEvent): Promise<void> {
  await event.eventCompletion
  await event.eventResultsList({ raiseIfAny: false })
}

/** A type for each level: a handler that comes back to itself again and again is taken for a loop, and stopped. */
const levels = ['Root', 'Trunk', 'Limb', 'Bough', 'Branch', 'Twig', 'Sprig', 'Leaf', 'Bud']
const grow = () => (Math.random() < 0.55 ? 1 + Math.floor(Math.random() * 3) : 0)
for (const bus of [main, audit]) {
  const other = bus === main ? audit : main
  for (const [depth, type] of levels.entries()) {
    const next = levels[depth + 1]
    bus.on(
      type,
      async (_, { bus: here, via }) => {
        if (Math.random() < 0.04) throw new Error(`This ${type.toLowerCase()} broke`)
        for (let i = next ? grow() : 0; i--; ) {
          const child = new BaseEvent(next, { depth: depth + 1, leaf: i })
          void show((Math.random() < 0.3 ? via(other) : here).dispatch(child))
        }
        if (Math.random() < 0.1) await wait(Math.random() * 30)
        return `grew at ${depth}`
      },
      { name: 'grow' },
    )
  }
}

async function trees(signal: AbortSignal, say: Say) {
  for (let i = 1; i <= 200 && !signal.aborted; i++) {
    void show(main.dispatch(new BaseEvent(levels[0], { depth: 0, tree: i })))
    say(`${i} trees`)
    await wait(20)
  }
}

main.on('Fails', function refuse() {
  throw new AggregateError(
    [new RangeError('There are only 3 of them'), new TypeError('A teapot is no bicycle')],
    'Two reasons not to',
    { cause: new Error('The shelf is empty', { cause: 'a customer came first' }) },
  )
})
main.on(
  'TakesTooLong',
  async function tortoise(_, { signal }) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  },
  { timeout: 400 },
)
main.on('GivesUp', function leave() {
  throw new DOMException('The reader went away', 'AbortError')
})
main.on('Slow', async function stroll() {
  await wait(3000)
  return 'there at last'
})
main.on(
  'Waits',
  async function ask(_, { bus }) {
    void show(bus.dispatch(new BaseEvent('TakesTooLong')))
    await bus.dispatch(new BaseEvent('Slow'))
  },
  { timeout: 800 },
)

async function statuses(_: AbortSignal, say: Say) {
  for (const type of ['Ordered', 'Fails', 'TakesTooLong', 'GivesUp', 'Waits', 'Slow', 'Audited']) {
    void show(main.dispatch(new BaseEvent(type, { why: 'to see it' })))
  }
  const { event_id: original, ...record } = new BaseEvent('Priced', payload(1)).toJSON()
  main.dispatch(
    BaseEvent.fromJSON({ ...record, event_id: new BaseEvent('Priced').eventId, event_replay_of: original }),
  )
  main.dispatch(new BaseEvent('Priced', { price: 1 }))
  say('One of each: some take a second, or wait for one that does.')
  await main.waitUntilIdle(5000)
}

main.on('Odd', (event) => event.eventPayload)

async function odd(_: AbortSignal, say: Say) {
  const circle: Record<string, unknown> = { name: 'round' }
  circle.again = circle
  main.dispatch(
    new BaseEvent('Odd', {
      big: 2n ** 70n,
      circle,
      map: new Map<unknown, unknown>([
        ['a', 1],
        [{ key: true }, new Set([1, 2, 3])],
      ]),
      date: new Date(),
      pattern: /b[aeiou]g/gi,
      bytes: new Uint8Array(1000),
      blob: new Blob(['hello'], { type: 'text/plain' }),
      symbol: Symbol('sign'),
      element: document.body,
      call: () => 1,
      markup: '<img src=x onerror=alert(1)>',
      long: 'All work and no play. '.repeat(5000),
      many: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key ${i}`, i])),
      trap: Object.defineProperty({}, 'mine', {
        enumerable: true,
        get() {
          throw new Error('Nobody is to look here')
        },
      }),
    }),
  )
  say('Select the event: nothing of it was run.')
}

export const loads = { stream, rows, trees, statuses, odd }
