import type { Mark } from '../bus/journal.js'
import { EventCancelledError, LogError } from '../errors.js'
import type { BaseEvent } from '../events/base-event.js'
import { lockManager } from '../locks.js'
import { warnOnce } from '../warnings.js'
import { bringBack, makeFirst, revive, visitsById } from './bring-back.js'
import { type Claim, claimed, newClaim } from './claim.js'
import { entry, type Fate, type Fold } from './fold.js'
import { Lineage } from './lineage.js'
import { lookForHoles, twinsOf } from './log-queries.js'
import type { LogWriter } from './writer.js'

/** So many attempts that ended with the page are enough. */
const MAX_ATTEMPTS = 3

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
    await writer.whenSteady()
    // The bus was stopped: it takes nothing any more by itself.
    if (!writer.recovers) return again
    // Of what this page has had, only what it adopts is its own.
    const claim = await claimed(writer, (fold, dead) =>
      writer.steady && writer.recovers ? decide(writer, fold, dead) : newClaim(),
    )
    await bringBack(writer, claim, again)
    // What a writer has claimed that is no more is nobody's.
    if (writer.steady && (claim.by === writer.id || !claim.by)) {
      lookForHoles(writer.log)
      return again
    }
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
  await claimed(writer, (fold, dead, clearedBelow) => {
    const claim = newClaim()
    gone.clear()
    for (const mark of marks) {
      // The database has vanished meanwhile: it is written again. Or somebody has cleared the log: it goes on without.
      if (mark.seq < clearedBelow) continue
      const fate = fold.find(mark.visit.state.id, mark.writer)
      if (!fate || fate.ended) {
        gone.add(mark)
        continue
      }
      const { owner } = fate
      if (owner === writer.id) continue
      // Whoever has taken it has closed what came of it, and may be dead by now: it is to run again.
      if (!writer.ids.has(owner)) gone.add(mark)
      else if (dead.has(owner) || !lockManager()) claim.adopted.push(fate)
      // Somebody looks whether that writer is dead: once more, then.
      else throw new LogError(`The writer of ${journal.name} is claimed`)
    }
    return claim
  })
  const left = journal.waiting
  journal.waiting = left.filter(({ kind, mark }) => kind === 'E' || !gone.has(mark))
  for (const { kind, mark, text } of left) if (kind !== 'E' && gone.has(mark)) journal.chars -= text.length
  // It is not for this page to take an attempt back: nor where a child goes with its parent.
  for (const mark of gone) mark.attempt = 1
  for (const mark of gone) {
    const { state } = mark.visit
    state.abandon()
    state.cancel(
      new EventCancelledError(`${state.label} was taken over by another page while this one rested`),
    )
  }
}

function decide(writer: LogWriter, fold: Fold, dead: ReadonlySet<string>): Claim {
  const { journal } = writer
  const { core } = journal
  const claim = newClaim()
  claim.meanwhile = () => makeFirst(claim, journal)
  const lineage = new Lineage(fold, writer, dead)
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
      claim.adopted.push(fate)
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
      if (fold.twins) fate.others = lineage.others(fate)
      const event = lineage.children(fate).length ? revive(core, fate) : undefined
      if (event) claim.made[claim.events.length] = event
      claim.events.push(fate)
      claim.adopted.push(fate)
      // It will not run again, so nothing will be dispatched anew.
      if (typeof event === 'string') fate.ended = true
      else close(fate, 'C', SUPERSEDED)
    }
  }
  return claim
}

/** Another entry of the same event on the same bus is finished: a forward has brought it there, after a crash. */
function endedElsewhere(fold: Fold, { line, bus }: Fate): boolean {
  return fold.twins && fold.all(line.event_id).some((it) => it.bus === bus && it.ended)
}

const SUPERSEDED = ',"superseded":true'
