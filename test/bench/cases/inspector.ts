import { BaseEvent, EventBus } from '../../../src/index.js'
import type { BusInspector } from '../../../src/inspector/bus-inspector.js'
import { type BenchCase, BURST, check, type Figures, type Round } from '../bench-case.js'
import { watchTasks } from '../long-tasks.js'
import { nextTask } from '../measure.js'
import { dismiss, newBus, Tick } from './tick.js'

const RATE = 10_000
const SECONDS = 2
const ROOTS = 20_000
const EVENTS = ROOTS * 4
const ROWS = EVENTS + ROOTS
const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))

async function mount(properties: Partial<BusInspector>): Promise<BusInspector> {
  // Only now: the workers of other cases run this script too, and have no elements.
  await import('../../../src/inspector/define.js')
  const inspector = document.createElement('bus-inspector')
  Object.assign(inspector.style, { width: '1200px', height: '800px' })
  Object.assign(inspector, properties)
  document.body.append(inspector)
  await inspector.updateComplete
  await frame()
  await frame()
  return inspector
}

/** Adds up what commits take of the page, with the updates of the element that they cause. */
function timeCommits(inspector: BusInspector, each?: number[]): () => number {
  const { tree } = inspector
  const commit = tree.commit.bind(tree)
  let ms = 0
  tree.commit = () => {
    const start = performance.now()
    commit()
    // Right after the update's own microtask: nothing else runs between.
    void inspector.updateComplete.then(() => {
      const time = performance.now() - start
      each?.push(time)
      ms += time
    })
  }
  return () => ms
}

/** Events at a steady rate, a batch a task; what is measured is the time of the batches, and of commits. */
function stream(name: string, open: boolean): BenchCase {
  return {
    name,
    group: 'inspector',
    events: RATE * SECONDS,
    async prepare() {
      const bus = newBus()
      let seen = 0
      bus.on(Tick, ({ n }) => {
        seen++
        return n
      })
      const inspector = open ? await mount({ buses: [bus] }) : null
      const commits = inspector ? timeCommits(inspector) : () => 0
      return {
        async run() {
          let batches = 0
          const start = performance.now()
          for (let n = 0; n < RATE * SECONDS; ) {
            const due = Math.min(RATE * SECONDS, ((performance.now() - start) / 1000) * RATE)
            const from = performance.now()
            for (; n < due; n++) bus.dispatch(new Tick({ n, s: 'tick' }))
            await bus.waitUntilIdle()
            batches += performance.now() - from
            await new Promise((resolve) => setTimeout(resolve, 8))
          }
          await frame()
          return { ms: batches + commits(), dispatching: batches, showing: commits() }
        },
        async finish() {
          check(seen === RATE * SECONDS, 'every event was handled')
          check(!inspector || inspector.tree.model.events > 1000, 'the tree was shown')
          inspector?.remove()
          await dismiss(bus)
        },
      }
    },
  }
}

const text = 'x'.repeat(180)
const payload = (n: number) => ({
  id: n,
  user: { id: n % 1000, name: `user ${n}` },
  sku: `sku-${n % 97}`,
  text,
})

/** 100 000 rows: roots with four rows below each, a handler and three events that it dispatched, of 270 bytes each. */
async function fill(): Promise<EventBus> {
  const bus = new EventBus({ maxHistorySize: null, eventConcurrency: 'parallel' })
  bus.on('Root', function spawn(event, { bus: here }) {
    const n = event.eventPayload.id as number
    for (let i = 1; i <= 3; i++) here.dispatch(new BaseEvent('Leaf', payload(n + i)))
  })
  for (let n = 0; n < ROOTS; n++) {
    bus.dispatch(new BaseEvent('Root', payload(n * 4)))
    if (n % 1000 === 0) await bus.waitUntilIdle()
  }
  await bus.waitUntilIdle()
  check(bus.eventHistory.size === EVENTS, 'all events are there')
  return bus
}

let filled: EventBus | undefined
const allRows = { maxRows: 1_000_000 }

function withRows(
  name: string,
  events: number,
  run: (inspector: BusInspector) => Promise<Figures>,
  open = true,
): BenchCase {
  return {
    name,
    group: 'inspector',
    events,
    async prepare(): Promise<Round> {
      filled ??= await fill()
      const inspector = await mount({ buses: [filled], open, ...allRows })
      while (open && inspector.tree.model.length < ROWS) await frame()
      if (open) check(inspector.tree.model.length === ROWS, 'all rows are there')
      return {
        run: () => run(inspector),
        finish() {
          inspector.remove()
        },
      }
    },
  }
}

const part = <E extends HTMLElement>(inspector: BusInspector, selector: string) =>
  inspector.shadowRoot?.querySelector(selector) as E

