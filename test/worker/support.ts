// Both ends of bridges to workers, frames and ports, which go when their test is over.
import { any } from 'superstruct'
import {
  type ExposedBus,
  type ExposeOptions,
  exposeBus,
  WorkerBridge,
} from '../../src/bridges/worker-bridge.js'
import { type BaseEvent, defineEvent, EventBus } from '../../src/index.js'

export class Carry extends defineEvent('Carry', { what: any() }, { result: any() }) {}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
export const within = <T>(ms: number, promise: T): Promise<Awaited<T>> =>
  Promise.race([
    Promise.resolve(promise),
    pause(ms).then(() => Promise.reject(new Error(`nothing within ${ms} ms`))),
  ])
/** The error of the last entry, which is the other side's. */
export const lastError = (event: BaseEvent) =>
  [...event.eventResults.values()].at(-1)?.error as Error | undefined
/** Results without the forwarder's. */
export const resultsOf = (event: BaseEvent) =>
  event.eventResultsList({ raiseIfAny: false, raiseIfNone: false })

const cleanups: (() => unknown)[] = []
export const later = (cleanup: () => unknown) => void cleanups.push(cleanup)
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

export function newBus(options: ConstructorParameters<typeof EventBus>[0] = {}): EventBus {
  const bus = new EventBus({ maxPending: null, ...options })
  later(() => bus.stop({ clear: true }))
  return bus
}
export function bridgeTo(
  target: ConstructorParameters<typeof WorkerBridge>[0],
  options?: ConstructorParameters<typeof WorkerBridge>[1],
): WorkerBridge {
  const bridge = new WorkerBridge(target, options)
  later(() => bridge.close())
  return bridge
}
export const wasm = () => new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))
/** Two buses, one at each end of a channel. */
export function ends(
  exposing?: ExposeOptions,
  bridging?: ConstructorParameters<typeof WorkerBridge>[1],
): {
  near: EventBus
  far: EventBus
  bridge: WorkerBridge
  exposed: ExposedBus
  ports: MessagePort[]
} {
  const { port1, port2 } = new MessageChannel()
  const near = newBus()
  const far = newBus({ name: 'Far' })
  const exposed = exposeBus(far, port2, exposing)
  later(() => exposed.close())
  const bridge = bridgeTo(port1, bridging)
  near.on('*', bridge.dispatch)
  return { near, far, bridge, exposed, ports: [port1, port2] }
}

export async function frame(src = 'about:blank'): Promise<HTMLIFrameElement> {
  const made = document.createElement('iframe')
  const loaded = new Promise((resolve) => made.addEventListener('load', resolve, { once: true }))
  made.src = src
  document.body.append(made)
  later(() => made.remove())
  await loaded
  return made
}
