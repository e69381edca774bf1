import { type Status, statuses } from './statuses.js'

/** What a filter asks of an event. Anything that costs is asked last, and only if the filter names it. */
export interface Facts {
  type(node: number): string
  id(node: number): string
  status(node: number): Status
  buses(node: number): readonly string[]
  handlers(node: number): readonly string[]
  /** ms; NaN while it is not over. */
  duration(node: number): number
  is(node: number, word: string): boolean
  /** Where it came from: `here`, or `file`. */
  tab(node: number): string
  /** A value of the payload, by path; undefined if there is none or it may not be seen. */
  payload(node: number, path: readonly string[]): unknown
  /** All that can be read of it, in lower case. */
  text(node: number): string
}

export interface Query {
  /** Whether an event matches. Never throws. */
  test(facts: Facts, node: number): boolean
  /** It reads `text`, which costs something the first time. */
  readonly searchesText: boolean
}

/** What is wrong with a filter, and how it is meant. */
export class QueryError extends Error {
  override readonly name = 'QueryError'
}

type Test = Query['test']
type Words = (text: string) => boolean

export const isWords = [
  'slow',
  'open',
  'failed',
  'orphan',
  'forwarded',
  'replayed',
  'vetoed',
  'mutated',
  'root',
  'file',
] as const
const fields = ['type', 'status', 'bus', 'handler', 'dur', 'id', 'is', 'tab']

// A bracket; else a word: signs, a field, and then a quoted text, a pattern, or anything up to a blank or bracket.
const token =
  /\s*(?:([()])|(-?)((?:[\p{L}\p{N}_$.]+:)?)(?:"((?:[^"\\]|\\.)*)("?)|\/((?:[^/\\\n]|\\.)+)\/([a-z]*)(?=[\s)]|$)|([^\s()]*)))/uy

interface Token {
  bracket?: string
  not: boolean
  field: string
  quoted?: string
  pattern?: RegExp
  word: string
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = []
  token.lastIndex = 0
  const end = source.trimEnd().length
  while (token.lastIndex < end) {
    const found = token.exec(source)
    if (!found?.[0]) break
    const [, bracket, minus, field = '', quoted, closing, pattern, flags, word = ''] = found
    if (quoted !== undefined && !closing) throw new QueryError('Expected a closing " at the end')
    tokens.push({
      bracket,
      not: minus === '-',
      field: field.slice(0, -1),
      quoted: quoted?.replace(/\\(.)/g, '$1'),
      pattern: pattern === undefined ? undefined : regexOf(pattern, flags),
      word,
    })
  }
  return tokens
}

function regexOf(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags.replace(/[gy]/g, ''))
  } catch (error) {
    throw new QueryError(
      `Expected a regular expression, got /${source}/${flags}: ${(error as Error).message}`,
    )
  }
}

/** `*` and `?` stand for anything; without them the text need only begin like this, or for `inside` contain it. */
function wordsOf({ quoted, pattern, word }: Token, inside = false): Words {
  if (pattern) return (text) => pattern.test(text)
  if (quoted !== undefined) return (text) => text.toLowerCase() === quoted.toLowerCase()
  const wanted = word.toLowerCase()
  if (/[*?]/.test(wanted)) {
    const glob = wanted
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, '.*')
      .replace(/\?/g, '.')
    const whole = new RegExp(`^${glob}$`, 's')
    return (text) => whole.test(text.toLowerCase())
  }
  return inside ? (text) => text.toLowerCase().includes(wanted) : (text) => text.toLowerCase() === wanted
}

const units: Record<string, number> = { '': 1, ms: 1, s: 1000, m: 60_000 }

/** `>50ms`, `<=2s`, `10..20ms`: a test of a number. */
function numbersOf(text: string, what: string): ((n: number) => boolean) | undefined {
  const found = /^(>=|<=|>|<|=|)(\d+(?:\.\d+)?)(ms|s|m|)(?:\.\.(\d+(?:\.\d+)?)(ms|s|m|))?$/.exec(text)
  if (!found) return undefined
  const [, sign, number, unit, upto, uptoUnit = ''] = found
  if (what !== 'dur' && (unit || uptoUnit)) return undefined
  const limit = Number(number) * units[unit || uptoUnit]
  if (upto !== undefined) {
    const most = Number(upto) * units[uptoUnit]
    return (n) => n >= limit && n <= most
  }
  if (sign === '>') return (n) => n > limit
  if (sign === '>=') return (n) => n >= limit
  if (sign === '<') return (n) => n < limit
  if (sign === '<=') return (n) => n <= limit
  return (n) => n === limit
}

/** Most events are of a few types: each is judged once. */
function remembered(test: Words): Words {
  const known = new Map<string, boolean>()
  return (text) => {
    let hit = known.get(text)
    if (hit === undefined) {
      if (known.size > 1000) known.clear()
      hit = test(text)
      known.set(text, hit)
    }
    return hit
  }
}

const show = ({ quoted, pattern, word }: Token) => (pattern ? String(pattern) : (quoted ?? word))

function oneOf(token: Token, known: readonly string[]): Words {
  const words = wordsOf(token)
  if (!known.some(words)) {
    throw new QueryError(`Expected ${token.field}: with one of ${known.join(', ')}, got "${show(token)}"`)
  }
  return words
}

function valueTest(token: Token): (value: unknown) => boolean {
  const numbers =
    token.quoted === undefined && !token.pattern ? numbersOf(token.word, token.field) : undefined
  const words = wordsOf(token)
  return (value) => {
    if (typeof value === 'number' && numbers) return numbers(value)
    if (value === undefined || typeof value === 'object' || typeof value === 'function')
      return value === null && words('null')
    return words(String(value))
  }
}

