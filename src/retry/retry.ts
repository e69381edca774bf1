import { stateOf } from '../brands.js'
import { checkFunction, checkNumber, checkSignal, checkTimeout, checkType, EventTimeoutError, SemaphoreTimeoutError } from '../errors.js'
import type { HandlerRun } from '../events/handler-run.js'
import { callAs, currentRun, RunPromise, settleWith } from '../running-handler.js'
import { after } from '../timers.js'
import { warn } from '../warnings.js'
import { checkLimit, checkScope, poolOf, SlotPool } from './semaphore.js'

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

type Settings = Required<Pick<RetryOptions, 'wait' | 'retries' | 'backoffFactor' | 'semaphoreLax' | 'semaphoreScope'>> & RetryOptions

/**
 * Runs a function again when it fails, and limits how many calls run at once. A method decorator (`@retry({…}) async m() {}`)
 * and a wrapper (`retry({…})(fn)`); what it makes returns a promise. In a handler it stops when the handler's signal aborts.
 * @throws TypeError, RangeError for wrong options, at once
 */
export function retry(options: RetryOptions = {}) {
  const settings = checkOptions(options)
  return function decorate<F extends (this: never, ...args: never[]) => unknown>(
    fn: F,
    context?: ClassMethodDecoratorContext,
  ): (this: ThisParameterType<F>, ...args: Parameters<F>) => Promise<Awaited<ReturnType<F>>> {
    checkType(typeof fn === 'function', 'fn', 'a function', fn)
    const name = String(context?.name ?? (fn.name || 'anonymous'))
    const pools = new PoolsOf(settings, name)
    const retried = function (this: unknown, ...args: unknown[]) {
      const run = currentRun()
      return new RunPromise((resolve, reject) => {
        const call = () => callAsRun(run, () => (fn as Fn).apply(this as never, args as never[]))
        attempts(call, pools, this, settings, run).then(({ value }) => settleWith(resolve, value), reject)
      })
    }
    Object.defineProperty(retried, 'name', { value: name })
    return retried as never
  }
}

function checkOptions(options: RetryOptions): Settings {
  checkType(typeof options === 'object' && options, 'options', 'an object', options)
  const { wait = 3000, retries = 3, timeout = 5000, backoffFactor = 1, semaphoreLax = true, semaphoreScope = 'global' } = options
  const { retryOn, semaphoreLimit, semaphoreName, semaphoreTimeout, signal } = options
  checkNumber('wait', wait, 0, 'a number of ms from 0 on')
  checkNumber('retries', retries, 0, 'a number from 0 on')
  checkNumber('backoffFactor', backoffFactor, 0, 'a number from 0 on')
  checkTimeout('timeout', timeout)
  checkSignal(signal)
  if (!Array.isArray(retryOn)) checkFunction('retryOn', retryOn)
  else for (const error of retryOn) checkType(typeof error === 'function', 'retryOn', 'error classes, or a predicate', error)
  if (semaphoreLimit != null) checkLimit('semaphoreLimit', semaphoreLimit)
  if (semaphoreTimeout != null) checkNumber('semaphoreTimeout', semaphoreTimeout, 0, 'a number of ms from 0 on')
  checkType(semaphoreName === undefined || typeof semaphoreName === 'string', 'semaphoreName', 'a string', semaphoreName)
  checkScope(semaphoreScope)
  checkType(['global', 'class', 'self'].includes(semaphoreScope), 'semaphoreScope', "'global', 'class', 'self' or 'multiprocess'", semaphoreScope)
  return { ...options, wait, retries, timeout, backoffFactor, semaphoreLax, semaphoreScope }
}

const callAsRun = <R>(run: HandlerRun | null, call: () => R): R => (run ? callAs(run, call) : call())

/** The value in a box: a promise must not take an event that a forwarder returns for something to wait for. */
type Box = { value: unknown }

async function attempts(call: () => unknown, pools: PoolsOf, self: unknown, settings: Settings, run: HandlerRun | null): Promise<Box> {
  const signal = eitherSignal(settings.signal, run?.signal)
  // Without a limit the first attempt starts in the caller's own stretch.
  const release = settings.semaphoreLimit ? await pools.enter(self, run, signal) : undefined
  try {
    for (let wait = settings.wait, left = settings.retries; ; wait *= settings.backoffFactor, left--) {
      try {
        signal?.throwIfAborted()
        return await limited(() => (release ? holding(release.pool, call) : call()), settings.timeout)
      } catch (error) {
        if (left <= 0 || signal?.aborted || !retriable(error, settings.retryOn)) throw error
      }
      if (left === 1) warn(`${pools.name} has failed; trying a last time in ${wait} ms`)
      await pause(wait, signal)
    }
  } finally {
    release?.()
  }
}

