// The counts of some runs, side by side.

/** @param {any[]} results */
export function asTable(results) {
  const columns = results.map(({ engine, seed, kills, kinds, seconds, counts, problems }) => ({
    '': `${engine} ${seed}`,
    kills,
    ...Object.fromEntries(Object.entries(kinds).map(([kind, n]) => [`  ${kind}`, n])),
    seconds,
    ...counts,
    problems: problems.length,
  }))
  const rows = [...new Set(columns.flatMap(Object.keys))]
  const width = Math.max(...rows.map((row) => row.length))
  const cell = (value) => String(value ?? 0).padStart(16)
  return rows.map((row) => row.padEnd(width) + columns.map((column) => cell(column[row])).join('')).join('\n')
}

/** Some of each kind: a thousand like each other say no more. */
export function firstProblems(problems, most = 5) {
  const kinds = new Map()
  for (const { kind, what } of problems) kinds.set(kind, [...(kinds.get(kind) ?? []), what])
  return [...kinds]
    .flatMap(([kind, all]) => [`${kind}: ${all.length}`, ...all.slice(0, most).map((what) => `    ${what}`)])
    .join('\n')
}
