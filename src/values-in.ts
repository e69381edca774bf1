const isPlain = (value: unknown) =>
  Array.isArray(value) || (value != null && Object.getPrototypeOf(value) === Object.prototype)

/**
 * A value and all that lies in it, with its depth, from the outside in. Only arrays and plain objects are looked into: a window
 * or an element in a payload is one value. A circle never ends.
 */
export function* valuesIn(value: unknown): Generator<[value: unknown, depth: number]> {
  let level = [value]
  for (let depth = 0; level.length; depth++) {
    for (const one of level) yield [one, depth]
    level = level.filter(isPlain).flatMap((one) => Object.values(one as object))
  }
}
