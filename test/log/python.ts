/**
 * What the Python library's parser asks of a line of its log: the fields of its `BaseEvent`, by type; other keys are the
 * payload. Gives what it would refuse.
 */
export function refusedByPython(line: string): string[] {
  const record = JSON.parse(line) as Record<string, unknown>
  const wrong = Object.entries(rules).flatMap(([key, isRight]) => (isRight(record[key]) ? [] : [key]))
  // It has no such field: results are not in a log.
  return 'event_results' in record ? [...wrong, 'event_results'] : wrong
}

const isText = (value: unknown) => typeof value === 'string'
const isUuid = (value: unknown) =>
  isText(value) && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(`${value}`)
const isName = (value: unknown) => isText(value) && /^[\p{XID_Start}_][\p{XID_Continue}]*$/u.test(`${value}`)
const isDate = (value: unknown) =>
  isText(value) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|\+00:00)$/.test(`${value}`)
const none = (value: unknown) => value === null || value === undefined
const orNone = (check: (value: unknown) => boolean) => (value: unknown) => none(value) || check(value)

const rules: Record<string, (value: unknown) => boolean> = {
  event_type: isName,
  event_schema: orNone((value) => isText(value) && `${value}`.length <= 250),
  event_timeout: (value) => value === null || typeof value === 'number',
  event_id: isUuid,
  event_path: (value) => Array.isArray(value) && value.every(isName),
  event_parent_id: orNone(isUuid),
  event_created_at: isDate,
  event_processed_at: orNone(isDate),
}
