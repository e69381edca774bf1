import { classOf, count, dataOf, indexes, isObject, type Member, memberOf, stringOf } from './objects.js'

/** Knows the platform's own objects: maps and dates, errors and nodes. */
export interface PlatformValues {
  /** Undefined for what only inherits from one. */
  nameOf(object: object): string | undefined
  /** Whether its name says all that it is. */
  saysAll(object: object): boolean
  /** Of a date, in ms. */
  timeOf(object: unknown): number | undefined
  /** How many members it has of its own kind. */
  sizeOf(object: object): number | undefined
  /** `nameOf` gives keys that are objects a name. */
  membersOf(
    object: object,
    from: number,
    most: number,
    nameOf: (value: unknown) => { text: string },
  ): Member[] | undefined
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

/** Prototypes of the page's own classes. */
const ownClasses = new WeakSet<object>()

/** The browser's class, whose body cannot be read; one that does not tell may be. */
const isNative = (made: unknown) =>
  typeof made !== 'function' || /\[native code\]\s*}$/.test(Function.prototype.toString.call(made))

/**
 * An object of the page's own classes is none of the platform's: to ask a platform getter costs an exception each time. Told by its classes
 * alone: what only inherits from a map, or is a proxy of one, has the same prototype as maps.
 */
function isOwn(object: object): boolean {
  try {
    const first = Object.getPrototypeOf(object) as object | null
    if (!first || ownClasses.has(first)) return true
    let at = first
    for (let deep = 0; deep < 20; deep++) {
      const above = Object.getPrototypeOf(at) as object | null
      // Where all end, `Object.prototype` of whichever realm.
      if (!above) {
        ownClasses.add(first)
        return true
      }
      if (isNative(Object.getOwnPropertyDescriptor(at, 'constructor')?.value)) return false
      at = above
    }
  } catch {
    // A proxy that throws.
  }
  return false
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

function slice<T>(iterator: Iterable<T>, from: number, most: number): T[] {
  const found: T[] = []
  let at = 0
  for (const one of iterator) {
    if (at++ < from) continue
    if (found.push(one) >= most) break
  }
  return found
}

/** The name of an object of the platform's own; undefined for what only inherits from one. */
function platformName(object: object): string | undefined {
  if (isOwn(object)) return undefined
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

/** Typed arrays go by their indexes, which are no properties that can be listed. */
function platformMembers(
  object: object,
  from: number,
  most: number,
  nameOf: (value: unknown) => { text: string },
): Member[] | undefined {
  if (isOwn(object)) return undefined
  const { mapSize, setSize, typedLength } = getBrands()
  if (mapSize(object) !== undefined) {
    return slice(Map.prototype.entries.call(object), from, most).map(([key, held]) => ({
      key: isObject(key) ? nameOf(key).text : String(key),
      value: held,
    }))
  }
  if (setSize(object) !== undefined) {
    return slice(Set.prototype.values.call(object), from, most).map((held, i) => ({
      key: String(from + i),
      value: held,
    }))
  }
  const length = typedLength(object)
  if (typeof length !== 'number') return undefined
  return indexes(from, Math.min(most, length - from)).map((key) => memberOf(object, key))
}

export const platform: PlatformValues = {
  nameOf: platformName,
  timeOf: dateOf,
  saysAll: (object) =>
    dateOf(object) !== undefined || isError(object) || getBrands().source(object) !== undefined,
  sizeOf(object) {
    if (isOwn(object)) return undefined
    const { mapSize, setSize, typedLength } = getBrands()
    return (mapSize(object) ?? setSize(object) ?? typedLength(object)) as number | undefined
  },
  membersOf: platformMembers,
}
