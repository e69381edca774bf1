import { stateOf } from '../brands.js'
import {
  aBoolean,
  aFunction,
  aSignal,
  aString,
  aTimeout,
  type Check,
  checkOptions,
  checkType,
  EventTimeoutError,
  from,
  orNull,
  SemaphoreTimeoutError,
} from '../errors.js'
import type { HandlerRun } from '../events/handler-run.js'
import { callAs, currentRun, RunPromise, settleWith } from '../running-handler.js'
import { after } from '../timers.js'
import { warn } from '../warnings.js'
import { aLimit, aScope, poolOf, SlotPool } from './semaphore.js'

type ErrorClass = abstract new (...args: never[]) => unknown
type Fn = (this: never, ...args: never[]) => unknown

export interface RetryOptions {
  /** ms before the first retry. @default 3000 */
  wait?: number
  /** Attempts beyond the first. @default 3 */
  retries?: number
  /** ms for each attempt; null for none. @default 5000 */
  timeout?: number | null
  /** Error classes, or a predicate; other errors are thrown at once. Default: all. */
  retryOn?: readonly ErrorClass[] | ErrorClass | ((error: unknown) => boolean)
  /** Each wait is the one before times this. @default 1 */
  backoffFactor?: number
  /** How many calls may be under way at once. Default: no limit. The slot is held over all attempts and waits. */
  semaphoreLimit?: number | null
  /** Shares a semaphore between functions. Default: one for each function. */
  semaphoreName?: string
  /** When no slot is free in time: go on without one (with a warning), or throw a SemaphoreTimeoutError. @default true */
  semaphoreLax?: boolean
  /** One semaphore for all calls, for each class, or for each instance. @default 'global' */
  semaphoreScope?: 'global' | 'class' | 'self' | 'multiprocess'
  /** ms; 0 waits for ever. Default: `timeout` × max(1, limit - 1), or for ever without `timeout`. */
  semaphoreTimeout?: number | null
  /** Ends the waits and gives up; the promise rejects with its reason. */
  signal?: AbortSignal
}

const fromZero = /* @__PURE__ */ from(0)
const errorsOrPredicate: Check = (name, value) => {
  if (Array.isArray(value)) for (const error of value) aFunction(name, error)
  else aFunction(name, value)
}
const checks = /* @__PURE__ */ (() => ({
  wait: fromZero,
  retries: fromZero,
  timeout: aTimeout,
  retryOn: errorsOrPredicate,
  backoffFactor: fromZero,
  semaphoreLimit: orNull(aLimit),
  semaphoreName: aString,
  semaphoreLax: aBoolean,
  semaphoreScope: aScope('global', 'class', 'self'),
  semaphoreTimeout: orNull(fromZero),
  signal: aSignal,
}))()

/**
 * Runs a function again when it fails, and limits how many calls run at once. A method decorator (`@retry({…}) async m() {}`)
 * and a wrapper (`retry({…})(fn)`); what it makes returns a promise. In a handler it stops when the handler's signal aborts.
 * @throws TypeError, RangeError for wrong options, at once
 */
export function retry(options: RetryOptions = {}) {
  checkOptions(options, checks)
  return function decorate<F extends (this: never, ...args: never[]) => unknown>(
    fn: F,
    context?: ClassMethodDecoratorContext,
  ): (this: ThisParameterType<F>, ...args: Parameters<F>) => Promise<Awaited<ReturnType<F>>> {
    checkType(typeof fn === 'function', 'fn', 'a function', fn)
    const name = String(context?.name ?? fn.name)
    const retried = function (this: unknown, ...args: unknown[]) {
      const run = currentRun()
      const call = () => (fn as Fn).apply(this as never, args as never[])
      const inRun = run ? () => callAs(run, call) : call
      const pool = options.semaphoreLimit ? poolFor(options, name, retried, this) : null
      return new RunPromise((resolve, reject) => {
        const { signal: given } = options
        const signal = run && given ? AbortSignal.any([run.signal, given]) : (run?.signal ?? given)
        const all = () => attempts(inRun, name, options, signal)
        // Without a semaphore the first attempt starts in the caller's own stretch.
        const done = pool ? withSlot(pool, all, name, options, run, signal) : all()
        done.then(({ value }) => settleWith(resolve, value), reject)
      })
    }
    return Object.defineProperty(retried, 'name', { value: name }) as never
  }
}

/** The value in a box: a promise must not take an event that a forwarder returns for something to wait for. */
interface Box {
  value: unknown
}

