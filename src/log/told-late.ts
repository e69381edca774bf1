import { type Message, VERSION } from '../bridges/messages.js'
import type { Entry } from '../bus/journal.js'
import { newId } from '../ids.js'

/** Entries are written later than those think who look for them: bridges of their channels are to look once more. */
export function toldLate(entries: readonly Entry[]): void {
  const channels = new Set<string>()
  for (const { kind, text } of entries)
    if (kind === 'B') channels.add(JSON.parse(`{${text.slice(1)}}`).channel)
  for (const name of channels) {
    const channel = new BroadcastChannel(name)
    channel.postMessage({
      bubus: VERSION,
      kind: 'hello',
      from: newId(),
      items: [],
      flag: true,
    } satisfies Message)
    channel.close()
  }
}
