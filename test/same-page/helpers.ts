import { expect } from '@esm-bundle/chai'
import { BaseEvent, type EventBus } from '../../src/index.js'

/** Settles in a later task, as `fetch()` would: an await that the library knows nothing about. */
export const foreign = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

export interface Deferred<T> {
  promise: Promise<T>
  resolve(value: T): void
  reject(reason: unknown): void
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((ok, fail) => {
    resolve = ok
    reject = fail
  })
  return { promise, resolve, reject }
}

/** A handler that never settles by itself. */
export const forever = (): Promise<never> => new Promise(() => {})

/** What `action` threw; fails when it did not throw. */
export function thrownBy(action: () => unknown): Error {
  try {
    action()
  } catch (error) {
    return error as Error
  }
  throw new Error(`nothing was thrown by ${action}`)
}

/** What the promise was rejected with; fails when it was fulfilled. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('the promise was fulfilled')
}

export const lastOf = <T>(values: Iterable<T>): T => {
  const list = [...values]
  expect(list).not.to.have.length(0)
  return list[list.length - 1] as T
}

export const only = <T>(values: Iterable<T>): T => {
  const list = [...values]
  expect(list).to.have.length(1)
  return list[0] as T
}

/** The thenable side of an event, which its type hides. */
export const thenOf = (value: unknown): unknown => (value as { then?: unknown }).then

/** Records what the console is told meanwhile, without printing it. */
export async function consoleDuring(
  level: 'warn' | 'error',
  action: (lines: string[]) => unknown,
): Promise<string[]> {
  const lines: string[] = []
  const original = console[level]
  console[level] = (...args: unknown[]) => {
    lines.push(
      args.map((arg) => (arg instanceof Error ? `${arg.name}: ${arg.message}` : String(arg))).join(' '),
    )
  }
  try {
    await action(lines)
  } finally {
    console[level] = original
  }
  return lines
}

/** Records what the page reports as uncaught meanwhile; the test runner does not get to see it. */
export async function reportedDuring(action: () => unknown): Promise<unknown[]> {
  const errors: unknown[] = []
  // The runner listens here, too, and before any listener of ours: on a window Chromium calls them in order.
  const { onerror } = window
  window.onerror = (_message, _source, _line, _column, error) => {
    errors.push(error)
    return true
  }
  try {
    await action()
    await foreign()
  } finally {
    window.onerror = onerror
  }
  return errors
}

/** Resolves once `condition` holds; looks once a task, so that it works where no promise can be had. */
export async function until(condition: () => boolean, attempts = 2000): Promise<void> {
  for (let attempt = 0; !condition(); attempt++) {
    if (attempt === attempts) throw new Error(`never became true: ${condition}`)
    await foreign()
  }
}

/** The bus still takes an event, runs its one handler for it, and completes it. */
export async function stillWorks(bus: EventBus): Promise<void> {
  const type = 'StillWorks'
  let calls = 0
  const subscription = bus.on(type, () => ++calls)
  const event = bus.dispatch(new BaseEvent(type))
  await event
  subscription()
  expect(calls, 'calls of the one handler').to.equal(1)
  expect([...event.eventResults.values()].filter((result) => result.handlerName !== 'any')).to.have.length(1)
  expect(event.eventStatus).to.equal('completed')
}
