import { failureOf, type InspectedEvent, type InspectedResult } from './subjects.js'
import { preview, type Redact } from './values.js'

/** What came of a handler, in a line. */
export function outcomeText(event: InspectedEvent, result: InspectedResult, redact: Redact): string {
  if (result.status === 'error') {
    const { name, message } = failureOf(event, result)
    return `${name}: ${message}`
  }
  if (result.status !== 'completed' || (result.result as unknown) === event) return ''
  return preview(redact(['result'], result.result), redact, 120, ['result'])
}
