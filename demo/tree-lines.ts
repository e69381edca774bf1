/** The parts of a line of `logTree()` that are worth telling apart by eye. */
const parts =
  /^([│├└─ ]+)|(✅|❌|🏃|⏳)|(☠️.*)|(→ (?:undefined|null|None)$)|(→ .*)|(\[\d\d:\d\d:\d\d\.\d{3}(?: \([\d.]+s\))?\])|(#[\w.-]+)/gu

const kinds = ['branch', 'icon', 'error', 'nothing', 'value', 'time', 'id'] as const

const states: Record<string, string> = { '✅': 'done', '❌': 'failed', '🏃': 'running', '⏳': 'pending' }

function span(kind: string, text: string): HTMLSpanElement {
  const element = document.createElement('span')
  element.className = kind
  element.textContent = text
  return element
}

/** A line as elements. Its text stays exactly what the bus wrote, so that it can be selected and copied. */
export function lineElement(text: string): HTMLSpanElement {
  const line = span('line', '')
  let from = 0
  for (const match of text.matchAll(parts)) {
    if (match.index > from) line.append(text.slice(from, match.index))
    const kind = kinds[match.slice(1).findIndex((group) => group !== undefined)]
    line.append(span(kind === 'icon' ? `icon ${states[match[0]]}` : kind, match[0]))
    from = match.index + match[0].length
  }
  line.append(`${text.slice(from)}\n`)
  // An event stands right under a branch; a handler's name has its bus before it.
  line.classList.add(/^[│├└─ ]*\S+ [^.#\s]+#/u.test(text) ? 'event' : 'handler')
  return line
}

/** Makes the element show these lines. A line that was there before keeps its elements: most frames change a few lines of hundreds. */
export function showLines(
  parent: HTMLElement,
  shown: Map<string, HTMLElement[]>,
  lines: readonly string[],
): void {
  const before = new Map(shown)
  shown.clear()
  const elements = lines.map((text) => {
    const element = before.get(text)?.shift() ?? lineElement(text)
    const same = shown.get(text)
    if (same) same.push(element)
    else shown.set(text, [element])
    return element
  })
  for (const gone of before.values()) for (const element of gone) element.remove()
  let next = parent.firstChild
  for (const element of elements) {
    if (element === next) next = element.nextSibling
    else parent.insertBefore(element, next)
  }
}