/** The worst and the usual of many short things, in ms. */
async function spread(times: number, step: (i: number) => void): Promise<Figures> {
  const all: number[] = []
  for (let i = 0; i < times; i++) {
    const start = performance.now()
    step(i)
    all.push(performance.now() - start)
    await frame()
  }
  all.sort((a, b) => a - b)
  return { ms: all.reduce((a, b) => a + b), p95: all[Math.floor(times * 0.95)], worst: all[times - 1] }
}

/** Script until rows are on the screen, until all of them are there, and its longest stretch. */
async function firstOpen(inspector: BusInspector): Promise<Figures> {
  const each: number[] = []
  const commits = timeCommits(inspector, each)
  const start = performance.now()
  inspector.open = true
  await inspector.updateComplete
  const opened = performance.now() - start
  await frame()
  await nextTask()
  check((inspector.shadowRoot?.querySelectorAll('.row').length ?? 0) > 20, 'rows are shown')
  const ms = opened + commits()
  while (inspector.tree.model.length < ROWS && each.length < 50) await frame()
  await nextTask()
  check(inspector.tree.model.length === ROWS, 'all rows are there')
  return { ms, all: opened + commits(), longest: Math.max(opened, ...each) }
}

/** A reader who drags the scroll bar: the element is told at once, which the platform does in the next frame. */
function jump(inspector: BusInspector): Promise<Figures> {
  const scroller = part(inspector, '.scroller')
  return spread(120, (i) => {
    scroller.scrollTop = ((i * 7919) % ROWS) * 24
    scroller.dispatchEvent(new Event('scroll'))
  })
}

function expand(inspector: BusInspector): Promise<Figures> {
  const { model } = inspector.tree
  const toggle = () => part(inspector, '.row[aria-expanded] .twisty')?.click()
  return spread(60, (i) => {
    if (i % 3 === 0) inspector.expandTo(1)
    else if (i % 3 === 1) inspector.expandTo(2)
    else toggle()
    check(model.length > 0, 'there are rows')
  })
}

async function structured(inspector: BusInspector): Promise<Figures> {
  const { tree } = inspector
  // What filters are made of is loaded once.
  await tree.filters.get()
  return spread(60, (i) => {
    tree.setFilter(i % 2 ? 'type:Leaf status:completed dur:<1s' : 'type:Root')
    check(tree.model.shown === (i % 2 ? EVENTS - ROOTS : ROOTS), 'the right events are found')
  })
}

async function searched(inspector: BusInspector, sku: string): Promise<Figures> {
  const { tree } = inspector
  await tree.filters.get()
  let found = 0
  for (let n = 0; n < EVENTS; n++) if (payload(n).sku === sku) found++
  const figures = await watchTasks(async () => {
    tree.setFilter(`"${sku}"`)
    while (tree.searched < 1) await nextTask()
  })
  check(tree.model.shown === found, `${found} events are found, not ${tree.model.shown}`)
  return figures
}

async function exported(inspector: BusInspector): Promise<Figures> {
  let bytes = 0
  const figures = await watchTasks(async () => {
    const reader = inspector.export({ events: 'all' }).getReader()
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read())
      bytes += chunk.value.length
  })
  check(bytes > 20e6, `20 MB were written, not ${bytes}`)
  return figures
}

/** How fast a bus is, with an inspector that is closed and without one. */
function burst(name: string, closed: boolean): BenchCase {
  return {
    name,
    group: 'closed',
    events: BURST,
    async prepare() {
      const inspector = closed ? await mount({ open: false }) : null
      const bus = newBus()
      let seen = 0
      bus.on(Tick, () => {
        seen++
      })
      return {
        async run() {
          for (let n = 0; n < BURST; n++) bus.dispatch(new Tick({ n, s: 'tick' }))
          await bus.waitUntilIdle()
        },
        async finish() {
          check(seen === BURST, 'every event was handled')
          inspector?.remove()
          await dismiss(bus)
        },
      }
    },
  }
}

export const inspector: readonly BenchCase[] = [
  burst('burst, no inspector', false),
  burst('burst, inspector closed', true),
  stream('10 000 events/s, no inspector', false),
  stream('10 000 events/s, inspector open', true),
  withRows('first open at 100 000 rows', 1, firstOpen, false),
  withRows('jump among 100 000 rows', 120, jump),
  withRows('expand and collapse 100 000 rows', 60, expand),
  withRows('filter of fields, 100 000 rows', 60, structured),
  withRows('text search, 100 000 rows', 1, (inspector) => searched(inspector, 'sku-13')),
  withRows('text search again', 1, async (inspector) => {
    await searched(inspector, 'sku-13')
    return searched(inspector, 'sku-14')
  }),
  withRows('export of 100 000 rows', 1, exported),
]
