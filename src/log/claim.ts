import type { Visit } from '../bus/visit.js'
import { LogError } from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import { hold, lockName, take } from '../locks.js'
import { after } from '../timers.js'
import { change } from './change.js'
import { adoptions, type Fate, Fold } from './fold.js'
import type { LogDb } from './log-db.js'
import { seal } from './segment.js'
import type { LogWriter } from './writer.js'

/** How often a claim is tried, and ms between, growing. */
const TRIES = 4
const AGAIN = 50

/** What one claim decides. Nothing of it is done before its segment is durable. */
export interface Claim {
  /** What becomes this writer's own, and the lines of everything else. */
  adopted: Fate[]
  lines: string[]
  /** The writer whose claim it is, once that is durable. */
  by: string
  /** To be dispatched, in log order, and the events of the first of them: made while the claim is on its way. */
  events: Fate[]
  made: (BaseEvent | string)[]
  /** Already here: forwarded by what was recovered before, or alive through the page's rest. */
  living: { fate: Fate; visit: Visit }[]
  /** Called while it is on its way. */
  meanwhile?: () => void
}

export const newClaim = (): Claim => ({ adopted: [], lines: [], by: '', events: [], made: [], living: [] })

/** One claim at a time in a log, over all tabs: who holds a dead writer's lock is not mistaken for that writer. */
export async function claimed(writer: LogWriter, decision: Decision): Promise<Claim> {
  const { log, journal } = writer
  for (let tries = 1; ; tries++) {
    const done = await hold(`bubus:claim:${log.name}`, log.deadline)
    try {
      return await claimNow(writer, decision)
    } catch (error) {
      // A connection that has gone is replaced by another.
      if (journal.lost || tries === TRIES) throw error
    } finally {
      done?.()
    }
    await new Promise<void>((resolve) => after(tries * AGAIN, resolve))
  }
}

/** `clearedBelow`: what was there before was cleared, perhaps by another page. */
type Decision = (fold: Fold, dead: ReadonlySet<string>, clearedBelow: number) => Claim

async function claimNow(writer: LogWriter, decision: Decision): Promise<Claim> {
  const { log, journal } = writer
  const db = await log.db()
  await writer.alive()
  for (;;) {
    const fold = new Fold(db.meta.settled + 1)
    // In this order: what is decided from here on, a compaction too, is not missed, but refused.
    const [stored] = await Promise.all([db.stored(), fold.read(log, db)])
    const { turn = 0, clearedBelow = 1 } = stored ?? {}
    const locks = await takeLocks(fold)
    try {
      if (locks.size) await fold.read(log, db)
      const claim = decision(fold, new Set(locks.keys()), clearedBelow)
      const nothing = !claim.adopted.length && !claim.lines.length
      if (nothing || (await write(writer, db, turn, claim))) return claim
    } finally {
      for (const release of locks.values()) release()
    }
    // Somebody else has decided meanwhile: a lock was stolen.
    if (journal.lost) throw journal.lost
  }
}

/** The locks of all who own something unfinished and are dead. */
async function takeLocks(fold: Fold): Promise<Map<string, () => void>> {
  const owners = new Set<string>()
  for (const { ended, owner } of fold.fates) if (!ended) owners.add(owner)
  const taken = new Map<string, () => void>()
  await Promise.all(
    [...owners].map(async (owner) => {
      const release = await take(lockName(owner))
      if (release) taken.set(owner, release)
    }),
  )
  return taken
}

/** True once the decisions are durable; false if they no longer stand. */
async function write(
  { id, log, journal, nextSegment }: LogWriter,
  db: LogDb,
  turn: number,
  claim: Claim,
): Promise<boolean> {
  // The page went to rest: it is tried again under another one.
  if (!id) throw new LogError(`The writer of ${journal.name} is no more`)
  const changed = change(
    db,
    (meta) => (meta.turn === turn ? { meta: { turn: turn + 1 }, append: [segment] } : null),
    log.durability,
    claim.meanwhile,
  )
  // While it is asked whether the turn is still the same.
  const segment = seal(id, nextSegment(), journal.name, [...adoptions(claim.adopted), ...claim.lines])
  const added = await changed
  if (!added) return false
  log.written(db, added[0])
  claim.by = id
  return true
}
