/**
 * What comlink sits on, on both sides. comlink by itself lets the other side walk to any constructor and write to any prototype; here
 * nothing passes but calls of our own verbs with plain values, releases, and answers without a value. What passes is made anew.
 */
import type { Endpoint } from 'comlink'
import { checkType } from '../errors.js'
import { isRecord } from '../values-in.js'

/** A window of another document, and the one origin that it may have. */
export interface WindowTarget {
  window: Window
  origin: string
}

/** Where messages go to and come from. */
export type Target = Worker | SharedWorker | MessagePort | WindowTarget | DedicatedPort

/** A worker's own side: its global. */
export type DedicatedPort = Pick<MessagePort, 'postMessage'> & EventTarget

type Data = Record<string, unknown>
type Listener = (event: { data: Data }) => void

interface Raw extends EventTarget {
  postMessage(message: unknown, transfer: Transferable[]): void
  start?(): void
  close?(): void
}

const isWindow = (target: unknown): target is WindowTarget =>
  isRecord(target) && 'window' in target && 'origin' in target

/** Where a target is, as trees name it. */
export const placeOf = (target: Target): string =>
  isWindow(target) ? 'frame' : 'terminate' in Object(target) || 'port' in Object(target) ? 'worker' : 'port'

/** A message that calls a verb. Answers, and that somebody lets go, pass as what comlink takes no notice of here. */
function requestOf(data: Data, verbs: readonly string[]): Data | undefined {
  const { id, type, path = [], argumentList = [] } = data
  if (typeof id !== 'string' || !Array.isArray(path) || !Array.isArray(argumentList)) return undefined
  if (type === 'RELEASE' || type === 'RAW') return path.length ? undefined : { id }
  const [verb] = path
  if (type !== 'APPLY' || path.length !== 1 || !verbs.includes(verb) || argumentList.length > 2)
    return undefined
  // Copied: one from outside may have a property of its own where its methods are.
  const list = [...argumentList]
  return list.every((one) => isRecord(one) && one.type === 'RAW')
    ? { id, type, path: [verb], argumentList: list.map(({ value }) => ({ type: 'RAW', value })) }
    : undefined
}

/**
 * One end of a connection. Its two sides: what comlink exposes on, and what it wraps.
 *
 * There is nothing in an answer, so a call asks for none (its id is empty), and comlink has it at once: half of all messages would be
 * answers. Whoever calls with an id gets one.
 */
export class FilteredEndpoint {
  declare readonly requests: Endpoint
  declare readonly replies: Endpoint
  readonly #raw: Raw

  /** `refused` is called for each message that does not pass. @throws TypeError for what is no target */
  constructor(target: Target, verbs: readonly string[], signal: AbortSignal, refused: () => void) {
    const far = isWindow(target) ? target : null
    const raw = (Object(target).port ?? target) as Raw
    // Messages have it so: with a slash behind it none would ever match.
    const usable = far ? /^[^/]+:\/\/[^/]+$/.test(far.origin) && far.window : raw
    checkType(
      (usable as Raw | undefined)?.postMessage,
      'target',
      "a worker, a MessagePort or { window, origin: 'https://…' }",
      target,
    )
    this.#raw = far
      ? ({ postMessage: (message, moved) => far.window.postMessage(message, far.origin, moved) } as Raw)
      : raw
    const requests = new Set<Listener>()
    const replies = new Set<Listener>()
    const receive = ({ data, source, origin }: MessageEvent) => {
      // A document that is gone has no window any more: its last word has an origin only.
      const isIts = source ? source === far?.window : data?.path?.[0] === 'close'
      if (far && !(isIts && origin === far.origin)) return
      const request = isRecord(data) && requestOf(data, verbs)
      if (!request) return refused()
      for (const listener of requests) listener({ data: request })
    }
    const events: EventTarget = far ? globalThis : raw
    events.addEventListener('message', receive as EventListener, { signal })
    events.addEventListener('messageerror', refused, { signal })
    this.requests = this.#side(requests, (answer) => answer.id && this.#raw.postMessage(answer, []))
    this.replies = this.#side(replies, (call, moved = []) => {
      // Whatever else listens there by comlink would take a RELEASE for its own.
      if (call.type === 'APPLY') this.#raw.postMessage({ ...call, id: '' }, moved)
      for (const listener of replies) listener({ data: { id: call.id, type: 'RAW' } })
    })
    raw.start?.()
  }

  #side(listeners: Set<Listener>, postMessage: (message: Data, moved?: Transferable[]) => unknown): Endpoint {
    return {
      postMessage: postMessage as Endpoint['postMessage'],
      addEventListener: (_, listener) => listeners.add(listener as unknown as Listener),
      removeEventListener: (_, listener) => listeners.delete(listener as unknown as Listener),
    }
  }

  /** A port of our own is of no more use; a worker may have other things to do. */
  close(): void {
    if ((this.#raw as unknown) !== globalThis) this.#raw.close?.()
  }
}
