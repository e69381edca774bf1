// `custom-elements.json`: what the element has, from its doc comments and its class.

import { readFileSync, writeFileSync } from 'node:fs'
import * as analyzer from '@custom-elements-manifest/analyzer'
import { root } from './bundle.mjs'

// It has types of its manifest only.
const { create, ts } = /** @type {any} */ (analyzer)

/**
 * Properties that an attribute has, by its name.
 *
 * @returns {[string, string][]}
 */
function attributes() {
  const source = readFileSync(`${root}src/inspector/attributes.ts`, 'utf8')
  const table = source.slice(source.indexOf('export const properties'))
  return [...table.matchAll(/^ {2}(\w+): \{(.*)/gm)].flatMap(([, property, rest]) => {
    if (rest.includes('attribute: false')) return []
    return /** @type {[string, string][]} */ ([
      [/attribute: '([\w-]+)'/.exec(rest)?.[1] ?? property, property],
    ])
  })
}

/** Writes the manifest of the element, schema 2.1.0. */
export function writeManifest(file) {
  const path = 'src/inspector/bus-inspector.ts'
  const module = ts.createSourceFile(path, readFileSync(root + path, 'utf8'), ts.ScriptTarget.ES2022, true)
  const manifest = create({ modules: [module], plugins: [] })
  manifest.schemaVersion = '2.1.0'
  const fieldOf = new Map(attributes())
  for (const one of manifest.modules) {
    one.path = 'dist/inspector.js'
    for (const declaration of one.declarations) {
      if (!declaration.customElement) continue
      declaration.members = declaration.members.filter(
        ({ privacy, name, kind }) =>
          privacy !== 'private' &&
          privacy !== 'protected' &&
          !name.startsWith('#') &&
          !['styles', 'properties', 'tree'].includes(name) &&
          !(kind === 'method' && /Callback$|^getUpdateComplete$|^render$|^updated$|^willUpdate$/.test(name)),
      )
      declaration.events = declaration.events.filter(({ name }) => name)
      for (const attribute of declaration.attributes ?? []) attribute.fieldName = fieldOf.get(attribute.name)
    }
  }
  writeFileSync(root + file, `${JSON.stringify(manifest, null, 2)}\n`)
}
