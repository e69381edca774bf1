import { DISPOSE, stateOf } from '../brands.js'
import {
  aBoolean,
  aFunction,
  aSignal,
  aString,
  aTimeout,
  type Check,
  checkOptions,
  from,
  oneOf,
  orNull,
} from '../errors.js'
import type { HandlerRun } from '../events/handler-run.js'
import { getPage } from '../page.js'
import { callAs, currentRun, deliver, enteredBy, RunPromise } from '../running-handler.js'
import { wait } from '../wait.js'
import { warn, warnOnce } from '../warnings.js'
import { aLimit, type Pool, poolOf, type Slot, type SlotPool, sharedPoolOf } from './semaphore.js'

type ErrorClass = abstract new (...args: never[]) => unknown
// biome-ignore lint/suspicious/noExplicitAny: with `never` no function could be called whose type is inferred from here
type Fn = (this: any, ...args: never[]) => unknown
type Plain<F extends Fn> = (
  this: ThisParameterType<F>,
  ...args: Parameters<F>
) => Promise<Awaited<ReturnType<F>>>
/** A function that gives a promise keeps its type: it may be generic, or overloaded. */
type Retried<F extends Fn, R = ReturnType<F>> = unknown extends R
  ? Plain<F>
  : [R, Promise<Awaited<R>>] extends [Promise<unknown>, R]
    ? F
    : Plain<F>

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
  /**
   * One semaphore for all calls, for each class, for each instance, or for all tabs, frames and workers of the origin: that one
   * goes by `semaphoreName` or the function's name, through Web Locks. @default 'global'
   */
  semaphoreScope?: 'global' | 'class' | 'self' | 'multiprocess'
  /** ms; 0 waits for ever. Default: `timeout` × max(1, limit - 1), or for ever without `timeout`. */
  semaphoreTimeout?: number | null
  /** Ends the waits and gives up; the promise rejects with its reason. */
  signal?: AbortSignal
}

const fromZero = from(0)
const errorsOrPredicate: Check = (name, value) => {
  for (const one of [value].flat()) aFunction(name, one)
}
const checks = {
  wait: fromZero,
  retries: fromZero,
  timeout: aTimeout,
  retryOn: errorsOrPredicate,
  backoffFactor: fromZero,
  semaphoreLimit: orNull(aLimit),
  semaphoreName: aString,
  semaphoreLax: aBoolean,
  semaphoreScope: oneOf(['global', 'class', 'self', 'multiprocess']),
  semaphoreTimeout: orNull(fromZero),
  signal: aSignal,
}

/** The value in a box: a promise must not take an event that a forwarder returns for something to wait for. */
type Box = [value: unknown]

/**
 * Runs a function again when it fails, and limits how many calls run at once. A method decorator (`@retry({…}) async m() {}`)
 * and a wrapper (`retry({…})(fn)`); what it makes returns a promise. In a handler it stops when the handler's signal aborts.
 * @throws TypeError, RangeError for wrong options, at once
 */
export function retry(options: RetryOptions = {}) {
  checkOptions(options, checks)
  return function decorate<F extends Fn>(fn: F, context?: ClassMethodDecoratorContext<never>): Retried<F> {
    aFunction('fn', fn)
    const name = String(context?.name ?? fn.name) || 'anonymous'
    const retried = function (this: unknown, ...args: unknown[]) {
      const run = currentRun()
      const call = () => fn.apply(this as never, args as never[])
      const signal = AbortSignal.any([run?.signal, options.signal].filter((one) => !!one))
      const outer = getPage().entered
      const all = (place?: Holding) =>
        attempts(
          () => within(place ?? outer, run ? () => callAs(run, call) : call),
          name,
          options,
          signal,
          place,
        )
      return new RunPromise((resolve, reject) => {
        // Without a semaphore the first attempt starts in the caller's own stretch.
        const done = options.semaphoreLimit
          ? withSlot(poolFor(options, name, retried, this), all, options, run, signal)
          : all()
        done.then(([value]) => deliver(resolve, value), reject)
      })
    }
    return Object.defineProperty(retried, 'name', { value: name }) as never
  }
}

async function attempts(
  call: () => unknown,
  name: string,
  { wait: ms = 3000, retries = 3, timeout = 5000, backoffFactor = 1, retryOn = () => true }: RetryOptions,
  signal: AbortSignal,
  place?: Holding,
): Promise<Box> {
  for (;;) {
    try {
      if (place?.slot?.signal.aborted) await place.take()
      const lost = place?.slot?.signal
      // What cannot be killed is left to itself after its time, without its slot, or when nobody wants it any more.
      return await wait<Box>(
        { timeout, signal: lost ? AbortSignal.any([signal, lost]) : signal },
        (give, fail) => {
          const value = call()
          if (stateOf(value)) give([value])
          else Promise.resolve(value).then((answer) => give([answer]), fail)
        },
        () => `An attempt of ${name}`,
      )
    } catch (error) {
      if (retries <= 0 || signal.aborted || !retriable(error, retryOn)) throw error
    }
    if (retries === 1) warn(`${name} has failed; trying a last time in ${ms} ms`)
    if (ms) await wait<void>({ timeout: ms, signal }, nothing, (give) => give())
    retries--
    ms *= backoffFactor
  }
}

