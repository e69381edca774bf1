// The bench: `npm run bench -- [--json] [--firefox] [--only <parts of cases' or groups' names, with | between>] [--rounds <n>]`.
// Every group of cases has a page of its own, where each round runs the yardstick and then every case once.

import { parseArgs } from 'node:util'
import { launch, openBench } from './support/browser.mjs'
import { buildPage, sizes } from './support/build.mjs'
import { asText } from './support/report.mjs'
import { servePage } from './support/serve.mjs'
import { summarise } from './support/statistics.mjs'
import { judge } from './support/targets.mjs'

const WARM_UPS = 2

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    firefox: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '9' },
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

/** Progress, for a person at a terminal only. */
function tell(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

async function runGroup(browser, url, group, cases) {
  const bench = await openBench(browser, url)
  const names = [...new Set(['yardstick', ...cases.map(({ name }) => name)])]
  const samples = []
  for (let i = -WARM_UPS; i < rounds; i++) {
    tell(`${group}: ${i < 0 ? 'warm-up' : `round ${i + 1} of ${rounds}`}`)
    const round = await bench.round(names)
    if (i >= 0) samples.push(round)
  }
  await bench.close()
  return cases.map((info) => summarise(info, samples))
}

async function main() {
  const engine = options.firefox ? 'firefox' : 'chromium'
  const [script, bytes] = await Promise.all([buildPage({ minify: true }), sizes()])
  const server = await servePage(script)
  const browser = await launch(engine)
  try {
    const results = []
    for (const [group, cases] of await wantedGroups(browser, server.url)) {
      results.push(...(await runGroup(browser, server.url, group, cases)))
    }
    tell('')
    const report = {
      browser: await browser.version(),
      rounds,
      results,
      targets: judge(results, engine),
      sizes: bytes,
    }
    console.log(options.json ? JSON.stringify(report, null, 2) : asText(report))
  } finally {
    await browser.close()
    await server.close()
  }
}

await main()
