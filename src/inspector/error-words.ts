import { dataOf } from './objects.js'
import { ownGetter, wordOf } from './platform-values.js'

/** What an error says, without running a getter of its own. */
export interface ErrorWords {
  name: string
  message: string
  stack: string
  cause: unknown
  errors: unknown
}

export function wordsOf(error: Error): ErrorWords {
  const stack = dataOf(error, 'stack') || nativeStack(error)
  return {
    name: wordOf(error, 'name') || 'Error',
    message: wordOf(error, 'message'),
    stack: typeof stack === 'string' ? stack.slice(0, 20_000) : '',
    cause: dataOf(error, 'cause'),
    errors: dataOf(error, 'errors'),
  }
}

/** Where the engine has `stack` as an accessor, of the object or of its prototype: the engine's own only. */
function nativeStack(error: Error): unknown {
  const mine = Object.getOwnPropertyDescriptor(error, 'stack')?.get
  if (!mine) return ownGetter(Error.prototype, 'stack')(error)
  return mine === Object.getOwnPropertyDescriptor(new Error(), 'stack')?.get ? mine.call(error) : undefined
}
