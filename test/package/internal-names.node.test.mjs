// The list of internal names that builds shorten: none of them may be somebody else's name too.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { root } from '../support/bundle.mjs'
import { internalNames } from '../support/internal-names.mjs'

const names = Object.keys(internalNames)

test('each has a short name of its own', () => {
  assert.equal(new Set(Object.values(internalNames)).size, names.length)
})

test('no member of a platform object is among them', () => {
  const folder = `${root}node_modules/@typescript/`
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /lib\.[\w.]+\.d\.ts$/.test(file),
  )
  assert.ok(files.length > 10)
  const member = /^\s+(?:readonly |get |set )*([A-Za-z_$][\w$]*)\??\s*[:(<]/gm
  const platform = new Set(
    files.flatMap((file) =>
      [...readFileSync(folder + file, 'utf8').matchAll(member)].map(([, name]) => name),
    ),
  )
  assert.ok(platform.has('addEventListener'))
  assert.deepEqual(
    names.filter((name) => platform.has(name)),
    [],
  )
})

test('no member that a dependency has is read or written under such a name', () => {
  for (const file of [
    'superstruct/dist/index.mjs',
    'nanoid/index.browser.js',
    'comlink/dist/esm/comlink.mjs',
    'lit-html/lit-html.js',
    'lit-element/lit-element.js',
    '@lit/reactive-element/reactive-element.js',
    '@lit/reactive-element/css-tag.js',
  ]) {
    const code = readFileSync(`${root}node_modules/${file}`, 'utf8')
    const members = new Set([...code.matchAll(/(?:\.|[{,]\s*)([A-Za-z_$][\w$]*)/g)].map(([, name]) => name))
    assert.deepEqual(
      names.filter((name) => members.has(name)),
      [],
      file,
    )
  }
})

test('no public member is among them', () => {
  const readme = readFileSync(`${root}README.md`, 'utf8').replaceAll('import.meta', '')
  const code = [...readme.matchAll(/`([^`\n]+)`|```[a-z]*\n([\s\S]*?)```/g)].map(([text]) => text).join('\n')
  const member = /\.([A-Za-z_$][\w$]*)|([A-Za-z_$][\w$]*)\??[:(]|(?<=^`)([A-Za-z_$][\w$]*)(?=`$)/gm
  const words = new Set([...code.matchAll(member)].map((found) => found.slice(1).find(Boolean)))
  assert.ok(words.has('eventResults'))
  assert.deepEqual(
    names.filter((name) => words.has(name)),
    [],
  )
})

test('no word of the wire is among them', () => {
  const code = readFileSync(`${root}src/bridges/messages.ts`, 'utf8')
  const [shapes] = code.match(/export interface Item[\s\S]*?\nconst /) ?? ['']
  const words = [...shapes.matchAll(/^ {2}(\w+)\??:/gm)].map(([, word]) => word)
  assert.deepEqual(words, [
    'n',
    'hops',
    'value',
    'head',
    'bubus',
    'kind',
    'from',
    'to',
    'items',
    'flag',
    'busNames',
    'wanted',
    'locked',
    'exposes',
  ])
  assert.deepEqual(
    names.filter((name) => words.includes(name)),
    [],
  )
})