/** A call and its slot: null where it goes on without. One that was lost is taken anew for the next attempt. */
export interface Holding {
  readonly pool: Pool
  readonly run: HandlerRun | null
  /** The call with a slot from within which this one was made. */
  readonly outer: Holding | null
  slot: Slot | null
  take(): Promise<void>
}

const nothing = () => {}

function retriable(error: unknown, retryOn: NonNullable<RetryOptions['retryOn']>): boolean {
  // A class is told from a predicate by its prototype, which is fixed, or by what it makes where it was compiled to a function.
  const { prototype } = retryOn as ErrorClass
  const classes =
    Array.isArray(retryOn) ||
    Object.getOwnPropertyDescriptor(retryOn, 'prototype')?.writable === false ||
    'message' in Object(prototype)
  return classes
    ? ([retryOn].flat() as ErrorClass[]).some((type) => error instanceof type)
    : !!(retryOn as (error: unknown) => boolean)(error)
}

/** The pools of functions, classes and instances, by name: names alone do not survive minifiers. */
const registries = new WeakMap<object, Map<string, SlotPool>>()

function poolFor(
  { semaphoreScope = 'global', semaphoreName }: RetryOptions,
  name: string,
  fn: object,
  self: unknown,
): Pool {
  let owner = fn
  if (semaphoreScope === 'multiprocess') {
    if (!semaphoreName && (name.length < 4 || name === 'anonymous'))
      warnOnce(
        `short:${name}`,
        `All tabs share the semaphore "${name}": minifiers rename functions, give a \`semaphoreName\``,
      )
    return sharedPoolOf(semaphoreName ?? name)
  }
  if (semaphoreScope !== 'global' && Object(self) === self) {
    owner =
      semaphoreScope === 'self' || typeof self === 'function'
        ? (self as object)
        : // A module has none.
          ((self as object).constructor ?? self)
  } else if (semaphoreName) return poolOf(semaphoreName)
  const registry = registries.get(owner) ?? new Map<string, SlotPool>()
  registries.set(owner, registry)
  return poolOf(semaphoreName ?? name, registry)
}

/** The code of a call with a slot, until its first await; after one of ours it is restored as the run is. */
function within(place: Holding | null, call: () => unknown): unknown {
  const page = getPage()
  const before = page.entered
  page.entered = place
  try {
    return call()
  } finally {
    page.entered = before
  }
}

/**
 * Whether a call is made from within one that has a slot already, or by a descendant for which that one waits: to wait for a second
 * slot could last for ever. Where nobody can tell, a call too many is better than that.
 */
function nested({ id }: Pool, run: HandlerRun | null): boolean {
  const { held } = getPage()
  let place = enteredBy(run)
  for (let at = run; ; at = at.state.dispatchedBy) {
    if (at === run || at?.waits) {
      if (place === null) for (const one of held) if (one.pool.id === id && one.run === at) return true
      for (let one = place; one; one = one.outer) if (one.pool.id === id && held.has(one)) return true
    }
    if (!at) return false
    place = at.state.slot
  }
}

/** Holds a slot over all attempts and waits. */
async function withSlot(
  pool: Pool,
  all: (place?: Holding) => Promise<Box>,
  { semaphoreLimit, semaphoreLax = true, semaphoreTimeout, timeout = 5000 }: RetryOptions,
  run: HandlerRun | null,
  signal: AbortSignal,
): Promise<Box> {
  if (nested(pool, run)) return all()
  const limit = semaphoreLimit as number
  // 0, as without `timeout`, is no limit.
  const most = (semaphoreTimeout ?? (timeout ?? 0) * Math.max(1, limit - 1)) || null
  const { entered, held } = getPage()
  const place: Holding = {
    pool,
    run,
    outer: entered,
    slot: null,
    async take() {
      place.slot = await pool.acquire(limit, { timeout: most, signal }).catch((error) => {
        if (!semaphoreLax || (error as Error | null)?.name !== 'SemaphoreTimeoutError') throw error
        warn(`${error.message}; going on without it (semaphoreLax)`)
        return null
      })
    },
  }
  await place.take()
  if (place.slot) held.add(place)
  try {
    return await all(place)
  } finally {
    held.delete(place)
    place.slot?.[DISPOSE]()
  }
}
