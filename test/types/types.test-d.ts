// Checked by the compiler alone: every line must have exactly the type that it claims.
import { array, defaulted, enums, number, object, optional, string, type as typeStruct } from 'superstruct'
import {
  BaseEvent,
  type BusHandle,
  defineEvent,
  EventBus,
  type EventClass,
  type EventOf,
  type EventResult,
  type HandlerFunction,
  type Pattern,
  retry,
} from '../../src/index.js'
import type { DataLossEvent, EventLog } from '../../src/log/event-log.js'

type IsExact<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2
    ? (<T>() => T extends B ? 1 : 2) extends <T>() => T extends A ? 1 : 2
      ? true
      : false
    : false
function exact<A, B>(_same: IsExact<A, B>): void {}

class OrderCreated extends defineEvent(
  'OrderCreated',
  { orderId: string(), total: number(), items: array(string()), note: optional(string()) },
  { result: object({ charged: number() }) },
) {}
class Opened extends defineEvent('Opened') {}
class Judged extends defineEvent('Judged', {}, { result: object({ verdict: enums(['yes', 'no']) }) }) {}
class Asked extends defineEvent('Asked', {}, { result: enums(['yes', 'no']) }) {}
class Typed extends defineEvent('Typed', typeStruct({ n: number() })) {}
class Defaulted extends defineEvent('Defaulted', { n: defaulted(number(), 1) }) {}

const bus = new EventBus({ name: 'Types' })
const order = new OrderCreated({ orderId: 'o', total: 1, items: [] })
type Charged = { charged: number }

export function payloads() {
  exact<typeof order.orderId, string>(true)
  exact<typeof order.total, number>(true)
  exact<typeof order.items, string[]>(true)
  exact<typeof order.note, string | undefined>(true)
  exact<Typed['n'], number>(true)
  exact<Defaulted['n'], number>(true)
  exact<Opened['eventPayload']['anything'], unknown>(true)
  new Opened({ any: 'thing' })
  exact<typeof order.eventStatus, 'pending' | 'started' | 'completed'>(true)
  exact<typeof order.eventParentId, string | null>(true)
  exact<typeof order.eventPath, readonly string[]>(true)
  exact<typeof order.eventChildren, readonly BaseEvent[]>(true)
  exact<(typeof order.eventPayload)['total'], number>(true)
  new OrderCreated({ orderId: 'o', total: 1, items: [], note: 'optional' })
  // @ts-expect-error a payload of the wrong kind
  new OrderCreated({ orderId: 1, total: 1, items: [] })
  // @ts-expect-error a key is missing
  new OrderCreated({ orderId: 'o', total: 1 })
  // @ts-expect-error no such key
  order.nothing
  // @ts-expect-error payloads are read-only
  order.total = 2
}

export function anyClass(file: unknown) {
  const classes: Record<string, EventClass> = { OrderCreated, Opened, Typed }
  for (const Class of Object.values(classes)) {
    bus.on(Class, (event) => event.eventId)
    exact<typeof Class.eventType, string>(true)
    Class.fromJSON(file).eventPayload
  }
  // @ts-expect-error no event class
  classes.Other = EventBus
}

export async function results() {
  exact<Awaited<ReturnType<typeof order.eventResult>>, Charged | undefined>(true)
  exact<Awaited<ReturnType<typeof order.eventResultsList>>, Charged[]>(true)
  exact<typeof order.eventResults, ReadonlyMap<string, EventResult<Charged>>>(true)
  exact<Awaited<ReturnType<Opened['eventResult']>>, unknown>(true)
  for (const result of order.eventResults.values())
    exact<typeof result.status, 'pending' | 'started' | 'completed' | 'error'>(true)
  // A handler may have returned nothing, and a forwarder's result is the event.
  const [first] = [...order.eventResults.values()]
  exact<typeof first.result, Charged | BaseEvent | null | undefined>(true)
  const awaited = await first
  exact<typeof awaited, Charged | BaseEvent | null | undefined>(true)
  await order.eventResultsList({ include: ({ result }) => result.charged > 1 })
  await order.eventResult({
    timeout: 10,
    include: (result) => result.status === 'completed',
    raiseIfAny: false,
    raiseIfNone: true,
  })
  // @ts-expect-error an option of the wrong kind
  await order.eventResult({ raiseIfAny: 'no' })
}

