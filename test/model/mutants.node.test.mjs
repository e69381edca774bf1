// Deliberate bugs are put into the source by its text: one whose text is gone would be no bug, and its run no proof.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { mutants as ofLog } from '../crash/mutants.mjs'
import { root } from '../support/bundle.mjs'
import { mutants as ofBus } from './mutants.mjs'

for (const [title, mutants] of Object.entries({ 'of the bus': ofBus, 'of the log': ofLog }))
  describe(`deliberate bugs ${title}`, () => {
    for (const [name, mutations] of Object.entries(mutants))
      it(`${name} fits the source`, () => {
        for (const { file, find } of [mutations].flat())
          assert.equal(readFileSync(root + file, 'utf8').split(find).length, 2, `${find} in ${file}`)
      })
  })
