import { number } from 'superstruct'
import { type BusHandle, defineEvent } from '../../../src/index.js'
import { type BenchCase, check, type Group } from '../bench-case.js'
import { dismiss, newBus, Tick } from './tick.js'

class Family extends defineEvent('Family', { size: number() }) {}

type Parent = (bus: BusHandle, size: number) => void | Promise<void>

const s = 'tick'

/** Dispatches its children and waits for none. */
const leaving: Parent = (bus, size) => {
  for (let n = 0; n < size; n++) bus.dispatch(new Tick({ n, s }))
}

const awaitingEach: Parent = async (bus, size) => {
  for (let n = 0; n < size; n++) await bus.dispatch(new Tick({ n, s }))
}

const awaitingAll: Parent = async (bus, size) => {
  const children: Tick[] = []
  for (let n = 0; n < size; n++) children.push(bus.dispatch(new Tick({ n, s })))
  await Promise.all(children)
}

function families(title: string, parent: Parent, size: number, total: number): BenchCase {
  const parents = Math.round(total / (size + 1))
  const group: Group = 'children'
  return {
    name: `${title} of ${size.toLocaleString('en').replace(',', ' ')}`,
    group,
    events: parents * (size + 1),
    prepare() {
      const bus = newBus()
      let handled = 0
      bus.on(Tick, ({ n }) => {
        handled++
        return n
      })
      bus.on(Family, (event, context) => parent(context.bus, event.size))
      let last: Family
      return {
        async run() {
          for (let i = 0; i < parents; i++) last = bus.dispatch(new Family({ size }))
          await bus.waitUntilIdle()
        },
        async finish() {
          check(handled === parents * size, 'every child was handled')
          check(last.eventChildren.length === size && last.eventStatus === 'completed', 'all were children')
          await dismiss(bus)
        },
      }
    },
  }
}

/** From 1 to 1 000 sibling children per event, the parents counted too. */
export const children: readonly BenchCase[] = [
  families('siblings, not awaited,', leaving, 1, 20_000),
  families('siblings, not awaited,', leaving, 1_000, 20_000),
  families('siblings, awaited one by one,', awaitingEach, 1, 10_000),
  families('siblings, awaited one by one,', awaitingEach, 1_000, 10_000),
  families('siblings, awaited together,', awaitingAll, 1, 10_000),
  families('siblings, awaited together,', awaitingAll, 1_000, 10_000),
]