async function attempts(call: () => unknown, name: string, options: RetryOptions, signal?: AbortSignal): Promise<Box> {
  const { retries = 3, timeout = 5000, backoffFactor = 1, retryOn } = options
  let { wait = 3000 } = options
  for (let left = retries; ; left--) {
    try {
      signal?.throwIfAborted()
      return await attempt(call, timeout)
    } catch (error) {
      if (left <= 0 || signal?.aborted || !retriable(error, retryOn)) throw error
    }
    if (left === 1) warn(`${name} has failed; trying a last time in ${wait} ms`)
    await pause(wait, signal)
    wait *= backoffFactor
  }
}

function retriable(error: unknown, retryOn: RetryOptions['retryOn']): boolean {
  if (!retryOn) return true
  // A class is told from a predicate by what it makes.
  const isClass = retryOn === Error || (retryOn as { prototype?: unknown }).prototype instanceof Error || retryOn === DOMException
  const classes = isClass ? [retryOn] : retryOn
  return Array.isArray(classes)
    ? (classes as ErrorClass[]).some((type) => error instanceof type)
    : !!(retryOn as (error: unknown) => boolean)(error)
}

/** What cannot be killed is left to itself after its time. */
function attempt(call: () => unknown, timeout: number | null): Promise<Box> {
  return new Promise((resolve, reject) => {
    const value = call()
    if (stateOf(value)) return resolve({ value })
    const late = () => reject(new EventTimeoutError(`The attempt took longer than ${timeout} ms`))
    const stop = timeout === null ? null : after(timeout, late)
    Promise.resolve(value)
      .finally(stop)
      .then((answer) => resolve({ value: answer }), reject)
  })
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      stop()
      reject(signal?.reason)
    }
    const stop = after(ms, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    signal?.addEventListener('abort', abort)
  })
}

/** The pools of functions, classes and instances, by name: names alone do not survive minifiers. */
const pools = new WeakMap<object, Map<string, SlotPool>>()

function poolFor({ semaphoreScope, semaphoreName }: RetryOptions, name: string, fn: object, self: unknown): SlotPool {
  const isClass = typeof self === 'function'
  let owner = fn
  if ((semaphoreScope === 'class' || semaphoreScope === 'self') && self && (isClass || typeof self === 'object')) {
    owner = semaphoreScope === 'self' || isClass ? self : self.constructor
  } else if (semaphoreName) return poolOf(semaphoreName)
  const key = semaphoreName ?? name
  const owned = pools.get(owner) ?? new Map<string, SlotPool>()
  const pool = owned.get(key) ?? new SlotPool()
  pools.set(owner, owned.set(key, pool))
  return pool
}

/** The pools that the code which runs now holds a slot of: in its synchronous part, and by handler run over all its awaits. */
let held: readonly SlotPool[] = []
const heldBy = new WeakMap<HandlerRun, SlotPool[]>()

/** Whether the caller, or a handler that waits for it, has a slot already: to wait for a second one could last for ever. */
function holds(pool: SlotPool, run: HandlerRun | null): boolean {
  for (let at = run; at; at = at.state.dispatchedBy) {
    if ((at === run || at.waits) && heldBy.get(at)?.includes(pool)) return true
  }
  return held.includes(pool)
}

/** Holds a slot over all attempts and waits. */
async function withSlot(
  pool: SlotPool,
  all: () => Promise<Box>,
  name: string,
  { semaphoreLimit, semaphoreLax = true, semaphoreName = name, semaphoreTimeout, timeout = 5000 }: RetryOptions,
  run: HandlerRun | null,
  signal?: AbortSignal,
): Promise<Box> {
  if (holds(pool, run)) return all()
  const limit = semaphoreLimit as number
  const most = semaphoreTimeout ?? (timeout === null ? 0 : timeout * Math.max(1, limit - 1))
  let release: (() => void) | undefined
  try {
    release = await pool.acquire(limit, semaphoreName, most || null, signal)
  } catch (error) {
    if (!semaphoreLax || !(error instanceof SemaphoreTimeoutError)) throw error
    warn(`${error.message}; going on without it (semaphoreLax)`)
    return all()
  }
  const byRun = run && (heldBy.get(run) ?? [])
  const before = held
  try {
    if (run && byRun) heldBy.set(run, byRun)
    byRun?.push(pool)
    held = [...held, pool]
    const done = all()
    held = before
    return await done
  } finally {
    byRun?.splice(byRun.indexOf(pool), 1)
    release()
  }
}
