// A judge that finds nothing wrong is worth as much as it would find: here is what it must find.

import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { segmentCode } from './bundles.mjs'
import { id, soundHistory } from './doctored.mjs'
import { judge } from './judge.mjs'

let code
let history
let wal

const kinds = () => [...new Set(judge(history, code).problems.map(({ kind }) => kind))].sort()
const lines = (/** @type {number} */ seq) => wal[seq - 1].value.body.split('\n').filter(Boolean)

const settled = {
  ...{ event_entry: 'R', event_id: id(2), writer: 'one', at: [1, 1] },
  ...{ pattern: 'Plain', name: 'note', outcome: {} },
}

/** Writes a segment anew, with a checksum that fits. */
function rewrite(seq, change, more = {}) {
  const { writer, wseq, bus } = wal[seq - 1].value
  const changed = change(lines(seq).map((line) => JSON.parse(line)))
  const texts = changed.map((line) => `${JSON.stringify(line)}\n`)
  wal[seq - 1].value = { ...code.seal(writer, wseq, bus, texts), ...more }
}

before(async () => {
  code = await segmentCode()
})

describe('the judge of the crash tests', () => {
  const finds = (name, spoil, ...expected) =>
    it(name, () => {
      history = soundHistory(code)
      wal = history.dumps.crash.wal
      spoil()
      assert.deepEqual(kinds(), expected.sort())
    })

  finds('finds nothing in a sound log', () => {})

  finds(
    'a segment that is gone, with an acknowledged event in it',
    () => wal.splice(0, 1),
    ...['hole', 'lost', 'stray', 'ahead', 'records'],
  )
  finds('the newest segment gone', () => wal.pop(), 'unfinished')
  finds(
    'a flipped byte',
    () => {
      const { value } = wal[4]
      value.body = value.body.replace('"C"', '"D"')
    },
    'torn',
    'unfinished',
  )
  finds(
    'a segment that was cut short',
    () => {
      const { value } = wal[4]
      value.body = value.body.slice(0, -20)
    },
    'torn',
    'unfinished',
  )
  finds(
    'a count that is wrong',
    () => {
      wal[3].value.n = 2
    },
    'torn',
    'ahead',
  )
  finds('an acknowledged event that is in no segment', () => history.acks.set(id(9), 'Shop'), 'lost')
  finds('an acknowledgement on a bus that the event is not on', () => history.acks.set(id(1), 'Mail'), 'lost')
  finds('an event without an end', () => rewrite(5, ([first]) => [first]), 'unfinished')
  finds('an event that ends twice', () => rewrite(5, (all) => [...all, all[0]]), 'twice')
  finds(
    'an end by a page that does not own the event',
    () => rewrite(3, ([all]) => [{ ...all, also: [] }]),
    'owner',
  )
  finds(
    'a taking-over of what is finished',
    () => rewrite(3, (all) => [...all, { ...all[0], event_id: id(1), at: [1, 0], also: [] }]),
    'twice',
  )
  finds(
    'a taking-over, among others, of what nobody accepted',
    () => rewrite(3, ([all]) => [{ ...all, also: [2, 2, 2, 2, 7, 7] }]),
    'stray',
  )
  finds(
    'a handler that ran again although it was spared',
    () => rewrite(4, (all) => [...all, settled, settled]),
    'spared',
  )
  finds(
    'a dead letter before its time',
    () => rewrite(5, ([first, second]) => [{ ...first, event_entry: 'X' }, second]),
    'early',
  )
  finds(
    'segments of a writer out of order',
    () => {
      wal[1].value.wseq = 0
    },
    'order',
  )
  finds(
    'events of a page out of order',
    () =>
      rewrite(1, ([a, b]) => [
        { ...a, k: 1 },
        { ...b, k: 0 },
      ]),
    'order',
  )
  finds('an entry whose event is elsewhere', () => rewrite(4, ([s]) => [{ ...s, at: [1, 0] }]), 'stray')
  finds(
    'a handler that ran before its event was in the log',
    () => history.runs.push({ run: id(9), bus: 'Shop', handler: 'note', attempt: 1, session: 's1' }),
    'ahead',
  )
  finds(
    'an attempt that the log was not told of',
    () => history.runs.push({ run: id(2), bus: 'Shop', handler: 'note', attempt: 3, session: 's2' }),
    'ahead',
  )
  finds('a recovered event that never ran', () => history.runs.pop(), 'idle')
  finds(
    'a completed parent without its child',
    () => rewrite(2, ([r, c, e]) => [r, c, { ...e, event_type: 'Family', kids: 0 }]),
    'child',
  )
  finds(
    'an event that was forwarded and did not arrive',
    () => rewrite(2, ([r, c, e]) => [r, c, { ...e, event_type: 'Letter' }]),
    'forward',
  )
  finds('no fault in one that a log which could not be written in time has let go there', () => {
    rewrite(2, ([r, c, e]) => {
      history.runs.push({ run: e.event_id, bus: 'Mail', handler: 'deliver', attempt: 1, session: 's9' })
      return [r, c, { ...e, event_type: 'Letter' }]
    })
    history.degraded.add('s9')
  })
  finds(
    'what the browser has deleted with its database',
    () => {
      history.acks.set(id(9), 'Shop')
      history.losses.push({ from: 1, to: 2, reason: 'the database has vanished' })
    },
    ...['dataloss', 'wiped'],
  )
  finds('a loss that the log tells of', () => history.losses.push({ from: 1, to: 2 }), 'dataloss')
  finds('a record that the library does not read', () => history.dumps.crash.records.pop(), 'records')
  finds(
    'an end that the library does not see',
    () => {
      history.dumps.crash.records[0].completed = false
    },
    'records',
  )
  finds('a segment in quarantine', () => history.dumps.crash.quarantine.push({ value: 1 }), 'torn')
  finds(
    'a last page that was not done',
    () => {
      history.unsettled = true
    },
    'unsettled',
  )
  finds('an error in a page', () => history.oops.push('TypeError'), 'oops')
})
