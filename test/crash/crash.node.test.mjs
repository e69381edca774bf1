// The short form of `npm run test:crash`, with a few kills.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines } from '../support/engines.mjs'
import { campaign } from './campaign.mjs'
import { asTable, firstProblems } from './table.mjs'

const seed = Date.now() % 100_000
const skip = engines.chromium.find() ? false : 'Chromium is not installed'

test('twelve kills under load lose nothing that was acknowledged', { skip, timeout: 300_000 }, async (t) => {
  const result = await campaign({ engine: 'chromium', kills: 12, seed, patience: 40 })
  const { problems, kills, counts } = result
  t.diagnostic(asTable([result]))
  const again = `npm run test:crash -- --engine=chromium --kills=12 --seed=${seed}`
  assert.equal(problems.length, 0, `${again}\n${firstProblems(problems)}`)
  assert.equal(kills, 12)
  // Else nothing was tried.
  assert.ok(counts.acknowledged > 200 && counts.recovered > 0, JSON.stringify(counts))
})