function retriable(error: unknown, retryOn: RetryOptions['retryOn']): boolean {
  if (!retryOn) return true
  const list = Array.isArray(retryOn) ? (retryOn as ErrorClass[]) : isErrorClass(retryOn) ? [retryOn] : null
  return list ? list.some((type) => error instanceof type) : !!(retryOn as (error: unknown) => boolean)(error)
}

const isErrorClass = (value: unknown): value is ErrorClass =>
  value === Error || value === DOMException || (value as { prototype?: unknown }).prototype instanceof Error

/** One attempt. What cannot be killed is left to itself after its time. */
function limited(call: () => unknown, timeout: number | null | undefined): Promise<Box> {
  return new Promise((resolve, reject) => {
    const value = call()
    if (stateOf(value)) return resolve({ value })
    const stop = timeout == null ? undefined : after(timeout, () => reject(new EventTimeoutError(`The attempt took longer than ${timeout} ms`)))
    Promise.resolve(value).then(
      (answer) => {
        stop?.()
        resolve({ value: answer })
      },
      (error) => {
        stop?.()
        reject(error)
      },
    )
  })
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
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

function eitherSignal(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  return a && b ? AbortSignal.any([a, b]) : (a ?? b)
}

/** Which pools the code that runs now holds a slot of, for functions that call themselves in their synchronous part. */
let held: SlotPool[] = []
/** The same for handler runs, over all their awaits. */
const heldBy = new WeakMap<HandlerRun, Set<SlotPool>>()

function holding(pool: SlotPool, call: () => unknown): unknown {
  const before = held
  held = [...held, pool]
  try {
    return call()
  } finally {
    held = before
  }
}

/** Whether the caller, or a handler that waits for it, has a slot already: a second one could deadlock. */
function holds(pool: SlotPool, run: HandlerRun | null): boolean {
  for (let at = run; at; at = at.state.dispatchedBy) {
    if ((at === run || at.waits) && heldBy.get(at)?.has(pool)) return true
  }
  return held.includes(pool)
}

/** The pools of objects (functions, classes, instances), by name. */
const objectPools = new WeakMap<object, Map<string, SlotPool>>()

/** The semaphore of one retried function, and who shares it. */
class PoolsOf {
  readonly #settings: Settings
  readonly name: string

  constructor(settings: Settings, name: string) {
    this.#settings = settings
    this.name = name
  }

  #pool(self: unknown): SlotPool {
    const { semaphoreScope, semaphoreName } = this.#settings
    const isObject = (typeof self === 'object' && self) || typeof self === 'function'
    if (semaphoreScope === 'global' || !isObject) {
      // Without a name the function itself is the key: names do not survive minifiers.
      if (semaphoreName !== undefined) return poolOf(semaphoreName)
      return poolIn(this, '')
    }
    const owner = semaphoreScope === 'self' || typeof self === 'function' ? self : (self as object).constructor
    return poolIn(owner as object, semaphoreName ?? this.name)
  }

  /** Waits for a slot; gives a function that gives it back. */
  async enter(self: unknown, run: HandlerRun | null, signal: AbortSignal | undefined): Promise<Release> {
    const { semaphoreLimit, semaphoreLax, semaphoreTimeout, timeout } = this.#settings
    const limit = semaphoreLimit as number
    const pool = this.#pool(self)
    if (holds(pool, run)) return Object.assign(() => {}, { pool })
    const most = semaphoreTimeout ?? (timeout == null ? 0 : timeout * Math.max(1, limit - 1))
    try {
      const release = await pool.acquire(limit, this.#settings.semaphoreName ?? this.name, most || null, signal)
      return hold(pool, run, release)
    } catch (error) {
      if (!semaphoreLax || !(error instanceof SemaphoreTimeoutError)) throw error
      warn(`${error.message}; going on without it (semaphoreLax)`)
      return Object.assign(() => {}, { pool })
    }
  }
}

type Release = (() => void) & { pool: SlotPool }

function hold(pool: SlotPool, run: HandlerRun | null, release: () => void): Release {
  const pools = run && (heldBy.get(run) ?? new Set())
  if (run && pools) heldBy.set(run, pools.add(pool))
  const end = () => {
    pools?.delete(pool)
    release()
  }
  return Object.assign(end, { pool })
}

function poolIn(owner: object, name: string): SlotPool {
  let pools = objectPools.get(owner)
  if (!pools) objectPools.set(owner, (pools = new Map()))
  let pool = pools.get(name)
  if (!pool) pools.set(name, (pool = new SlotPool()))
  return pool
}
