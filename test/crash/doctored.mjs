// A sound log of two small pages, as the judge is given it, to be spoilt in tests of the judge.

const id = (/** @type {number} */ n) => `01a21d2b-3e41-7179-85de-${String(n).padStart(12, '0')}`

const accepted = (n, type, k, more = {}) => ({
  ...{ s: 'page', k, event_type: type, event_id: id(n), event_parent_id: null, event_path: ['Shop'] },
  ...{ event_bus_ids: ['b'], event_entry: 'E', event_by: null },
  ...more,
})
const said = (kind, n, at, more = {}) => ({ event_entry: kind, event_id: id(n), at, writer: 'one', ...more })
const settled = { pattern: 'Plain', name: 'note', outcome: {} }

/** Accepted by `one`, which dies; finished by `two`, which takes over what is left. */
const segments = [
  ['one', 0, [accepted(1, 'Plain', 0), accepted(2, 'Plain', 1)]],
  ['one', 1, [said('R', 1, [1, 0], settled), said('C', 1, [1, 0]), accepted(3, 'Bad', 2)]],
  ['two', 0, [said('A', 2, [1, 1], { also: [2, 2, 2] })]],
  ['two', 1, [said('S', 2, [1, 1])]],
  ['two', 2, [said('C', 2, [1, 1]), said('C', 3, [2, 2])]],
]

/**
 * @param {typeof import('../../src/log/segment.ts')} code
 * @returns {any} a history in which nothing is wrong
 */
export function soundHistory(code) {
  const wal = segments.map(([writer, wseq, lines], i) => ({
    seq: i + 1,
    value: code.seal(
      writer,
      wseq,
      'Shop',
      lines.map((line) => `${JSON.stringify(line)}\n`),
    ),
  }))
  const records = ['1:0', '1:1', '2:2'].map((at, i) => ({ at, id: id(i + 1), completed: true }))
  return {
    acks: new Map([1, 2, 3].map((n) => [id(n), 'Shop'])),
    nacks: new Set(),
    done: new Set(),
    degraded: new Set(),
    losses: [],
    oops: [],
    runs: [
      { run: id(1), bus: 'Shop', handler: 'note', attempt: 1, session: 's1' },
      { run: id(2), bus: 'Shop', handler: 'note', attempt: 2, session: 's2' },
      { run: id(3), bus: 'Shop', handler: 'fail', attempt: 1, session: 's2' },
    ],
    recovered: [{ recovered: [id(2), id(3)], bus: 'Shop', session: 's2' }],
    last: 's2',
    dumps: { crash: { wal, records, quarantine: [] } },
  }
}

export { id }
