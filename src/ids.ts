import { type Page } from './page.js'

/**
 * Moves the page's id clock on: `page.idTime` and `page.idCount` then stamp one id. The text is made by
 * `uuidv7` when it is read, most ids never are. More than 4096 ids in a ms borrow from the next (RFC 9562, 6.2).
 */
export function stampId(page: Page, time: number): void {
  if (time > page.idTime) {
    page.idTime = time
    page.idCount = 0
  } else if (++page.idCount > 0xfff) {
    page.idTime++
    page.idCount = 0
  }
}

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')

/** A UUIDv7 (RFC 9562): 48 bits of ms, a 12 bit counter, 62 random bits. */
export function uuidv7(time: number, count: number): string {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2))
  const stamp = hex(time, 12)
  const random = hex(((high >>> 2) | 0x80000000) >>> 0, 8)
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${hex(count, 3)}-${random.slice(0, 4)}-${random.slice(4)}${hex(low, 8)}`
}

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** Whether a value from outside can be an event's or a bus's id. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && uuid.test(value)
}
