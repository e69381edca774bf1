/** The lock that a writer holds for as long as it lives. */
export const lockName = (writer: string) => `bubus:w:${writer}`

/** Web Locks, where there are any: not on plain http, nor in sandboxed frames. */
export const lockManager = (): LockManager | undefined => (navigator as { locks?: LockManager }).locks

/** Requests a lock to be held until `release` is called. A platform without locks, or that refuses, grants at once. */
export function hold(name: string): { granted: Promise<unknown>; release: () => void } {
  let release = () => {}
  const until = new Promise<void>((resolve) => {
    release = resolve
  })
  const granted = new Promise<void>((grant) => {
    const request = lockManager()?.request(name, () => {
      grant()
      return until
    })
    if (request) request.catch(() => grant())
    else grant()
  })
  return { granted, release }
}

/** Takes a lock if nobody has it; gives what releases it, or null. */
export function take(name: string): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    const request = lockManager()?.request(name, { ifAvailable: true }, (lock) => {
      if (!lock) return resolve(null)
      return new Promise<void>((release) => resolve(release))
    })
    if (request) request.catch(() => resolve(null))
    else resolve(null)
  })
}
