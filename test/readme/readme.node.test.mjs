// What README.md says beyond its output: its snippets compile in a strict project, and its quotes and its size are true.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { buildMinified, root } from '../support/bundle.mjs'
import { fencesOf } from './fences.mjs'

const readme = readFileSync(`${root}README.md`, 'utf8')
const project = mkdtempSync(join(tmpdir(), 'bubus-readme-'))

after(() => rmSync(project, { recursive: true, force: true }))

test('the snippets compile', () => {
  const fences = fencesOf(readme).filter(({ lang }) => lang === 'ts')
  assert.ok(fences.length > 15)
  const files = fences.map(({ file, line }) => file || `line-${line}.ts`)
  // `export {}`: a snippet without imports is a module, too.
  for (const [i, { code }] of fences.entries()) writeFileSync(join(project, files[i]), `${code}\nexport {}\n`)
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'))
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  // The project is the one that README.md tells to make.
  const [advised] = fencesOf(readme).filter(({ lang }) => lang === 'json')
  const compilerOptions = {
    ...JSON.parse(advised.code).compilerOptions,
    types: [],
    noEmit: true,
    skipLibCheck: true,
    paths: {
      bubus: [join(root, 'src/index.ts')],
      'bubus/log': [join(root, 'src/log/event-log.ts')],
      'bubus/tabs': [join(root, 'src/bridges/tab-bridge.ts')],
      'bubus/worker': [join(root, 'src/bridges/worker-bridge.ts')],
      'bubus/inspector/define': [join(root, 'src/inspector/define.ts')],
    },
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { status, stdout } = spawnSync(tsc, ['-p', '.'], { cwd: project, encoding: 'utf8' })
  assert.equal(status, 0, stdout)
})

test('the size is that of the bundle, within 5 %', async () => {
  // The log is loaded on demand, and weighed by itself.
  const { code } = await buildMinified('src/index.ts', undefined, [
    '../log/event-log.js',
    './lock-semaphore.js',
  ])
  const size = gzipSync(code, { level: 9 }).length / 1000
  const [, claimed] = /^\| \*\*bubus\*\*.*\*\*([\d.]+) kB\*\* \|$/m.exec(readme) ?? []
  assert.ok(
    Math.abs(Number(claimed) / size - 1) < 0.05,
    `README: ${claimed} kB, bundle: ${size.toFixed(1)} kB`,
  )
})

test('the warnings that it quotes are in the source', () => {
  const files = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const source = files.map((name) => readFileSync(`${root}src/${name}`, 'utf8')).join('')
  const quotes = [...readme.matchAll(/^- <a id="[^"]+"><\/a>\*\*`([^`]+)`\*\*/gm)].map(([, quote]) => quote)
  assert.ok(quotes.length > 3)
  const parts = quotes.flatMap((quote) => quote.split('…')).map((part) => part.trim())
  assert.deepEqual(
    parts.filter((part) => !source.includes(part)),
    [],
  )
})
