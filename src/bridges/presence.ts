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
export const hasLocks = (): boolean => !!lockManager() && globalThis.origin !== 'null'

/** Tells once that a lock is free, unless `signal` aborts before. */
export function watch(name: string, signal: AbortSignal, gone: () => void): void {
  lockManager()
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
    if (!hasLocks()) return undefined
    this.#held = new Promise((held) => {
      const granted = () =>
        new Promise<void>((end) => {
          held(true)
          // Another name was asked for meanwhile, or none.
          if (this.name !== name) return end()
          this.#end()
          this.#end = end
        })
      lockManager()
        ?.request(name, granted)
        .catch(() => held(false))
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

/** The inverse; undefined for what is no bridge's lock on this channel. */
export function peerOfLock(channel: string, name: string): Peer | undefined {
  if (!name.startsWith(PREFIX)) return undefined
  try {
    const [its, id, since, ...busNames] = parse(name.slice(PREFIX.length)) as unknown[]
    return its === channel && isUuid(id) && typeof since === 'number' && busNames.every(isIdentifier)
      ? { id, since, busNames: busNames as string[] }
      : undefined
  } catch {
    return undefined
  }
}

/** Locks that are held, and exclusively. */
async function heldLocks(): Promise<string[]> {
  if (!hasLocks()) return []
  const { held = [] } = (await lockManager()?.query()) ?? {}
  return held.filter(({ mode }) => mode === 'exclusive').map(({ name = '' }) => name)
}

export const isHeld = async (name: string): Promise<boolean> => (await heldLocks()).includes(name)

/** Everybody on a channel. */
export async function query(channel: string): Promise<Map<string, Peer & { lock: string }>> {
  const found = new Map<string, Peer & { lock: string }>()
  for (const lock of await heldLocks()) {
    const peer = peerOfLock(channel, lock)
    if (peer) found.set(peer.id, { ...peer, lock })
  }
  return found
}
