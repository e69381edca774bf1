/** Changes of a log that stand on what is true when they are made: they are asked for when something is decided, not on the way of events. */
import { LogError } from '../errors.js'
import { held } from '../locks.js'
import {
  type Ends,
  hush,
  type LogDb,
  META,
  type Meta,
  type Quarantined,
  type StoreName,
  type Summary,
  stores,
} from './log-db.js'
import type { Segment } from './segment.js'

/** What is changed in one transaction; read first, so that a decision stands on what is true now. */
export interface Change {
  meta?: Partial<Meta>
  append?: Segment[]
  summaries?: [number, Summary][]
  ends?: [number, Ends][]
  quarantine?: Quarantined[]
  removeTo?: number
  /** What is kept apart goes, too. */
  clearQuarantine?: boolean
}

/**
 * A transaction that reads before it writes. It is given up with its page, where that goes to rest meanwhile: WebKit would leave it
 * open, and who writes in another tab would wait for that. Nor may it be committed while more than one of its requests is under way:
 * WebKit sends them one after the other, can abort none any more, and keeps the connection of a page that rests, or of a frame that
 * is removed.
 */
export function begin<Names extends [StoreName] | StoreName[]>(
  { idb }: LogDb,
  names: Names,
  durability: 'relaxed' | 'strict' = 'relaxed',
) {
  const tx = idb.transaction(names, 'readwrite', { durability })
  const giveUp = () => {
    try {
      tx.abort()
    } catch {
      // It is on its way already.
    }
  }
  held.add(giveUp)
  const end = () => held.delete(giveUp)
  tx.done.then(end, end)
  return tx
}

/**
 * A decision: `decide` sees what is true now and gives what to change, or null. Everything in one transaction; gives the new
 * segments' numbers, or null. `meanwhile` is called once it is on its way.
 */
export async function change(
  db: LogDb,
  decide: (meta: Meta) => Change | null,
  durability?: 'relaxed' | 'strict',
  meanwhile?: () => void,
): Promise<number[] | null> {
  const tx = begin(db, stores, durability)
  const { done } = tx
  const store = <N extends StoreName>(name: N) => tx.objectStore(name)
  const meta =
    (await db.ask(store('meta').get(META)).catch((error) => {
      // What comes too late is not to be decided any more; a transaction that failed is over.
      if (error instanceof LogError) tx.abort()
      throw error
    })) ?? db.meta
  const made = decide(meta)
  const before = { ...db.meta }
  if (!made) {
    await done
    return null
  }
  if (made.meta) hush(store('meta').put(Object.assign(db.meta, meta, made.meta), META))
  for (const [seq, summary] of made.summaries ?? []) hush(store('summaries').put(summary, seq))
  for (const [seq, ends] of made.ends ?? []) hush(store('ends').put(ends, seq))
  for (const item of made.quarantine ?? [])
    hush(store('quarantine').put(item, `${item.seq}:${item.index ?? ''}`))
  if (made.removeTo) {
    const range = IDBKeyRange.upperBound(made.removeTo)
    for (const name of ['wal', 'summaries', 'ends'] as const) hush(store(name).delete(range))
  }
  if (made.clearQuarantine) hush(store('quarantine').clear())
  const added = hush(Promise.all((made.append ?? []).map((segment) => store('wal').add(segment))))
  meanwhile?.()
  await done.catch((error) => {
    // Nothing of it has come about: what is unfinished stays that.
    Object.assign(db.meta, before)
    throw error
  })
  return added
}
