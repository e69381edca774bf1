// What the page tells Node. Nothing counts that Node has not got: the page may be gone before it has said it.

const parameters = new URLSearchParams(location.search)

/** The tab as Node named it; the same after a reload. */
export const tab = parameters.get('tab') ?? ''

/** This life of the tab. */
export const session = `${tab}-${Math.floor(performance.timeOrigin).toString(36)}-${Math.random().toString(36).slice(2, 8)}`

export const parameter = (name: string): string | null => parameters.get(name)

let count = 0
let waiting: string[] = []
let sending = false

/** Lines are numbered: one that was sent twice, since nobody knew whether it had arrived, counts once. */
export function report(line: object): void {
  waiting.push(JSON.stringify({ session, n: count++, at: Math.round(performance.now()), ...line }))
  if (!sending) void send()
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function send(): Promise<void> {
  sending = true
  while (waiting.length) {
    const lines = waiting
    waiting = []
    const body = lines.join('\n')
    try {
      // A body of more than 64 KiB may not outlive its page.
      const answer = await fetch(`/report?tab=${tab}`, {
        method: 'POST',
        body,
        keepalive: body.length < 60_000,
      })
      const command = (await answer.text()).trim()
      if (command) dispatchEvent(new CustomEvent('command', { detail: command }))
    } catch {
      waiting = [...lines, ...waiting]
      await pause(50)
    }
  }
  sending = false
}

addEventListener('pagehide', () => {
  if (waiting.length) navigator.sendBeacon(`/report?tab=${tab}`, waiting.join('\n'))
})

addEventListener('error', ({ message }) => report({ oops: message }))
addEventListener('unhandledrejection', ({ reason }) => report({ oops: String(reason?.stack ?? reason) }))
