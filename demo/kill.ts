import { log, shop } from './buses.js'
import { own } from './drawers.js'
import { StockChanged } from './events.js'
import { stock } from './services/stock.js'

/** How many events are on their way when the page goes. */
const BURST = 500
const noteName = 'killed-mid-write'

/** Writes a burst, notes whatever the log acknowledges, and leaves without waiting for the rest. */
export async function killMidWrite(): Promise<void> {
  const acknowledged: string[] = []
  const note = () => own.setItem(noteName, JSON.stringify(acknowledged))
  note()
  for (let i = 0; i < BURST; i++) {
    await shop.whenRoom()
    const event = shop.dispatch(new StockChanged({ sku: 'mug', left: stock.left('mug') }))
    event.eventPersisted.then(
      () => {
        acknowledged.push(event.eventId)
        note()
      },
      () => {},
    )
    // In the midst of it: some are durable, some are on their way, some wait.
    if (acknowledged.length > BURST / 2) break
  }
  location.reload()
}

export interface CrashNote {
  text: string
  tone: 'good' | 'bad'
}

/** After the reload: is everything that was acknowledged still there? Null if nobody was killed. */
export async function crashNote(): Promise<CrashNote | null> {
  const note = own.getItem(noteName)
  if (!note) return null
  own.removeItem(noteName)
  const acknowledged = new Set<string>(JSON.parse(note))
  const promised = acknowledged.size
  for await (const { event_id: id } of log.records({ type: 'StockChanged' })) acknowledged.delete(id)
  return acknowledged.size
    ? { text: `${acknowledged.size} of ${promised} acknowledged events are missing`, tone: 'bad' }
    : {
        text: `The page went mid-write. ${promised} events were acknowledged, and all of them are here`,
        tone: 'good',
      }
}
