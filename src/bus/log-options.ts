import { anIdentifier, type Check, checkOptions, from, oneOf, orNull } from '../errors.js'

const aSize = /* @__PURE__ */ orNull(/* @__PURE__ */ from(0))
const someRetain: Check = (name, value) =>
  checkOptions(value, { events: aSize, bytes: aSize, ageMs: aSize }, name)

/** Of a log that is made on demand they are checked with the bus: later nobody could be told. */
export const logChecks = {
  name: anIdentifier,
  durability: /* @__PURE__ */ oneOf(['relaxed', 'strict']),
  mode: /* @__PURE__ */ oneOf(['ahead', 'behind']),
  whenDegraded: /* @__PURE__ */ oneOf(['release', 'refuse']),
  deadline: /* @__PURE__ */ from(1),
  retain: someRetain,
}
