/** What a log has in it, line by line. */
import { expect } from '@esm-bundle/chai'
import { lines } from './helpers.js'
import { rowsOf } from './raw.js'

export async function entries(name: string) {
  const rows = (await rowsOf(name)).map(([, row]) => row)
  return rows.flatMap((row) => lines([row], rows).map((line) => ({ ...line, by: row.writer })))
}
export const said = async (name: string, kind: string) =>
  (await entries(name)).filter((line) => (line as Record<string, unknown>).event_entry === kind)

/** Who is to finish each event. Whatever else is said of one, its owner says. */
export async function ownersIn(name: string): Promise<Map<string, string>> {
  const owners = new Map<string, string>()
  for (const { event_entry: kind, event_id: id, by } of (await entries(name)) as Record<string, string>[]) {
    if (kind === 'E' || kind === 'A') owners.set(id, by)
    else expect(by, `${kind} of its owner`).to.equal(owners.get(id))
  }
  return owners
}