function termOf(token: Token): Test {
  const { field, word, quoted, pattern } = token
  if (field && !word && quoted === undefined && !pattern) {
    throw new QueryError(`Expected something after "${field}:"`)
  }
  switch (field) {
    case '': {
      const words = pattern ?? (quoted ?? word).toLowerCase()
      if (typeof words === 'string') return (facts, node) => facts.text(node).includes(words)
      const insensitive = new RegExp(words.source, `${words.flags.replace('i', '')}i`)
      return (facts, node) => insensitive.test(facts.text(node))
    }
    case 'type': {
      const words = remembered(wordsOf(token))
      return (facts, node) => words(facts.type(node))
    }
    case 'id': {
      const words = wordsOf(token)
      const part = (quoted ?? word).toLowerCase()
      return (facts, node) => {
        const id = facts.id(node)
        return words(id) || (!pattern && (id.endsWith(part) || id.startsWith(part)))
      }
    }
    case 'status': {
      const words = remembered(oneOf(token, statuses))
      return (facts, node) => words(facts.status(node))
    }
    case 'is': {
      const words = oneOf(token, isWords)
      const asked = isWords.filter(words)
      return (facts, node) => asked.some((one) => facts.is(node, one))
    }
    case 'bus': {
      const words = remembered(wordsOf(token))
      return (facts, node) => facts.buses(node).some(words)
    }
    case 'handler': {
      const words = remembered(wordsOf(token, true))
      return (facts, node) => facts.handlers(node).some(words)
    }
    case 'tab': {
      const words = wordsOf(token)
      return (facts, node) => words(facts.tab(node))
    }
    case 'dur': {
      const numbers = numbersOf(word, 'dur')
      if (!numbers) throw new QueryError(`Expected a time like dur:>50ms or dur:1s..2s, got "${show(token)}"`)
      return (facts, node) => numbers(facts.duration(node))
    }
  }
  const [first, ...path] = field.split('.')
  if (first !== 'payload' || !path.length || path.includes('')) {
    throw new QueryError(`Expected ${fields.join(':, ')}: or payload.<key>:, got "${field}:"`)
  }
  const matches = valueTest(token)
  return (facts, node) => matches(facts.payload(node, path))
}

/** Reads tokens as tests: alternatives of conjunctions of terms. */
class Parser {
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0
  searchesText = false

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  whole(): Test {
    const test = this.#alternatives()
    if (this.#at < this.#tokens.length) throw new QueryError('Expected a ( before )')
    return test
  }

  get #next(): Token | undefined {
    return this.#tokens[this.#at]
  }

  #alternatives(): Test {
    if (++this.#depth > 100) throw new QueryError('Expected at most 100 brackets inside each other')
    const tests = [this.#conjunction()]
    while (this.#next && isOr(this.#next)) {
      this.#at++
      tests.push(this.#conjunction())
    }
    this.#depth--
    return tests.length === 1 ? tests[0] : (facts, node) => tests.some((test) => test(facts, node))
  }

  /** What is cheap to ask is asked first. */
  #conjunction(): Test {
    const cheap: Test[] = []
    const costly: Test[] = []
    for (let token = this.#next; token && !isOr(token) && token.bracket !== ')'; token = this.#next) {
      const before = this.searchesText
      this.searchesText = false
      const test = this.#unary(token)
      const costs = this.searchesText || token.field.startsWith('payload') || token.bracket
      ;(costs ? costly : cheap).push(test)
      this.searchesText ||= before
    }
    const tests = [...cheap, ...costly]
    if (!tests.length) {
      const next = this.#next
      throw new QueryError(
        next ? `Expected something before "${next.bracket ?? 'OR'}"` : 'Expected something at the end',
      )
    }
    return tests.length === 1 ? tests[0] : (facts, node) => tests.every((test) => test(facts, node))
  }

  #unary(token: Token): Test {
    this.#at++
    if (isSign(token)) {
      if (this.#next?.bracket !== '(') throw new QueryError('Expected something after "-"')
      return negated(this.#unary(this.#next))
    }
    if (token.bracket === '(') {
      const test = this.#alternatives()
      if (this.#next?.bracket !== ')') throw new QueryError('Expected a closing )')
      this.#at++
      return test
    }
    if (!token.field) this.searchesText = true
    return token.not ? negated(termOf(token)) : termOf(token)
  }
}

/** `-(` comes as a word that is only a sign. */
const isSign = ({ not, bracket, field, word, quoted, pattern }: Token) =>
  not && !bracket && !field && !word && quoted === undefined && !pattern

/**
 * Reads a filter: words that all have to match, `OR` between alternatives, `-` for not, brackets; `field:value` with `*`
 * and `?`, `"exact"`, `/pattern/flags` or, for numbers, `>`, `<=` and `from..to`; anything else is searched for in all text.
 * An empty filter gives null. @throws QueryError
 */
export function parseQuery(source: string): Query | null {
  const tokens = tokensOf(source)
  if (!tokens.length) return null
  const parser = new Parser(tokens)
  const test = parser.whole()
  return { test, searchesText: parser.searchesText }
}

const negated =
  (test: Test): Test =>
  (facts, node) =>
    !test(facts, node)

const isOr = ({ word, field, not, bracket, quoted }: Token) =>
  !bracket && !field && !not && quoted === undefined && word === 'OR'
