// The inspector where there is no page, and bundles that have it or have it not.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { build } from 'esbuild'
import { buildMinified, root } from '../support/bundle.mjs'

const text = (file) => readFileSync(root + file, 'utf8')
const { version, exports: entries, sideEffects } = JSON.parse(text('package.json'))

test('can be imported where there is no page, and says which version it is', async () => {
  const { BusInspector } = await import('../../dist/inspector.js')
  assert.equal(BusInspector.version, version)
  assert.equal(globalThis.document, undefined)
})

test('is rendered by a server: its shell, with what it is given', async () => {
  const { render } = await import('@lit-labs/ssr')
  const { collectResult } = await import('@lit-labs/ssr/lib/render-result.js')
  const { html } = await import('lit')
  await import('../../dist/inspector/define.js')
  const markup = await collectResult(
    render(html`<bus-inspector theme="dark" filter="type:Order*"></bus-inspector>`),
  )
  assert.match(markup, /<template shadowroot="open" shadowrootmode="open">/)
  assert.match(markup, /role="toolbar"/)
  assert.match(markup, /role="treegrid"/)
  assert.match(markup, /No bus in this page yet/)
  assert.match(markup, /theme="dark"/)
})

test('the class defines nothing; only the other entry does, and says that it has an effect', async () => {
  assert.ok(entries['./inspector'] && entries['./inspector/define'])
  assert.ok(sideEffects.includes('./dist/inspector/define.js'))
  assert.ok(!sideEffects.includes('./dist/inspector.js'))
  assert.doesNotMatch(text('dist/inspector.js'), /customElements\.define/)
})

/** What an application of these lines is built into. */
async function application(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: 'js' },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    alias: {
      bubus: `${root}dist/index.js`,
      'bubus/inspector/define': `${root}dist/inspector/define.js`,
      'bubus/inspector': `${root}dist/inspector.js`,
    },
    external: ['superstruct', 'nanoid', 'lit'],
    logLevel: 'error',
  })
  return outputFiles[0].text
}

test('the core has no byte of it, nor has an application that does not import it', async () => {
  const mark = /bus-inspector|treegrid/
  const { code } = await buildMinified('src/script-tag.ts')
  assert.doesNotMatch(code, mark)
  assert.doesNotMatch(await application(`import { EventBus } from 'bubus'; new EventBus()`), mark)
  assert.doesNotMatch(
    await application(
      `import { BusInspector } from 'bubus/inspector'; import { EventBus } from 'bubus'; new EventBus()`,
    ),
    mark,
  )
  assert.match(
    await application(`import 'bubus/inspector/define'; import { EventBus } from 'bubus'; new EventBus()`),
    mark,
  )
})

test('has no byte of the core, and needs nothing besides lit', async () => {
  const { metafile } = await buildMinified('src/inspector/define.ts')
  const [{ inputs }] = Object.values(metafile.outputs)
  const others = Object.keys(inputs).filter(
    (file) =>
      !/^src\/inspector\/|^node_modules\/(lit|lit-html|lit-element|@lit\/reactive-element)\//.test(file),
  )
  assert.deepEqual(others, [])
})
