/** One line of a bubus log: flat, snake_case, written by the Python library or by this one. */
export type LogRecord = Record<string, unknown> & { event_type: string; event_id: string }

export interface BadLine {
  line: number
  reason: string
}

export interface Parsed {
  records: { line: number; record: LogRecord }[]
  bad: BadLine[]
}

/** Reads what can be read. A log torn by a crash is still a log: a bad line is told, and the rest goes on. */
export function parseJSONL(text: string): Parsed {
  const parsed: Parsed = { records: [], bad: [] }
  for (const [index, source] of text.split(/\r?\n/).entries()) {
    if (!source.trim()) continue
    const line = index + 1
    try {
      parsed.records.push({ line, record: asRecord(JSON.parse(source)) })
    } catch (error) {
      parsed.bad.push({ line, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return parsed
}

function asRecord(value: unknown): LogRecord {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`Expected an object, got ${JSON.stringify(value)?.slice(0, 40)}`)
  }
  const record = value as Partial<LogRecord>
  if (typeof record.event_type !== 'string') throw new TypeError('Expected `event_type` to be a string')
  if (typeof record.event_id !== 'string') throw new TypeError('Expected `event_id` to be a string')
  return record as LogRecord
}
