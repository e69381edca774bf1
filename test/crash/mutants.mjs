// Deliberate bugs in the log. A run with one of them must fail: `npm run test:crash -- --mutant=NAME --kills=20`.

/** @type {Record<string, import('./bundles.mjs').Mutation[]>} */
export const mutants = {
  /** An event is acknowledged when its write begins, not when it is committed. */
  'acknowledges-early': [
    {
      file: 'src/log/writer.ts',
      find: '      this.flight = flight\n',
      replace: `      this.flight = flight
      for (const { kind, mark } of flight?.entries ?? []) if (kind === 'E') mark.settle(DURABLE)
`,
    },
  ],
  /** Handlers start while their event is being written. */
  'runs-early': [
    { file: 'src/bus/journal.ts', find: '(ahead || !log) && !degraded ? SHUT : OPEN', replace: 'OPEN' },
  ],
  /** Who lives is not asked. */
  'takes-from-the-living': [
    {
      file: 'src/log/claim.ts',
      find: 'if (release) taken.set(owner, release)',
      replace: 'taken.set(owner, release ?? (() => {}))',
    },
  ],
  /** Some of what was claimed is not dispatched. */
  'forgets-what-it-took': [
    {
      file: 'src/log/recovery.ts',
      find: '      claim.events.push(fate)\n',
      replace: '      if (fate.index % 8 !== 7) claim.events.push(fate)\n',
    },
  ],
  /** Handlers that had their turn are not spared. */
  'spares-nobody': [
    {
      file: 'src/log/lineage.ts',
      find: 'named && !!settled?.has(handlerKey(pattern, name))',
      replace: 'false',
    },
  ],
  /** A descendant is closed although its parent, spared, will not dispatch it again. */
  'closes-too-much': [
    {
      file: 'src/log/recovery.ts',
      find: "if (kind === 'C' && !lineage.superseded(child)) continue",
      replace: '',
    },
  ],
}
