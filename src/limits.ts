/** The numbers that somebody chose. They stand alone here so that bundlers put them where they are used. */

/** ms after which a drain gives the page back; of events without handlers every 16th reads the clock. */
export const SLICE = 8
/** So many drains, each of at most so many ms, are not worth a message that tells when their task is over. */
export const FEW = 16
export const BRIEF = 1
export const STEPS = 15
/** As many microtasks as code after an await of ours needs to start, through one async helper. */
export const HOPS = 4
/** ms of a handler that names no time-out of its own. */
export const DEFAULT_TIMEOUT = 60_000
/** After so many ms a handler is worth a warning. */
export const SLOW = 15_000
/** ms after which a wait from an unknown place is worth one. */
export const STUCK = 2000
/** So many ids of events from records a bus remembers at least. */
export const SEEN_IDS = 10_000

/** What a record from outside may hold. */
export const MAX_LIST = 1000
export const MAX_DEPTH = 100
export const MAX_VALUES = 1_000_000
export const MAX_TEXT = 10_000

/** What may wait for a log: entries, and characters of payloads. */
export const MAX_WAITING = 250_000
export const MAX_CHARS = 64_000_000

/** Histories of so many MB together are worth a warning; how often they are estimated (ms), and by how many events of each list. */
export const LIMIT_MB = 50
export const PERIOD = 1000
export const SAMPLE = 64
