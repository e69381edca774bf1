import { shop } from '../buses.js'
import {
  ClickElementEvent,
  CreateAgentStepEvent,
  NavigateToUrlEvent,
  UpdateAgentTaskEvent,
} from '../events.js'

/**
 * A few handlers for recorded sessions. Their records become these classes and pass their schemas; a record of any other type
 * goes through the bus as a plain `BaseEvent`.
 */
export function openSession(): void {
  shop.on(NavigateToUrlEvent, ({ url }) => new URL(url).host, { name: 'Session.visit' })
  shop.on(
    ClickElementEvent,
    ({ element_index, label }) => (label ? `clicked “${label}”` : `clicked element ${element_index}`),
    { name: 'Session.click' },
  )
  shop.on(CreateAgentStepEvent, ({ step, next_goal }) => `${step}. ${next_goal}`, { name: 'Session.step' })
  shop.on(UpdateAgentTaskEvent, ({ done_output }) => done_output, { name: 'Session.end' })
}
