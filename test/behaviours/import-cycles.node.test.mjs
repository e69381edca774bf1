// B3.20: the modules of the library import each other in one direction only.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../../src/', import.meta.url))

/** What one module imports at run time, by path: `import type` leaves nothing behind, so it makes no circle. */
function importsOf(file) {
  const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const found = []
  for (const [, clause = '', specifier] of code.matchAll(
    /^\s*(?:import|export)\s+(?:([^'"]*?)\s+from\s+)?'(\.[^']+)'/gm,
  )) {
    if (/^type\b/.test(clause) || onlyTypes(clause)) continue
    const target = join(dirname(file), specifier).replace(/\.js$/, '.ts')
    assert.ok(existsSync(target), `${relative(source, file)} imports ${specifier}, which is not there`)
    found.push(target)
  }
  return found
}

/** `{ type A, type B }`: every name is a type. */
function onlyTypes(clause) {
  const names = /^\{([\s\S]*)\}$/.exec(clause.trim())?.[1] ?? 'a value'
  return names.split(',').every((name) => /^\s*(type\s.*)?$/s.test(name))
}

/** The first circle that is found, as a list of files, or null. */
function circleIn(graph) {
  const done = new Set()
  const path = []
  const visit = (file) => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return null
    path.push(file)
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next)
      if (circle) return circle
    }
    path.pop()
    done.add(file)
    return null
  }
  for (const file of graph.keys()) {
    const circle = visit(file)
    if (circle) return circle
  }
  return null
}

test('B3.20: no module of src imports itself over others', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(source, file))
  const graph = new Map(files.map((file) => [file, importsOf(file)]))
  const edges = [...graph.values()].flat().length
  assert.ok(
    edges > files.length / 2,
    `only ${edges} imports in ${files.length} files: they were not understood`,
  )
  const circle = circleIn(graph)
  assert.equal(circle?.map((file) => relative(source, file)).join(' → ') ?? null, null)
})

test('B3.20: the search for circles finds one', () => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['b']],
  ])
  assert.deepEqual(circleIn(graph), ['b', 'c', 'b'])
})
