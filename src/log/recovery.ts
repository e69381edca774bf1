import { stateOf } from '../brands.js'
import type { BusCore } from '../bus/bus-core.js'
import type { Journal, Mark } from '../bus/journal.js'
import type { RegisteredHandler } from '../bus/subscriptions.js'
import type { Visit } from '../bus/visit.js'
import { EventCancelledError, LogError } from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import type { EventState } from '../events/event-state.js'
import { ASK, DURABLE } from '../events/status.js'
import { hold, lockManager, lockName, take } from '../locks.js'
import type { EventRecord, OutcomeRecord } from '../protocol.js'
import { after } from '../timers.js'
import { warnOnce } from '../warnings.js'
import { outcomesJSON } from './entries.js'
import { type Fate, Fold, handlerKey } from './fold.js'
import type { LogDb } from './log-db.js'
import { turnOf } from './log-queries.js'
import { lineHead, seal } from './segment.js'
import type { LogWriter } from './writer.js'

/** How often a claim is tried, and ms between, growing. */
const TRIES = 4
const AGAIN = 50

/** So many attempts that ended with the page are enough. */
const MAX_ATTEMPTS = 3

/** What one claim decides. Nothing of it is done before its segment is durable. */
interface Claim {
  lines: string[]
  /** The writer whose claim it is, once that is durable. */
  by: string
  /** To be dispatched, in log order, and the events of the first of them: made while the claim is on its way. */
  events: Fate[]
  made: (BaseEvent | string)[]
  /** Already here: forwarded by what was recovered before, or alive through the page's rest. */
  living: { fate: Fate; visit: Visit }[]
}

/**
 * Takes over what dead writers have left unfinished on this bus, and dispatches it.
 *
 *   locks of the dead, if available → the log's tail, again → one segment with every decision, if nobody decided meanwhile
 *   → locks back → dispatch
 */
export async function recover(writer: LogWriter): Promise<BaseEvent[]> {
  if (!lockManager()) {
    warnOnce(
      'recover-locks',
      'without Web Locks (https, no sandbox) no page can be proven dead: nothing is recovered',
    )
    return []
  }
  const again: BaseEvent[] = []
  for (;;) {
    await writer.awake()
    const claim = await claimed(writer, (fold, dead) => decide(writer, fold, dead))
    await bringBack(writer, claim, again)
    // What a writer has claimed that is no more is nobody's.
    if (claim.by === writer.id || !claim.by) return again
  }
}

/** Back from the cache: what this page has had becomes its own again, unless somebody has taken it. */
export async function adopt(writer: LogWriter): Promise<void> {
  const { journal } = writer
  const { history } = journal.core
  const visits = [...history.started, ...history.pending]
  // With those that were finished meanwhile, and whose ends wait to be written.
  const known = [...visits, ...journal.waiting, ...twinsOf(journal)]
  const marks = new Set(known.flatMap(({ mark }) => (mark?.seq ? mark : [])))
  if (!marks.size) return
  const gone = new Set<Mark>()
  await claimed(writer, (fold, dead) => {
    const claim: Claim = { lines: [], by: '', events: [], made: [], living: [] }
    for (const mark of marks) {
      const fate = fold.find(mark.visit.state.id, mark.writer)
      if (fate && !fate.ended && dead.has(fate.owner)) claim.lines.push(entry('A', fate))
      else if (fate?.ended || fate?.owner !== writer.id) gone.add(mark)
    }
    return claim
  })
  journal.waiting = journal.waiting.filter(({ kind, mark }) => kind === 'E' || !gone.has(mark))
  for (const { visit } of gone) {
    const { state } = visit
    state.abandon()
    state.cancel(
      new EventCancelledError(`${state.label} was taken over by another page while this one rested`),
    )
  }
}

/** One claim at a time in a log, over all tabs: who holds a dead writer's lock is not mistaken for that writer. */
async function claimed(writer: LogWriter, decision: Decision): Promise<Claim> {
  const { log, journal } = writer
  for (let tries = 1; ; tries++) {
    const done = await hold(`bubus:claim:${log.name}`, log.deadline)
    try {
      return await claimNow(writer, decision)
    } catch (error) {
      // A connection that has gone is replaced by another.
      if (journal.lost || tries === TRIES) throw error
    } finally {
      done?.()
    }
    await new Promise<void>((resolve) => after(tries * AGAIN, resolve))
  }
}

type Decision = (fold: Fold, dead: ReadonlySet<string>) => Claim

