/** How the index is kept: some time after its segments, and never on the way of events. */
import { begin } from './change.js'
import { type Ends, hush, type LogDb, META, type Summary } from './log-db.js'

/** Adds to what is known of segments, in one transaction: whoever comes first, an end finds its beginning. */
export async function writeIndex(
  db: LogDb,
  known: ReadonlyMap<number, Summary>,
  ended: ReadonlyMap<number, Ends>,
): Promise<void> {
  const tx = begin(db, ['summaries', 'ends', 'meta'])
  // What another tab has removed meanwhile is not known any more.
  const { low } = (await tx.objectStore('meta').get(META)) ?? db.meta
  const [all, allEnds] = [tx.objectStore('summaries'), tx.objectStore('ends')]
  const summaries = new Map(known)
  const again: [seq: number, ends: Ends][] = []
  const add = async (seq: number, more: Ends = []) => {
    if (seq < low) return
    const [before, old = []] = await Promise.all([all.get(seq), allEnds.get(seq)])
    const summary = summaries.get(seq) ?? before
    const ends = [...old]
    for (let i = 0; i < more.length; i += 3)
      if (!endAt(ends, more[i])) ends.push(more[i], more[i + 1], more[i + 2])
    const grown = ends.length > old.length
    if (grown) hush(allEnds.put(ends, seq))
    if (!summary || !(grown || summary !== before)) return
    summaries.delete(seq)
    const { events, twins = [] } = summary
    const until = ends.reduce((last, value, i) => (i % 3 === 1 ? Math.max(last, value) : last), 0)
    let open = events - (twins.length + ends.length) / 3
    for (let i = 0; i < twins.length; i += 3) {
      const end = endAt(ends, twins[i])
      if (!end) continue
      open++
      again.push([twins[i + 1], [twins[i + 2], ...end]])
    }
    hush(all.put({ ...summary, open, until }, seq))
  }
  await Promise.all([...new Set([...known.keys(), ...ended.keys()])].map((seq) => add(seq, ended.get(seq))))
  for (const [seq, ends] of again) await add(seq, ends)
  await tx.done
}

/** Where the event of a line has its end, as segment and line. */
export function endAt(ends: Ends, index: number): [seq: number, index: number] | undefined {
  for (let i = 0; i < ends.length; i += 3) if (ends[i] === index) return [ends[i + 1], ends[i + 2]]
  return undefined
}
