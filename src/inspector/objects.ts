/** The little that can be asked of any object without running anything of its own. */

export interface Member {
  /** As it is shown. */
  key: string
  value: unknown
  /** An accessor: its value is not asked for. */
  getter?: boolean
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

export function classOf(object: object): string {
  const made = dataOf(object, 'constructor')
  const name = typeof made === 'function' ? dataOf(made, 'name') : undefined
  return typeof name === 'string' ? name.slice(0, 64) : ''
}

export const stringOf = (value: unknown) => (typeof value === 'string' ? value : '')

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

/** `12,345` */
export const figure = (n: number) => n.toLocaleString('en')
export const count = (n: number, what: string) => `${figure(n)} ${what}${n === 1 ? '' : 's'}`

const keyName = (key: PropertyKey) => (typeof key === 'symbol' ? `[${String(key)}]` : String(key))

export const indexes = (from: number, count: number) =>
  Array.from({ length: Math.max(0, count) }, (_, i) => String(from + i))

export function memberOf(object: object, key: PropertyKey): Member {
  const shown = keyName(key)
  const descriptor = Object.getOwnPropertyDescriptor(object, key)
  if (!descriptor) return { key: shown, value: undefined }
  return 'value' in descriptor
    ? { key: shown, value: descriptor.value }
    : { key: shown, value: undefined, getter: true }
}
