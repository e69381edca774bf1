import { CORE, INSPECT } from '../brands.js'
import { anIdentifier } from '../errors.js'
import { LIMIT_MB, PERIOD, SAMPLE } from '../limits.js'
import { getPage } from '../page.js'
import { valuesIn } from '../values-in.js'
import { warn, warnOnce } from '../warnings.js'
import type { EventBus } from './event-bus.js'
import type { Visit } from './visit.js'

const living = (name: string) => getPage().names.get(name)?.deref()

/** The name to use: the one asked for, with the end of the bus's id if a living bus has it. @throws TypeError */
export function freeName(asked: string | undefined, id: string): string {
  if (asked !== undefined) anIdentifier('name', asked)
  if (asked && !living(asked)) return asked
  const name = `${(asked ?? 'EventBus').slice(0, 55)}_${id.slice(-8)}`
  if (asked)
    warn(`another bus is named ${asked}; this one is ${name}. \`stop({ clear: true })\` frees a name`)
  return name
}

/**
 * Functions in the page's set under `Symbol.for('bubus.inspect')`, where a tool has put one, are told of each bus while it is
 * being made, and of each handler or listener, by the number at the end of its `handlerId`, while it is being registered: so
 * a tool sees on the stack where.
 */
export function tellTools(bus: EventBus | null, handler?: number): void {
  for (const tell of (globalThis as { [INSPECT]?: Set<typeof tellTools> })[INSPECT] ?? []) tell(bus, handler)
}

/** Lists the bus, weakly: the list keeps nobody alive, and is swept now and then. */
export function registerBus(bus: EventBus, name: string): void {
  const { names } = getPage()
  if (names.set(name, new WeakRef(bus)).size % 64 === 0) livingBuses()
  tellTools(bus)
}

/** All living buses of the page, of any copy of the library. The collected ones leave the list when somebody looks. */
export function livingBuses(): EventBus[] {
  const { names } = getPage()
  return [...names.keys()].flatMap((name) => {
    const bus = living(name)
    if (!bus) names.delete(name)
    return bus ?? []
  })
}

/**
 * Warns once when all buses together hold more than about 50 MB. Called when a bus comes to rest; estimates at most once a
 * second, from a sample of each history.
 */
export function watchMemory(time: number): void {
  const page = getPage()
  if (time - page.weighed < PERIOD) return
  page.weighed = time
  let total = 0
  const sizes = livingBuses().map((bus) => {
    const { history } = bus[CORE]
    const sample = [history.completed, history.unfinished].flatMap((list) => list.newest(SAMPLE))
    const mb = (weigh(sample) / (sample.length || 1)) * history.size * 1e-6
    total += mb
    return { name: bus.name, mb }
  })
  if (total < LIMIT_MB) return
  const biggest = sizes.sort((a, b) => b.mb - a.mb).slice(0, 5)
  warnOnce(
    'memory',
    `events take more than ${LIMIT_MB} MB: ${biggest.map(({ name, mb }) => `${name} ${mb.toFixed()} MB`).join(', ')}. ` +
      'Lower `maxHistorySize`, or `stop({ clear: true })` a bus',
  )
}

/** A rough size in bytes of payloads and results; looks at no more than 10 000 values, and not past one that may not be looked at. */
function weigh(visits: Visit[]): number {
  let bytes = 0
  let left = 10_000
  try {
    for (const [value] of valuesIn(
      visits.map(({ state }) => [state.payload, state.runs.map((run) => run.value)]),
    )) {
      bytes +=
        typeof value === 'string' ? value.length * 2 : ((value as ArrayBuffer | null)?.byteLength ?? 16)
      if (!left--) break
    }
  } catch {
    // A getter that throws, a window of another origin.
  }
  return bytes
}
