import { show, WireError } from '../errors.js'
import { MAX_DEPTH } from '../limits.js'
import { checkSize, errorRecord, parse, SMALL } from '../protocol.js'
import { isPlain } from '../values-in.js'
import type { EventState } from './event-state.js'

/**
 * A payload as JSON, for the log. What JSON would change is refused, unless the schema makes it again what it was (a
 * date that is coerced from its text).
 * @throws WireError naming the first path that would be lost
 */
export function payloadJSON(state: EventState): string {
  const { payload, meta } = state
  try {
    const lost = foreign(payload)
    const text = JSON.stringify(payload)
    if (text.length > SMALL) checkSize([payload])
    if (!lost.length) return text
    const back = meta.check?.(parse(text))
    const found = foreign(back)
    const same = ([path, value]: Foreign, i: number) =>
      found[i]?.[0] === path && kind(found[i][1]) === kind(value)
    if (JSON.stringify(back) === text && lost.every(same)) return text
    throw wordless(...lost[0])
  } catch (cause) {
    throw new WireError(
      `Expected the payload of ${state.label} to survive JSON, as it goes into a log: ${errorRecord(cause).message}. Use plain values, or a schema that coerces them back`,
      { cause },
    )
  }
}

type Foreign = [path: string, value: unknown]

const wordless = (...[path, value]: Foreign) =>
  new TypeError(`\`${path}\` is ${show(value)} (${typeof value})`)

const kind = (value: unknown) => value != null && Object.getPrototypeOf(value)
const isLeaf = (value: unknown) =>
  typeof value === 'string' || typeof value === 'boolean' || value === null || Number.isFinite(value)

/**
 * The values that JSON has no word for.
 * @throws TypeError for one that it refuses itself, RangeError for what is too deep, which may be a circle
 */
function foreign(value: unknown, path = 'payload', depth = 0, found: Foreign[] = []): Foreign[] {
  if (depth > MAX_DEPTH) throw new RangeError(`\`${path.slice(0, 50)}…\` has more than ${MAX_DEPTH} levels`)
  if (typeof value === 'bigint') throw wordless(path, value)
  // What has no prototype, as flat results and groups of a RegExp, is plain, too, or (a window) fails later.
  if (!isPlain(value) && kind(value) !== null) found.push([path, value])
  else {
    const list = Array.isArray(value)
    // With the holes of an array, which JSON fills.
    for (const key of list ? value.keys() : Object.keys(value as object)) {
      const inner = (value as Record<string, unknown>)[key]
      // A key without a value is as good as none; in an array it is not.
      if (!isLeaf(inner) && (inner !== undefined || list)) foreign(inner, `${path}.${key}`, depth + 1, found)
    }
  }
  return found
}
