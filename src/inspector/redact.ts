import { Failed, REDACTED, type Redact } from './values.js'

type RedactRule = string | RegExp

/**
 * What is not to be seen: keys and ends of paths (`card.number`), wherever they are, patterns that a key or a path matches, or
 * a function that gives what is shown instead of a value.
 */
export type RedactRules =
  | RedactRule
  | readonly RedactRule[]
  | ((path: readonly string[], value: unknown) => unknown)

const keep: Redact = (_, value) => value

/** The rules as one function that never throws: what it cannot judge is not shown. */
export function redactorOf(rules: RedactRules | null | undefined): Redact {
  if (!rules) return keep
  const judge = typeof rules === 'function' ? rules : byKeys(rules)
  return (path, value) => {
    try {
      return judge(path, value)
    } catch (error) {
      return new Failed(`[redact failed: ${String((error as Error)?.message).slice(0, 100)}]`)
    }
  }
}

function byKeys(rules: RedactRule | readonly RedactRule[]): Redact {
  // One that stands alone is one rule: to refuse it would be to show what it hides.
  const all = [rules].flat()
  return (path, value) => {
    const whole = path.join('.')
    const hit = all.some((rule) =>
      typeof rule === 'string'
        ? `.${whole}`.endsWith(`.${rule}`)
        : matches(rule, path[path.length - 1]) || matches(rule, whole),
    )
    return hit ? REDACTED : value
  }
}

/** Without the memory that `test` of a global pattern has. */
const matches = (pattern: RegExp, text: string) => text.search(pattern) >= 0
