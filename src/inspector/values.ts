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

export interface Member {
  /** As it is shown. */
  key: string
  value: unknown
  /** An accessor: its value is not asked for. */
  getter?: boolean
}

/** The platform's own getter of a class, which checks that it is given one of its own. */
export function ownGetter(prototype: object | undefined, key: string): (value: unknown) => unknown {
  const get = prototype && Object.getOwnPropertyDescriptor(prototype, key)?.get
  return (value) => {
    try {
      return get?.call(value)
    } catch {
      return undefined
    }
  }
}

/** Made on first use: importing this asks for no platform object that a server has not. */
function makeBrands() {
  const of = (name: string, key: string) =>
    ownGetter(
      (globalThis as unknown as Record<string, { prototype: object } | undefined>)[name]?.prototype,
      key,
    )
  const typed = Object.getPrototypeOf(Uint8Array.prototype) as object
  return {
    mapSize: of('Map', 'size'),
    setSize: of('Set', 'size'),
    source: of('RegExp', 'source'),
    flags: of('RegExp', 'flags'),
    blobSize: of('Blob', 'size'),
    blobType: of('Blob', 'type'),
    nodeName: of('Node', 'nodeName'),
    bufferLength: of('ArrayBuffer', 'byteLength'),
    typedLength: ownGetter(typed, 'length'),
    typedName: ownGetter(typed, Symbol.toStringTag as never),
  }
}
let brands: ReturnType<typeof makeBrands> | undefined
const getBrands = () => (brands ??= makeBrands())

function dateOf(value: unknown): number | undefined {
  try {
    return Date.prototype.getTime.call(value)
  } catch {
    return undefined
  }
}

/** A data property of the object or of what it inherits from; never an accessor's value. */
export function dataOf(object: object, key: PropertyKey): unknown {
  try {
    for (let at: object | null = object, deep = 0; at && deep < 20; at = Object.getPrototypeOf(at), deep++) {
      const descriptor = Object.getOwnPropertyDescriptor(at, key)
      if (descriptor) return descriptor.value
    }
  } catch {
    // A proxy that throws.
  }
  return undefined
}

function classOf(object: object): string {
  const made = dataOf(object, 'constructor')
  const name = typeof made === 'function' ? dataOf(made, 'name') : undefined
  return typeof name === 'string' ? name.slice(0, 64) : ''
}

const stringOf = (value: unknown) => (typeof value === 'string' ? value : '')

/** A revoked proxy throws when it is asked even that. */
export function isArray(value: unknown): value is unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

export const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'

/** An error of any realm; what only looks like one is none. */
export function isError(value: unknown): value is Error {
  const { isError: native } = Error as unknown as { isError?: (value: unknown) => boolean }
  try {
    return native
      ? native(value) || value instanceof DOMException
      : value instanceof Error || value instanceof DOMException
  } catch {
    return false
  }
}

/** An error's name and message, without running a getter of its own; a DOMException's are the platform's. */
export function wordOf(error: Error, key: 'name' | 'message'): string {
  const exception = typeof DOMException === 'function' && error instanceof DOMException
  const text = exception ? ownGetter(DOMException.prototype, key)(error) : dataOf(error, key)
  return stringOf(text).slice(0, 20_000)
}

