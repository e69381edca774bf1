// The snippets of the README compile in a strict project: their types are as true as their output.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { fencesOf } from './fences.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const project = mkdtempSync(join(tmpdir(), 'bubus-readme-'))

after(() => rmSync(project, { recursive: true, force: true }))

test('the snippets of README.md compile', () => {
  const fences = fencesOf(readFileSync(join(root, 'README.md'), 'utf8')).filter(({ lang }) => lang === 'ts')
  assert.ok(fences.length > 15)
  const files = fences.map(({ file, line }) => file || `line-${line}.ts`)
  // `export {}`: a snippet without imports is a module, too.
  for (const [i, { code }] of fences.entries()) writeFileSync(join(project, files[i]), `${code}\nexport {}\n`)
  symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'))
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  const compilerOptions = {
    module: 'nodenext',
    moduleResolution: 'nodenext',
    target: 'es2022',
    lib: ['es2022', 'dom', 'dom.iterable', 'esnext.disposable'],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    paths: { bubus: [join(root, 'src/index.ts')] },
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  const { status, stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', '.'], {
    cwd: project,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stdout)
})
