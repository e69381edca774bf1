// What the snippets of the README report, by line, as a console would show it.

class Recorder {
  readonly lines = new Map<number, string[]>()

  log(line: number, ...values: unknown[]): void {
    this.#note(line, values.map((value) => (typeof value === 'string' ? value : show(value))).join(' '))
  }

  value(line: number, value: unknown): void {
    this.#note(line, show(value))
  }

  async throws(line: number, action: () => Promise<unknown>): Promise<void> {
    try {
      await action()
    } catch (error) {
      return this.#note(line, String(error))
    }
    this.#note(line, 'nothing was thrown')
  }

  #note(line: number, text: string): void {
    this.lines.set(line, [...(this.lines.get(line) ?? []), text])
  }
}

export const recorder = new Recorder()

/** A value as one would write it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Error) return String(value)
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  const entries = Object.entries(value).map(([key, entry]) => `${key}: ${show(entry)}`)
  return entries.length ? `{ ${entries.join(', ')} }` : '{}'
}

/** The same text without what differs from run to run: times, ids, and the numbers of handlers. */
export function steady(text: string): string {
  return text
    .replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, '<uuid>')
    .replace(/\d\d:\d\d:\d\d\.\d{3}/g, '<time>')
    .replace(/\(\d+\.\d{3}s\)/g, '(<s>)')
    .replace(/#[\da-f]+(?= \[)/g, '#<id>')
}
