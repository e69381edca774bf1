import { coreOf } from '../brands.js'
import { customAlphabet } from 'nanoid'
import { checkIdentifier } from '../errors.js'
import { getPage } from '../page.js'
import { warn } from '../warnings.js'
import type { EventBus } from './event-bus.js'

/** Letters and digits only: names are identifiers. */
const suffix = /* @__PURE__ */ customAlphabet('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', 8)

/** The name to use: the one asked for, with a suffix if a living bus has it. @throws TypeError */
export function freeName(asked: string | undefined): string {
  if (asked === undefined) return `EventBus_${suffix()}`
  checkIdentifier('name', asked)
  if (!getPage().names.get(asked)?.deref()) return asked
  const name = `${asked.slice(0, 55)}_${suffix()}`
  warn(`a bus named ${asked} lives in this page already; the new one is called ${name}. Stop the other with \`stop({ clear: true })\` to free its name`)
  return name
}

/** Lists the bus, weakly: the list keeps nobody alive. */
export function registerBus(bus: EventBus, name: string): void {
  const { buses, names } = getPage()
  const ref = new WeakRef(bus)
  buses.add(ref)
  names.set(name, ref)
  registry ??= new FinalizationRegistry(({ ref, name }) => forget(ref, name))
  registry.register(bus, { ref, name }, ref)
}

let registry: FinalizationRegistry<{ ref: WeakRef<EventBus>; name: string }> | undefined

function forget(ref: WeakRef<EventBus>, name: string): void {
  const { buses, names } = getPage()
  buses.delete(ref)
  if (names.get(name) === ref) names.delete(name)
}

/** Takes a cleared bus off the list and frees its name. */
export function unregisterBus(bus: EventBus, name: string): void {
  for (const ref of getPage().buses) if (ref.deref() === bus) forget(ref, name)
}

/** All living buses of the page, of any copy of the library. */
export function livingBuses(): EventBus[] {
  return [...getPage().buses].map((ref) => ref.deref()).filter((bus) => bus !== undefined)
}

const LIMIT = 50_000_000
const PERIOD = 1000

/**
 * Warns when all buses together hold more than about 50 MB. Called when a bus comes to rest; estimates at most once a
 * second, from a sample of each history.
 */
export function watchMemory(time: number): void {
  const page = getPage()
  if (time - page.weighed < PERIOD) return
  page.weighed = time
  const sizes = livingBuses().flatMap((bus) => {
    const history = coreOf(bus)?.history
    const sample = [...(history?.sample(32) ?? [])]
    const bytes = sample.reduce((sum, { state }) => sum + weigh([state.payload, state.runs().map((run) => run.value)]), 0)
    return history && sample.length ? [{ bus, bytes: (bytes / sample.length) * history.size, history }] : []
  })
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total < LIMIT || page.warned.has('memory')) return
  page.warned.add('memory')
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
  const biggest = sizes.sort((a, b) => b.bytes - a.bytes).slice(0, 5)
  warn(
    `the buses of this page hold about ${mb(total)} (more than 50 MB):\n` +
      biggest.map(({ bus, bytes, history }) => `  - ${bus.name}: ${mb(bytes)} (history ${history.size}, queued ${history.queued})`).join('\n') +
      '\nLower `maxHistorySize`, keep big values out of payloads, or clear buses with `stop({ clear: true })`',
  )
}

/** A rough size in bytes; looks at no more than 1000 values. */
function weigh(value: unknown): number {
  let bytes = 0
  const values = [value]
  for (let i = 0; i < values.length && i < 1000; i++) {
    const item = values[i]
    if (typeof item === 'string') bytes += item.length * 2
    else if (typeof item === 'object' && item) {
      bytes += 32
      const { byteLength, size } = item as { byteLength?: unknown; size?: unknown }
      if (typeof byteLength === 'number') bytes += byteLength
      else if (item instanceof Blob && typeof size === 'number') bytes += size
      else if (isPlain(item)) for (const key of Object.keys(item)) values.push((item as Record<string, unknown>)[key])
    } else bytes += 8
  }
  return values.length > 1000 ? (bytes * values.length) / 1000 : bytes
}

const isPlain = (item: object) => Array.isArray(item) || [null, Object.prototype].includes(Object.getPrototypeOf(item))
