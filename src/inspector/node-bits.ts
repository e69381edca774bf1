/** What the `flags` of a node in the tree's model say of it: an event, or a handler's result. */
export const EVENT = 1
/** Its parent is not here. */
export const ORPHAN = 2
export const COLLAPSED = 4
/** Cleared from sight. */
export const HIDDEN = 8
/** Matches the filter. */
export const HIT = 16
/** Something below it does. */
export const PATH = 32
/** Collapsed while a filter is on: the next filter starts open. */
export const CLOSED_HIT = 64
/** A handler of it failed, whether it is over or not. */
export const FAILED = 128
/** It came from a file. */
export const READ = 256
/** Its times were read, since it last changed. */
export const TIMED = 512
/** Its payload is not what was dispatched. */
export const MUTATED = 1024
/** What a node keeps when the tree is made anew. */
export const KEPT = COLLAPSED | CLOSED_HIT | HIT | MUTATED | READ
