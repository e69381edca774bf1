// The last comparison: what the events' public properties say when all is over.

import { Mismatch } from './life.js'
import type { Ev, Result } from './state.js'
import { type EventFacts, forwarder, type ResultFacts, type Trace } from './trace.js'

export function compareFacts(events: Ev[], { events: facts, unsettled }: Trace): void {
  if (unsettled.length > 0) throw new Mismatch(`never settled: ${unsettled.join(', ')}`)
  if (events.length !== facts.length) throw new Mismatch(`${facts.length} events, expected ${events.length}`)
  events.forEach((event, id) => {
    const actual = facts[id]
    equal(`status of e${id}`, actual.status, 'completed')
    equal(`parent of e${id}`, actual.parent, event.parent?.id ?? null)
    equal(
      `path of e${id}`,
      actual.path,
      event.visits.map(({ bus }) => bus.id),
    )
    equal(`children of e${id}`, actual.children, ids(event.children))
    compareResults(event, actual.results)
    equal(`eventResult() of e${id}`, actual.answer, answerOf(actual))
  })
}

function compareResults(event: Ev, all: ResultFacts[]): void {
  const actual = all.filter(({ handler }) => handler !== forwarder)
  const what = `results of e${event.id}`
  for (const { bus } of event.visits) {
    const here = (result: { bus: number }) => result.bus === bus.id
    equal(
      `${what} on b${bus.id}`,
      actual.filter(here).map(handlerOf),
      event.results.filter(here).map(handlerOf),
    )
  }
  // Across buses only what ran has a fixed place.
  const ran = event.results.filter(({ run }) => run)
  const keys = new Set(ran.map(keyOf))
  equal(
    `order of the ${what}`,
    actual.map(keyOf).filter((key) => keys.has(key)),
    ran.map(keyOf),
  )
  for (const result of event.results) {
    const found = actual.find((candidate) => keyOf(candidate) === keyOf(result))
    if (found) compareResult(`result of b${result.bus}.${result.handler} of e${event.id}`, result, found)
  }
}

function compareResult(what: string, { errors, value, run }: Result, actual: ResultFacts): void {
  equal(`status of the ${what}`, actual.status, errors ? 'error' : 'completed')
  if (errors) {
    if (!errors.includes(actual.error ?? ''))
      throw new Mismatch(`${what}: expected ${errors}, got ${actual.error}`)
  } else {
    equal(what, actual.value, value)
  }
  equal(`children of the ${what}`, actual.children, ids(run?.children ?? []))
}

/** "raiseIfAny: the first in order"; then the first that counts: neither nothing nor an event. */
function answerOf({ results }: EventFacts): string {
  const failed = results.find(({ status }) => status === 'error')
  if (failed) return `error ${failed.error}`
  const counting = results.find(({ value }) => value.startsWith('v'))
  return counting ? `value ${counting.value}` : 'none'
}

function equal(what: string, actual: unknown, expected: unknown): void {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (got !== wanted) throw new Mismatch(`${what}: expected ${wanted}, got ${got}`)
}

const ids = (events: Ev[]) => events.map(({ id }) => id)
const handlerOf = ({ handler }: { handler: number }) => handler
const keyOf = ({ bus, handler }: { bus: number; handler: number }) => `${bus}.${handler}`
