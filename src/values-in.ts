/** A plain object, of any realm: its prototype has none itself. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  const prototype = value != null && Object.getPrototypeOf(value)
  return !!prototype && Object.getPrototypeOf(prototype) === null
}

/** An array or a plain object; nothing else is looked into. */
export const isPlain = (value: unknown): boolean => Array.isArray(value) || isRecord(value)

/**
 * A value and all that lies in it, with its depth, from the outside in. Only arrays and plain objects are looked into: a window
 * or an element in a payload is one value. A circle never ends.
 */
export function* valuesIn(value: unknown): Generator<[value: unknown, depth: number]> {
  yield [value, 0]
  let open = [value].filter(isPlain)
  for (let depth = 1; open.length; depth++) {
    const deeper: unknown[] = []
    for (const one of open) {
      // Arrays are gone through in place: nothing is built before somebody looks at it.
      for (const inner of Array.isArray(one) ? one : Object.values(one as object)) {
        yield [inner, depth]
        if (isPlain(inner)) deeper.push(inner)
      }
    }
    open = deeper
  }
}
