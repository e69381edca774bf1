// What the page tells Node. Nothing counts that Node has not got: the page may be gone before it has said it.

const parameters = new URLSearchParams(location.search)

/** The tab as Node named it; the same after a reload. */
export const tab = parameters.get('tab') ?? ''

/** This life of the tab. */
export const session = `${tab}-${Math.floor(performance.timeOrigin).toString(36)}-${Math.random().toString(36).slice(2, 8)}`

export const parameter = (name: string): string | null => parameters.get(name)

let count = 0
let waiting: string[] = []
/** On their way; nobody knows yet whether they have arrived. */
let flying: string[] = []
/** Which loop sends: that of a page that has rested may never hear its answer. */
let life = 0
let sending = false

/** Lines are numbered: one that was sent twice, since nobody knew whether it had arrived, counts once. */
export function report(line: object): void {
  waiting.push(JSON.stringify({ session, n: count++, at: Math.round(performance.now()), ...line }))
  if (!sending) void send()
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function send(): Promise<void> {
  const mine = life
  sending = true
  while (mine === life && waiting.length) {
    flying = waiting
    waiting = []
    const body = flying.join('\n')
    // A body of more than 64 KiB may not outlive its page.
    const answer = await post(body, body.length < 60_000)
    if (mine !== life) return
    if (answer === null) waiting = [...flying, ...waiting]
    flying = []
    if (answer === null) await pause(50)
    else if (answer) dispatchEvent(new CustomEvent('command', { detail: answer }))
  }
  if (mine === life) sending = false
}

/** What Node answers; null where it has not. */
async function post(body: string, keepalive: boolean): Promise<string | null> {
  try {
    const answer = await fetch(`/report?tab=${tab}`, { method: 'POST', body, keepalive })
    return (await answer.text()).trim()
  } catch {
    return null
  }
}

addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return
  life++
  waiting = [...flying, ...waiting]
  flying = []
  report({ rested: true })
  if (sending) void send()
})

addEventListener('pagehide', () => {
  if (waiting.length) navigator.sendBeacon(`/report?tab=${tab}`, waiting.join('\n'))
})

addEventListener('error', ({ message }) => report({ oops: message }))
addEventListener('unhandledrejection', ({ reason }) => report({ oops: String(reason?.stack ?? reason) }))
