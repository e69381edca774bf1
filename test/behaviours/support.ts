import type { BaseEvent, EventResult } from '../../src/index.js'

/** A promise and the function that fulfils it, so that a test decides when a handler goes on. */
export interface Gate<T = void> {
  readonly promise: Promise<T>
  open(value: T): void
}

export function gate<T = void>(): Gate<T> {
  let open!: (value: T) => void
  const promise = new Promise<T>((resolve) => {
    open = resolve
  })
  return { promise, open }
}

/** One whole task of the page: every microtask that was queued before has run. */
export function task(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve))
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Why a promise was rejected. A promise that is fulfilled fails the test. */
export async function rejection(promise: unknown): Promise<Error> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return error as Error
  }
  throw new Error(`Expected a rejection, got ${String(value)}`)
}

/** What a synchronous call throws. */
export function thrown(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  throw new Error('Expected the call to throw')
}

/** True when the promise settles, in whichever way, before the time is over. */
export async function settles(promise: unknown, ms = 1000): Promise<boolean> {
  const settled = Promise.resolve(promise).then(
    () => true,
    () => true,
  )
  return Promise.race([settled, sleep(ms).then(() => false)])
}

/** The results of an event, in order of execution. */
export function resultsOf(event: BaseEvent): EventResult[] {
  return [...event.eventResults.values()] as EventResult[]
}

/** The result of an event that has exactly one. */
export function onlyResult(event: BaseEvent): EventResult {
  const [first, ...rest] = resultsOf(event)
  if (first === undefined || rest.length > 0) {
    throw new Error(`Expected one result, got ${event.eventResults.size}`)
  }
  return first
}

/** The result of the handler with this name. */
export function resultNamed(event: BaseEvent, name: string): EventResult {
  const found = resultsOf(event).find((result) => result.handlerName === name)
  if (found === undefined) throw new Error(`No result of a handler named ${name}`)
  return found
}

/** Runs `during` and gives the text of every call of one console method meanwhile. */
export async function consoleLines(
  method: 'warn' | 'error',
  during: (lines: readonly string[]) => unknown,
): Promise<string[]> {
  const lines: string[] = []
  const original = console[method]
  console[method] = (...parts: unknown[]) => {
    lines.push(parts.map(String).join(' '))
  }
  try {
    await during(lines)
  } finally {
    console[method] = original
  }
  return lines
}

/** Polls a condition that has no event of its own (a timer list, a warning). */
export async function eventually(condition: () => boolean, ms = 10_000): Promise<boolean> {
  const end = performance.now() + ms
  while (!condition()) {
    if (performance.now() > end) return false
    await sleep(20)
  }
  return true
}

/** A name that no other test of the page uses. */
let names = 0
export function freshName(prefix: string): string {
  names += 1
  return `${prefix}${names}t${Math.random().toString(36).slice(2, 8)}`
}

/**
 * Runs `during` and gives what reached the page as an uncaught error or an unhandled rejection meanwhile. It is kept from
 * the test runner, which would fail the test.
 */
export async function pageErrors(
  during: () => unknown,
): Promise<{ errors: unknown[]; rejections: unknown[] }> {
  const errors: unknown[] = []
  const rejections: unknown[] = []
  const onError = (event: ErrorEvent): void => {
    event.preventDefault()
    event.stopImmediatePropagation()
    errors.push(event.error)
  }
  const onRejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault()
    event.stopImmediatePropagation()
    rejections.push(event.reason)
  }
  window.addEventListener('error', onError, { capture: true })
  window.addEventListener('unhandledrejection', onRejection, { capture: true })
  try {
    await during()
    await task()
    await task()
  } finally {
    window.removeEventListener('error', onError, { capture: true })
    window.removeEventListener('unhandledrejection', onRejection, { capture: true })
  }
  return { errors, rejections }
}

/** Keeps the warnings that a group of tests provokes on purpose (time-outs log a tree) off the test runner's report. */
export function hushConsole(): void {
  const { warn, error } = console
  beforeEach(() => {
    console.warn = () => {}
    console.error = () => {}
  })
  afterEach(() => Object.assign(console, { warn, error }))
}
