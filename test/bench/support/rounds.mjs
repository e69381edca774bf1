/** ms for one sample of a case: the longest take 8 s when the machine is busy. */
const LIMIT = 60_000

/** Or rejects after `ms`. */
function inTime(promise, ms) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ms / 1000} s`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** In a page of its own. Ends early with the case that failed, and why. */
async function tryGroup(open, names, { rounds, warmUps, limit, tell }) {
  const samples = []
  const bench = await open()
  let failed = null
  for (let i = -warmUps; i < rounds && !failed; i++) {
    tell(i < 0 ? 'warm-up' : `round ${i + 1} of ${rounds}`)
    const round = {}
    for (const name of names) {
      try {
        round[name] = await inTime(bench.sample(name), limit)
      } catch ({ message }) {
        failed = { name, reason: message }
        break
      }
    }
    if (i >= 0) samples.push(round)
  }
  // A page that never gives its turn back need not hear of it.
  await inTime(bench.close(), limit).catch(() => {})
  return { samples, failed }
}

/**
 * Each round runs every case once, in this order. A case that fails, or does not answer within `limit`, is told among the `failures`; the
 * others begin anew without it, in a fresh page, where nothing is left of it. Without its yardstick, no case of a group tells anything.
 */
export async function runGroup(open, names, options) {
  const all = { warmUps: 2, limit: LIMIT, tell: (_text) => {}, ...options }
  const failures = []
  for (let left = names; ; ) {
    const { samples, failed } = await tryGroup(open, ['yardstick', ...left], all)
    if (!failed) return { samples, failures }
    failures.push(failed)
    if (failed.name === 'yardstick') return { samples: [], failures }
    left = left.filter((name) => name !== failed.name)
  }
}
