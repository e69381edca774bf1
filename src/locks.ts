/** The lock that a writer holds for as long as it lives. */
export const lockName = (writer: string) => `bubus:w:${writer}`

/** Web Locks, where there are any: not on plain http, nor in sandboxed frames. */
export const lockManager = (): LockManager | undefined =>
  (globalThis.navigator as { locks?: LockManager } | undefined)?.locks

/** What gives back each lock that this page holds, and gives up what else others would wait for. */
export const held = new Set<() => void>()

/** A page that goes to rest may hold nothing: others would wait for it. */
export function releaseAll(): void {
  for (const release of held) release()
}

/** Resolves with what gives the lock back, or null where it is not to be had. */
function request(name: string, options: LockOptions): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    const granted = (lock: Lock | null) => {
      if (!lock) return resolve(null)
      return new Promise<void>((end) => {
        const release = () => {
          held.delete(release)
          end()
        }
        held.add(release)
        resolve(release)
      })
    }
    const requested = lockManager()?.request(name, options, granted)
    if (requested) requested.catch(() => resolve(null))
    else resolve(null)
  })
}

/** Waits for a lock, at most for `ms`; null where it was not to be had. */
export const hold = (name: string, ms: number): Promise<(() => void) | null> =>
  request(name, { signal: AbortSignal.timeout(ms) })

/** Takes a lock if nobody has it. */
export const take = (name: string): Promise<(() => void) | null> => request(name, { ifAvailable: true })
