const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')

/**
 * A UUIDv7 (RFC 9562): 48 bits of ms, a counter of 42 bits (6.2, method 1), 32 random bits. The counter starts at random in each
 * page and never goes back, so ids are in the order of creation within a ms too, and other pages' ids differ. The text is made
 * when somebody reads it; most ids never are.
 */
export function uuidv7(wallTime: number, count: number): string {
  const time = hex(wallTime, 12)
  const low = hex(0x80000000 + (count % 2 ** 30), 8)
  const [random] = crypto.getRandomValues(new Uint32Array(1))
  const high = hex(Math.floor(count / 2 ** 30) % 4096, 3)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${high}-${low.slice(0, 4)}-${low.slice(4)}${hex(random, 8)}`
}

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** Whether a value from outside can be an event's or a bus's id. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && uuid.test(value)
}
