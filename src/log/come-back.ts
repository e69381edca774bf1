import type { Flight } from './flight.js'
import { adopt } from './recovery.js'
import type { LogWriter } from './writer.js'

/** A page is back from the cache: sees what became of what it sent when it went, and goes on as another writer. */
export async function comeBack(writer: LogWriter, placed: unknown, sent: Flight[]): Promise<void> {
  // Where it lands decides what is to be adopted.
  await placed
  await sortSent(writer, sent)
  await writer.alive()
  await adopt(writer)
}

async function sortSent(writer: LogWriter, sent: Flight[]): Promise<void> {
  const { journal, log } = writer
  const flights = [...sent]
  // One that is late only may be there yet: to look for it waits for the end of its transaction.
  const look = async ({ segment, seq }: Flight) => (await log.db()).find(segment, seq + 1)
  const seqs = await Promise.all(flights.map((flight) => flight.done?.catch(() => look(flight))))
  sent.splice(0, flights.length)
  const failed = flights.filter((flight, i) => !writer.place(flight, seqs[i] ?? 0))
  for (const flight of flights) if (!failed.includes(flight)) writer.land(flight)
  journal.waiting = [...failed.flatMap(({ entries }) => entries), ...journal.waiting]
  if (journal.lost) journal.lose(journal.lost)
}
