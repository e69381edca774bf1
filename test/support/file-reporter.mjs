// A line for each test file that has ended: a run that breaks off is gone on with from there, and it tells what took the time.

import { relative } from 'node:path'
import { root } from './bundle.mjs'

/** A test runner moves the cursor before it. */
const line = /▪ (test\/\S+): /g

/** @returns {import('@web/test-runner-core').Reporter} */
export function fileReporter() {
  let last = Date.now()
  return {
    reportTestFileResults({ logger, sessionsForTestFile, testFile }) {
      const seconds = ((Date.now() - last) / 1000).toFixed(1)
      last = Date.now()
      const passed = sessionsForTestFile.every((session) => session.passed)
      logger.log(`▪ ${relative(root, testFile)}: ${passed ? 'passed' : 'FAILED'}, ${seconds} s`)
    },
  }
}

/** The files that have ended in a run with this output. */
export const endedIn = (/** @type {string} */ output) => [...output.matchAll(line)].map(([, file]) => file)
