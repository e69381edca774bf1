// What `npm test` says at its end of tests that failed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endedIn } from '../support/file-reporter.mjs'
import { failedTests, failures, filesOf, outcome } from '../support/report.mjs'
import { allSteps } from '../support/steps.mjs'

const browserRun = `
\u001b[2K\u001b[1A\u001b[2K\u001b[Gtest/same-page/a.test.ts:

 🚧 Browser logs:
      something

 ❌ a suite > is equal
      AssertionError: expected 1 to equal 2
      + expected - actual

      -1
      +2

 ❌ a suite > times out
      Error: Timeout of 300ms exceeded

\u001b[2K\u001b[1A\u001b[2K\u001b[GChromium: |███| 2/2 test files | 7 passed, 2 failed
`

const nodeRun = `▶ s
  ✖ fails (3.5ms)
    AssertionError [ERR_ASSERTION]: 1 == 2
  ✔ works (0.3ms)
✖ s (6.4ms)
ℹ pass 1
ℹ fail 1

✖ failing tests:

test at test/x.node.test.mjs:3:23
✖ fails (3.5ms)
  AssertionError [ERR_ASSERTION]: 1 == 2
      at TestContext.<anonymous> (file:///x.node.test.mjs:3:52)
`

test('each test that failed in a browser is named, with its file and what it failed with', () => {
  assert.deepEqual(
    failures(browserRun).map((told) => told.split(/\n\s*/)),
    [
      [
        'test/same-page/a.test.ts:',
        '❌ a suite > is equal',
        'AssertionError: expected 1 to equal 2',
        '+ expected - actual',
        '-1',
        '+2',
      ],
      ['test/same-page/a.test.ts:', '❌ a suite > times out', 'Error: Timeout of 300ms exceeded'],
    ],
  )
  assert.equal(outcome(browserRun), '7 passed, 2 failed')
})

test('each test that failed in Node is named once', () => {
  const told = failures(nodeRun)
  assert.equal(told.length, 1)
  assert.match(told[0], /^test\/x\.node\.test\.mjs:3:23\n\s+✖ fails \(3\.5ms\)\n\s+AssertionError/)
  assert.equal(outcome(nodeRun), '1 passed, 1 failed')
})

test('the files of failed tests are known, each once, to run them again', () => {
  assert.deepEqual(filesOf(failures(browserRun)), ['test/same-page/a.test.ts'])
  assert.deepEqual(filesOf(failures(nodeRun)), ['test/x.node.test.mjs'])
  assert.deepEqual(filesOf(failures('Found 1 error.\n')), [])
})

test('of a check without tests it is the end of what it said, and of many tests the first', () => {
  assert.deepEqual(failures('src/x.ts(1,1): error TS1: no\n\nFound 1 error.\n'), [
    'src/x.ts(1,1): error TS1: no',
    'Found 1 error.',
  ])
  const many = Array.from({ length: 12 }, (_, index) => ` ❌ test ${index}\n`).join('')
  assert.deepEqual(failures(many).slice(-1), ['and 2 more'])
})

const brokenRun = `
\u001b[2K\u001b[1A\u001b[2K\u001b[G▪ test/same-page/dom.test.ts: passed, 5.4 s
Error: the browser is gone
    at somewhere
WebKit: |█████████▊                    | 35/107 test files | 288 passed, 0 failed

Running tests...
WebKit: |██████████▎                   | 37/107 test files | 299 passed, 0 failed
▪ test/same-page/dom-semantics.test.ts: FAILED, 1.0 s
`

test('of a run that broke off the last that it said is told, not how far it was', () => {
  assert.deepEqual(failedTests(brokenRun), [])
  assert.deepEqual(failures(brokenRun), ['Error: the browser is gone', '    at somewhere'])
})

test('another run goes on with the files that a run which broke off has not come to', () => {
  const [step] = allSteps(['webkit']).filter(({ name }) => name === 'webkit')
  const all = step.left?.('') ?? []
  assert.ok(all.length > 50 && all.includes('test/same-page/dom.test.ts'))
  const left = step.left?.(brokenRun) ?? []
  assert.deepEqual(endedIn(brokenRun), ['test/same-page/dom.test.ts', 'test/same-page/dom-semantics.test.ts'])
  assert.equal(left.length, all.length - 2)
  assert.deepEqual(step.only?.(left).left?.(''), [])
})
