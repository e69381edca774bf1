// Deliberate bugs in the log. A run with one of them must fail: `npm run test:crash -- --mutant=NAME --kills=30`.

/** @type {Record<string, import('./bundles.mjs').Mutation[]>} */
export const mutants = {}
