// A log, read strictly: every entry must be allowed by those before it. The library reads leniently; this does not.

/**
 * @typedef {object} Fate  what the log says of one accepted event
 * @property {string} id
 * @property {string} type
 * @property {string} log
 * @property {string} bus
 * @property {string} writer  who accepted it
 * @property {string} owner  who is to finish it
 * @property {any} line
 * @property {number} seq
 * @property {number} index
 * @property {string[]} places  where it was accepted, more than once after a write in doubt
 * @property {number} started  attempts after crashes
 * @property {number} undone  of those, ended by a stop
 * @property {Map<string, number>} settled  outcomes by handler
 * @property {null | 'completed' | 'superseded' | 'dead'} end
 * @property {number} endSeq
 * @property {string} [said]  what its end says of its handlers
 */

/** @typedef {{ kind: string, what: string }} Problem */

export class Ledger {
  /** @type {Fate[]} */
  fates = []
  /** @type {Map<string, Fate>} by writer and id */
  #byKey = new Map()
  /** @type {Map<string, Fate[]>} */
  byId = new Map()
  /** @type {Map<string, string>} ids by where they stand */
  #idAt = new Map()
  /** @type {Problem[]} */
  problems = []
  entries = 0
  segments = 0
  adopted = 0
  /** Entries that were written again, after a write in doubt. */
  twins = 0
  /** Numbers that a writer has used for nothing. */
  skipped = 0
  /** @type {Map<string, number>} */
  #wseqs = new Map()
  /** @type {Map<string, number>} the last event that was dispatched by a page first on this bus */
  #order = new Map()
  #next = 1

  /**
   * @param {string} log
   * @param {typeof import('../../src/log/segment.ts')} code
   */
  constructor(log, code) {
    this.log = log
    this.code = code
  }

  problem(/** @type {string} */ kind, /** @type {string} */ what) {
    this.problems.push({ kind, what: `${this.log}: ${what}` })
  }

  /** @param {{ seq: number, value: any }[]} rows */
  read(rows) {
    for (const { seq, value } of rows) {
      if (seq !== this.#next) this.problem('hole', `segments ${this.#next} to ${seq - 1} are missing`)
      this.#next = seq + 1
      this.segments++
      const fault = this.code.fault(value)
      if (fault) this.problem('torn', `segment ${seq}: ${fault}`)
      else this.#segment(seq, value)
    }
    return this
  }

  #segment(seq, segment) {
    const { writer, wseq } = segment
    const expected = (this.#wseqs.get(writer) ?? -1) + 1
    if (wseq < expected)
      this.problem('order', `segment ${seq} is the writer's ${wseq}, after its ${expected - 1}`)
    this.skipped += Math.max(0, wseq - expected)
    this.#wseqs.set(writer, wseq)
    for (const [index, line] of this.code.linesOf(segment).entries()) {
      if (line) for (const one of this.#saidBy(line)) this.#entry(one, segment, seq, index)
      else this.problem('torn', `segment ${seq}: line ${index} is no entry`)
    }
  }

  /** An `A` speaks of several events, and names the places of those behind the first. */
  #saidBy({ also = [], ...line }) {
    const all = [line]
    for (let i = 0; i < also.length; i += 3) {
      const [seq, first, last] = also.slice(i, i + 3)
      for (let index = first; index <= last; index++) {
        const id = this.#idAt.get(`${seq}:${index}`) ?? `what stands at ${seq}:${index}`
        all.push({ ...line, event_id: id, at: [seq, index] })
      }
    }
    return all
  }

  #entry(line, segment, seq, index) {
    this.entries++
    const { event_entry: kind, event_id: id, at } = line
    if (kind === 'E') return this.#accept(line, segment, seq, index)
    const writer = line.writer ?? segment.writer
    const fate = this.#byKey.get(`${writer} ${id}`)
    const where = `${kind} of ${id} in segment ${seq}`
    if (!fate) return this.problem('stray', `${where}: nothing was accepted by ${writer}`)
    const place = at && `${at[0] || seq}:${at[1]}`
    if (place && !fate.places.includes(place))
      this.problem('stray', `${where} says ${at}, it is at ${fate.places}`)
    if (fate.end) this.problem('twice', `${where}: it is ${fate.end} since segment ${fate.endSeq}`)
    const own = segment.writer === fate.owner
    // Whoever claims a parent closes what comes of it again, or dies with it.
    const decided = kind === 'A' || kind === 'X' || line.superseded
    if (!own && !decided) {
      this.problem(
        'owner',
        `${where}: ${fate.type} on ${fate.bus} by ${segment.writer}, its owner is ${fate.owner}`,
      )
    }
    this.#follow(fate, kind, line, segment, seq, where)
  }

  #follow(fate, kind, line, segment, seq, where) {
    if (kind === 'A') {
      this.adopted++
      fate.owner = segment.writer
    } else if (kind === 'S') {
      if (line.undo) fate.undone++
      else fate.started++
    } else if (kind === 'R') {
      const handler = `${line.pattern} ${line.name}`
      if (fate.settled.has(handler)) this.problem('spared', `${where}: ${handler} had settled before`)
      fate.settled.set(handler, seq)
    } else if (kind === 'C') {
      fate.said ??= JSON.stringify(line)
      this.#end(fate, line.superseded ? 'superseded' : 'completed', seq)
    } else if (kind === 'X') {
      const early = fate.started - fate.undone < 3 && !this.#diesWithParent(fate, seq)
      if (early)
        this.problem('early', `${where}: dead after ${fate.started - fate.undone} attempts, ${line.reason}`)
      this.#end(fate, 'dead', seq)
    } else if (kind !== 'B') this.problem('stray', `${where}: unknown`)
  }

  #end(fate, end, seq) {
    fate.end ??= end
    fate.endSeq ||= seq
  }

  #diesWithParent({ line }, seq) {
    const parents = this.byId.get(line.event_parent_id) ?? []
    return parents.some(({ end, endSeq }) => end === 'dead' && endSeq === seq)
  }

  #accept(line, { writer, bus }, seq, index) {
    const { event_id: id, event_type: type } = line
    const key = `${writer} ${id}`
    const known = this.#byKey.get(key)
    this.#idAt.set(`${seq}:${index}`, id)
    if (known) {
      this.twins++
      known.places.push(`${seq}:${index}`)
      if (known.line.event_type !== type || known.line.k !== line.k) {
        this.problem('twice', `${id} in segment ${seq} is another event than in ${known.seq}`)
      }
      return
    }
    this.#inOrder(line, writer, seq)
    const fate = {
      ...{
        id,
        type,
        log: this.log,
        bus,
        writer,
        owner: writer,
        line,
        seq,
        index,
        places: [`${seq}:${index}`],
      },
      ...{ started: 0, undone: 0, settled: new Map(), end: null, endSeq: 0 },
    }
    this.fates.push(fate)
    this.#byKey.set(key, fate)
    this.byId.set(id, [...(this.byId.get(id) ?? []), fate])
  }

  /** The page numbers what it dispatches; what was forwarded comes in the order of the other bus. */
  #inOrder({ event_path: path, s, k }, writer, seq) {
    if (path.length > 1 || k === undefined) return
    const key = `${writer} ${s}`
    const last = this.#order.get(key) ?? -1
    if (k <= last) this.problem('order', `in segment ${seq} the ${k} of ${s} comes after the ${last}`)
    this.#order.set(key, k)
  }
}
