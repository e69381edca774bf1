import type { Entry, Mark } from '../bus/journal.js'
import type { RegisteredHandler } from '../bus/subscriptions.js'
import type { Visit } from '../bus/visit.js'
import { show } from '../errors.js'
import type { EventState } from '../events/event-state.js'
import type { Handler, HandlerRun } from '../events/handler-run.js'
import { settledRuns } from '../events/record.js'
import { ASK, ERROR, statuses } from '../events/status.js'
import { checkSize, errorRecord, SMALL } from '../protocol.js'
import type { Summary } from './log-db.js'
import { acceptedLine, completedTail, dateJSON, lineHead } from './segment.js'
import { addEvent } from './summary.js'

/** An event is completed; one that a stop has ended is left to be recovered. */
export function completedEntry({ mark, state }: Visit): Entry | null {
  if (!mark) return null
  if (!state.abandoned) return { kind: 'C', mark, text: outcomesJSON(state) }
  // An attempt that a stop has ended does not count.
  return mark.attempt > 1 && mark.gate !== ASK ? { kind: 'S', mark, text: ',"undo":true' } : null
}

/** A handler has its outcome: after a crash it need not run again, if it can be told from the others. */
export function settledEntry(run: HandlerRun): Entry | null {
  const { mark, state } = run.visit as Visit
  const { named, forwards } = run.handler as RegisteredHandler
  return mark && named && !forwards && !state.abandoned
    ? { kind: 'R', mark: mark as Mark, text: outcomeJSON(run), run }
    : null
}

export const outcomesJSON = (state: EventState): string => `[${settledRuns(state).map(outcomeJSON)}]`

/** What the outcomes of a handler begin with, on the bus where it ran last: a listener may be on several. */
const heads = new WeakMap<Handler, { busId: string; head: string }>()

function headOf(run: HandlerRun): string {
  const { handler, visit } = run
  const busId = visit.core.id
  const last = heads.get(handler)
  if (last?.busId === busId) return last.head
  const { handlerId, handlerName, busName } = run.view
  const named = { handler_id: handlerId, handler_name: handlerName, bus_id: busId, bus_name: busName }
  const head = JSON.stringify(named).slice(0, -1)
  heads.set(handler, { busId, head })
  return head
}

/** As it is when it happens; of a result that a record cannot hold, what it looks like. Built by hand: there is one for each event. */
function outcomeJSON(run: HandlerRun): string {
  const { value, status, error, startedAt, completedAt } = run
  let result: string | undefined
  try {
    result = JSON.stringify(value)
    if (result && result.length > SMALL) checkSize([[[value]]])
  } catch {
    result = JSON.stringify(show(value))
  }
  return (
    `${headOf(run)},"status":"${statuses[status]}","started_at":${dateJSON(startedAt)},"completed_at":${dateJSON(completedAt)}` +
    `${result ? `,"result":${result}` : ''},"error":${status === ERROR ? JSON.stringify(errorRecord(error)) : null}}`
  )
}

/** An entry as the `index`th line of a segment. */
export function lineOf({ kind, mark, text, run }: Entry, index: number, summary: Summary): string {
  const { state } = mark.visit
  if (kind === 'E') {
    mark.index = index
    addEvent(summary, state.meta.type, state.id, state.createdAt)
    return acceptedLine(mark)
  }
  const head = lineHead(kind, state.id, mark.writer, mark)
  if (kind === 'C') return head + completedTail(state, text)
  if (kind !== 'R' || !run) return `${head}${text}}\n`
  const { pattern, name } = run.handler as RegisteredHandler
  return `${head},"pattern":"${pattern}","name":${JSON.stringify(name)},"outcome":${text}}\n`
}
