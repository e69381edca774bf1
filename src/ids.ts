import { getPage, wallTime } from './page.js'

/** Four digits; small integers are quick to print, large ones are not. */
const hex = (value: number) => (0x10000 + (value & 0xffff)).toString(16).slice(1)

/** The beginning that ids of one ms share, and random digits for some ids: asking for them costs more than an id. */
let time = -1
let prefix = ''
const random = new Uint16Array(256)
let used = random.length

/**
 * A UUIDv7 (RFC 9562): 48 bits of ms, a counter of 42 bits (6.2, method 1), 32 random bits. The counter starts at random in each
 * page and never goes back, so ids are in the order of creation within a ms too, and other pages' ids differ. The text is made
 * when somebody reads it; most ids never are.
 */
export function uuidv7(wallTime: number, count: number): string {
  if (time !== wallTime) {
    time = wallTime
    prefix = `${hex(wallTime / 2 ** 32)}${hex(wallTime / 2 ** 16)}-${hex(wallTime)}`
  }
  if (used === random.length) {
    crypto.getRandomValues(random)
    used = 0
  }
  const high = hex(0x7000 + (Math.floor(count / 2 ** 30) & 0xfff))
  const low = hex(0x8000 + ((count >>> 16) & 0x3fff))
  return `${prefix}-${high}-${low}-${hex(count)}${hex(random[used++])}${hex(random[used++])}`
}

/** An id of now. */
export const newId = (): string => uuidv7(wallTime(performance.now()), getPage().count++)

/** Each digit written out: three times as quick as counted ones. */
const uuid = /* @__PURE__ */ new RegExp('^xxxx-xx-xx-xx-xxxxxx$'.replaceAll('x', '[\\da-f][\\da-f]'), 'i')

/** Whether a value from outside can be an event's or a bus's id. */
export const isUuid = (value: unknown): value is string => typeof value === 'string' && uuid.test(value)
