// `npm run test:model -- --programs 100000 [--seed n] [--browsers chromium,firefox]`

import { parseArgs } from 'node:util'
import { runModelTest } from './runner.mjs'

const { values } = parseArgs({
  options: {
    programs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Math.trunc(Math.random() * 0x7fff_ffff)) },
    // Without looking for the smallest failing program.
    'first-failure': { type: 'boolean', default: false },
    browsers: { type: 'string', default: 'chromium' },
  },
})
const settings = {
  programs: Number(values.programs),
  seed: Number(values.seed),
  firstFailure: values['first-failure'],
}
if (!(settings.programs > 0) || !Number.isInteger(settings.seed)) {
  throw new RangeError(`Expected a number of programs and a whole seed, got ${JSON.stringify(values)}`)
}
const start = performance.now()
const passed = await runModelTest({ browsers: values.browsers.split(','), settings })
const seconds = ((performance.now() - start) / 1000).toFixed(0)
console.log(
  `${settings.programs} programs, seed ${settings.seed}, ${values.browsers}, ${seconds} s: ${passed ? 'ok' : 'FAILED'}`,
)
process.exit(passed ? 0 : 1)
