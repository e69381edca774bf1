// `npm test`: every check of the project, then its tests, some sets of them side by side.

import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { delimiter } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { root } from './bundle.mjs'
import { engines } from './engines.mjs'
import { provideEngines } from './install-engines.mjs'
import { failedTests, failures, filesOf, lastLines, outcome } from './report.mjs'
import { allSteps, stepsForFiles } from './steps.mjs'

const help = `npm test                                    everything, in every engine that is there
npm test -- --only chromium                 one engine (or several: chromium,firefox)
npm test -- --files test/package/*.test.ts  only these tests
npm test -- --skip lint,build               without these steps
npm test -- --lanes 1                       no two sets of tests side by side
CI=true npm test                            all three engines, or it fails`

/** How many sets of tests run side by side on two cores or more: one after another they keep a half of two cores busy; three are no faster. */
const LANES = 2

/**
 * Of a set in which tests in at most so many files failed, these run once more, alone, when all is done: browsers on a
 * busy machine stall at times. What passes then is told as unsteady, with what it failed with: it wants mending, but
 * does not say that the code is wrong.
 */
const FILES_AGAIN = 2

const list = (text) => text.split(',').filter(Boolean)
const running = new Set()
const path = `${root}node_modules/.bin${delimiter}${process.env.PATH}`

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.once(signal, () => {
    for (const child of running) child.kill(signal)
    process.exit(1)
  })
}

process.exitCode = await main()

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', default: Object.keys(engines).join() },
      skip: { type: 'string', default: '' },
      files: { type: 'string', multiple: true, default: [] },
      lanes: { type: 'string', default: String(Math.min(LANES, availableParallelism())) },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(help)
    return 0
  }
  const wanted = list(values.only)
  const unknown = wanted.filter((name) => !Object.hasOwn(engines, name))
  if (unknown.length > 0) {
    console.error(
      `Expected \`--only\` to name some of ${Object.keys(engines).join(', ')}, got "${unknown.join()}"`,
    )
    return 1
  }

  const lanes = Number(values.lanes)
  if (!(Number.isInteger(lanes) && lanes > 0)) {
    console.error(`Expected \`--lanes\` to be a whole number from 1 up, got "${values.lanes}"`)
    return 1
  }

  console.log('▸ Engines')
  const found = provideEngines(wanted)
  const files = [...values.files, ...positionals]
  const steps = files.length > 0 ? stepsForFiles(found, files) : allSteps(found)
  const skip = list(values.skip)
  const results = await runAll(
    steps.filter(({ name }) => !skip.includes(name)),
    lanes,
  )
  return summary(
    results,
    wanted.filter((name) => !found.includes(name)),
    found.length,
  )
}

async function runAll(steps, lanes) {
  const results = []
  for (const step of steps.filter(({ first }) => first)) results.push(await run(step))
  const queue = steps.filter(({ first }) => !first)
  const lane = async () => {
    for (let step = queue.shift(); step; step = queue.shift()) results.push(await run(step))
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  for (const result of results.filter(({ ok }) => !ok)) await again(result)
  return steps.map(({ name }) => results.find((result) => result.name === name))
}

async function again(result) {
  const files = filesOf(result.failures)
  if (!result.step.only || files.length === 0 || files.length > FILES_AGAIN) return
  const second = await run({ ...result.step.only(files), title: `Once more, alone: ${files.join(', ')}` })
  if (second.ok) Object.assign(result, { ok: true, unsteady: true })
}

async function run(step) {
  const { name, title, live = step.tests } = step
  console.log(`▸ ${title} …`)
  const start = performance.now()
  const first = await perform(step)
  const left = first.failed ? (step.left?.(first.output) ?? []) : []
  const { output, failed, broke = '' } = left.length > 0 ? await goOn(step, first, left) : first
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  if (failed && !live) console.log(output)
  console.log(`▸ ${title} ${failed ? 'FAILED' : 'ok'}, ${seconds} s`)
  return {
    step,
    name,
    ok: !failed,
    unsteady: broke !== '',
    seconds,
    detail: [outcome(output), failed && `\`${failed}\``].filter(Boolean).join('  '),
    failures: [broke, ...(failed ? failures(output) : [])].filter(Boolean),
  }
}

/**
 * A test runner that ended before its last file was killed, or broke: of the rest it has said nothing. Another goes on
 * with that, and the set is unsteady at best.
 */
async function goOn(step, first, left) {
  const broke = `broke off (${first.ended}) with ${left.length} test files left, after\n    ${lastLines(first.output).join('\n    ')}`
  console.log(`▸ ${step.title} ${broke}`)
  const rest = await perform(step.only(left))
  const failed = rest.failed || (failedTests(first.output).length > 0 ? first.failed : '')
  return { output: first.output + rest.output, failed, broke }
}

/** Its commands, until one fails: that one, and what it ended with. */
async function perform({ name, commands, env = {}, tests = false, live = tests }) {
  let output = ''
  for (const command of commands) {
    const { code, signal, output: said } = await execute(command, env, live ? `${name.padEnd(8)} │ ` : null)
    output += said
    if (code === 0) continue
    const failed = [...Object.entries(env).map((entry) => entry.join('=')), ...command].join(' ')
    return { output, failed, ended: signal ?? `exit code ${code}` }
  }
  return { output, failed: '' }
}

/** With a `prefix` its lines are shown while it runs, each with that before it. */
function execute([command, ...args], env, prefix) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, PATH: path, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        output += `${line}\n`
        if (prefix && line.trim()) console.log(prefix + line)
      })
    }
    child.on('error', reject)
    child.on('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal, output })
    })
  })
}

function summary(results, missing, found) {
  const width = Math.max(...results.map(({ name }) => name.length), 0)
  console.log('\nSummary')
  for (const { name, ok, unsteady, seconds, detail } of results) {
    const verdict = ok ? (unsteady ? 'unsteady' : 'ok') : 'FAILED'
    console.log(`  ${name.padEnd(width)}  ${verdict.padEnd(8)}  ${seconds.padStart(6)} s  ${detail}`)
  }
  for (const name of missing) console.log(`  ${name.padEnd(width)}  LEFT OUT, not installed`)
  for (const { name, ok, failures } of results.filter((result) => result.failures.length > 0)) {
    const told = ok
      ? `Unsteady in ${name}: failed, and passed when it was run once more`
      : `Failed in ${name}`
    console.log(`\n${told}\n  ${failures.join('\n  ')}\n`)
  }
  if (found === 0) console.log('No browser engine was found: nothing was tested.')
  const lacking = found === 0 || (process.env.CI === 'true' && missing.length > 0)
  const ok = results.every((result) => result.ok) && !lacking
  console.log(ok ? 'All passed.' : 'FAILED.')
  return ok ? 0 : 1
}
