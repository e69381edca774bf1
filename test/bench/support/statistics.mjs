export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Nanoseconds and thousandths are noise already. */
function rounded(value) {
  return Math.round(value * 1000) / 1000
}

/** One result a case, from all its samples; ratios are to the yardstick of the same page and rounds. */
export function summarise({ name, group, events }, rounds) {
  const samples = rounds.map((round) => round[name])
  const values = samples.map(({ us }) => us)
  const us = median(values)
  const figures = {}
  for (const key of Object.keys(samples[0].figures)) {
    figures[key] = rounded(median(samples.map((sample) => sample.figures[key])))
  }
  return {
    name,
    group,
    events,
    us: rounded(us),
    least: rounded(Math.min(...values)),
    most: rounded(Math.max(...values)),
    ratio: rounded(us / median(rounds.map((round) => round.yardstick.us))),
    figures,
  }
}
