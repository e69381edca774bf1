import { show, WireError } from '../errors.js'
import { isPlain } from '../values-in.js'
import type { EventState } from './event-state.js'

/**
 * A payload as JSON, for the log. What JSON would change is refused, unless the schema makes it again what it was (a
 * date that is coerced from its text).
 * @throws WireError naming the first path that would be lost
 */
export function payloadJSON({ payload, meta, label }: EventState): string {
  let reason: string
  let cause: unknown
  try {
    const lost = [...foreign(payload, 'payload')]
    const text = JSON.stringify(payload)
    if (!lost.length) return text
    const back = meta.check?.(JSON.parse(text))
    const same = (at: Foreign, i: number) => at.path === lost[i]?.path && at.prototype === lost[i].prototype
    if (back && JSON.stringify(back) === text && [...foreign(back, 'payload')].every(same)) return text
    reason = `\`${lost[0].path}\` is ${show(lost[0].value)}`
  } catch (error) {
    cause = error
    reason = show((error as Error | null)?.message)
  }
  throw new WireError(
    `Expected the payload of ${label} to survive JSON, as it goes into a log: ${reason}. Use plain values, or a schema that coerces them back`,
    { cause },
  )
}

interface Foreign {
  path: string
  value: unknown
  prototype: unknown
}

/** The values that JSON has no word for. A circle ends as the RangeError of the engine. */
function* foreign(value: unknown, path: string): Generator<Foreign> {
  if (value === null || Number.isFinite(value) || /^(string|boolean)$/.test(typeof value)) return
  if (!isPlain(value)) {
    yield { path, value, prototype: value === undefined ? value : Object.getPrototypeOf(value) }
    return
  }
  const list = Array.isArray(value)
  for (const [key, inner] of Object.entries(value as object)) {
    // A key without a value is as good as none.
    if (inner !== undefined || list) yield* foreign(inner, `${path}.${key}`)
  }
}