async function claimNow(writer: LogWriter, decision: Decision): Promise<Claim> {
  const { log, journal } = writer
  const db = await log.db()
  await writer.alive()
  for (;;) {
    const fold = new Fold(db.meta.settled + 1)
    await fold.read(log, db)
    const locks = await takeLocks(fold)
    try {
      // In this order: what was decided since is not missed, but refused.
      const [turn] = await Promise.all([turnOf(db), locks.size && fold.read(log, db)])
      const claim = decision(fold, new Set(locks.keys()))
      if (!claim.lines.length || (await write(writer, db, turn, claim))) return claim
    } finally {
      for (const release of locks.values()) release()
    }
    // Somebody else has decided meanwhile: a lock was stolen.
    if (journal.lost) throw journal.lost
  }
}

/** The locks of all who own something unfinished and are dead. */
async function takeLocks(fold: Fold): Promise<Map<string, () => void>> {
  const owners = new Set<string>()
  for (const { ended, owner } of fold.fates) if (!ended) owners.add(owner)
  const taken = new Map<string, () => void>()
  await Promise.all(
    [...owners].map(async (owner) => {
      const release = await take(lockName(owner))
      if (release) taken.set(owner, release)
    }),
  )
  return taken
}

/** True once the decisions are durable; false if they no longer stand. */
async function write(
  { id, log, journal, nextSegment }: LogWriter,
  db: LogDb,
  turn: number,
  claim: Claim,
): Promise<boolean> {
  const { core } = journal
  // The page went to rest: it is tried again under another one.
  if (!id) throw new LogError(`The writer of ${journal.name} is no more`)
  const change = db.change(
    (meta) => (meta.turn === turn ? { meta: { turn: turn + 1 }, append: [segment] } : null),
    log.durability,
    () => {
      claim.made = claim.events.slice(0, core.maxPending).map((fate) => revive(core, fate))
    },
  )
  // While it is asked whether the turn is still the same.
  const segment = seal(id, nextSegment(), journal.name, claim.lines)
  const added = await change
  if (!added) return false
  log.written(db, added[0])
  claim.by = id
  return true
}

const entry = (kind: string, { line, writer, seq, index }: Fate, tail = '') =>
  `${lineHead(kind, line.event_id, writer, { seq, index })}${tail}}\n`

/** Who runs again, and what was dispatched by whom: see log.md, promise 5. */
class Lineage {
  readonly #fold: Fold
  readonly #journal: Journal
  readonly #dead: ReadonlySet<string>
  readonly #superseded = new Map<Fate, boolean>()

  constructor(fold: Fold, journal: Journal, dead: ReadonlySet<string>) {
    this.#fold = fold
    this.#journal = journal
    this.#dead = dead
  }

  /** Unfinished, and nobody is left to finish it. */
  orphaned(fate: Fate): boolean {
    return !fate.ended && this.#dead.has(fate.owner)
  }

