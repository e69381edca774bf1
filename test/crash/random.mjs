// The page's generator, in Node.

/** @param {number} seed */
export function randomFrom(seed) {
  let state = seed | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (/** @type {number} */ end) => Math.floor(next() * end)
  return {
    next,
    below,
    /** @template T @param {readonly T[]} items */
    pick: (items) => items[below(items.length)],
  }
}
