// Starts the model test in browsers with settings of its own, for the two scripts beside this file.

import { startTestRunner, summaryReporter } from '@web/test-runner'
import config from '../../web-test-runner.config.mjs'
import { launchers } from '../support/engines.mjs'

/**
 * @param {{ browsers: string[], settings?: { programs?: number, seed?: number, firstFailure?: boolean } }} options
 * @returns {Promise<boolean>} whether all passed
 */
export async function runModelTest({ browsers, settings = {} }) {
  const runner = await startTestRunner({
    readCliArgs: false,
    readFileConfig: false,
    autoExitProcess: false,
    config: {
      ...config,
      files: ['test/model/model.test.ts'],
      browsers: launchers(browsers),
      testsFinishTimeout: 4 * 3_600_000,
      // The page reads its settings from here: they are no part of the test's address.
      testRunnerHtml: (
        framework,
      ) => `<!doctype html><script>globalThis.modelTest = ${JSON.stringify(settings)}</script>
        <script type="module" src="${framework}"></script>`,
      reporters: [summaryReporter()],
    },
  })
  if (!runner) throw new Error('The test runner did not start')
  return new Promise((resolve) => runner.on('stopped', (passed) => resolve(passed)))
}
