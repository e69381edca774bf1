import type { BaseEvent } from '../src/index.js'
import * as events from './events.js'

interface Reader {
  fromJSON(record: object): BaseEvent
}

/** The shop's events by their type: what makes an event of a record. */
export const classes: ReadonlyMap<string, Reader> = new Map(
  Object.values(events)
    .filter((value) => typeof value === 'function')
    .map((Class) => [Class.eventType, Class]),
)

/** This handler has had its turn with the event, here or in a page that is gone, and has not failed. */
export const did = ({ eventResults }: BaseEvent, name: string): boolean =>
  [...eventResults.values()].some(({ handlerName, status }) => handlerName === name && status === 'completed')
