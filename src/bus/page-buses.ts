import { customAlphabet } from 'nanoid'
import { coreOf } from '../brands.js'
import { anIdentifier } from '../errors.js'
import { getPage } from '../page.js'
import { warn } from '../warnings.js'
import type { EventBus } from './event-bus.js'

/** Letters and digits only: names are identifiers. */
const suffix = /* @__PURE__ */ customAlphabet('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', 8)

/** The name to use: the one asked for, with a suffix if a living bus has it. @throws TypeError */
export function freeName(asked: string | undefined): string {
  if (asked === undefined) return `EventBus_${suffix()}`
  anIdentifier('name', asked)
  if (!getPage().names.get(asked)?.deref()) return asked
  const name = `${asked.slice(0, 55)}_${suffix()}`
  warn(`a bus named ${asked} lives in this page already; the new one is ${name}. \`stop({ clear: true })\` frees a name`)
  return name
}

let registry: FinalizationRegistry<string> | undefined

/** Lists the bus, weakly: the list keeps nobody alive, and a collected bus leaves it. */
export function registerBus(bus: EventBus, name: string): void {
  const { names } = getPage()
  names.set(name, new WeakRef(bus))
  registry ??= new FinalizationRegistry((collected) => names.get(collected)?.deref() || names.delete(collected))
  registry.register(bus, name)
}

/** All living buses of the page, of any copy of the library. */
export function livingBuses(): EventBus[] {
  return [...getPage().names.values()].map((ref) => ref.deref()).filter((bus) => bus !== undefined)
}

const LIMIT = 50_000_000
const PERIOD = 1000
const SAMPLE = 32

/**
 * Warns when all buses together hold more than about 50 MB. Called when a bus comes to rest; estimates at most once a
 * second, from a sample of each history.
 */
export function watchMemory(time: number): void {
  const page = getPage()
  if (time - page.weighed < PERIOD || page.warned.has('memory')) return
  page.weighed = time
  const sizes = livingBuses().map((bus) => {
    const history = coreOf(bus)?.history
    const sample = history ? history.sample(SAMPLE) : []
    const bytes = weigh(sample.map(({ state }) => [state.payload, state.runs().map((run) => run.value)]))
    const held = history?.size ?? 0
    return { mb: (bytes / (sample.length || 1)) * held * 1e-6, line: `${bus.name}, history ${held}` }
  })
  const total = sizes.reduce((sum, { mb }) => sum + mb, 0)
  if (total * 1e6 < LIMIT) return
  page.warned.add('memory')
  const biggest = sizes.sort((a, b) => b.mb - a.mb).slice(0, 5)
  warn(
    `the buses of this page hold about ${total.toFixed(1)} MB (more than 50 MB):\n${biggest
      .map(({ mb, line }) => `  - ${mb.toFixed(1)} MB: ${line}\n`)
      .join('')}Lower \`maxHistorySize\`, keep big values out of payloads, or clear buses with \`stop({ clear: true })\``,
  )
}

/** A rough size in bytes; looks at no more than 10 000 values. */
function weigh(value: unknown): number {
  let bytes = 0
  const values = [value]
  for (let i = 0; i < values.length && i < 10_000; i++) {
    const item = values[i]
    bytes += 16
    if (typeof item === 'string') bytes += item.length * 2
    else if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) bytes += item.byteLength
    else if (Array.isArray(item)) values.push(...item.slice(0, 10_000))
    else if (item && Object.getPrototypeOf(item) === Object.prototype) values.push(...Object.values(item))
  }
  return bytes
}