const count = (n: number, what: string) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`

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

/** Prototypes of objects that are none of the platform's: to ask a platform getter costs an exception each time. */
const plainPrototypes = new WeakSet<object>()

/** Neither an array nor an object of a class: its prototype has none itself, or is missing. */
const isPlain = (prototype: object | null) => prototype === null || Object.getPrototypeOf(prototype) === null

function objectName(object: object): string {
  if (Array.isArray(object)) return `Array(${dataOf(object, 'length')})`
  const prototype = Object.getPrototypeOf(object) as object | null
  if (isPlain(prototype)) return '{…}'
  if (!plainPrototypes.has(prototype as object)) {
    const found = platformName(object)
    if (found) return found
    plainPrototypes.add(prototype as object)
  }
  return classOf(object) || '{…}'
}

/** The name of an object of the platform's own; undefined for what only inherits from one. */
function platformName(object: object): string | undefined {
  const {
    mapSize,
    setSize,
    source,
    flags,
    blobSize,
    blobType,
    nodeName,
    bufferLength,
    typedLength,
    typedName,
  } = getBrands()
  const name = classOf(object)
  if (isError(object)) {
    return `${wordOf(object, 'name') || 'Error'}: ${wordOf(object, 'message').slice(0, 200)}`
  }
  const date = dateOf(object)
  if (date !== undefined) return Number.isNaN(date) ? 'Invalid Date' : new Date(date).toISOString()
  const map = mapSize(object)
  if (map !== undefined) return `${name || 'Map'}(${map})`
  const set = setSize(object)
  if (set !== undefined) return `${name || 'Set'}(${set})`
  const typed = typedName(object)
  if (typed !== undefined) return `${typed}(${typedLength(object)})`
  const buffer = bufferLength(object)
  if (buffer !== undefined) return `ArrayBuffer(${count(buffer as number, 'byte')})`
  const blob = blobSize(object)
  if (blob !== undefined)
    return `${name || 'Blob'}(${count(blob as number, 'byte')}${blobType(object) ? `, ${blobType(object)}` : ''})`
  const node = nodeName(object)
  if (node !== undefined) return `<${String(node).toLowerCase()}>`
  const pattern = source(object)
  return pattern !== undefined && name === 'RegExp' ? `/${pattern}/${flags(object)}` : undefined
}

/** Whether a platform's getter need not be asked: it would only throw. */
const isOrdinary = (object: object) => {
  const prototype = Object.getPrototypeOf(object)
  return isPlain(prototype) || plainPrototypes.has(prototype)
}

/** Of a map, a set or a typed array. */
function platformSize(object: object): number | undefined {
  if (isOrdinary(object)) return undefined
  const { mapSize, setSize, typedLength } = getBrands()
  return (mapSize(object) ?? setSize(object) ?? typedLength(object)) as number | undefined
}

/** How many members there are to be seen, at least 0 where that cannot be told. */
export function memberCount(value: unknown): number {
  if (!isObject(value)) return 0
  try {
    if (value instanceof Failed) return 0
    if (Array.isArray(value)) return dataOf(value, 'length') as number
    return platformSize(value) ?? Reflect.ownKeys(value).length
  } catch {
    return 0
  }
}

const keyName = (key: PropertyKey) => (typeof key === 'symbol' ? `[${String(key)}]` : String(key))

/** Members `from` … `from + most`, by their descriptors. */
export function membersOf(value: unknown, from = 0, most = 100): Member[] {
  if (!memberCount(value)) return []
  const object = value as object
  try {
    const { mapSize, setSize, typedLength } = getBrands()
    const ordinary = Array.isArray(object) || isOrdinary(object)
    if (!ordinary && mapSize(object) !== undefined) {
      return slice(Map.prototype.entries.call(object), from, most).map(([key, held]) => ({
        key: isObject(key) ? nameOf(key).text : String(key),
        value: held,
      }))
    }
    if (!ordinary && setSize(object) !== undefined) {
      return slice(Set.prototype.values.call(object), from, most).map((held, i) => ({
        key: String(from + i),
        value: held,
      }))
    }
    const length = Array.isArray(object)
      ? memberCount(object)
      : ordinary
        ? undefined
        : (typedLength(object) as number | undefined)
    const keys: PropertyKey[] =
      length === undefined
        ? Reflect.ownKeys(object).slice(from, from + most)
        : Array.from({ length: Math.max(0, Math.min(most, length - from)) }, (_, i) => String(from + i))
    return keys.map((key) => member(object, key))
  } catch {
    return []
  }
}

function slice<T>(iterator: Iterable<T>, from: number, most: number): T[] {
  const found: T[] = []
  let at = 0
  for (const one of iterator) {
    if (at++ < from) continue
    if (found.push(one) >= most) break
  }
  return found
}

function member(object: object, key: PropertyKey): Member {
  const shown = keyName(key)
  const descriptor = Object.getOwnPropertyDescriptor(object, key)
  if (!descriptor) return { key: shown, value: undefined }
  return 'value' in descriptor
    ? { key: shown, value: descriptor.value }
    : { key: shown, value: undefined, getter: true }
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
