import type { InspectedEvent, InspectedResult } from './subjects.js'

/** The reader has selected a row, or none. */
export class InspectorSelectEvent extends Event {
  /** The event of the row. */
  readonly event: InspectedEvent | null
  /** The handler's result, if the row is a handler's. */
  readonly result: InspectedResult | null

  constructor(event: InspectedEvent | null, result: InspectedResult | null) {
    super('bus-inspector-select', { bubbles: true, composed: true })
    this.event = event
    this.result = result
  }
}

/** The reader opens or closes the inspector; `preventDefault()` keeps it as it is. */
export class InspectorToggleEvent extends Event {
  /** What it is about to be. */
  readonly open: boolean

  constructor(open: boolean) {
    super('bus-inspector-toggle', { bubbles: true, composed: true, cancelable: true })
    this.open = open
  }
}

declare global {
  interface HTMLElementEventMap {
    'bus-inspector-select': InspectorSelectEvent
    'bus-inspector-toggle': InspectorToggleEvent
  }
}
