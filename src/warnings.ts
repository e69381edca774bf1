import { getPage } from './page.js'

/** Warns once per code in the page's life. The code leads to the README's section of that name. */
export function warnOnce(code: string, text: string): void {
  const { warned } = getPage()
  if (warned.size < 1000 && !warned.has(code)) {
    warned.add(code)
    warn(text)
  }
}

export const warn = (text: string): void => console.warn(`bubus: ${text}`)
