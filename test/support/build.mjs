// `npm run build`: dist/ with ES modules, their types and the file for a script tag.

import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { buildMinified, buildModules, root } from './bundle.mjs'
import { writeManifest } from './manifest.mjs'

rmSync(`${root}dist`, { recursive: true, force: true })
await buildModules({
  index: 'src/index.ts',
  log: 'src/log/event-log.ts',
  tabs: 'src/bridges/tab-bridge.ts',
  worker: 'src/bridges/worker-bridge.ts',
})
// Apart: it shares nothing with the buses that it looks at.
await buildModules({
  inspector: 'src/inspector/bus-inspector.ts',
  'inspector/define': 'src/inspector/define.ts',
})
await buildMinified('src/script-tag.ts', 'dist/bubus.min.js')
await buildMinified('src/inspector/define.ts', 'dist/bus-inspector.min.js')
writeManifest('dist/custom-elements.json')
execFileSync(`${root}node_modules/.bin/tsc`, ['-p', 'test/support/tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
