// What `npm test` does, step by step.

import { existsSync, readdirSync, statfsSync } from 'node:fs'
import { root } from './bundle.mjs'
import { endedIn } from './file-reporter.mjs'

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} title
 * @property {string[][]} commands  run one after another until one fails
 * @property {Record<string, string>} [env]
 * @property {boolean} [live]  shows its output while it runs, not only when it fails
 * @property {boolean} [tests]  a set of tests: is live
 * @property {boolean} [first]  the others need what it makes; they may run side by side
 * @property {(files: string[]) => Step} [only]  a set of tests: these files of it
 * @property {(output: string) => string[]} [left]  its files that have not ended in a run with this output
 */

const npm = (script) => ['npm', 'run', '--silent', script]

/** @type {Step[]} */
const checks = [
  { name: 'build', title: 'Build of dist/', commands: [npm('build')], first: true },
  { name: 'lint', title: 'Biome: lint and format', commands: [npm('lint')] },
  {
    name: 'types',
    title: 'TypeScript: src, demo, test',
    commands: [npm('types')],
  },
  { name: 'size', title: 'Size of the bundle', commands: [npm('size')], live: true },
  {
    name: 'package',
    title: 'Package: publint, are-the-types-wrong',
    commands: [
      ['publint', 'run', '--strict'],
      ['attw', '--pack', '.', '--profile', 'esm-only', '--no-emoji'],
    ],
    // Both pack what the build step has just built.
    env: { npm_config_ignore_scripts: 'true' },
  },
]

/** The steps of a run on these engines. */
export function allSteps(engines) {
  const nodeTests = filesThat(isNodeTest)
  const left = engines.includes('chromium') ? [] : nodeTests.filter((file) => driveChromium.test(file))
  if (left.length > 0) console.log(`  without Chromium, LEFT OUT: ${left.join(', ')}`)
  const runnable = nodeTests.filter((file) => !left.includes(file))
  const ofDemo = runnable.filter((file) => file.startsWith('test/demo/'))
  const ofTabs = runnable.filter((file) => /^test\/(semaphores|two-tabs)\//.test(file))
  const others = runnable.filter((file) => ![...ofDemo, ...ofTabs].includes(file))
  return [
    ...checks,
    // The longest first, and at last two that take about as long as each other: else one goes on for long beside nothing.
    ...engines.map((name) => browserStep(name)),
    ...(ofDemo.length > 0 ? [demoStep(ofDemo)] : []),
    nodeStep(others),
    ...(ofTabs.length > 0 ? [tabsStep(ofTabs)] : []),
  ]
}

/** The steps of a run of these tests only. */
export function stepsForFiles(engines, files) {
  const forNode = files.filter(isNodeTest)
  const forBrowsers = files.filter((file) => !isNodeTest(file))
  return [
    ...(forNode.length > 0 ? [nodeStep(forNode)] : []),
    ...(forBrowsers.length > 0 ? engines.map((name) => browserStep(name, forBrowsers)) : []),
  ]
}

const filesThat = (/** @type {(file: string) => boolean} */ fits) =>
  readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' })
    .map((file) => `test/${file}`)
    .filter(fits)
    .sort()

const isBrowserTest = (/** @type {string} */ file) => file.endsWith('.test.ts')

/** A test that needs Node around it: to start a browser its own way, or to run the library there. */
const isNodeTest = (file) => file.endsWith('.node.test.mjs')

/** The Node tests that drive Chromium themselves. */
const driveChromium = /^test\/(bench\/|crash\/(?!judge)|demo\/|inspector\/|memory\/|semaphores\/|two-tabs\/)/

const nodeTest = (files, atOnce) => [
  'node',
  '--test',
  `--test-concurrency=${atOnce}`,
  '--test-reporter=spec',
  ...files.sort(),
]

/** @returns {Step} */
function nodeStep(files) {
  return {
    name: 'node',
    title: 'Tests run by Node',
    commands: [nodeTest(files, 1)],
    env: profiles(),
    tests: true,
    only: nodeStep,
  }
}

/** Real tabs in three engines, which wait for each other most of the time. @returns {Step} */
function tabsStep(files) {
  return { ...nodeStep(files), name: 'tabs', title: 'Tests of real tabs', only: tabsStep }
}

/** The demo goes at the pace of a person who watches it: two files at once, each with a server of its own. @returns {Step} */
function demoStep(files) {
  const built = `${root}node_modules/.vite-demo-test`
  return {
    name: 'demo',
    title: 'Tests of the demo',
    commands: [['node', 'test/demo/built-shop.mjs', built], nodeTest(files, 2)],
    env: { ...profiles(), DEMO_BUILT: built },
    tests: true,
    only: demoStep,
  }
}

/**
 * Where browsers have their profiles: in memory, if there is room. The disk is an eighth of what the log's tests take in Firefox.
 * @returns {Record<string, string>}
 */
function profiles() {
  const memory = '/dev/shm'
  if (!existsSync(memory)) return {}
  const { bavail, bsize } = statfsSync(memory)
  return bavail * bsize > 4e9 ? { TMPDIR: memory } : {}
}

/** @returns {Step} */
function browserStep(engine, files = []) {
  return {
    name: engine,
    title: `Tests in ${engine}`,
    commands: [['wtr', ...files.flatMap((file) => ['--files', file])]],
    env: { ...profiles(), BROWSERS: engine },
    tests: true,
    only: (some) => browserStep(engine, some),
    left(output) {
      const ended = endedIn(output)
      return (files.length > 0 ? [] : filesThat(isBrowserTest)).filter((file) => !ended.includes(file))
    },
  }
}
