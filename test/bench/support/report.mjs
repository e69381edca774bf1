const fixed = (digits) => (value) => value.toFixed(digits)

/** Rows as text, numbers to the right. */
function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const line = (row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}

function caseRows(results) {
  const us = fixed(3)
  return results.map(({ name, us: median, least, most, ratio }) => [
    name,
    us(median),
    `${us(least)}–${us(most)}`,
    fixed(2)(ratio),
  ])
}

function targetRows(targets) {
  return targets.map(({ name, value, unit, atLeast, limit, aim, pass, aimed }) => {
    const bound = (number) => (number === null ? '' : `${atLeast ? '≥' : '≤'} ${number}`)
    return [name, `${value.toFixed(2)} ${unit}`, bound(limit), bound(aim), mark(pass, aimed)]
  })
}

function mark(pass, aimed) {
  if (pass === null) return 'told'
  if (!pass) return '✗ MISS'
  return aimed ? '✔ aim' : '✔ pass'
}

function sizeRows(sizes) {
  return Object.entries(sizes).map(([name, { minified, gzipped }]) => [
    name,
    (minified / 1000).toFixed(1),
    (gzipped / 1000).toFixed(1),
  ])
}

/** The report for people; `--json` gives the same for programs. */
export function asText({ browser, rounds, results, failures, targets, sizes }) {
  return [
    `${browser}, medians of ${rounds} rounds`,
    '',
    table([['case', 'µs/event', 'least–most', '÷ yardstick'], ...caseRows(results)]),
    '',
    table([['target', 'value', 'limit', 'aim', ''], ...targetRows(targets)]),
    ...(failures.length > 0
      ? ['', table([['no figures of', ''], ...failures.map(({ name, reason }) => [name, reason])])]
      : []),
    '',
    table([['kB', 'minified', '+ gzip'], ...sizeRows(sizes)]),
  ].join('\n')
}
