// `npm test`: every check of the project, the browsers one after another.

import { spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './bundle.mjs'
import { engines } from './engines.mjs'
import { provideEngines } from './install-engines.mjs'
import { failures, outcome } from './report.mjs'
import { allSteps, stepsForFiles } from './steps.mjs'

const help = `npm test                                    everything, in every engine that is there
npm test -- --only chromium                 one engine (or several: chromium,firefox)
npm test -- --files test/package/*.test.ts  only these tests
npm test -- --skip lint,build               without these steps
CI=true npm test                            all three engines, or it fails`

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

  console.log('▸ Engines')
  const found = provideEngines(wanted)
  const files = [...values.files, ...positionals]
  const steps = files.length > 0 ? stepsForFiles(found, files) : allSteps(found)
  const skip = list(values.skip)
  const results = []
  for (const step of steps.filter(({ name }) => !skip.includes(name))) results.push(await run(step))
  return summary(
    results,
    wanted.filter((name) => !found.includes(name)),
    found.length,
  )
}

async function run({ name, title, commands, env = {}, live = false }) {
  process.stdout.write(`▸ ${title} …${live ? '\n' : ''}`)
  const start = performance.now()
  let output = ''
  let failed = ''
  for (const command of commands) {
    const ended = await execute(command, env, live)
    output += ended.output
    if (ended.code === 0) continue
    failed = [...Object.entries(env).map((entry) => entry.join('=')), ...command].join(' ')
    break
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${live ? `▸ ${title}` : ''} ${failed ? 'FAILED' : 'ok'}, ${seconds} s`)
  if (failed && !live) console.log(output)
  return {
    name,
    ok: !failed,
    seconds,
    detail: [outcome(output), failed && `\`${failed}\``].filter(Boolean).join('  '),
    failures: failed ? failures(output) : [],
  }
}

function execute([command, ...args], env, live) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, PATH: path, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    let output = ''
    const take = (stream) => (data) => {
      output += data
      if (live) stream.write(data)
    }
    child.stdout.on('data', take(process.stdout))
    child.stderr.on('data', take(process.stderr))
    child.on('error', reject)
    child.on('close', (code) => {
      running.delete(child)
      resolve({ code, output })
    })
  })
}

function summary(results, missing, found) {
  const width = Math.max(...results.map(({ name }) => name.length), 0)
  console.log('\nSummary')
  for (const { name, ok, seconds, detail } of results) {
    console.log(`  ${name.padEnd(width)}  ${ok ? 'ok    ' : 'FAILED'}  ${seconds.padStart(6)} s  ${detail}`)
  }
  for (const name of missing) console.log(`  ${name.padEnd(width)}  LEFT OUT, not installed`)
  for (const { name, failures } of results.filter((result) => !result.ok)) {
    console.log(`\nFailed in ${name}\n  ${failures.join('\n  ')}\n`)
  }
  if (found === 0) console.log('No browser engine was found: nothing was tested.')
  const lacking = found === 0 || (process.env.CI === 'true' && missing.length > 0)
  const ok = results.every((result) => result.ok) && !lacking
  console.log(ok ? 'All passed.' : 'FAILED.')
  return ok ? 0 : 1
}
