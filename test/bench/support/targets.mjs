const doubled = [1, 2, 4, 8].map((count) => [named(count), named(count * 2)])

function named(count) {
  return count === 1 ? '1 handler' : `${count} handlers`
}

/** How much dearer an event is in the second case than in the first. */
function growth(small, large, limit = { chromium: 1.3, firefox: 1.3 }) {
  return { name: `${large} ÷ ${small}`, value: ({ us }) => us(large) / us(small), limit }
}

/** How many times as dear (at most), or as cheap (`atLeast`), one case is as another. */
function compared(name, above, below, limit, more = {}) {
  return { name, value: ({ us }) => us(above) / us(below), limit: { chromium: limit }, ...more }
}

/** The same of the usual one of many. */
function medians(name, above, below, limit, more = {}) {
  const value = ({ figure }) => figure(above, 'median') / figure(below, 'median')
  return compared(name, above, below, limit, { ...more, value })
}

const log = 'log, burst of 100 000'
const logTargets = [
  compared('idb, a record an event ÷ log', 'idb, one record an event, batched', log, 5, {
    atLeast: true,
    aim: { chromium: 10 },
  }),
  compared('idb, equal segments ÷ log', 'idb, the same in segments of JSON', log, 0.5, { atLeast: true }),
  compared('relaxed ÷ strict', log, `${log}, strict`, 0.5, { atLeast: true }),
  compared(
    'behind ÷ no log and JSON.stringify',
    'log behind, construct + dispatch',
    'no log, construct + dispatch + JSON.stringify',
    1.5,
  ),
  compared('acknowledgement ÷ a put', 'log ahead, acknowledged one at a time', 'idb, one put at a time', 2),
  compared(
    'recovery ÷ getAll + JSON.parse',
    'recovery of 10 000 events',
    'getAll + JSON.parse of the same segments',
    4,
  ),
]

const bridgeTargets = [
  compared(
    'a record a message ÷ TabBridge',
    'BroadcastChannel, a record a message',
    'TabBridge, one way',
    1.5,
    {
      atLeast: true,
    },
  ),
  compared('arrays ÷ TabBridge', 'BroadcastChannel, arrays of records', 'TabBridge, one way', 0.3, {
    atLeast: true,
  }),
  compared(
    'broadcast-channel ÷ TabBridge',
    'broadcast-channel, a record a message',
    'TabBridge, one way',
    1,
    {
      atLeast: true,
    },
  ),
  medians('gathered ÷ ping-pong', 'TabBridge, gathered one at a time', 'BroadcastChannel, ping-pong', 2),
  compared(
    'broadcast-channel ÷ gathered, 1 000 at once',
    'broadcast-channel, 1 000 ping-pongs at once',
    'TabBridge, 1 000 gathered at once',
    1,
    { atLeast: true },
  ),
  medians(
    'broadcast-channel ÷ gathered, one at a time',
    'broadcast-channel, ping-pong',
    'TabBridge, gathered one at a time',
    1,
    { atLeast: true },
  ),
  compared('slot, limit 1 ÷ a lock', 'slot of all tabs, limit 1', 'navigator.locks.request, given back', 2),
  compared('slot, limit 3 ÷ a lock', 'slot of all tabs, limit 3', 'navigator.locks.request, given back', 4),
  compared('comlink ÷ WorkerBridge, in bulk', 'comlink, in bulk', 'WorkerBridge, in bulk', 0.5, {
    atLeast: true,
  }),
  compared(
    'WorkerBridge ÷ comlink, one at a time',
    'WorkerBridge, one at a time',
    'comlink, one at a time',
    3,
  ),
]

