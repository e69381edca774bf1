import { isArray } from './objects.js'
import { isError, platform } from './platform-values.js'
import { membersOf, nameOf, type Redact } from './values.js'

/** A value as JSON can hold it: what cannot be is written as what it is called. */
export function jsonOf(value: unknown, redact: Redact, path: readonly string[] = []): unknown {
  let left = 100_000
  const above: object[] = []
  const walk = (one: unknown, at: readonly string[]): unknown => {
    const { kind, text } = nameOf(one)
    if (left-- <= 0) return '[more than is written]'
    if (kind === 'string' || kind === 'boolean' || one === null) return one
    if (kind === 'number') return Number.isFinite(one) ? one : text
    if (one === undefined) return undefined
    if (kind !== 'object' || isError(one)) return text
    const object = one as object
    const array = isArray(object)
    if (above.includes(object)) return '[circular]'
    if (above.length > 100) return '[too deep]'
    if (!array && platform.nameOf(object) !== undefined) return text
    above.push(object)
    const held = membersOf(object, 0, 10_000).map(({ key, value: inner, getter }): [string, unknown] => {
      const where = [...at, key]
      return [key, getter ? '[getter]' : walk(redact(where, inner), where)]
    })
    above.pop()
    return array ? held.map(([, inner]) => inner ?? null) : Object.fromEntries(held)
  }
  return walk(value, path)
}
