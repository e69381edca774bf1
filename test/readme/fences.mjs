// The code in README.md: where it is, and what it says that it prints. Read by the page, the dev server and Node alike.

/**
 * @typedef {object} Fence
 * @property {string} name     its heading, numbered where a heading has several
 * @property {string} lang
 * @property {string} file     the file name that it is given, or ''
 * @property {number} line     of its first line of code in the README, from 1
 * @property {string} code
 */

/**
 * What a line claims: `x // → value`, `console.log(x) // → text`, or `x // throws Name: message`.
 * @typedef {object} Claim
 * @property {number} line     from 0, in its fence
 * @property {'log' | 'value' | 'throws'} kind
 * @property {string} text     long ones go on in the comment lines below, indented by three
 */

/** @returns {Fence[]} */
export function fencesOf(/** @type {string} */ markdown) {
  /** @type {Fence[]} */
  const fences = []
  const perHeading = new Map()
  let heading = ''
  /** @type {Fence | null} */
  let open = null
  for (const [i, line] of markdown.split('\n').entries()) {
    if (open) {
      if (line.startsWith('```')) open = null
      else open.code += `${line}\n`
      continue
    }
    heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading
    const start = /^ *```(\S*) ?(\S*)$/.exec(line)
    if (!start) continue
    const count = (perHeading.get(heading) ?? 0) + 1
    perHeading.set(heading, count)
    const name = count === 1 ? heading : `${heading} (${count})`
    open = { name, lang: start[1], file: start[2], line: i + 2, code: '' }
    fences.push(open)
  }
  return fences
}

const claim = /^(.*?) *\/\/ (→|throws) (.*)$/
const log = /\bconsole\.log\(/

/** @returns {Claim[]} */
export function claimsOf(/** @type {string} */ code) {
  const lines = code.split('\n')
  return lines.flatMap((text, line) => {
    const found = claim.exec(text)
    if (!found) {
      if (log.test(text)) throw new SyntaxError(`\`${text.trim()}\` does not say what it prints: \`// → …\``)
      return []
    }
    const [, source, sign, first] = found
    if (!source.trim()) throw new SyntaxError(`\`${text.trim()}\` belongs behind the code that it is about`)
    const more = lines.slice(line + 1)
    const end = more.findIndex((next) => !/^ *\/\/ {3}/.test(next))
    const rest = more.slice(0, end).map((next) => next.replace(/^ *\/\/ {3}/, ''))
    const kind = sign === 'throws' ? 'throws' : log.test(source) ? 'log' : 'value'
    return [{ line, kind, text: [first, ...rest].join('\n') }]
  })
}

/** What a line cannot begin with if it is to be checked: a statement, or what would go on from the line before. */
const notAnExpression =
  /^(?:[([`/+*-]|(?:const|let|var|return|class|import|export|if|for|while|throw)\b|[}.?])/

/** The fence as a module that reports to the recorder what its claims are about; lines stay where they are. */
export function instrumented(/** @type {Fence} */ { code }) {
  const lines = code.split('\n')
  for (const { line, kind } of claimsOf(code)) {
    const source = claim.exec(lines[line])?.[1] ?? ''
    if (kind === 'log') {
      lines[line] = source.replace(log, `$.log(${line}, `)
      continue
    }
    const expression = source.trim()
    if (notAnExpression.test(expression)) {
      throw new SyntaxError(`\`${expression}\` is no expression of one line: it cannot be checked`)
    }
    lines[line] =
      kind === 'value'
        ? `$.value(${line}, ${expression})`
        : `await $.throws(${line}, async () => ${expression})`
  }
  return `import { recorder as $ } from '../recorder.js'; ${lines.join('\n')}`
}

/** Files that other snippets import; they have no claims of their own. */
export function isImported(/** @type {Fence} */ { file }, /** @type {Fence[]} */ fences) {
  const specifier = `'./${file.replace(/\.ts$/, '.js')}'`
  return file !== '' && fences.some(({ code }) => code.includes(specifier))
}