const ms = (name, of, limit, figure) => ({
  name,
  value: ({ us, figure: get }) => (figure ? get(of, figure) : us(of) / 1000),
  unit: 'ms',
  limit: { chromium: limit },
})
const inspectorTargets = [
  {
    name: 'inspector open, script for 10 000 events',
    value: ({ us }) => (us('10 000 events/s, inspector open') - us('10 000 events/s, no inspector')) * 10,
    unit: 'ms',
    limit: { chromium: 60 },
  },
  compared('inspector closed ÷ none', 'burst, inspector closed', 'burst, no inspector', 1.05),
  ms('first open at 100 000 rows, rows on the screen', 'first open at 100 000 rows', 100),
  ms('first open, its longest stretch', 'first open at 100 000 rows', undefined, 'longest'),
  ms('first open, all rows', 'first open at 100 000 rows', undefined, 'all'),
  ms('jump, worst of 120', 'jump among 100 000 rows', 8, 'worst'),
  ms('expand or collapse, 95 of 100', 'expand and collapse 100 000 rows', 16, 'p95'),
  ms('filter of fields, 95 of 100', 'filter of fields, 100 000 rows', 16, 'p95'),
  ms('text search, the first', 'text search, 100 000 rows', 1500),
  ms('text search, its longest task over 50 ms', 'text search, 100 000 rows', 50, 'longTask'),
  ms('text search again', 'text search again', 50),
  ms('export of 100 000 rows', 'export of 100 000 rows', 3000),
  ms('export, its longest task over 50 ms', 'export of 100 000 rows', 50, 'longTask'),
]

/** What the figures have to be: at most `limit` (at least, with `atLeast`), better `aim`; without a limit, told only. */
export const targets = [
  {
    name: 'burst ÷ yardstick',
    value: ({ us }) => us('bubus, burst') / us('yardstick'),
    limit: { chromium: 1.5, firefox: 3 },
    aim: { chromium: 0.8 },
  },
  {
    name: 'await each ÷ yardstick',
    value: ({ us }) => us('bubus, await each') / us('yardstick'),
    limit: { chromium: 2.5, firefox: 8 },
    aim: { chromium: 1.5 },
  },
  {
    name: 'abxbus ÷ bubus, burst',
    value: ({ us }) => us('abxbus, burst') / us('bubus, burst'),
    atLeast: true,
    limit: { chromium: 15 },
    aim: { chromium: 30 },
  },
  {
    name: 'abxbus ÷ bubus, await each',
    value: ({ us }) => us('abxbus, await each') / us('bubus, await each'),
    atLeast: true,
    limit: { chromium: 15 },
    aim: { chromium: 30 },
  },
  ...logTargets,
  ...bridgeTargets,
  ...inspectorTargets,
  growth('history of 1 000, one more', 'history of 100 000, one more'),
  growth('history filled to 1 000', 'history filled to 100 000'),
  growth('1 living bus', '1 000 living buses, one used'),
  // Each wakes for 20 events instead of one for 20 000, and finds its data far from the processor.
  growth('1 living bus', '1 000 living buses, all used', {}),
  growth('siblings, not awaited, of 1', 'siblings, not awaited, of 1 000'),
  growth('siblings, awaited one by one, of 1', 'siblings, awaited one by one, of 1 000'),
  growth('siblings, awaited together, of 1', 'siblings, awaited together, of 1 000'),
  {
    name: 'twice the handlers ÷ twice the cost, worst',
    value: ({ us }) => Math.max(...doubled.map(([some, more]) => us(more) / (2 * us(some)))),
    limit: { chromium: 1.3, firefox: 1.3 },
  },
  ...['100 000 events in chunks of 1 000', '20 000 events at once, 20 µs each'].flatMap((name) => [
    {
      name: `longest task over 50 ms, ${name}`,
      value: ({ figure }) => figure(name, 'longTask'),
      unit: 'ms',
      limit: { chromium: 50 },
    },
    {
      name: `longest gap between tasks, ${name}`,
      value: ({ figure }) => figure(name, 'gap'),
      unit: 'ms',
      limit: {},
    },
  ]),
]

/** Targets whose cases were run, each with its value and whether it met its limit and its aim. */
export function judge(results, engine) {
  const byName = new Map(results.map((result) => [result.name, result]))
  const us = (name) => byName.get(name)?.us ?? Number.NaN
  const figure = (name, key) => byName.get(name)?.figures[key] ?? Number.NaN
  return targets.flatMap(({ name, value: compute, unit = '×', atLeast = false, limit, aim }) => {
    const value = compute({ us, figure })
    // A browser without long task entries says -1.
    if (Number.isNaN(value) || value < 0) return []
    const meets = (bound) => (bound === undefined ? null : atLeast ? value >= bound : value <= bound)
    const bounds = { limit: limit[engine] ?? null, aim: aim?.[engine] ?? null }
    return [
      { name, value, unit, atLeast, ...bounds, pass: meets(limit[engine]), aimed: meets(aim?.[engine]) },
    ]
  })
}
