// TypeScript for the browser, once, for the dev server, the build of the demo and the test runner.
//
// Why not their own transforms: neither vite's Oxc nor the test runner lowers standard (TC39) decorators and `using`, and no
// engine runs decorators yet. esbuild lowers both when it is asked for ES2022.

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { getRequestFilePath } from '@web/dev-server-core'
import { transform } from 'esbuild'
import { shortNames } from './internal-names.mjs'

/** What every build of this project aims at. */
export const target = 'es2022'

const root = fileURLToPath(new URL('../../', import.meta.url))
const isTypeScript = (/** @type {string} */ file) => /\.ts$/.test(file) && !file.includes('/node_modules/')
const mutations = await chosenMutations()

/** The plugin of `web-test-runner.config.mjs`. */
export function typescriptForTests() {
  let rootDir = root
  return {
    name: 'typescript',

    serverStart({ config }) {
      rootDir = config.rootDir
    },

    resolveMimeType(context) {
      return isTypeScript(context.path) ? 'js' : undefined
    },

    /** TypeScript sources name their neighbours as the `.js` they become. */
    resolveImport({ source, context }) {
      if (!/^\.{1,2}\/.*\.js$/.test(source)) return undefined
      const wanted = getRequestFilePath(
        new URL(source, new URL(context.url, 'http://localhost')).pathname,
        rootDir,
      )
      const written = wanted.replace(/\.js$/, '.ts')
      return !existsSync(wanted) && existsSync(written) ? source.replace(/\.js$/, '.ts') : undefined
    },

    async transform(context) {
      if (!isTypeScript(context.path)) return undefined
      const file = getRequestFilePath(context.url, rootDir)
      const { code } = await lower(
        String(context.body),
        file,
        'inline',
        file.startsWith(`${root}src/`) ? shortNames : {},
      )
      return { body: code, transformCache: true }
    },
  }
}

/** The plugin of `vite.config.ts`. */
export function typescriptForVite() {
  return {
    name: 'typescript',
    enforce: /** @type {const} */ ('pre'),

    async transform(code, id) {
      const file = id.split('?')[0]
      if (!isTypeScript(file)) return undefined
      return lower(code, file, 'external')
    },
  }
}

/**
 * The tests see the library with the short names of its published files, which they load beside it: copies in one page share their
 * internals. The tests themselves keep their names, like everybody's code.
 */
async function lower(code, file, sourcemap, options = {}) {
  const { code: lowered, map } = await transform(mutate(code, file), {
    loader: 'ts',
    target,
    sourcemap,
    sourcefile: file,
    ...options,
    // The transform API reads no tsconfig: the two lines of it that change what is emitted.
    tsconfigRaw: {
      compilerOptions: {
        verbatimModuleSyntax: true,
        useDefineForClassFields: true,
      },
    },
  })
  return { code: lowered, map }
}

/** With `BUBUS_MUTANT=name`, puts that deliberate bug into the served source, to see that the tests notice. */
function mutate(code, file) {
  return mutations
    .filter((mutation) => file === root + mutation.file)
    .reduce((mutated, { find, replace }) => mutated.replace(find, () => replace), code)
}

/** The replacements of the mutant; one that does not fit the source any more ends the run before it begins. */
async function chosenMutations() {
  const name = process.env.BUBUS_MUTANT
  if (!name) return []
  const { mutants } = await import(new URL('../model/mutants.mjs', import.meta.url).href)
  if (!Object.hasOwn(mutants, name)) {
    throw new Error(`BUBUS_MUTANT: expected one of ${Object.keys(mutants).join(', ')}, got ${name}`)
  }
  const chosen = [mutants[name]].flat()
  for (const { file, find } of chosen) {
    const found = readFileSync(root + file, 'utf8').split(find).length - 1
    if (found !== 1) {
      throw new Error(
        `Mutant ${name}: expected ${JSON.stringify(find)} once in ${file}, found it ${found} times`,
      )
    }
  }
  return chosen
}
