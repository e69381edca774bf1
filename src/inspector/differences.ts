import { classOf, isArray, isObject, type Member } from './objects.js'
import { Failed, memberCount, membersOf, nameOf, platformValues, REDACTED } from './values.js'

/** A place in a payload or result where two are not the same. */
export interface Change {
  /** From the outside in, as `['payload', 'items', '0', 'qty']`. */
  path: readonly string[]
  kind: 'added' | 'removed' | 'changed'
  /** Absent where it was added. */
  before?: unknown
  /** Absent where it was removed. */
  after?: unknown
}

/** So many members are compared, and so deep: what is beyond counts as equal. */
const MOST = 100_000
const DEEPEST = 500

const GETTER = Object.freeze({})

/** Looked into member by member. Of all others only their names are known, or nothing but which they are. */
function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (value === REDACTED || value === GETTER || value instanceof Failed) return false
  const platform = platformValues.value
  return isArray(value) || platform?.nameOf(value) === undefined || platform.sizeOf(value) !== undefined
}

const kindOf = (object: object) => (isArray(object) ? 'Array' : classOf(object) || 'Object')

/** Dates, patterns and errors that say the same are the same. */
const saysTheSame = (one: unknown, other: unknown) =>
  isObject(one) &&
  isObject(other) &&
  platformValues.value?.saysAll(one) &&
  platformValues.value.saysAll(other) &&
  nameOf(one).text === nameOf(other).text

/** Both are to be looked into, or are equal, or are not. */
function relation(one: unknown, other: unknown): 'equal' | 'alike' | 'different' {
  try {
    if (Object.is(one, other) || saysTheSame(one, other)) return 'equal'
    return isContainer(one) && isContainer(other) && kindOf(one) === kindOf(other) ? 'alike' : 'different'
  } catch {
    // One may not be looked at.
    return 'different'
  }
}

function byKey(value: object, most: number): Map<string, unknown> {
  const found = new Map<string, unknown>()
  const add = ({ key, value: held, getter }: Member) => {
    // Keys of maps may be objects that look alike.
    let name = key
    for (let i = 2; found.has(name); i++) name = `${key} (${i})`
    found.set(name, getter ? GETTER : held)
  }
  membersOf(value, 0, Math.min(most, memberCount(value))).forEach(add)
  return found
}

/**
 * What is to be done to make the first value the second, exactly: no getter is run, and circles end. In the order of the first
 * one's keys, then of those that are new.
 */
export function differences(before: unknown, after: unknown, path: readonly string[] = []): Change[] {
  const changes: Change[] = []
  const seen = new Map<unknown, Set<unknown>>()
  let left = MOST
  const compare = (one: unknown, other: unknown, at: readonly string[]) => {
    const how = left-- <= 0 || at.length > DEEPEST ? 'equal' : relation(one, other)
    if (how === 'different') changes.push({ path: at, kind: 'changed', before: one, after: other })
    if (how !== 'alike') return
    const pairs = seen.get(one) ?? new Set()
    seen.set(one, pairs)
    if (pairs.has(other)) return
    pairs.add(other)
    const [old, now] = [byKey(one as object, left), byKey(other as object, left)]
    for (const [key, held] of old) {
      if (now.has(key)) compare(held, now.get(key), [...at, key])
      else changes.push({ path: [...at, key], kind: 'removed', before: held })
    }
    for (const [key, held] of now)
      if (!old.has(key)) changes.push({ path: [...at, key], kind: 'added', after: held })
  }
  compare(before, after, path)
  return changes
}
