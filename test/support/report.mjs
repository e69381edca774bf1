// What a run of test runners printed, in the lines that a reader needs at its end.

/** How many failed tests of one step are told, and of each how many lines. */
const TESTS = 10
const LINES = 8

/** The last counts that a test runner printed, or the one line that a check has to say. */
export function outcome(output) {
  const counts = [...output.matchAll(/\d+ passed, \d+ failed/g)].at(-1)
  const [, passed] = /^. pass (\d+)$/m.exec(output) ?? []
  const [, failed] = /^. fail (\d+)$/m.exec(output) ?? []
  const [line] = /^bubus: .*$/m.exec(output) ?? []
  return counts?.[0] ?? (passed ? `${passed} passed, ${failed} failed` : line)
}

/**
 * Which tests failed, and with what: a log is often read from its end, and what failed stands minutes above it.
 * Without a failed test it is the end of what a failed check said.
 */
export function failures(/** @type {string} */ output) {
  const told = failedTests(output)
  if (told.length > TESTS) return [...told.slice(0, TESTS), `and ${told.length - TESTS} more`]
  return told.length > 0 ? told : lastLines(output)
}

/**
 * @param {string} output  of Web Test Runner (`❌ test`, below `file:`) or of Node's spec reporter (`✖ test`, twice)
 * @returns {string[]}
 */
export function failedTests(output) {
  const lines = linesOf(output)
  const list = lines.findIndex((line) => line.endsWith('failing tests:')) + 1
  const told = []
  let file = ''
  for (let index = list; index < lines.length; index++) {
    const line = lines[index]
    if (/^(test at )?test\/\S+$/.test(line)) file = line.replace('test at ', '')
    if (!/^\s*(❌|✖) /.test(line)) continue
    const next = lines.slice(index + 1).findIndex((below) => /^\s*(❌|✖) |^test at |^test\/\S+$/.test(below))
    const rest = lines.slice(index + 1, next < 0 ? undefined : index + 1 + next).filter(tells)
    told.push([file, line, ...rest.slice(0, LINES)].filter(Boolean).join('\n    '))
  }
  return told
}

/** The end of what was said, without how far it was. */
export const lastLines = (/** @type {string} */ output) => linesOf(output).filter(tells).slice(-TESTS)

// biome-ignore lint/suspicious/noControlCharactersInRegex: a test runner moves the cursor
const linesOf = (output) => output.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '').split(/\r?\n/)

const tells = (line) => line.trim() && !/ test files \| |^Running tests|^▪ /.test(line)

/** The files that these failed tests are in. */
export function filesOf(told) {
  const files = told.map((text) => /^test\/[^\s:]+/.exec(text)?.[0])
  return [...new Set(files)].filter((file) => file !== undefined)
}
