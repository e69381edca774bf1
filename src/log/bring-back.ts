import { stateOf } from '../brands.js'
import type { BusCore } from '../bus/bus-core.js'
import type { Journal, Mark } from '../bus/journal.js'
import type { Visit } from '../bus/visit.js'
import { BusStoppedError, LogError } from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import type { EventState } from '../events/event-state.js'
import { ASK, DURABLE } from '../events/status.js'
import { type EventRecord, errorRecord, type OutcomeRecord } from '../protocol.js'
import { warn } from '../warnings.js'
import { change } from './change.js'
import type { Claim } from './claim.js'
import { outcomesJSON } from './entries.js'
import type { EventLog } from './event-log.js'
import { entry, type Fate, whence } from './fold.js'
import { spares } from './lineage.js'
import { twinsOf } from './log-queries.js'
import { seal } from './segment.js'
import type { LogWriter } from './writer.js'

/** Unfinished events that this page has recovered: parents of what other buses recover. */
const recovered = new Map<string, EventState>()

/** Makes the events of a claim, as many as there may be room for. */
export function makeFirst({ events, made }: Claim, { core }: Journal): void {
  for (let i = 0; i < Math.min(events.length, core.maxPending); i++) made[i] ??= revive(core, events[i])
}

/** Dispatches what was claimed. */
export async function bringBack(writer: LogWriter, claim: Claim, again: BaseEvent[]): Promise<void> {
  const { journal } = writer
  const { core } = journal
  const { by, events, made, living } = claim
  const own = () => writer.steady && by === writer.id
  if (!own()) return
  for (const { fate, visit } of living) {
    // Its own entry it ends itself.
    if (visit.mark?.writer !== fate.writer) endTogether(journal, fate, visit)
    again.push(visit.state.event)
  }
  const refused: Refused[] = []
  for (let i = 0; i < events.length; i++) {
    const fate = events[i]
    const event = made[i] ?? revive(core, fate)
    if (typeof event === 'string') {
      refused.push({ fate, reason: event })
      continue
    }
    if (!core.hasRoom(true) || refuses(writer.log)) {
      await whenAccepted(writer)
      if (!own()) break
    }
    try {
      again.push(dispatchAgain(journal, fate, event))
    } catch (error) {
      // Nothing more is dispatched here. Others are refused for what they are, by a middleware: those after them are not.
      if (error instanceof BusStoppedError || error instanceof LogError) throw error
      warn(
        `${core.name} refuses ${labelOf(fate)}, which is left to the next page: ${errorRecord(error).message}`,
      )
    }
  }
  core.wireErrors += refused.length
  for (const { fate, reason } of refused)
    warn(`${core.name} cannot recover ${labelOf(fate)}, which is kept in quarantine: ${reason}`)
  if (!refused.length || !own()) return
  await keepApart(writer, refused).catch((error) => {
    // Given up with its page, which went to rest meanwhile: it is claimed again.
    if (own()) throw error
  })
}

const labelOf = ({ line }: Fate) => `${line.event_type}#${line.event_id.slice(-4)}`

/** The log takes nothing now, as it was told to. */
const refuses = ({ state, whenDegraded }: EventLog) => state === 'degraded' && whenDegraded === 'refuse'

/** Resolves when the bus and its log take what is dispatched in the same stretch. It was accepted once: it only waits its turn. */
async function whenAccepted({ journal, log }: LogWriter): Promise<void> {
  const { core } = journal
  for (let waited = false; !(waited || core.hasRoom(true)) || journal.full || refuses(log); waited = true) {
    if (refuses(log))
      await new Promise((resolve) => log.addEventListener('statechange', resolve, { once: true }))
    else await core.whenRoom(undefined, true)
  }
}

interface Refused {
  fate: Fate
  reason: string
}

/** The event of a record, or why its class refuses it. To be asked once: what the bus adds to a record is taken off. */
export function revive(core: BusCore, fate: Fate): BaseEvent | string {
  try {
    return core.revive(recordOf(fate))
  } catch (error) {
    return String((error as Error | null)?.message)
  }
}

function dispatchAgain(journal: Journal, fate: Fate, event: BaseEvent): BaseEvent {
  const { core } = journal
  const state = stateOf(event) as EventState
  // A forward of what was recovered elsewhere may have been quicker, since the claim.
  const visit = core.wasHere(state) && visitsById(journal).get(state.id)
  if (visit) {
    endTogether(journal, fate, visit)
    return visit.state.event
  }
  const { others } = fate
  if (others?.length)
    state.sparedOn = (name) => (handler) =>
      others.some((it) => it.bus === name && (it.ended || spares(it, handler)))
  journal.adopted = { state, go: (mark) => continueFrom(mark, fate) }
  try {
    core.dispatch(event, dispatcherOf(fate), true)
  } finally {
    journal.adopted = null
  }
  if (fate.parent) {
    recovered.set(state.id, state)
    state.onCompleted(() => recovered.delete(state.id))
  }
  return event
}

/** Records that their class refuses are not tried again, but never completed. */
async function keepApart({ id, log, journal, nextSegment }: LogWriter, refused: Refused[]): Promise<void> {
  const lines = refused.map(({ fate, reason }) => entry('X', fate, `,"reason":${JSON.stringify(reason)}`))
  const quarantine = refused.map(({ fate: { seq, index, line }, reason }) => ({
    seq,
    index,
    reason,
    value: line,
  }))
  const segment = seal(id, nextSegment(), journal.name, lines)
  await change(await log.db(), () => ({ quarantine, append: [segment] }))
}

function continueFrom(mark: Mark, fate: Fate): void {
  mark.status = DURABLE
  mark.writer = fate.writer
  mark.seq = fate.seq
  mark.index = fate.index
  mark.attempt = fate.attempts + 2
  mark.gate = ASK
  if (fate.settled) mark.spares = (handler) => spares(fate, handler)
}

/** The spared run of a recovered parent: its children are still its own. */
function dispatcherOf({ line }: Fate) {
  const parent = recovered.get(whence(line) ?? '')
  const name = line.event_by?.[1]
  return parent?.runs.find((run) => run.over && run.handler.name === name) ?? null
}

/** The event is here by another way: when it is completed, so is this entry of it. */
function endTogether(journal: Journal, fate: Fate, visit: Visit): void {
  const mark: Mark = Object.create(visit.mark)
  continueFrom(mark, fate)
  const { state } = visit
  twinsOf(journal).add(mark)
  state.onCompleted(() => {
    twinsOf(journal).delete(mark)
    if (!state.abandoned && !journal.lost) journal.add({ kind: 'C', mark, text: outcomesJSON(state) })
  })
}

/** The record, as it was when this bus accepted it, with the outcomes of those that are spared. */
function recordOf({ line, settled, others = [] }: Fate): EventRecord {
  line.event_path?.pop()
  line.event_bus_ids?.pop()
  const outcomes = [settled, ...others.map((it) => it.settled)].flatMap((it) => [...(it?.values() ?? [])])
  if (outcomes.length) line.event_outcomes = outcomes as OutcomeRecord[]
  return line
}

export function visitsById({ core }: Journal): Map<string, Visit> {
  const { completed, unfinished } = core.history
  const visits = [...completed.newest(), ...unfinished.newest()].filter(({ state }) => !state.abandoned)
  return new Map(visits.map((visit) => [visit.state.id, visit]))
}
