import { BroadcastChannel as PackagedChannel } from 'broadcast-channel'
import { TabBridge, type TabBridgeOptions } from '../../../src/bridges/tab-bridge.js'
import { type BenchCase, check, type Figures } from '../bench-case.js'
import { packageListens, peer, upToSpeed } from './peers.js'
import { Tick } from './tick.js'

/** Events of a burst, and of a round trip each. */
const MANY = 10_000
const FEW = 300
/** As many as one message of ours holds. */
const BATCH = 500
const s = 'tick'

const ticks = (count: number) => Array.from({ length: count }, (_, n) => new Tick({ n, s }))
const records = (count: number) =>
  ticks(count).map((tick) => ({ ...tick.toJSON(), event_outcomes: undefined }))

/** From the first message to the last record received in another context. */
function oneWay(name: string, post: (channel: BroadcastChannel, all: unknown[]) => void): BenchCase {
  return {
    name,
    group: 'tabs',
    events: MANY,
    async prepare() {
      const other = await peer('raw', MANY)
      const channel = new BroadcastChannel(other.channel)
      const all = records(MANY)
      const run = async () => {
        const done = other.done()
        post(channel, all)
        await done
      }
      await upToSpeed(run)
      return {
        run,
        finish() {
          channel.close()
          other.end()
        },
      }
    },
  }
}

const rawEach = oneWay('BroadcastChannel, a record a message', (channel, all) => {
  for (const record of all) channel.postMessage(record)
})
const rawArrays = oneWay('BroadcastChannel, arrays of records', (channel, all) => {
  for (let at = 0; at < all.length; at += BATCH) channel.postMessage(all.slice(at, at + BATCH))
})

const packaged: BenchCase = {
  name: 'broadcast-channel, a record a message',
  group: 'tabs',
  events: MANY,
  async prepare() {
    const other = await peer('packaged', MANY)
    const channel = new PackagedChannel<unknown>(other.channel, { type: 'native' })
    const all = records(MANY)
    const run = async () => {
      const done = other.done()
      for (const record of all) void channel.postMessage(record)
      await done
    }
    await upToSpeed(run)
    return {
      run,
      async finish() {
        await channel.close()
        other.end()
      },
    }
  },
}

async function bridge(count: number, options: TabBridgeOptions) {
  const other = await peer('tabs', count)
  const tabs = new TabBridge(other.channel, options)
  await tabs.ready
  const end = () => {
    tabs.close()
    other.end()
  }
  return { other, tabs, end }
}

/** To the last handler called on a bus of another context. */
const oursOneWay: BenchCase = {
  name: 'TabBridge, one way',
  group: 'tabs',
  events: MANY,
  async prepare() {
    const { other, tabs, end } = await bridge(MANY, {})
    const run = async (all: Tick[]) => {
      const done = other.done()
      for (const tick of all) tabs.dispatch(tick)
      await done
    }
    await upToSpeed(() => run(ticks(MANY)))
    const all = ticks(MANY)
    return { run: () => run(all), finish: end }
  },
}

/**
 * A few round trips, one after another, and the time of the usual one, in ms. On two cores their mean is made by the few that waited for
 * another process: of the same code it was 1.4 to 2.9 times a bare ping-pong's, from run to run.
 */
async function roundTrips(trip: (n: number) => Promise<void>): Promise<Figures> {
  const times: number[] = []
  for (let n = 1; n <= FEW; n++) {
    const start = performance.now()
    await trip(n)
    times.push(performance.now() - start)
  }
  return { median: times.sort((a, b) => a - b)[FEW >> 1] }
}

const oursRoundTrip: BenchCase = {
  name: 'TabBridge, gathered one at a time',
  group: 'tabs',
  events: FEW,
  async prepare() {
    const { tabs, end } = await bridge(0, { results: 'gather' })
    const run = () =>
      roundTrips(async (n) => {
        const tick = await tabs.dispatch(new Tick({ n, s }))
        check((await tick.eventResult()) === n, 'the other context has answered')
      })
    await upToSpeed(run)
    return { run, finish: end }
  },
}

const AT_ONCE = 1000

/** Answers to events that are all under way at the same time. */
const oursAtOnce: BenchCase = {
  name: 'TabBridge, 1 000 gathered at once',
  group: 'tabs',
  events: AT_ONCE,
  async prepare() {
    const { tabs, end } = await bridge(0, { results: 'gather' })
    const run = async (all: Tick[]) => {
      for (const tick of all) tabs.dispatch(tick)
      await Promise.all(all.map((tick) => tick.eventCompletion))
    }
    await upToSpeed(() => run(ticks(AT_ONCE)))
    const all = ticks(AT_ONCE)
    return {
      run: () => run(all),
      async finish() {
        check((await all[AT_ONCE - 1].eventResult()) === AT_ONCE - 1, 'the other context has answered')
        end()
      },
    }
  },
}

const packagedAtOnce: BenchCase = {
  name: 'broadcast-channel, 1 000 ping-pongs at once',
  group: 'tabs',
  events: AT_ONCE,
  async prepare() {
    const other = await peer('packaged')
    const channel = new PackagedChannel<unknown>(other.channel, { type: 'native' })
    let back = 0
    let all = () => {}
    channel.onmessage = () => ++back % AT_ONCE || all()
    await packageListens()
    const run = async () => {
      const done = new Promise<void>((resolve) => {
        all = resolve
      })
      for (let n = 1; n <= AT_ONCE; n++) void channel.postMessage(n)
      await done
    }
    await upToSpeed(run)
    return {
      run,
      async finish() {
        await channel.close()
        other.end()
      },
    }
  },
}

/** A number goes to and fro. */
function pingPong(
  name: string,
  role: 'raw' | 'packaged',
  open: (channel: string) => Line | Promise<Line>,
): BenchCase {
  return {
    name,
    group: 'tabs',
    events: FEW,
    async prepare() {
      const other = await peer(role)
      const line = await open(other.channel)
      const run = () =>
        roundTrips(async (n) => {
          const back = new Promise<unknown>((resolve) => line.listen(resolve))
          line.post(n)
          check((await back) === -n, 'the number came back')
        })
      await upToSpeed(run)
      return {
        run,
        async finish() {
          await line.close()
          other.end()
        },
      }
    },
  }
}

interface Line {
  post(value: number): void
  listen(heard: (value: unknown) => void): void
  close(): unknown
}

const rawPingPong = pingPong('BroadcastChannel, ping-pong', 'raw', (name) => {
  const channel = new BroadcastChannel(name)
  return {
    post: (value) => channel.postMessage(value),
    listen(heard) {
      channel.onmessage = ({ data }) => heard(data)
    },
    close: () => channel.close(),
  }
})
const packagedPingPong = pingPong('broadcast-channel, ping-pong', 'packaged', async (name) => {
  const channel = new PackagedChannel<unknown>(name, { type: 'native' })
  let hear = (_value: unknown) => {}
  channel.onmessage = (value) => hear(value)
  await packageListens()
  return {
    post: (value) => void channel.postMessage(value),
    listen(heard) {
      hear = heard
    },
    close: () => channel.close(),
  }
})

export const tabs: readonly BenchCase[] = [
  rawEach,
  rawArrays,
  packaged,
  oursOneWay,
  rawPingPong,
  packagedPingPong,
  oursRoundTrip,
  packagedAtOnce,
  oursAtOnce,
]
