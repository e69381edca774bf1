import { defaultReporter } from '@web/test-runner'
import { readmeSnippets } from './test/readme/snippets-plugin.mjs'
import { freePort, installedEngines, launchers } from './test/support/engines.mjs'
import { typescriptForTests } from './test/support/esbuild-plugin.mjs'
import { fileReporter } from './test/support/file-reporter.mjs'
import { oneModule } from './test/support/one-module-plugin.mjs'

const names = process.env.BROWSERS?.split(',').map((name) => name.trim()) ?? installedEngines()

export default {
  files: ['test/**/*.test.ts'],
  nodeResolve: { browser: true, exportConditions: ['browser'] },
  plugins: [readmeSnippets(), oneModule(), typescriptForTests()],
  browsers: launchers(names),
  // Of its own choice, two that start at once would take the same one.
  port: await freePort(),

  // One page at a time: a test may use every core, and the WebDriver launcher gives each file its own window only then.
  concurrency: 1,
  concurrentBrowsers: 1,

  // What the library itself says is part of many tests; whoever runs a few of them wants to read it.
  filterBrowserLogs: ({ args }) => process.argv.includes('--files') || !String(args[0]).startsWith('bubus: '),

  reporters: [defaultReporter(), fileReporter()],
  coverage: false,
  testFramework: { config: { timeout: 60_000, retries: 0 } },
  browserStartTimeout: 60_000,
  testsFinishTimeout: 300_000,
}
