// Where the time of one case goes: `node test/bench/profile.mjs <case> [--runs <n>] [--top <n>] [--save <file>]`.
// Samples a readable build in Chromium every 100 µs and prints the functions by self time.

import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { launch, openBench } from './support/browser.mjs'
import { buildPage } from './support/build.mjs'
import { servePage } from './support/serve.mjs'
import { median } from './support/statistics.mjs'

const WARM_UPS = 5

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '20' },
    top: { type: 'string', default: '25' },
    save: { type: 'string' },
  },
})

function wantedCase(cases) {
  const [wanted = ''] = positionals
  const exact = cases.filter(({ name }) => name === wanted)
  const found = exact.length > 0 ? exact : cases.filter(({ name }) => wanted && name.includes(wanted))
  if (found.length !== 1)
    throw new Error(
      `Expected one of\n${cases.map(({ name }) => `  ${name}`).join('\n')}\nor a part of only one, got "${wanted}"`,
    )
  return found[0]
}

/** One profile and one time a run, without what the case prepares and checks. */
async function record({ page, sample }, name, runs) {
  const session = await page.createCDPSession()
  const profiles = []
  session.on('Profiler.consoleProfileFinished', ({ profile }) => profiles.push(profile))
  for (let i = 0; i < WARM_UPS; i++) await sample(name)
  await session.send('Profiler.enable')
  await session.send('Profiler.setSamplingInterval', { interval: 100 })
  const times = []
  for (let i = 0; i < runs; i++) {
    const { us } = await page.evaluate((name) => globalThis.benchPage.profile(name), name)
    times.push(us)
  }
  return { profiles, us: median(times) }
}

/** Self time in ms by function, the engine's own parts in parentheses. */
function selfTimes(profiles, lines) {
  const times = new Map()
  for (const { nodes, samples, timeDeltas } of profiles) {
    const byId = new Map(nodes.map((node) => [node.id, describe(node.callFrame, lines)]))
    samples.forEach((id, i) => {
      const key = byId.get(id)
      times.set(key, (times.get(key) ?? 0) + timeDeltas[i] / 1000)
    })
  }
  return times
}

function describe({ functionName, url, lineNumber }, lines) {
  const name = functionName || '(anonymous)'
  return url.endsWith('/page.js') ? `${name}  ${sourceOf(lines, lineNumber)}` : name
}

/** The bundler names each file in a comment above its code. */
function sourceOf(lines, lineNumber) {
  for (let line = lineNumber; line >= 0; line--) {
    const file = /^\/\/ (\S+\.[mc]?[jt]s)$/.exec(lines[line])
    if (file) return `${file[1].replace(/^.*node_modules\//, '')} (bundle ${lineNumber + 1})`
  }
  return `bundle ${lineNumber + 1}`
}

function print({ name, events }, us, times) {
  const idle = times.get('(idle)') ?? 0
  times.delete('(idle)')
  // Starting the profiler is the first thing that it sees.
  for (const key of times.keys()) if (key.startsWith('takeSample ')) times.delete(key)
  const total = [...times.values()].reduce((sum, ms) => sum + ms, 0)
  const rows = [...times].sort((a, b) => b[1] - a[1]).slice(0, Number(options.top))
  const perEvent = (ms) => ((ms * 1000) / (events * Number(options.runs))).toFixed(3)
  console.log(`${name}: ${us.toFixed(3)} µs/event under the profiler, ${idle.toFixed(0)} ms idle`)
  console.log('    self   µs/event  function')
  for (const [key, ms] of rows) {
    console.log(`${((ms / total) * 100).toFixed(1).padStart(7)}%  ${perEvent(ms).padStart(9)}  ${key}`)
  }
}

async function main() {
  const script = await buildPage({ minify: false })
  const server = await servePage(script)
  const browser = await launch('chromium')
  try {
    const bench = await openBench(browser, server.url)
    const info = wantedCase(await bench.list())
    const { profiles, us } = await record(bench, info.name, Number(options.runs))
    if (options.save) await writeFile(options.save, JSON.stringify(profiles[0]))
    print(info, us, selfTimes(profiles, script.split('\n')))
  } finally {
    await browser.close()
    await server.close()
  }
}

await main()
