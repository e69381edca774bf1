import { callSites, ownStacks } from './own-stacks.js'

/** A line of a stack, and whether it is in the library's own files. */
export interface Frame {
  text: string
  own: boolean
}

/** Where a frame is: Chromium writes `at name (url:1:2)` or `at url:1:2`, the others `name@url:1:2`. */
const location = /(?:\(|@|at (?:async )?|^)((?:[a-z][\w+.-]*:\/\/|\/)[^\s()]+?)(?::\d+)?(?::\d+)?\)?$/i

/** Files of the package, by their names. */
const ownName =
  /\/(?:node_modules\/|\.vite\/deps\/|npm\/)?(?:bubus|bus-inspector)(?:@[^/]+)?(?:[./_-](?!.*\/node_modules\/)|$)/

const fileOf = (line: string) => location.exec(line.trim())?.[1].split(/[?#]/)[0] ?? ''

const linesOf = (stack: string) =>
  stack
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => fileOf(line) || /^at |@/.test(line))

/** Where the library's sources are served one by one: of those stacks, this one is at the top. */
const layout = /^(.*\/)inspector\/sources\.[jt]s$/

/**
 * Whether a file is the library's, from stacks that have nobody else's code in them. A bundle with the application in it is
 * among them too: `framesOf` shows all frames where none would be left.
 */
function ownFiles(): (file: string) => boolean {
  const files = new Set(ownStacks.flatMap((stack) => stack.split('\n').map(fileOf)).filter(Boolean))
  const roots = Array.from(files).flatMap((file) => layout.exec(file)?.[1] ?? [])
  return (file) => files.has(file) || ownName.test(file) || roots.some((root) => file.startsWith(root))
}

/** The lines of a stack that are frames. */
export function framesOf(stack: string): Frame[] {
  return judged(linesOf(stack).slice(0, 100))
}

function judged(lines: string[]): Frame[] {
  const isOwn = ownFiles()
  const frames = lines.map((text) => ({ text, own: isOwn(fileOf(text)) }))
  return frames.every((frame) => frame.own) ? frames.map(({ text }) => ({ text, own: false })) : frames
}

/** On the stack of a registration: who noted it, and who told of it. */
const TELLERS = 3

/** Where a handler was registered, from there outwards; empty where nobody has seen it. */
export function callSiteOf(handlerId: string): string[] {
  const stack = callSites.get(Number(handlerId.split('.').pop())) ?? ''
  return judged(linesOf(stack).slice(TELLERS)).flatMap(({ text, own }) => (own ? [] : text))
}
