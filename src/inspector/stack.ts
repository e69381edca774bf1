import { ownStacks } from './own-stacks.js'

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

/**
 * The library's files, from stacks that have nobody else's code in them. A bundle with the application in it is among them
 * too: `framesOf` shows all frames where none would be left.
 */
const ownFiles = () => new Set(ownStacks.flatMap((stack) => stack.split('\n').map(fileOf)).filter(Boolean))

/** The lines of a stack that are frames. */
export function framesOf(stack: string): Frame[] {
  const own = ownFiles()
  const frames = stack
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => fileOf(line) || /^at |@/.test(line))
    .slice(0, 100)
    .map((text) => {
      const file = fileOf(text)
      return { text, own: own.has(file) || ownName.test(file) }
    })
  return frames.every((frame) => frame.own) ? frames.map(({ text }) => ({ text, own: false })) : frames
}
