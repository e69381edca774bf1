import type { Order, Role } from '../peer.js'

let channels = 0
export const newChannel = (): string => `bench${Date.now()}x${channels++}`

export interface PeerWorker {
  worker: Worker
  channel: string
  /** Resolves when it has seen as many events as it was to count, once more. */
  done(): Promise<void>
  end(): void
}

/** Another context, which plays a role. Resolves when it is there. */
export async function peer(role: Role, count = 0): Promise<PeerWorker> {
  const worker = new Worker(import.meta.url, { type: 'module' })
  const channel = newChannel()
  const told = (word: string) =>
    new Promise<void>((resolve, reject) => {
      worker.addEventListener('message', ({ data }) => data === word && resolve())
      worker.addEventListener('error', ({ message }) => reject(new Error(message)))
    })
  const ready = told('ready')
  const order: Order = { role, channel, count }
  worker.postMessage(order)
  await ready
  return { worker, channel, done: () => told('done'), end: () => worker.terminate() }
}

/**
 * The package broadcast-channel drops what was sent, by the clock of whoever sent it, before its listener was there: also what comes in
 * that same ms, as its first answer did about once in 20 times.
 */
export const packageListens = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2))

/** The other context is new: it gets up to speed first, as a tab or a worker has that is there for a while. */
export async function upToSpeed(run: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 3; i++) await run()
}
