import { EventTimeoutError } from '../src/index.js'
import { tortoiseTimeout } from './services/carriers.js'

const seconds = new Intl.NumberFormat('en', { style: 'unit', unit: 'second', unitDisplay: 'long' })

/** An error as a customer would like to read it. The only time-out that this shop runs into is Tortoise Freight's. */
export function inWords(error: unknown): string {
  if (error instanceof EventTimeoutError) {
    return `Timed out: no answer within ${seconds.format(tortoiseTimeout / 1000)}`
  }
  return error instanceof Error ? error.message : String(error)
}