  children({ line }: Fate): Fate[] {
    return (this.#fold.byParent.get(line.event_id) ?? []).filter((child) => this.orphaned(child))
  }

  /** The run that dispatched it, or one above it, will run again: it will dispatch anew. */
  superseded(fate: Fate): boolean {
    const { event_parent_id: parentId } = fate.line
    if (!parentId) return false
    const known = this.#superseded.get(fate)
    if (known !== undefined) return known
    // A circle of parents is a lie.
    this.#superseded.set(fate, false)
    const parents: Fate[] = []
    for (let it = this.#fold.byId.get(parentId); it; it = it.twin) if (this.orphaned(it)) parents.push(it)
    const superseded = parents.some((parent) => this.superseded(parent)) || this.#runsAgain(parents, fate)
    this.#superseded.set(fate, superseded)
    return superseded
  }

  #runsAgain(parents: Fate[], { line }: Fate): boolean {
    if (!parents.length) return false
    const [pattern, name, bus] = (line.event_by ?? []) as unknown[]
    // On a bus without a log nobody is spared.
    const there = bus === undefined ? parents : parents.filter((parent) => parent.bus === bus)
    if (!there.length || name === '') return true
    if (name !== undefined) return there.some(({ settled }) => !settled?.has(handlerKey(pattern, name)))
    return there.some((parent) => parent.bus !== this.#journal.name || this.#handlers(parent).length > 0)
  }

  /** The handlers that will run for it here. */
  #handlers(fate: Fate): readonly RegisteredHandler[] {
    const { subscriptions } = this.#journal.core
    return subscriptions.plan(fate.line.event_type).filter((handler) => !spares(fate, handler))
  }
}

const spares = ({ settled }: Fate, { named, pattern, name }: RegisteredHandler) =>
  named && !!settled?.has(handlerKey(pattern, name))

function decide({ journal }: LogWriter, fold: Fold, dead: ReadonlySet<string>): Claim {
  const { core } = journal
  const claim: Claim = { lines: [], by: '', events: [], made: [], living: [] }
  const lineage = new Lineage(fold, journal, dead)
  const here = visitsById(journal)
  /** Closes what comes of a fate again, or dies with it. */
  const close = (fate: Fate, kind: 'C' | 'X', tail: string) => {
    for (const child of lineage.children(fate)) {
      if (kind === 'C' && !lineage.superseded(child)) continue
      claim.lines.push(entry(kind, child, tail))
      close(child, kind, tail)
      child.ended = true
    }
  }
  for (const fate of fold.fates) {
    const { line, bus } = fate
    if (bus !== journal.name || !lineage.orphaned(fate) || lineage.superseded(fate)) continue
    const { event_type: type, event_id: id } = line
    const visit = here.get(id)
    if (visit?.mark) {
      claim.lines.push(entry('A', fate))
      claim.living.push({ fate, visit })
    } else if (endedElsewhere(fold, fate)) claim.lines.push(entry('C', fate, SUPERSEDED))
    else if (!core.subscriptions.plan(type).length && !core.heard.has(type)) {
      warnOnce(
        `unhandled:${core.name}:${type}`,
        `${core.name} has no handler for ${type}: what the log has of it stays there`,
      )
    } else if (fate.attempts >= MAX_ATTEMPTS) {
      const tail = `,"reason":"${fate.attempts} attempts"`
      claim.lines.push(entry('X', fate, tail))
      close(fate, 'X', tail)
    } else {
      claim.events.push(fate)
      claim.lines.push(entry('A', fate))
      close(fate, 'C', SUPERSEDED)
    }
  }
  return claim
}

/** Another entry of the same event on the same bus is finished: a forward has brought it there, after a crash. */
function endedElsewhere({ byId }: Fold, { line, bus }: Fate): boolean {
  for (let it = byId.get(line.event_id); it; it = it.twin) if (it.bus === bus && it.ended) return true
  return false
}

const SUPERSEDED = ',"superseded":true'

/** The record, as it was when this bus accepted it, with the outcomes of those that are spared. */
function recordOf({ line, settled }: Fate): EventRecord {
  line.event_path?.pop()
  line.event_bus_ids?.pop()
  if (settled) line.event_outcomes = [...settled.values()] as OutcomeRecord[]
  return line
}

function visitsById({ core }: Journal): Map<string, Visit> {
  const { completed, unfinished } = core.history
  const visits = [...completed.newest(), ...unfinished.newest()].filter(({ state }) => !state.abandoned)
  return new Map(visits.map((visit) => [visit.state.id, visit]))
}

/** Unfinished events that this page has recovered: parents of what other buses recover. */
const recovered = new Map<string, EventState>()

async function bringBack(writer: LogWriter, claim: Claim, again: BaseEvent[]): Promise<void> {
  const { journal } = writer
  const { core } = journal
  const { by, events, made, living } = claim
  if (by !== writer.id) return
  for (const { fate, visit } of living) {
    endTogether(journal, fate, visit)
    again.push(visit.state.event)
  }
  const refused: Refused[] = []
  for (let i = 0; i < events.length; i++) {
    if (!core.hasRoom()) await core.whenRoom()
    if (by !== writer.id) break
    const event = made[i] ?? revive(core, events[i])
    if (typeof event === 'string') refused.push({ fate: events[i], reason: event })
    else again.push(dispatchAgain(journal, events[i], event))
  }
  core.wireErrors += refused.length
  if (refused.length && by === writer.id) await keepApart(writer, refused)
}

interface Refused {
  fate: Fate
  reason: string
}

/** The event of a record, or why its class refuses it. */
function revive(core: BusCore, fate: Fate): BaseEvent | string {
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
  journal.adopted = { state, go: (mark) => continueFrom(mark, fate) }
  try {
    core.dispatch(event, dispatcherOf(fate))
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
  await (await log.db()).change(() => ({ quarantine, append: [segment] }))
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
  const parent = recovered.get(line.event_parent_id ?? '')
  const name = line.event_by?.[1]
  return parent?.runs.find((run) => run.over && run.handler.name === name) ?? null
}

/** Further entries of events that are here, to be ended with them. */
const twins = new WeakMap<Journal, Set<Mark>>()
function twinsOf(journal: Journal): Set<Mark> {
  const known = twins.get(journal) ?? new Set()
  twins.set(journal, known)
  return known
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
