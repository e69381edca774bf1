import {
  classOf,
  count,
  dataOf,
  indexes,
  isArray,
  isObject,
  type Member,
  memberOf,
  stringOf,
} from './objects.js'
import { OnDemand } from './on-demand.js'
import type { PlatformValues } from './platform-values.js'

/**
 * Looks at values that may be anything: no getter is run, no `toString` or `toJSON` of theirs called, nothing is read as a
 * whole. What may not be looked at (a revoked proxy, a window of another origin) is shown as that.
 */

/** What stands for a value that is not to be seen. */
export const REDACTED = Object.freeze({})
/** A redactor or formatter has failed on it. */
export class Failed {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

export type Kind =
  | 'string'
  | 'number'
  | 'bigint'
  | 'boolean'
  | 'nothing'
  | 'symbol'
  | 'function'
  | 'object'
  | 'mark'

/** A value in a few words: what it is, not all that is in it. */
export function nameOf(value: unknown): { kind: Kind; text: string } {
  switch (typeof value) {
    case 'string': {
      const text = JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value)
      return {
        kind: 'string',
        text: value.length > 200 ? `${text} ${count(value.length, 'character')}` : text,
      }
    }
    case 'number':
      return { kind: 'number', text: Object.is(value, -0) ? '-0' : String(value) }
    case 'bigint':
      // A number of a million digits takes seconds to write.
      return {
        kind: 'bigint',
        text: value < 2n ** 512n && value > -(2n ** 512n) ? `${value}n` : 'a very big bigint',
      }
    case 'boolean':
      return { kind: 'boolean', text: String(value) }
    case 'symbol':
      return { kind: 'symbol', text: String(value).slice(0, 100) }
    case 'function':
      return { kind: 'function', text: `ƒ ${stringOf(dataOf(value, 'name')).slice(0, 64) || '(anonymous)'}` }
    case 'undefined':
      return { kind: 'nothing', text: 'undefined' }
  }
  if (value === null) return { kind: 'nothing', text: 'null' }
  if (value === REDACTED) return { kind: 'mark', text: '[redacted]' }
  try {
    if (value instanceof Failed) return { kind: 'mark', text: value.message }
    return { kind: 'object', text: objectName(value as object) }
  } catch {
    return { kind: 'mark', text: '[may not be looked at]' }
  }
}

/** Loaded when the first such object is seen; until then they go by the names of their classes. */
export const platformValues = new OnDemand<PlatformValues>(async () => {
  const { platform } = await import('./platform-values.js')
  return platform
})

/** Who knows more of an object; nobody of arrays and of plain objects, whose prototype has none itself or is missing. */
function platformOf(object: object): PlatformValues | null {
  if (isArray(object)) return null
  const prototype = Object.getPrototypeOf(object) as object | null
  if (!prototype || Object.getPrototypeOf(prototype) === null) return null
  // What cannot be loaded is done without.
  if (!platformValues.value && !platformValues.busy)
    platformValues.use(
      () => {},
      () => {},
    )
  return platformValues.value
}

function objectName(object: object): string {
  if (isArray(object)) return `Array(${dataOf(object, 'length')})`
  const found = platformOf(object)?.nameOf(object)
  if (found) return found
  const name = classOf(object)
  return name && name !== 'Object' ? name : '{…}'
}

/** How many members there are to be seen, at least 0 where that cannot be told. */
export function memberCount(value: unknown): number {
  if (!isObject(value)) return 0
  try {
    if (value instanceof Failed) return 0
    if (isArray(value)) return dataOf(value, 'length') as number
    return platformOf(value)?.sizeOf(value) ?? Reflect.ownKeys(value).length
  } catch {
    return 0
  }
}

/** Members `from` … `from + most`, by their descriptors. */
export function membersOf(value: unknown, from = 0, most = 100): Member[] {
  if (!memberCount(value)) return []
  const object = value as object
  try {
    const found = platformOf(object)?.membersOf(object, from, most, nameOf)
    if (found) return found
    const keys: PropertyKey[] = isArray(object)
      ? indexes(from, Math.min(most, memberCount(object) - from))
      : Reflect.ownKeys(object).slice(from, from + most)
    return keys.map((key) => memberOf(object, key))
  } catch {
    return []
  }
}

export type Redact = (path: readonly string[], value: unknown) => unknown

/** A value in one line of at most about `most` characters. */
export function preview(value: unknown, redact: Redact, most = 120, path: readonly string[] = []): string {
  const parts: string[] = []
  let left = most
  const write = (text: string) => {
    parts.push(text.slice(0, left + 1))
    left -= text.length
  }
  const walk = (one: unknown, at: readonly string[], deep: number) => {
    const array = isArray(one)
    const { kind, text } = nameOf(one)
    if (kind !== 'object' || deep > 2 || !(array || text === '{…}')) return write(text)
    write(array ? '[' : '{')
    const members = membersOf(one, 0, 20)
    for (const [i, { key, value: held, getter }] of members.entries()) {
      if (left <= 0) break
      write(`${i ? ', ' : ''}${array ? '' : `${key}: `}`)
      const inner = [...at, key]
      if (getter) write('(getter)')
      else walk(redact(inner, held), inner, deep + 1)
    }
    if (members.length < memberCount(one)) write(', …')
    write(array ? ']' : '}')
  }
  walk(value, path, 0)
  const text = parts.join('')
  return text.length > most ? `${text.slice(0, most)}…` : text
}
