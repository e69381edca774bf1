// The table in README.md is complete, and the tests that it names are there.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const here = new URL('./', import.meta.url)
const behaviours = 104
const weaknesses = 20
const mayLack = 15

/** Rows whose first cell is a number or `B3.` and a number. */
const rows = readFileSync(new URL('README.md', here), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, number]) => /^(B3\.)?\d+$/.test(number ?? ''))
  .map(([, number, ...cells]) => ({ number, named: cells.at(-2) ?? '', reason: cells.at(-3) ?? '' }))

/** Names of tests by file. */
const tests = new Map(
  readdirSync(here)
    .filter((file) => /\.test\.(ts|mjs)$/.test(file))
    .map((file) => [file, namesIn(readFileSync(new URL(file, here), 'utf8'))]),
)

function namesIn(source) {
  const found = []
  for (const match of source.matchAll(/^\s*(?:it|itWithTime|test)\(\s*(?:'((?:[^'\\]|\\.)*)'|"([^"]*)")/gm)) {
    found.push((match[1] ?? match[2]).replaceAll("\\'", "'"))
  }
  return found
}

/** `[file](file) \`name\` · \`name\`<br>…` as pairs of file and name; only files of this folder. */
function namedTests(cell) {
  return cell.split('<br>').flatMap((part) => {
    const file = /^\[([^\]]+)\]\(\1\)/.exec(part)?.[1]
    const names = [...part.matchAll(/`(\d+: [^`]+|B3\.\d+: [^`]+)`/g)].map(([, name]) => name)
    return file === undefined ? [] : names.map((name) => ({ file, name }))
  })
}

test('every behaviour and every weakness stands in the table exactly once, in order', () => {
  const numbers = rows.map(({ number }) => number)
  const wanted = [
    ...Array.from({ length: behaviours }, (_, i) => `${i + 1}`),
    ...Array.from({ length: weaknesses }, (_, i) => `B3.${i + 1}`),
  ]
  assert.deepEqual(numbers, wanted)
})

test('every named test exists and starts with the number of its line', () => {
  for (const { number, named } of rows) {
    for (const { file, name } of namedTests(named)) {
      assert.ok(tests.get(file)?.includes(name), `line ${number}: no test named "${name}" in ${file}`)
      assert.ok(name.startsWith(`${number}: `), `line ${number} names the test of another: "${name}"`)
    }
  }
})

test('every numbered test stands in the table', () => {
  const named = new Set(
    rows.flatMap((row) => namedTests(row.named)).map(({ file, name }) => `${file} ${name}`),
  )
  for (const [file, names] of tests) {
    for (const name of names.filter((text) => /^(B3\.)?\d+: /.test(text))) {
      assert.ok(named.has(`${file} ${name}`), `not in the table: "${name}" in ${file}`)
    }
  }
})

test('at most 15 behaviours have no test, each with its reason; of the weaknesses only the size has a check instead', () => {
  const without = rows.filter(({ named }) => namedTests(named).length === 0)
  const lacking = without.filter(({ number }) => !number.startsWith('B3.'))
  assert.ok(lacking.length <= mayLack, `${lacking.length} behaviours without a test`)
  for (const { number, named, reason } of lacking) {
    assert.equal(named, 'none', `line ${number}`)
    assert.match(reason, /^(missing in browsers|replaced by|decided)/, `line ${number}`)
  }
  const others = without.filter(({ number }) => number.startsWith('B3.'))
  assert.deepEqual(
    others.map(({ number }) => number),
    ['B3.14'],
  )
  assert.match(others[0]?.named ?? '', /step `size` of `npm test`/)
})

test('the check of the size, which the table names, is a step of npm test', () => {
  const steps = readFileSync(new URL('../support/steps.mjs', here), 'utf8')
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', here), 'utf8'))
  assert.match(steps, /npm\('size'\)/)
  assert.ok(scripts.size)
})
