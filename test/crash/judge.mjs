// As in a Jepsen set test: what was acknowledged must be there, what is there must be finished, and nothing may have happened that
// the log does not say. Knows nothing of browsers.

import { Ledger } from './ledger.mjs'

/** @typedef {import('./ledger.mjs').Fate} Fate */
/** @typedef {import('./ledger.mjs').Problem} Problem */

/**
 * @typedef {object} Verdict
 * @property {Record<string, number>} counts
 * @property {Problem[]} problems
 */

/**
 * @param {Pick<import('./recorder.mjs').Recorder, 'history'>['history']} history
 * @param {typeof import('../../src/log/segment.ts')} code
 * @returns {Verdict}
 */
export function judge(history, code) {
  const ledgers = Object.entries(history.dumps).map(([log, { wal = [] }]) => new Ledger(log, code).read(wal))
  const all = new Everything(ledgers, history)
  all.acknowledged()
  all.finished()
  all.children()
  all.forwards()
  // Where the last page was still at work, it went on while it was read.
  if (history.unsettled) all.problem('unsettled', 'the last page was not done in time')
  else {
    all.handlers()
    all.read()
  }
  for (const loss of history.losses) all.problem('dataloss', JSON.stringify(loss))
  for (const oops of history.oops) all.problem('oops', oops)
  return { counts: all.counts(), problems: [...ledgers.flatMap(({ problems }) => problems), ...all.problems] }
}

/** A forwarding handler and where it leads. */
const forwards = { 'Shop Letter': 'Mail', 'Shop Notice': 'Audit' }

class Everything {
  /** @type {Problem[]} */
  problems = []

  constructor(ledgers, history) {
    this.ledgers = ledgers
    this.history = history
    /** @type {Fate[]} */
    this.fates = ledgers.flatMap((ledger) => ledger.fates)
    /** @type {Map<string, Fate[]>} */
    this.byId = new Map()
    const degraded = history.runs.filter(({ session }) => history.degraded.has(session))
    this.ranDegraded = new Set(degraded.map(({ run, bus }) => `${run} ${bus}`))
    for (const fate of this.fates) this.byId.set(fate.id, [...(this.byId.get(fate.id) ?? []), fate])
  }

  problem(kind, what) {
    this.problems.push({ kind, what })
  }

  on(id, bus) {
    return (this.byId.get(id) ?? []).filter((fate) => fate.bus === bus)
  }

  /** What the browser has deleted with its database is told of, and counted apart: nobody can keep it. */
  acknowledged() {
    const wiped = this.history.losses.some(({ reason }) => reason === 'the database has vanished')
    const kind = wiped ? 'wiped' : 'lost'
    for (const [id, bus] of this.history.acks) {
      if (!this.on(id, bus).length) this.problem(kind, `${id} was acknowledged on ${bus}`)
    }
  }

  /** Nobody is alive any more but the last page, and that is idle. */
  finished() {
    for (const { id, type, bus, end, seq, owner } of this.fates) {
      if (!end) this.problem('unfinished', `${type} ${id} on ${bus} of segment ${seq}, owned by ${owner}`)
    }
  }

  /** What a completed event was to dispatch has been dispatched, and some copy of it is completed. */
  children() {
    const filled = new Set()
    for (const { line, end } of this.fates) {
      if (line.slot && (end === 'completed' || end === 'dead')) filled.add(line.slot)
    }
    for (const { id, type, line, end, started, said } of this.fates) {
      if (end !== 'completed') continue
      const kids = type === 'Family' ? [...Array(line.kids).keys(), 'receipt', 'unnamed'] : []
      for (const slot of type === 'Kid' && line.deeper ? ['deeper'] : kids) {
        if (filled.has(`${id}/${slot}`)) continue
        this.problem(
          'child',
          `${type} ${id} is completed without ${slot}, after ${started} attempts: ${said}`,
        )
      }
    }
  }

  /** Completed here means completed there, but where the log there could not be written in time. */
  forwards() {
    for (const { id, type, bus, end } of this.fates) {
      const there = forwards[`${bus} ${type}`]
      if (!there || end !== 'completed') continue
      if (this.ranDegraded.has(`${id} ${there}`)) continue
      if (!this.on(id, there).some((fate) => fate.end === 'completed')) {
        this.problem('forward', `${type} ${id} is completed on ${bus}, but not on ${there}`)
      }
    }
  }

  /** Ahead means ahead: of attempts, too; and what was recovered did run. */
  handlers() {
    const ran = new Set()
    for (const { run: id, bus, handler, attempt, session } of this.history.runs) {
      ran.add(`${id} ${bus}`)
      const fates = this.on(id, bus)
      const said = `${handler} on ${bus} ran for ${id}`
      if (this.history.degraded.has(session)) continue
      if (!fates.length) this.problem('ahead', `${said}, which is not in the log`)
      else if (!fates.some(({ started }) => started >= attempt - 1)) {
        this.problem(
          'ahead',
          `${said} in attempt ${attempt}, the log knows of ${fates.map((it) => it.started)}`,
        )
      }
    }
    const last = this.history.recovered.filter(({ session }) => session === this.history.last)
    for (const { recovered, bus } of last) {
      for (const id of recovered) {
        const spared = this.on(id, bus).some(
          ({ settled, type }) => settled.size || forwards[`${bus} ${type}`],
        )
        if (!spared && !ran.has(`${id} ${bus}`))
          this.problem('idle', `${id} was recovered on ${bus} and never ran`)
      }
    }
  }

  /** What the library reads is what is there. */
  read() {
    for (const { log, fates } of this.ledgers) {
      const { records, quarantine = [] } = this.history.dumps[log]
      for (const { value } of quarantine)
        this.problem('torn', `${log}: in quarantine, ${JSON.stringify(value)}`)
      if (!records) continue
      const told = new Map(records.map((record) => [record.at, record]))
      if (told.size !== fates.length) {
        this.problem('records', `${log}: ${told.size} records of ${fates.length} events`)
      }
      for (const { id, seq, index, end } of fates) {
        const record = told.get(`${seq}:${index}`)
        if (record?.id !== id) this.problem('records', `${log}: no record of ${id} at ${seq}:${index}`)
        else if (end === 'completed' && !record.completed)
          this.problem('records', `${log}: ${id} looks unfinished`)
      }
    }
  }

  counts() {
    const ended = (what) => this.fates.filter(({ end }) => end === what).length
    const found = (kind) =>
      this.problems.concat(...this.ledgers.map((it) => it.problems)).filter((it) => it.kind === kind).length
    const sum = (key) => this.ledgers.reduce((all, ledger) => all + ledger[key], 0)
    const { acks, nacks, runs, recovered } = this.history
    return {
      segments: sum('segments'),
      accepted: this.fates.length,
      acknowledged: acks.size,
      unpersisted: nacks.size,
      runs: runs.length,
      reruns: runs.filter(({ attempt }) => attempt > 1).length,
      recovered: recovered.reduce((all, one) => all + one.recovered.length, 0),
      adopted: sum('adopted'),
      twins: sum('twins'),
      completed: ended('completed'),
      superseded: ended('superseded'),
      deadLettered: ended('dead'),
      lost: found('lost'),
      wiped: found('wiped'),
      torn: found('torn'),
      unfinished: found('unfinished'),
    }
  }
}
