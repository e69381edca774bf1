// The bench: `npm run bench -- [--json] [--firefox] [--only <parts of cases' or groups' names, with | between>] [--rounds <n>]`.
// Every group of cases has a page of its own, where each round runs the yardstick and then every case once. Ends with 1 if a case gave no
// figures, and tells which.

import { parseArgs } from 'node:util'
import { launch, openBench } from './support/browser.mjs'
import { buildPage, sizes } from './support/build.mjs'
import { asText } from './support/report.mjs'
import { runGroup } from './support/rounds.mjs'
import { servePage } from './support/serve.mjs'
import { summarise } from './support/statistics.mjs'
import { judge } from './support/targets.mjs'

/** A sample of theirs takes seconds, in which it gets up to speed itself: a second round to warm up would be most of a minute. */
const long = ['log', 'recovery', 'tabs', 'worker', 'inspector']

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    firefox: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
  },
})

const rounds = Number(options.rounds)
if (!Number.isInteger(rounds) || rounds < 1)
  throw new RangeError(`Expected \`--rounds\` to be a whole number from 1, got "${options.rounds}"`)

/** The cases to run, by group; none at all is an error and not an empty report. */
async function wantedGroups(browser, url) {
  const bench = await openBench(browser, url)
  const cases = await bench.list()
  await bench.close()
  const parts = options.only.split('|')
  const wanted = cases.filter(({ name, group }) => parts.some((part) => `${group}: ${name}`.includes(part)))
  if (wanted.length === 0)
    throw new Error(
      `Expected \`--only\` to be part of one of\n${cases.map(({ name }) => `  ${name}`).join('\n')}\ngot "${options.only}"`,
    )
  const groups = new Map()
  for (const info of wanted) groups.set(info.group, [...(groups.get(info.group) ?? []), info])
  return groups
}

/** How far it is: on one line of a terminal, or line by line. */
function tell(text) {
  const line = `${Math.round(performance.now() / 1000)} s  ${text}`
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`)
}

async function runAll(browser, url) {
  const results = []
  const failures = []
  const groups = await wantedGroups(browser, url)
  for (const [i, [group, cases]] of [...groups].entries()) {
    const names = cases.map(({ name }) => name).filter((name) => name !== 'yardstick')
    const run = await runGroup(() => openBench(browser, url), names, {
      rounds,
      warmUps: long.includes(group) ? 1 : 2,
      tell: (text) => tell(`${group} (${i + 1} of ${groups.size}): ${text}`),
    })
    const { samples } = run
    failures.push(...run.failures)
    for (const info of cases) if (samples[0]?.[info.name]) results.push(summarise(info, samples))
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  return { results, failures }
}

async function main() {
  const engine = options.firefox ? 'firefox' : 'chromium'
  const [script, bytes] = await Promise.all([buildPage({ minify: true }), sizes()])
  const server = await servePage(script)
  const browser = await launch(engine)
  try {
    const { results, failures } = await runAll(browser, server.url)
    const report = {
      browser: await browser.version(),
      rounds,
      results,
      failures,
      targets: judge(results, engine),
      sizes: bytes,
    }
    console.log(options.json ? JSON.stringify(report, null, 2) : asText(report))
    if (failures.length > 0) process.exitCode = 1
  } finally {
    await browser.close()
    await server.close()
  }
}

await main()
