// Short names for what is internal.
//
// Property names are the library's own business as long as nobody else can see them, and a third of what minifiers leave. Every
// build writes the same short name for each name of the list, modules and minified file alike, since two copies of the library in a
// page, and two entry points, work with each other's objects. Hence a list by hand: a name may stand here if no platform object,
// no dependency and no public member has it (`test/package/internal-names.node.test.mjs` looks). A new entry gets a new short
// name; those that are there stay as they are within a major version.

import { readFileSync } from 'node:fs'

/** The short name of each internal property. @type {Record<string, string>} */
export const internalNames = JSON.parse(readFileSync(new URL('internal-names.json', import.meta.url), 'utf8'))

/** Options of esbuild. */
export const shortNames = {
  mangleProps: new RegExp(`^(?:${Object.keys(internalNames).join('|')})$`),
  mangleCache: internalNames,
}