export async function awaiting() {
  exact<ReturnType<typeof bus.dispatch<OrderCreated>>, OrderCreated>(true)
  const completed = await bus.dispatch(order)
  exact<typeof completed, OrderCreated>(true)
  exact<typeof order.eventCompletion, Promise<OrderCreated>>(true)
  const all = await Promise.all([bus.dispatch(order), bus.dispatch(new Opened())])
  exact<typeof all, [OrderCreated, Opened]>(true)
}

// An async function may return a pending event.
export const placed = async (): Promise<OrderCreated> =>
  bus.dispatch(new OrderCreated({ orderId: 'o', total: 1, items: [] }))
export async function* stream(): AsyncGenerator<OrderCreated> {
  yield bus.dispatch(order)
}

export function handlers() {
  bus.on(OrderCreated, (event) => {
    exact<typeof event, OrderCreated>(true)
    return { charged: event.total }
  })
  bus.on(OrderCreated, async (event, context) => {
    exact<typeof context.bus, BusHandle>(true)
    exact<typeof context.signal, AbortSignal>(true)
    exact<typeof context.attempt, number>(true)
    exact<ReturnType<typeof context.via>, BusHandle>(true)
    exact<typeof context.bus.bus, EventBus>(true)
    exact<typeof context.result.eventId, string>(true)
    const child = await context.bus.dispatch(new Opened())
    exact<typeof child, Opened>(true)
    return { charged: event.total }
  })
  bus.on(OrderCreated, () => {})
  bus.on('OrderCreated', (event) => {
    exact<typeof event, BaseEvent>(true)
  })
  bus.on('*', (event) => event.eventType)
  bus.on(BaseEvent, (event) => event.eventType)
  bus.on('*', new EventBus().dispatch)
  bus.on(OrderCreated, new EventBus().dispatch)
  const subscription = bus.on('*', () => {}, {
    once: true,
    signal: new AbortController().signal,
    name: 'all',
    timeout: 5,
  })
  subscription()
  const disposable: Disposable = subscription
  bus.off(OrderCreated)
  bus.on(OrderCreated, (event) => (event.total > 1 ? new Opened() : null))
  bus.on(Opened, () => 'whatever')
  // @ts-expect-error a result of the wrong kind
  bus.on(OrderCreated, () => 'charged')
  // @ts-expect-error a promise of one
  bus.on(OrderCreated, async () => ({ charged: 'all' }))
  // @ts-expect-error a pattern is a class, a type or '*'
  bus.on(42, () => {})
  // @ts-expect-error a handler is a function
  bus.on('X', 'handler')
  return disposable
}

export function literals() {
  bus.on(Asked, () => 'yes')
  bus.on(Asked, (event) => (event.bubbles ? 'yes' : null))
  bus.on(Asked, async (event) => (event.bubbles ? 'yes' : 'no'))
  bus.on(Judged, () => ({ verdict: 'yes' }))
  bus.on(Judged, async () => ({ verdict: 'no' }))
  bus.on(Judged, async (event, { bus }) => {
    bus.on(Judged, () => ({ verdict: 'yes' }))
    return event.bubbles ? undefined : { verdict: 'no' }
  })
  // @ts-expect-error no such word
  bus.on(Asked, () => 'perhaps')
  // @ts-expect-error nor here
  bus.on(Judged, () => ({ verdict: 'perhaps' }))
}

/** Somebody's own function for events of any class, a hook of a framework. */
export function listenTo<E extends BaseEvent>(
  type: abstract new (...args: never[]) => E,
  then: (event: E) => void,
) {
  bus.addEventListener(type, then)
  void bus.expect(type, { where: (event) => event.bubbles }).then(then)
  bus.on(type, (event) => {
    then(event)
  })
  bus.off(type, then)
  return bus.on(type, then)
}
export const listens = listenTo(OrderCreated, (event) => exact<typeof event, OrderCreated>(true))
export function listenToAny<P extends Pattern>(pattern: P, handler: HandlerFunction<EventOf<P>>) {
  return bus[Math.random() > 0.5 ? 'on' : 'off'](pattern, handler)
}

