/** What a tab of the storm does: jobs, each of which holds a slot of one semaphore for some ms. */
import { Semaphore, type Slot } from '../../../src/index.js'
import { onRest } from '../../../src/resting.js'

const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose')
const semaphore = new Semaphore('storm', { limit: 3, scope: 'multiprocess' })
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const page = {
  /** It was told to run: a page that was not kept in the back/forward cache was not. */
  running: false,
  /** It has heard that it is at rest, and not yet that it is back. */
  rests: false,
  done: 0,
  lost: 0,
  failed: [] as string[],
  waiting: 0,
  /** Does `count` jobs, several of them waiting at a time; tells of none: whoever watches looks at the locks. */
  async run(count: number, atOnce = 8): Promise<void> {
    let left = count
    page.running = true
    const worker = async () => {
      while (left-- > 0) await page.job().catch((error) => page.failed.push(String(error)))
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
  },
  async job(): Promise<void> {
    page.waiting++
    const slot: Slot = await semaphore.acquire()
    page.waiting--
    await pause(1 + Math.random() * 6)
    if (slot.signal.aborted) page.lost++
    else page.done++
    slot[DISPOSE]()
  },
  async steal(): Promise<void> {
    const { held = [] } = await navigator.locks.query()
    const [one] = held.filter(({ name }) => name?.startsWith('bubus:s:'))
    if (one?.name) await navigator.locks.request(one.name, { steal: true }, () => pause(3))
  },
  async locks() {
    const { held = [], pending = [] } = await navigator.locks.query()
    const names = (infos: LockInfo[]) =>
      infos.flatMap(({ name }) => (name?.startsWith('bubus:s:') ? name : []))
    return { held: names(held), pending: names(pending).length }
  },
  /** For a stall: who holds and waits, by slot and client; which client this tab is, and whether the browser answers it at all. */
  async clues() {
    const mine = `who:${crypto.randomUUID()}`
    const asked = navigator.locks.request(mine, { ifAvailable: true }, () => navigator.locks.query())
    const silence = pause(2000).then((): LockManagerSnapshot => ({}))
    const { held = [], pending = [] } = await Promise.race([asked, silence])
    const client = held.find(({ name }) => name === mine)?.clientId ?? 'no answer'
    const counts: Record<string, number> = {}
    const count = (what: string, infos: LockInfo[]) => {
      for (const { name, clientId } of infos) {
        const key = `${what} ${name} ${clientId}`
        counts[key] = (counts[key] ?? 0) + 1
      }
    }
    count('held', held)
    count('pending', pending)
    return { client, rests: page.rests, visibility: document.visibilityState, counts }
  },
  /** Looks all the time: the most that were held at once, and the longest that a slot was free while somebody waited for it, in ms. */
  watch() {
    const seen = { looks: 0, most: 0, freeFor: 0 }
    let freeSince = 0
    const look = async () => {
      const { held, pending } = await page.locks()
      seen.looks++
      seen.most = Math.max(seen.most, held.length, new Set(held).size)
      const now = performance.now()
      // Whoever waits has asked for every slot.
      if (held.length >= 3 || !pending) freeSince = 0
      else freeSince ||= now
      if (freeSince) seen.freeFor = Math.max(seen.freeFor, now - freeSince)
      setTimeout(look, 3)
    }
    void look()
    return Object.assign(page, { seen })
  },
}
const setRests = (rests: boolean) => () => {
  page.rests = rests
}
onRest(setRests(true), setRests(false))
Object.assign(globalThis, { page })
