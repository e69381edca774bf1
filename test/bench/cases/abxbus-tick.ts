import { BaseEvent, EventBus } from 'abxbus'
import { z } from 'zod'

export const AbxTick = BaseEvent.extend('AbxTick', { n: z.number(), s: z.string() })

/** As fast as its options make it: no call site search, no trimming of its history while the clock runs. */
export function newAbxBus(): EventBus {
  return new EventBus('AbxBench', { max_history_size: null, event_handler_detect_file_paths: false })
}

export let resident: EventBus | undefined

/** The same for this library as for ours: something of it stays alive between the samples. */
export async function settleInAbxBus(): Promise<void> {
  const bus = newAbxBus()
  bus.on(AbxTick, ({ n }) => n)
  for (let n = 0; n < 10; n++) await bus.emit(AbxTick({ n, s: 'tick' })).now()
  resident = bus
}