export function listeners() {
  bus.addEventListener(OrderCreated, (event) => exact<typeof event, OrderCreated>(true))
  bus.addEventListener(
    OrderCreated,
    { handleEvent: (event) => exact<typeof event, OrderCreated>(true) },
    { once: true },
  )
  bus.removeEventListener(OrderCreated, (event) => exact<typeof event, OrderCreated>(true))
  bus.addEventListener('OrderCreated', (event) => exact<typeof event, BaseEvent>(true), true)
  bus.addEventListener('X', null)
  const target: EventTarget = bus
  const event: Event = order
  exact<ReturnType<typeof bus.dispatchEvent>, boolean>(true)
  bus.attach(document, OrderCreated, 'Opened')()
  bus.attach(document, 'click', (click) => (click.isTrusted ? new Opened() : null))
  return [target, event]
}

export async function waiting() {
  const expected = await bus.expect(OrderCreated, { where: (event) => event.total > 1, timeout: 5 })
  exact<typeof expected, OrderCreated>(true)
  const byPredicate = await bus.expect(OrderCreated, { predicate: (event) => event.orderId === 'o' })
  exact<typeof byPredicate, OrderCreated>(true)
  const byType = await bus.expect('OrderCreated')
  exact<typeof byType, BaseEvent>(true)
  const found = await bus.find(OrderCreated, {
    past: true,
    future: false,
    childOf: order,
    where: (event) => event.total > 1,
  })
  exact<typeof found, OrderCreated | null>(true)
  for await (const event of bus.events(OrderCreated)) exact<typeof event, OrderCreated>(true)
  exact<ReturnType<typeof bus.waitUntilIdle>, Promise<boolean>>(true)
  exact<ReturnType<typeof bus.whenRoom>, Promise<void>>(true)
  exact<ReturnType<typeof bus.stop>, Promise<void>>(true)
}

export function retried() {
  const load = retry({ retries: 1, retryOn: [TypeError] })(async (url: string, times: number) =>
    url.repeat(times),
  )
  exact<Parameters<typeof load>, [url: string, times: number]>(true)
  exact<Awaited<ReturnType<typeof load>>, string>(true)
  class Service {
    @retry({ semaphoreLimit: 1, semaphoreScope: 'self' })
    async run(event: OrderCreated): Promise<number> {
      return event.total
    }
    @retry()
    async bound(this: Service, event: OrderCreated): Promise<number> {
      return this.run(event)
    }
    @retry()
    async same<T>(what: T): Promise<T> {
      return what
    }
  }
  const repeat = retry()(async (text: string, times = 2) => text.repeat(times))
  exact<Promise<string>, ReturnType<typeof repeat>>(true)
  void repeat('a')
  // @ts-expect-error times is a number
  void repeat('a', 'b')
  const plain = retry()((n: number, more = 1) => n + more)
  exact<Promise<number>, ReturnType<typeof plain>>(true)
  void plain(1)
  void new Service().same(new Date()).then((date) => exact<typeof date, Date>(true))
  exact<ReturnType<Service['run']>, Promise<number>>(true)
  bus.on(
    OrderCreated,
    retry({ retryOn: (error) => error instanceof TypeError })(async (event: OrderCreated) => ({
      charged: event.total,
    })),
  )
  // @ts-expect-error no such scope
  retry({ semaphoreScope: 'tab' })
}

export function losses(log: EventLog) {
  log.addEventListener('dataloss', (loss) => exact<typeof loss, DataLossEvent>(true))
  log.addEventListener('dataloss', { handleEvent: ({ from, to, reason }) => `${from + to} ${reason}` })
  log.addEventListener('statechange', (event) => exact<typeof event, Event>(true), { once: true })
  log.addEventListener('anything', null)
  log.removeEventListener('dataloss', (loss: DataLossEvent) => loss.reason)
  const target: EventTarget = log
  return target
}

export function records() {
  const back = OrderCreated.fromJSON({})
  exact<typeof back, OrderCreated>(true)
  bus.dispatch(BaseEvent.fromJSON({}))
  exact<ReturnType<typeof order.toJSON>['event_type'], string>(true)
}
