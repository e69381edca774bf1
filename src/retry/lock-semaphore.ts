/**
 * Slots that all tabs, frames and workers of the origin share: as many Web Locks as there are slots, of which a holder has one. So
 * the browser gives a slot back when its holder is gone, however it went.
 *
 * One gap cannot be closed from within a page: what Chromium grants just before it freezes a page waits there to be told, and is held
 * until the page is back (seen with DevTools' freeze; a page in the back/forward cache was never seen to keep one).
 */
import { DISPOSE } from '../brands.js'
import { lockManager } from '../locks.js'
import { onRest } from '../resting.js'
import type { Slot } from './semaphore.js'

/** Above so many slots waiters queue for one lock first: requests for each slot, by each waiter, would be too many. */
const MANY = 16

const lockName = (...parts: unknown[]) => `bubus:s:${JSON.stringify(parts)}`

/** Those of this page that wait or hold. A page at rest may do neither: others would wait for it. */
const places = new Set<Place>()
let listening = false
/** The page is at rest: what is asked for meanwhile waits until it is back. */
let resting = false

function listen(): void {
  if (listening) return
  listening = true
  const all = (rests: boolean, act: (place: Place) => void) => () => {
    resting = rests
    for (const place of places) act(place)
  }
  onRest(
    all(true, (place) => place.rest()),
    all(false, (place) => place.wait()),
  )
}

/**
 * Takes a slot, first come first served as far as the browser is. While it waits, `signal` takes that back. Told by calls, `fail` with a
 * TypeError where there are no Web Locks: a promise would tell late, and a slot given to a wait that ended meanwhile would be nobody's.
 */
export function takeSlot(
  name: string,
  limit: number,
  signal: AbortSignal,
  give: (slot: Slot) => void,
  fail: (error: unknown) => void,
): void {
  if (signal.aborted) return
  listen()
  const place = new Place(name, limit, give, fail)
  signal.addEventListener('abort', () => place.giveUp())
  places.add(place)
  place.wait()
}

/**
 * One that waits for a slot, then has it.
 *
 * Invariant: `round` is the requests that are under way, none while the page rests and once there is a slot; `held` is there from then on.
 */
class Place {
  readonly #name: string
  readonly #limit: number
  readonly #give: (slot: Slot) => void
  readonly #fail: (error: unknown) => void
  #round: AbortController | null = null
  #held: AbortController | null = null
  #release = () => {}

  constructor(name: string, limit: number, give: (slot: Slot) => void, fail: (error: unknown) => void) {
    this.#name = name
    this.#limit = limit
    this.#give = give
    this.#fail = fail
  }

  /** Nobody waits for the slot any more; one that is held stays so. */
  giveUp(): void {
    if (this.#held) return
    places.delete(this)
    this.rest()
  }

  rest(): void {
    this.#round?.abort()
    this.#round = null
    this.#end(new DOMException(`A slot of ${this.#name} was given back: its page went to rest`, 'AbortError'))
  }

  wait(): void {
    if (resting || this.#round || this.#held) return
    const round = new AbortController()
    this.#round = round
    this.#tryAll(round).catch((cause) => {
      if (round.signal.aborted) return
      // Somebody has stolen the lock at which the line stands.
      if (cause?.name === 'AbortError') {
        this.rest()
        return this.wait()
      }
      this.giveUp()
      this.#fail(
        new TypeError(
          'Expected Web Locks for slots of all tabs: plain http and sandboxed frames have none, use https or another scope',
          { cause },
        ),
      )
    })
  }

  async #tryAll(round: AbortController): Promise<void> {
    const limit = this.#limit
    const { signal } = round
    const ask = (slot: number, options: LockOptions) => this.#request(slot, round, options)
    const all = () => Promise.race(Array.from({ length: limit }, (_, slot) => ask(slot, { signal })))
    if (limit <= MANY) {
      // Where slots are free, one request is enough. It overtakes nobody: it fails where others are in line.
      if (limit > 1) await ask(Math.floor(Math.random() * limit), { ifAvailable: true })
      return signal.aborted ? undefined : all()
    }
    const line = lockName(this.#name)
    const tryFree = async () => {
      const free = await this.#findFree()
      if (free !== undefined) await ask(free, { ifAvailable: true })
    }
    // A page at rest gets no answers: it leaves the line with what it asks.
    const left = new Promise<void>((leave) => signal.addEventListener('abort', () => leave()))
    const inLine = (options: LockOptions, act: () => Promise<void>) =>
      locks().request(line, options, (lock) => lock && Promise.race([act(), left]))
    // Several may look at once while nobody is in line: they overtake nobody.
    await inLine({ mode: 'shared', ifAvailable: true }, tryFree)
    if (signal.aborted) return
    await inLine({ signal }, async () => {
      await tryFree()
      if (!signal.aborted) await all()
    })
  }

  /** A slot that nobody has, as far as the browser tells: to ask for each of a thousand takes seconds. */
  async #findFree(): Promise<number | undefined> {
    const { held = [] } = await locks()
      .query()
      .catch(() => ({}) as LockManagerSnapshot)
    const names = new Set(held.map(({ name }) => name))
    const from = Math.floor(Math.random() * this.#limit)
    for (let i = 0; i < this.#limit; i++) {
      const slot = (from + i) % this.#limit
      if (!names.has(lockName(this.#name, slot))) return slot
    }
    return undefined
  }

  /** Settles when the request is answered: with the slot, or with nothing. */
  #request(slot: number, round: AbortController, options: LockOptions): Promise<void> {
    return new Promise((answered, failed) => {
      let mine = false
      const granted = (lock: Lock | null) => {
        answered()
        // Not to be had; or too late, and given back at once.
        if (!lock || round.signal.aborted) return undefined
        mine = true
        return this.#hold(round)
      }
      locks()
        .request(lockName(this.#name, slot), options, granted)
        // Of a lock that was held it says that somebody has stolen it.
        .catch((error) => (mine ? this.#end(error) : failed(error)))
    })
  }

  #hold(round: AbortController): Promise<void> {
    // The others are not needed.
    round.abort()
    this.#round = null
    const held = new AbortController()
    this.#held = held
    this.#give({ signal: held.signal, [DISPOSE]: () => this.#end() })
    return new Promise((release) => {
      this.#release = release
    })
  }

  /** The slot is given back, or lost. */
  #end(reason?: unknown): void {
    if (!this.#held || !places.delete(this)) return
    this.#release()
    if (reason) this.#held.abort(reason)
  }
}

/** @throws TypeError */
function locks(): LockManager {
  const manager = lockManager()
  if (!manager) throw new TypeError('navigator.locks is undefined')
  return manager
}
