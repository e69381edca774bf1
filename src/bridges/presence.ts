/**
 * Who is there, told by Web Locks: whoever is, holds a lock of its own, and the browser gives it back when the page or worker is gone,
 * however it went. So nobody sends heartbeats, which hidden tabs could not send in time.
 */
import { isIdentifier } from '../errors.js'
import { isUuid } from '../ids.js'
import { lockManager } from '../locks.js'
import { parse } from '../protocol.js'
import type { Peer } from './records.js'

/** Whether this context may have locks; pages on plain http and sandboxed frames may not. */
export const usableLocks = (): LockManager | undefined =>
  globalThis.origin === 'null' ? undefined : lockManager()

/** Tells once that a lock is free, unless `signal` aborts before. */
export function watch(name: string, signal: AbortSignal, gone: () => void): void {
  usableLocks()
    ?.request(name, { mode: 'shared', signal }, () => {
      if (!signal.aborted) gone()
    })
    .catch(() => {})
}

/** The one lock of a context, under a name that may change. */
export class OwnLock {
  /** Asked for last; empty once it was released. */
  name = ''
  #held: Promise<boolean> | undefined
  #end = () => {}

  /** Resolves to whether it is held, once that is clear: the new name first, then the old one goes, so that nobody sees a gap. */
  hold(name: string): Promise<boolean> | undefined {
    if (name === this.name) return this.#held
    this.name = name
    const locks = usableLocks()
    if (!locks) return undefined
    this.#held = new Promise((held) => {
      const granted = () =>
        new Promise<void>((end) => {
          held(true)
          // Another name was asked for meanwhile, or none.
          if (this.name !== name) return end()
          this.#end()
          this.#end = end
        })
      locks.request(name, granted).catch(() => held(false))
    })
    return this.#held
  }

  release(): void {
    this.name = ''
    this.#end()
  }
}

const PREFIX = 'bubus:t:'

export const lockOfPeer = (channel: string, { id, since, busNames }: Peer): string =>
  PREFIX + JSON.stringify([channel, id, since, ...busNames])

/** A peer, the lock that shows it, and its channel once it is answered. */
export interface Known {
  peer: Peer
  lock: string
  inbox?: BroadcastChannel | undefined
}

/** Locks that are held, and exclusively. */
async function heldLocks(): Promise<string[]> {
  const { held = [] } = (await usableLocks()?.query()) ?? {}
  return held.flatMap(({ mode, name }) => (mode === 'exclusive' && name) || [])
}

export const isHeld = (name: string): Promise<boolean> =>
  heldLocks().then(
    (locks) => locks.includes(name),
    () => false,
  )

/** Everybody on a channel: the inverse of `lockOfPeer`. Null where the browser will not tell. */
export async function query(channel: string): Promise<Map<string, Known> | null> {
  const locks = await heldLocks().catch(() => null)
  const found = new Map<string, Known>()
  if (!locks) return null
  for (const lock of locks) {
    try {
      const [its, id, since, ...busNames] = parse(lock.slice(PREFIX.length)) as unknown[]
      const isPeer = lock.startsWith(PREFIX) && its === channel && isUuid(id) && typeof since === 'number'
      if (isPeer && busNames.every(isIdentifier))
        found.set(id, { peer: { id, since, busNames: busNames as string[] }, lock })
    } catch {
      // No bridge's.
    }
  }
  return found
}
