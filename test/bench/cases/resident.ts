import { number } from 'superstruct'
import { defineEvent } from '../../../src/index.js'
import { newBus, Tick } from './tick.js'

class Resident extends defineEvent('Resident', { n: number() }) {}

/**
 * A bus that stays, with a history of everything that the cases do. Without it the collection before each
 * sample leaves no event and no bus: the engine forgets their hidden classes and throws the code away that it
 * had compiled for them, and every sample would measure a page that has just been opened.
 */
export const resident = newBus()

export async function settleIn(): Promise<void> {
  resident.on(Tick, ({ n }) => n)
  resident.on(Resident, async ({ n }, { bus }) => {
    await bus.dispatch(new Tick({ n, s: 'child' }))
    return n
  })
  resident.addEventListener(Tick, ({ n }) => n)
  for (let n = 0; n < 10; n++) {
    await resident.dispatch(new Tick({ n, s: 'tick' }))
    resident.dispatch(new Resident({ n }))
  }
  await resident.waitUntilIdle()
}
